import { run, type Path, type Program, type State } from "./machine.js";
import { UNKNOWN, type Value } from "./symbolic.js";

/** How much of a program was seen. */
export interface Exploration {
  /** False where some paths could not be followed, or there were too many. */
  readonly complete: boolean;
}

/**
 * Follows all paths of a program from a state, each part of it once for each way to come there. A
 * loop is followed a few times as it is; then its numbers count as unknown, so that it ends.
 * @param mostSteps instructions that are run in all.
 * @param onOpcode is told each instruction; false ends that path.
 * @param enter says whether a path is to be followed.
 */
export function explore(
  program: Program,
  from: State,
  mostSteps: number,
  onOpcode: (opcode: number) => boolean,
  enter: (path: Path) => boolean,
): Exploration {
  const exact = new Set<string>();
  const rounds = new Map<string, number>();
  // The oldest first: one long branch must not use up what the others need.
  const waiting: State[] = [from];
  let steps = 0;
  let complete = true;
  for (const state of waiting) {
    const end = run(program, state, (opcode) => ++steps <= mostSteps && onOpcode(opcode));
    if (end.kind === "lost" || steps > mostSteps) {
      complete = false;
    }
    for (const path of end.kind === "paths" ? end.next : []) {
      // What a path carries is copied and compared: that is work too.
      steps += path.state.stack.length;
      const next = steps <= mostSteps && enter(path) ? unlessSeen(path.state) : undefined;
      if (next !== undefined) {
        waiting.push(next);
      }
    }
  }
  return { complete };

  function unlessSeen(state: State): State | undefined {
    const isTarget = (value: Value): boolean =>
      value.kind === "constant" && program.jumpTargets.has(Number(value.value));
    const shape = state.stack.map((value) =>
      value.kind !== "constant" || isTarget(value) ? value : UNKNOWN,
    );
    const round = `${state.at}|${state.paid ?? "?"}|${state.choices}|${keyOf(shape)}`;
    const count = (rounds.get(round) ?? 0) + 1;
    rounds.set(round, count);
    const next = count > EXACT_ROUNDS ? { ...state, stack: shape } : state;
    const key = `${round}|${keyOf(next.stack)}|${next.memory.digest}`;
    if (exact.has(key)) {
      return undefined;
    }
    exact.add(key);
    return next;
  }
}

/** How often a loop is followed with its numbers as they are. */
const EXACT_ROUNDS = 4;

function keyOf(stack: readonly Value[]): string {
  return stack.map(valueKey).join();
}

/** A value as a text, the same for the same value. */
function valueKey(value: Value): string {
  switch (value.kind) {
    case "constant":
      return value.value.toString(36);
    case "selector":
      return `s${value.shift}`;
    case "compared":
      return `${value.equal ? "=" : "!"}${value.selector.toString(36)}${value.unpaid === true ? "u" : ""}`;
    case "callvalue":
    case "no-callvalue":
      return `?${value.kind}${value.alone ? "1" : ""}`;
    case "word":
    case "mixed":
    case "unknown":
      return `?${value.kind}`;
  }
}
