import type { Dispatched } from "./dispatcher.js";
import { explore } from "./explore.js";
import type { Program } from "./machine.js";

/** "view" covers pure; "unknown" where the code is too tangled to tell. */
export type Mutability = "view" | "nonpayable" | "payable" | "unknown";

/** Instructions that are run for one function. */
const MOST_STEPS = 60_000;

/**
 * What a function may do, from its code: whether a call with ETH can come to its end, and whether
 * anything is written on the way there. A function that calls another contract, other than by a static
 * call, counts as one that writes: old getters do so, but it is the safe mistake.
 */
export function mutabilityOf(program: Program, { entry }: Dispatched): Mutability {
  const unpaid = endings(program, entry, false);
  if (entry.paid !== false && endings(program, entry, true).succeeds) {
    return "payable";
  }
  if (unpaid.writes) {
    return "nonpayable";
  }
  return unpaid.complete ? "view" : "unknown";
}

interface Endings {
  readonly writes: boolean;
  readonly succeeds: boolean;
  readonly complete: boolean;
}

/** How calls to a function end, with or without ETH; the search stops at what is asked for. */
function endings(program: Program, entry: Dispatched["entry"], paid: boolean): Endings {
  const met = { write: false, success: false };
  const isEnough = (): boolean => met.write || (paid && met.success);
  const { complete } = explore(
    program,
    { ...entry, paid },
    MOST_STEPS,
    (opcode) => {
      met.write ||= WRITES.has(opcode);
      met.success ||= SUCCEEDS.has(opcode);
      return !isEnough();
    },
    () => !isEnough(),
  );
  return { writes: met.write, succeeds: met.success || met.write, complete };
}

/** SSTORE, TSTORE, LOG0 to LOG4, CREATE, CALL, CALLCODE, DELEGATECALL, CREATE2, SELFDESTRUCT. */
const WRITES: ReadonlySet<number> = new Set([
  0x55, 0x5d, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xf0, 0xf1, 0xf2, 0xf4, 0xf5, 0xff,
]);

/** STOP, RETURN, SELFDESTRUCT. */
const SUCCEEDS: ReadonlySet<number> = new Set([0x00, 0xf3, 0xff]);
