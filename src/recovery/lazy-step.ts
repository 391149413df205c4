import type { JsonObject } from "../json.js";
import type { Effects, Observation, PlannedStep, Progress, Step, Verification } from "../step.js";

/**
 * A step whose code is loaded when it is first used: a pause does not wait for what only an upgrade
 * needs.
 */
export class LazyStep implements Step {
  readonly kind: string;
  readonly #load: () => Promise<Step>;
  #loaded: Promise<Step> | undefined;

  constructor(kind: string, load: () => Promise<Step>) {
    this.kind = kind;
    this.#load = load;
  }

  async observe(intent: JsonObject, planned?: PlannedStep): Promise<Observation> {
    return await (await this.#step()).observe(intent, planned);
  }

  async perform(step: PlannedStep, progress: Progress, looked?: Observation): Promise<Effects> {
    return await (await this.#step()).perform(step, progress, looked);
  }

  async rehearse(step: PlannedStep): Promise<Effects> {
    return await (await this.#step()).rehearse(step);
  }

  async verify(step: PlannedStep, effects: Effects): Promise<Verification> {
    return await (await this.#step()).verify(step, effects);
  }

  async compare(rehearsed: Effects, real: Effects): Promise<readonly string[]> {
    return await (await this.#step()).compare(rehearsed, real);
  }

  async #step(): Promise<Step> {
    return await (this.#loaded ??= this.#load());
  }
}
