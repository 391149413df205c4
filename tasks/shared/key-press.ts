let claimed = false;

/** The moment from which a task's duration is counted. */
export interface Start {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** What it is, for people. */
  readonly name: "the key press" | "the start of the task";
}

/**
 * When the person pressed the key: the start of this process for the first task that it runs. Tasks
 * that run from code later on begin when they are called.
 */
export function keyPress(): Start {
  if (claimed) {
    return { atMs: Date.now(), name: "the start of the task" };
  }
  claimed = true;
  return { atMs: Math.round(performance.timeOrigin), name: "the key press" };
}
