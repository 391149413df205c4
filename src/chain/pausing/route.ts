import type { Address, Hex } from "../address.js";
import { hexResult, staticCall, type Read } from "../reads.js";
import type { RpcReply } from "../rpc.js";
import type { FixedCall, PausedState, PauseMechanism } from "./mechanism.js";

/** A call with the contract that it is made to. */
export interface TargetedCall extends FixedCall {
  readonly to: Address;
}

/** How one sees whether a contract is stopped. */
export interface ReadBack {
  /** For people: "paused()", "isTargetClosed(0x…) of 0x…", "storage word 0x0 of 0x…, bit 160". */
  readonly text: string;
  readonly reads: readonly Read[];
  /** What the answers say; undefined when they are not this read-back's answers. */
  readonly decode: (replies: readonly RpcReply[]) => PausedState | undefined;
}

/**
 * A way to stop one particular contract: a mechanism with all its addresses. The contract that is
 * called may be another one than the one that stops.
 */
export interface PauseRoute {
  /** The mechanism's, stable, for JSON: "openzeppelin", "access-manager-target". */
  readonly id: string;
  /** For people. */
  readonly title: string;
  /** Found by experiment, rather than known by its idiom. */
  readonly discovered: boolean;
  readonly pause: TargetedCall;
  /** Null when it cannot be started again. */
  readonly unpause: TargetedCall | null;
  readonly readBack: ReadBack;
  /** What it does not stop, as far as the idiom itself tells. */
  readonly limits: string;
  /** When it ends by itself, in words; null when it lasts until it is undone. */
  readonly expires: string | null;
  /** It stops one of several sections of the contract, each of which has a call of its own. */
  readonly section?: boolean;
}

/** A mechanism of the contract itself, as a route. */
export function routeOf(mechanism: PauseMechanism, to: Address): PauseRoute {
  const { id, title, pause, unpause, readBack, limits } = mechanism;
  return {
    id,
    title,
    discovered: false,
    pause: { ...pause, to },
    unpause: unpause === null ? null : { ...unpause, to },
    readBack: singleReadBack(to, readBack, readBack.decode, readBack.signature),
    limits,
    expires: null,
  };
}

/** A read-back by one call. */
export function singleReadBack(
  to: Address,
  call: FixedCall,
  decode: (answer: Hex) => PausedState | undefined,
  text: string,
): ReadBack {
  return {
    text,
    reads: [staticCall(to, call.data)],
    decode: ([reply]) => {
      const answer = hexResult(reply);
      return answer === undefined ? undefined : decode(answer);
    },
  };
}
