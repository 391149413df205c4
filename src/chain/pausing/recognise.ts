import { EmergencyError } from "../../errors.js";
import type { Address } from "../address.js";
import { mentionsSelector } from "../inspection/bytecode.js";
import type { InspectedContract } from "../inspection/contract.js";
import { hexResult, staticCall, type Read } from "../reads.js";
import type { RpcReply } from "../rpc.js";
import { dsStop } from "./ds-stop.js";
import { eigenlayer } from "./eigenlayer.js";
import { lido } from "./lido.js";
import { selectorOf, type PausedState, type PauseMechanism } from "./mechanism.js";
import { openzeppelin } from "./openzeppelin.js";
import { setPaused } from "./set-paused.js";
import { yearnV2 } from "./yearn-v2.js";
import { yearnV3 } from "./yearn-v3.js";

/** Every idiom the plugin knows, the best first: those that can be undone before those that cannot. */
export const MECHANISMS: readonly PauseMechanism[] = [
  openzeppelin,
  setPaused,
  eigenlayer,
  lido,
  dsStop,
  yearnV2,
  yearnV3,
];

/** A mechanism that a contract has, and what its read-back says now. */
export interface RecognisedPause {
  readonly mechanism: PauseMechanism;
  readonly paused: PausedState;
}

/** What was recognised, or why nothing was. */
export interface Recognition {
  /** The best first. */
  readonly found: readonly RecognisedPause[];
  /** Why nothing was found, in words. */
  readonly reason: string;
  /** False when the code could not be looked at, so that there may be one all the same. */
  readonly known: boolean;
}

/** The reads that recognition needs, one a mechanism. */
export function recognitionReads(address: Address): readonly Read[] {
  return MECHANISMS.map(({ readBack }) => staticCall(address, readBack.data));
}

/** The mechanisms whose read-back has answered in their own form, before the code is known. */
export function answering(replies: readonly RpcReply[]): readonly PauseMechanism[] {
  return MECHANISMS.filter((mechanism, index) => answerOf(mechanism, replies[index]) !== undefined);
}

/** Whether a mechanism is one of those that every look asks for. */
export function isDirect(id: string): boolean {
  return MECHANISMS.some((mechanism) => mechanism.id === id);
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
 * Which mechanisms a contract has. Names prove nothing: the functions must be in the code, and the
 * read-back must give an answer of the idiom's own form.
 * @param replies those of {@link recognitionReads}.
 */
export function recognise(contract: InspectedContract, replies: readonly RpcReply[]): Recognition {
  if (contract.proxy?.kind === "unknown") {
    const reason = "it runs the code of another contract, but of which is not known";
    return { found: [], reason, known: false };
  }
  const { code } = contract.logic;
  const found: RecognisedPause[] = [];
  const reasons: string[] = [];
  for (const [index, mechanism] of MECHANISMS.entries()) {
    const { pause, readBack } = mechanism;
    if (!mentionsSelector(code, selectorOf(pause))) {
      continue;
    }
    const paused = mentionsSelector(code, selectorOf(readBack))
      ? answerOf(mechanism, replies[index])
      : undefined;
    if (paused === undefined) {
      reasons.push(
        `it has ${pause.signature}, but ${readBackProblem(mechanism, code, replies[index])}`,
      );
    } else {
      found.push({ mechanism, paused });
    }
  }
  const nothing = `its code has none of ${MECHANISMS.map(({ pause }) => pause.signature).join(", ")}`;
  return { found, reason: reasons.length === 0 ? nothing : reasons.join("; "), known: true };
}

function answerOf(
  { readBack }: PauseMechanism,
  reply: RpcReply | undefined,
): PausedState | undefined {
  const answer = hexResult(reply);
  return answer === undefined ? undefined : readBack.decode(answer);
}

function readBackProblem(
  { readBack }: PauseMechanism,
  code: `0x${string}`,
  reply: RpcReply | undefined,
): string {
  if (!mentionsSelector(code, selectorOf(readBack))) {
    return `no ${readBack.signature} to read it back with`;
  }
  const answer = hexResult(reply);
  return answer === undefined
    ? `${readBack.signature} fails`
    : `${readBack.signature} gives ${shorten(answer)}, which cannot be understood`;
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
