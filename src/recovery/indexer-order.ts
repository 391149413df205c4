import type { EmergencyIndexerConfig } from "../config/types.js";
import type { StepRequest } from "../step.js";

/** What is to be done with one indexer, in order. The order among indexers is not its business. */
export interface IndexerWork {
  /** Before anything is stopped or changed: owners are told to leave it alone. */
  readonly first?: readonly StepRequest[];
  /** What changes it. */
  readonly main: readonly StepRequest[];
  /** When all that it stands on, and itself, works: owners may take it up again. */
  readonly last?: readonly StepRequest[];
  /**
   * - `change`: as below; the default
   * - `up`: nobody is stopped for it: what others depend on comes first
   * - `down`: nor for this, but those that stand on others come first
   */
  readonly order?: "change" | "up" | "down";
}

type Configs = (
  name: string,
) => Pick<EmergencyIndexerConfig, "dependsOn" | "writes" | "kubernetes">;

/**
 * The steps of a command on several indexers, in the order in which they may be done. Pure. Those that do not
 * wait for each other are done side by side.
 *
 * - What an indexer depends on (`dependsOn`, also through others that the command is not about) comes first,
 *   and must work before it is touched itself: the API before the website.
 * - Writers (`writes`) are stopped before anything is changed, those that stand on others first, and started
 *   again when they are changed: two versions never write side by side, and nothing writes to data while it is
 *   changed underneath.
 * @param names of the indexers that the command is about.
 * @param stopWriters false where nothing will be changed: then writers are only started, if an earlier run that
 * was killed has left them stopped.
 */
export function inDependencyOrder(
  names: readonly string[],
  config: Configs,
  workOf: (name: string) => IndexerWork,
  stopWriters: boolean,
): readonly StepRequest[] {
  const upwards = sorted(names, config);
  const works = new Map(upwards.map((name) => [name, workOf(name)]));
  const isDown = [...works.values()].some(({ order: way }) => way === "down");
  const order = isDown ? [...upwards].reverse() : upwards;
  const comesBefore = (name: string): readonly string[] =>
    isDown
      ? order.filter((other) => dependenciesOf(other, config).includes(name))
      : dependenciesOf(name, config);
  const first = chained(
    order.flatMap((name) => works.get(name)?.first ?? []),
    [],
  );
  const before = lastOf(first);

  const writers = order.filter(
    (name) =>
      config(name).writes &&
      config(name).kubernetes !== undefined &&
      (works.get(name)?.order ?? "change") === "change",
  );
  const stops = chained(
    (stopWriters ? [...writers].reverse() : []).map((name) => request("stop", name)),
    before,
  );
  const stopped = stops.length === 0 ? before : lastOf(stops);

  /** The step whose end says that an indexer works. */
  const ready = new Map<string, readonly string[]>();
  const rest: StepRequest[] = [];
  for (const name of order) {
    const waitsFor = comesBefore(name)
      .filter((other) => other !== name)
      .flatMap((other) => ready.get(other) ?? []);
    const { main, last = [] } = works.get(name) ?? { main: [] };
    const start = writers.includes(name) ? [request("start", name)] : [];
    const steps = chained([...main, ...start, ...last], [...new Set([...stopped, ...waitsFor])]);
    rest.push(...steps);
    ready.set(name, steps.length === 0 ? waitsFor : lastOf(steps));
  }
  return [...first, ...stops, ...rest];
}

/** The names, what others depend on first; otherwise as they were given. */
function sorted(names: readonly string[], config: Configs): readonly string[] {
  const order: string[] = [];
  const visit = (name: string): void => {
    if (order.includes(name)) {
      return;
    }
    for (const other of dependenciesOf(name, config).filter((each) => names.includes(each))) {
      visit(other);
    }
    order.push(name);
  };
  names.forEach(visit);
  return order;
}

/** All that an indexer depends on, directly or through others. The configuration has no circles. */
function dependenciesOf(name: string, config: Configs): readonly string[] {
  const direct = config(name).dependsOn;
  return [...new Set(direct.flatMap((other) => [...dependenciesOf(other, config), other]))];
}

function request(what: "stop" | "start", name: string): StepRequest {
  // Who types `indexer stop` wants it to stay stopped: this one is taken back at the end.
  const intent = what === "stop" ? { indexer: name, inPlan: true } : { indexer: name };
  return { id: `${what} ${name}`, kind: `indexer-${what}`, intent };
}

/** Steps one after the other, the first of them after `before`. */
function chained(steps: readonly StepRequest[], before: readonly string[]): readonly StepRequest[] {
  return steps.map((step, index) => {
    const previous = steps[index - 1];
    const after = [...(step.after ?? []), ...(previous === undefined ? before : [previous.id])];
    return after.length === 0 ? step : { ...step, after: [...new Set(after)] };
  });
}

function lastOf(steps: readonly StepRequest[]): readonly string[] {
  return steps.slice(-1).map(({ id }) => id);
}
