import { EmergencyError } from "../../errors.js";
import type { Rpc, RpcCall, RpcReply } from "../rpc.js";

/** Reads of which none is needed: whatever cannot be had counts as refused, and nothing is thrown. */
export interface GentleReads {
  /** One reply a call, in their order. */
  read(calls: readonly RpcCall[]): Promise<readonly RpcReply[]>;
}

/**
 * Calls in one request. Public nodes take batches of 10 to 100, and a block with its transactions is
 * up to half a megabyte.
 */
const BATCH = 20;

/** After so many answers that cannot be used it is the node that does not want to. */
const MOST_SPOILED = 8;

/**
 * Reads a chain's past in small batches. A batch that is too large for the node, or whose answer is
 * too large for the transport, is halved, and so are all that follow. A node that cannot be reached,
 * or has said "too many requests" to the end of the transport's patience, is not asked again.
 */
export function gentleReads(rpc: Rpc): GentleReads {
  let size = BATCH;
  let spoiled = 0;
  let givenUp: string | undefined;

  return {
    async read(calls) {
      const replies: RpcReply[] = [];
      while (replies.length < calls.length) {
        if (givenUp !== undefined) {
          return [...replies, ...refusals(calls.slice(replies.length), givenUp)];
        }
        const part = calls.slice(replies.length, replies.length + size);
        try {
          replies.push(...(await rpc.batch(part)));
        } catch (error) {
          if (!(error instanceof EmergencyError)) {
            throw error;
          }
          if (part.length > 1 && mayBeTooLarge(error)) {
            size = Math.floor(part.length / 2);
            continue;
          }
          if (!mayBeTooLarge(error) || ++spoiled > MOST_SPOILED) {
            givenUp = error.what;
          }
          replies.push(...refusals(part, error.what));
        }
      }
      return replies;
    },
  };
}

/** Whether a smaller request might be answered. */
function mayBeTooLarge({ code, what }: EmergencyError): boolean {
  return code === "RPC_INVALID" || (code === "RPC_REFUSED" && !/too many requests/i.test(what));
}

function refusals(calls: readonly RpcCall[], message: string): readonly RpcReply[] {
  return calls.map(() => ({ ok: false, failure: { code: 0, message } }));
}
