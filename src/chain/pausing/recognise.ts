import { EmergencyError } from "../../errors.js";
import type { Address } from "../address.js";
import { mentionsSelector } from "../inspection/bytecode.js";
import type { InspectedContract } from "../inspection/contract.js";
import { hexResult, staticCall, type Read } from "../reads.js";
import type { RpcReply } from "../rpc.js";
import type { PauseMechanism } from "./mechanism.js";
import { openzeppelin } from "./openzeppelin.js";

/** Every idiom the plugin knows, the commonest first. */
const MECHANISMS: readonly PauseMechanism[] = [openzeppelin];

/** A mechanism that a contract has, and what its read-back says now. */
export interface RecognisedPause {
  readonly mechanism: PauseMechanism;
  readonly paused: boolean;
}

/** Why no mechanism was recognised. */
export interface NotRecognised {
  readonly reason: string;
  /** False when the code could not be looked at, so that there may be one all the same. */
  readonly known: boolean;
}

/** The reads that recognition needs, one a mechanism. */
export function recognitionReads(address: Address): readonly Read[] {
  return MECHANISMS.map(({ readBack }) => staticCall(address, readBack.selector));
}

/** The mechanisms whose read-back has answered in their own form, before the code is known. */
export function answering(replies: readonly RpcReply[]): readonly PauseMechanism[] {
  return MECHANISMS.filter(({ readBack }, index) => {
    const answer = hexResult(replies[index]);
    return answer !== undefined && readBack.decode(answer) !== undefined;
  });
}

/**
 * The mechanism with this id.
 * @throws EmergencyError BAD_PLAN when a plan names one that does not exist.
 */
export function mechanismById(id: unknown): PauseMechanism {
  const found = MECHANISMS.find((mechanism) => mechanism.id === id);
  if (found === undefined) {
    throw new EmergencyError(
      "BAD_PLAN",
      `the plan names a pause mechanism that does not exist: ${String(id)}`,
      "make the plan again with --dry-run --save-plan",
    );
  }
  return found;
}

/**
 * Which mechanism a contract has. Names prove nothing: the function must be in the code, and the
 * read-back must give an answer of the idiom's own form.
 * @param replies those of {@link recognitionReads}.
 * @returns the mechanism, or why there is none, in words.
 */
export function recognise(
  contract: InspectedContract,
  replies: readonly RpcReply[],
): RecognisedPause | NotRecognised {
  if (contract.proxy?.kind === "unknown") {
    return {
      reason: "it runs the code of another contract, but of which is not known",
      known: false,
    };
  }
  const reasons: string[] = [];
  for (const [index, mechanism] of MECHANISMS.entries()) {
    const { pause, readBack } = mechanism;
    const code = contract.logic.code;
    if (!mentionsSelector(code, pause.selector)) {
      reasons.push(`its code has no ${pause.signature}`);
      continue;
    }
    if (!mentionsSelector(code, readBack.selector)) {
      reasons.push(`it has ${pause.signature}, but no ${readBack.signature} to read it back with`);
      continue;
    }
    const answer = hexResult(replies[index]);
    const paused = answer === undefined ? undefined : readBack.decode(answer);
    if (paused === undefined) {
      reasons.push(
        answer === undefined
          ? `${readBack.signature} fails`
          : `${readBack.signature} gives ${shorten(answer)}, which is not true or false`,
      );
      continue;
    }
    return { mechanism, paused };
  }
  return { reason: reasons.join("; "), known: true };
}

/** The refusal to pause what has no known pause. */
export function notPausable(label: string, address: Address, reason: string): EmergencyError {
  return new EmergencyError(
    "NOT_PAUSABLE",
    `${label} cannot be paused in a way that the plugin knows: ${reason}`,
    `see what else is possible with: npx hardhat verify-pausable --contract ${address}`,
  );
}

function shorten(answer: string): string {
  return answer.length > 74 ? `${answer.slice(0, 20)}… (${(answer.length - 2) / 2} bytes)` : answer;
}
