import type { Address } from "../address.js";
import type { RpcReply } from "../rpc.js";
import type { FixedCall, PausedState } from "./mechanism.js";

/** A contract that a custom mechanism speaks of: by its address, or by getters that lead to it from the contract that is to stop. */
export type CustomPlace =
  | { readonly address: Address }
  | {
      /** For people: "authority().pauser()". Empty stands for the contract itself. */
      readonly path: string;
      readonly getters: readonly FixedCall[];
    };

/**
 * A way to pause that the configuration describes, ready to be used: names are looked up, and what
 * does not depend on the contract is encoded.
 */
export interface CustomMechanism {
  /** Its name in the configuration. */
  readonly id: string;
  /** The only contract that it is for; undefined is any whose code has the functions. */
  readonly contract: Address | undefined;
  /** The contract that is called. */
  readonly to: CustomPlace;
  /** Arguments may hold the address of the contract that is to stop. */
  readonly pause: (contract: Address) => FixedCall;
  /** Null when it cannot be started again. */
  readonly unpause: ((contract: Address) => FixedCall) | null;
  readonly readBack: {
    readonly to: CustomPlace;
    readonly call: (contract: Address) => FixedCall;
    readonly decode: (reply: RpcReply | undefined) => PausedState | undefined;
  };
}
