import type { Hex } from "../address.js";
import { Memory, place, unknownBytes } from "./memory.js";
import { UNKNOWN, binary, entries, constant, isZero, not, type Value } from "./symbolic.js";

/** A program, taken apart once. */
export interface Program {
  readonly bytes: Buffer;
  readonly jumpTargets: ReadonlySet<number>;
}

/** Where a path through a program is. */
export interface State {
  readonly at: number;
  readonly stack: readonly Value[];
  readonly memory: Memory;
  /** Whether ETH was sent along on this path; undefined where nothing depended on it yet. */
  readonly paid: boolean | undefined;
  /** Which entries of hash tables led here. */
  readonly choices: string;
}

/** Why a path ends here. */
export type End =
  /** It stops, returns, reverts, or is not a program any more. */
  | { readonly kind: "end" }
  /** It jumps somewhere that is not known. */
  | { readonly kind: "lost" }
  | { readonly kind: "paths"; readonly next: readonly Path[] };

/** One way on. */
export interface Path {
  readonly state: State;
  /** The selector that leads here and nowhere else. */
  readonly selector?: bigint;
}

/** As many values as the stack of the EVM takes. */
const MOST_STACK = 1024;

const JUMPDEST = 0x5b;
const PUSH0 = 0x5f;
const PUSH32 = 0x7f;

/** Finds where a program may jump to. */
export function parseProgram(code: Hex): Program {
  const bytes = Buffer.from(code.slice(2), "hex");
  const jumpTargets = new Set<number>();
  for (let at = 0; at < bytes.length; at++) {
    const opcode = bytes[at] ?? 0;
    if (opcode === JUMPDEST) {
      jumpTargets.add(at);
    } else if (opcode > PUSH0 && opcode <= PUSH32) {
      at += opcode - PUSH0;
    }
  }
  return { bytes, jumpTargets };
}

/** At the first instruction, with nothing on the stack. */
export const START: State = {
  at: 0,
  stack: [],
  memory: Memory.empty(),
  paid: undefined,
  choices: "",
};

/**
 * Runs one path until it ends or divides.
 * @param spend is asked before each instruction with its opcode; false ends the run there and then.
 */
export function run(program: Program, from: State, spend: (opcode: number) => boolean): End {
  const { bytes } = program;
  const stack = [...from.stack];
  let { memory, at } = from;
  const { paid, choices } = from;
  const pop = (): Value => stack.pop() ?? UNKNOWN;
  const here = (next: number): State => ({ at: next, stack: [...stack], memory, paid, choices });

  for (;;) {
    const opcode = bytes[at];
    if (opcode === undefined || stack.length > MOST_STACK || !spend(opcode)) {
      return { kind: "end" };
    }
    const next = at + 1;
    if (opcode >= PUSH0 && opcode <= PUSH32) {
      const length = opcode - PUSH0;
      const digits = bytes
        .subarray(next, next + length)
        .toString("hex")
        .padEnd(length * 2, "0");
      stack.push(constant(length === 0 ? 0n : BigInt(`0x${digits}`)));
      at = next + length;
      continue;
    }
    if (opcode >= 0x80 && opcode <= 0x8f) {
      stack.push(stack[stack.length - (opcode - 0x7f)] ?? UNKNOWN);
      at = next;
      continue;
    }
    if (opcode >= 0x90 && opcode <= 0x9f) {
      const other = stack.length - 1 - (opcode - 0x8f);
      const top = stack.at(-1);
      const below = stack[other];
      if (top === undefined || below === undefined) {
        return { kind: "end" };
      }
      stack[other] = top;
      stack[stack.length - 1] = below;
      at = next;
      continue;
    }
    switch (opcode) {
      case 0x15:
        stack.push(isZero(pop()));
        break;
      case 0x19:
        stack.push(not(pop()));
        break;
      case 0x34:
        stack.push({ kind: "callvalue", alone: true });
        break;
      case 0x35: {
        const offset = pop();
        stack.push(place(offset) === 0 ? { kind: "word" } : UNKNOWN);
        break;
      }
      case 0x37: {
        const [to, offset, length] = [pop(), pop(), pop()];
        memory =
          place(offset) === 0
            ? memory.copyCalldata(to, length)
            : memory.copy(to, unknownBytes(length));
        break;
      }
      case 0x39: {
        const [to, offset, length] = [pop(), pop(), pop()];
        memory = memory.copy(to, codeBytes(bytes, offset, length) ?? unknownBytes(length));
        break;
      }
      case 0x3c: {
        const [, to, , length] = [pop(), pop(), pop(), pop()];
        memory = memory.copy(to, unknownBytes(length));
        break;
      }
      case 0x3e: {
        const [to, , length] = [pop(), pop(), pop()];
        memory = memory.copy(to, unknownBytes(length));
        break;
      }
      case 0x5e: {
        const [to, , length] = [pop(), pop(), pop()];
        memory = memory.copy(to, unknownBytes(length));
        break;
      }
      case 0xf1:
      case 0xf2:
      case 0xf4:
      case 0xfa: {
        // CALL and CALLCODE take a value as well. What comes back is written to memory.
        stack.length = Math.max(0, stack.length - (opcode === 0xf1 || opcode === 0xf2 ? 5 : 4));
        const [to, length] = [pop(), pop()];
        memory = memory.copy(to, unknownBytes(length));
        stack.push(UNKNOWN);
        break;
      }
      case 0x50:
        pop();
        break;
      case 0x51:
        stack.push(memory.load(pop()));
        break;
      case 0x52: {
        const [offset, value] = [pop(), pop()];
        memory = memory.store(offset, value);
        break;
      }
      case 0x53: {
        const [offset, value] = [pop(), pop()];
        memory = memory.storeByte(offset, value);
        break;
      }
      case 0x56: {
        const to = target(program, pop());
        if (to === undefined) {
          return { kind: "lost" };
        }
        return { kind: "paths", next: [{ state: here(to) }] };
      }
      case 0x57: {
        const [to, condition] = [target(program, pop()), pop()];
        return branch(condition, to === undefined ? undefined : here(to), here(next));
      }
      case 0x58:
        stack.push(constant(BigInt(at)));
        break;
      case JUMPDEST:
        break;
      default: {
        const effect = EFFECTS.get(opcode);
        if (effect === undefined) {
          return { kind: "end" };
        }
        const [takes, gives] = effect;
        if (takes === 2 && gives === 1) {
          const [a, b] = [pop(), pop()];
          const several = entries(opcode, a, b);
          if (several !== undefined) {
            const states = several.map((value, index) => ({
              state: {
                ...here(next),
                stack: [...stack, value],
                choices: `${choices},${index}`,
              },
            }));
            return { kind: "paths", next: states };
          }
          stack.push(binary(opcode, a, b));
        } else {
          stack.length = Math.max(0, stack.length - takes);
          if (gives === 1) {
            stack.push(UNKNOWN);
          }
        }
      }
    }
    at = next;
  }
}

function branch(condition: Value, taken: State | undefined, passed: State): End {
  const both = (yes: Partial<Path & State>, no: Partial<Path & State>): End => {
    const way = (state: State, { selector, paid }: Partial<Path & State>): Path => ({
      state: paid === undefined ? state : { ...state, paid },
      ...(selector === undefined ? {} : { selector }),
    });
    const agrees = ({ paid }: Partial<State>): boolean =>
      paid === undefined || passed.paid === undefined || paid === passed.paid;
    const next = [
      ...(taken === undefined || !agrees(yes) ? [] : [way(taken, yes)]),
      ...(agrees(no) ? [way(passed, no)] : []),
    ];
    return { kind: "paths", next };
  };
  switch (condition.kind) {
    case "constant":
      if (condition.value === 0n) {
        return { kind: "paths", next: [{ state: passed }] };
      }
      return taken === undefined ? { kind: "lost" } : { kind: "paths", next: [{ state: taken }] };
    case "compared": {
      const { selector, unpaid } = condition;
      const found = unpaid === true ? { selector, paid: false } : { selector };
      return condition.equal ? both(found, {}) : both({}, found);
    }
    case "callvalue":
      return both(condition.alone ? { paid: true } : {}, { paid: false });
    case "no-callvalue":
      return both({ paid: false }, condition.alone ? { paid: true } : {});
    case "word":
    case "selector":
    case "mixed":
    case "unknown":
      return both({}, {});
  }
}

function target({ jumpTargets }: Program, value: Value): number | undefined {
  const to = value.kind === "constant" ? Number(value.value) : undefined;
  return to !== undefined && jumpTargets.has(to) ? to : undefined;
}

function codeBytes(bytes: Buffer, offset: Value, length: Value): readonly number[] | undefined {
  const count = place(length);
  if (offset.kind !== "constant" || offset.value > 0xffffn || count === undefined) {
    return undefined;
  }
  const from = Number(offset.value);
  return Array.from({ length: count }, (_, index) => bytes[from + index] ?? 0);
}

/** How many values the other opcodes take and give. Opcodes that end a path, or do not exist, are not listed. */
const EFFECTS: ReadonlyMap<number, readonly [takes: number, gives: number]> = new Map([
  // Arithmetic and comparisons
  ...range(0x01, 0x07, 2, 1),
  ...range(0x08, 0x09, 3, 1),
  ...range(0x0a, 0x0b, 2, 1),
  ...range(0x10, 0x14, 2, 1),
  ...range(0x16, 0x18, 2, 1),
  ...range(0x1a, 0x1d, 2, 1),
  [0x1e, [1, 1]],
  // SHA3 is no function of two values: of what is in memory
  [0x20, [2, 1]],
  // The transaction, the block
  [0x30, [0, 1]],
  [0x31, [1, 1]],
  [0x32, [0, 1]],
  [0x33, [0, 1]],
  [0x36, [0, 1]],
  [0x38, [0, 1]],
  [0x3a, [0, 1]],
  [0x3b, [1, 1]],
  [0x3d, [0, 1]],
  [0x3f, [1, 1]],
  [0x40, [1, 1]],
  ...range(0x41, 0x48, 0, 1),
  [0x49, [1, 1]],
  [0x4a, [0, 1]],
  // Storage, sizes, gas
  [0x54, [1, 1]],
  [0x55, [2, 0]],
  [0x59, [0, 1]],
  [0x5a, [0, 1]],
  [0x5c, [1, 1]],
  [0x5d, [2, 0]],
  // Logs, creations
  ...Array.from({ length: 5 }, (_, topics) => entry(0xa0 + topics, 2 + topics, 0)),
  [0xf0, [3, 1]],
  [0xf5, [4, 1]],
]);

type Effect = readonly [opcode: number, effect: readonly [takes: number, gives: number]];

function entry(opcode: number, takes: number, gives: number): Effect {
  return [opcode, [takes, gives]];
}

function range(first: number, last: number, takes: number, gives: number): readonly Effect[] {
  return Array.from({ length: last - first + 1 }, (_, index) => entry(first + index, takes, gives));
}
