import type { JsonObject } from "../../src/json.js";
import type {
  Action,
  Decision,
  Effects,
  Facts,
  PlannedStep,
  Progress,
  Step,
  Verification,
} from "../../src/step.js";
import { unexpected } from "./fake-chain.js";

/** What a test lets a step do. Whatever is left out throws. */
export interface FakeStepParts {
  readonly observe?: Step["observe"];
  readonly perform?: Step["perform"];
  readonly rehearse?: Step["rehearse"];
  readonly verify?: Step["verify"];
  readonly compare?: Step["compare"];
}

/** A step that does what a test says, and throws on everything else. */
export function fakeStep(kind: string, parts: FakeStepParts): Step {
  return {
    kind,
    observe: parts.observe ?? unexpected(`${kind}.observe`),
    perform: parts.perform ?? unexpected(`${kind}.perform`),
    rehearse: parts.rehearse ?? unexpected(`${kind}.rehearse`),
    verify: parts.verify ?? unexpected(`${kind}.verify`),
    compare: parts.compare ?? unexpected(`${kind}.compare`),
  };
}

/** A world of switches: what the steps of {@link switchStep} turn on. */
export interface Switches {
  readonly on: Set<string>;
  /** Everything that was done, in order: "perform a". */
  readonly done: string[];
}

/** A fresh world with these switches on. */
export function switches(...on: readonly string[]): Switches {
  return { on: new Set(on), done: [] };
}

/** The switch that an intent names. */
export function switchIn({ switch: name }: JsonObject): string {
  if (typeof name !== "string") {
    throw new TypeError("the intent names no switch");
  }
  return name;
}

/** A step that turns on the switch that its intent names, wholly honest about it. */
export function switchStep(world: Switches, changes: FakeStepParts = {}): Step {
  const turnOn = (verb: string, step: PlannedStep, progress: Progress): Effects => {
    const name = switchIn(step.intent);
    world.done.push(`${verb} ${name}`);
    world.on.add(name);
    const effect = { on: name };
    progress({ type: "done", step: step.id, effect });
    return { actions: [effect] };
  };
  return fakeStep("switch", {
    async observe(intent) {
      const name = switchIn(intent);
      const facts: Facts = { [name]: world.on.has(name) };
      return await Promise.resolve({ facts, decide: () => turningOn(name, world.on.has(name)) });
    },
    async perform(step, progress) {
      return await Promise.resolve(turnOn("perform", step, progress));
    },
    async rehearse(step) {
      return await Promise.resolve(turnOn("rehearse", step, () => undefined));
    },
    async verify(step): Promise<Verification> {
      const name = switchIn(step.intent);
      const verified = world.on.has(name);
      return await Promise.resolve({
        verified,
        evidence: [`${name} is ${verified ? "on" : "off"}`],
      });
    },
    async compare(rehearsed, real) {
      const same = JSON.stringify(rehearsed) === JSON.stringify(real);
      return await Promise.resolve(same ? [] : ["it did something else"]);
    },
    ...changes,
  });
}

/** The decision to turn a switch on. */
export function turningOn(name: string, isOn: boolean): Decision {
  const action: Action = { type: "switch", summary: `turn on ${name}`, name };
  return {
    title: `turn on ${name}`,
    actions: isOn ? [] : [action],
    expected: isOn ? [] : [{ fact: name, before: false, after: true }],
    outputs: { name: `the ${name}` },
    inverse: { none: "a switch stays on" },
    notes: [`${name} is ${isOn ? "on" : "off"}`],
  };
}
