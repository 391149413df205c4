import { expect } from "chai";

import { EmergencyError } from "../../src/errors.js";
import type { Plan, PlanWorld } from "../../src/recovery/plan.js";
import { makePlan, performPlan, rehearsePlan, type RunResult } from "../../src/recovery/run.js";
import type { ProgressEvent, Step, StepRequest, StepSet } from "../../src/step.js";
import { unexpected } from "../helpers/fake-chain.js";
import {
  fakeStep,
  switchIn,
  switchStep,
  switches,
  turningOn,
  type Switches,
} from "../helpers/fake-step.js";
import { expectRejection } from "../helpers/refusal.js";

const WORLD: PlanWorld = { network: "fake", chainId: 1, block: { number: 7, hash: "0x07" } };
const world = async (): Promise<PlanWorld> => await Promise.resolve(WORLD);

function setOf(...steps: readonly Step[]): StepSet {
  return new Map(steps.map((step) => [step.kind, step]));
}

function request(name: string, changes: Partial<StepRequest> = {}): StepRequest {
  return { id: name, kind: "switch", intent: { switch: name }, ...changes };
}

/** A copy of a world, as a fork is one. */
function copyOf(original: Switches): { readonly copied: Switches; readonly steps: StepSet } {
  const copied = switches(...original.on);
  return { copied, steps: setOf(switchStep(copied)) };
}

async function planOf(live: Switches, requests: readonly StepRequest[]): Promise<Plan> {
  const copy = async (): Promise<StepSet> => await Promise.resolve(copyOf(live).steps);
  return await makePlan("turn-on", requests, setOf(switchStep(live)), world, copy);
}

async function perform(plan: Plan, ...steps: readonly Step[]): Promise<RunResult> {
  return await performPlan(plan, setOf(...steps), () => undefined, clock());
}

/** A clock that goes on by one millisecond each time it is looked at. */
function clock(): () => number {
  let now = 0;
  return () => now++;
}

function statuses({ outcomes }: RunResult): Record<string, string> {
  return Object.fromEntries(outcomes.map(({ id, status }) => [id, status]));
}

const refusal = new EmergencyError("RPC_UNREACHABLE", "no node", "start it");

describe("a plan", () => {
  it("is made without writing anything", async () => {
    const live = switches();
    const plan = await planOf(live, [request("a"), request("b")]);
    expect(plan.steps.map(({ title }) => title)).to.deep.equal(["turn on a", "turn on b"]);
    expect(plan.world).to.deep.equal(WORLD);
    expect(live.done).to.deep.equal([]);
  });

  it("of steps that stand alone makes no copy of the world", async () => {
    const steps = setOf(switchStep(switches()));
    await makePlan("turn-on", [request("a")], steps, world, unexpected("copy"));
  });

  it("of steps that build on others is made on a copy on which those were done", async () => {
    const live = switches();
    const { copied, steps } = copyOf(live);
    const seen: boolean[] = [];
    const dependent = fakeStep("dependent", {
      async observe() {
        seen.push(copied.on.has("a"));
        return await Promise.resolve({ facts: {}, decide: () => turningOn("b", false) });
      },
    });
    const plan = await makePlan(
      "turn-on",
      [request("a"), { id: "b", kind: "dependent", intent: {}, after: ["a"] }],
      setOf(switchStep(live)),
      world,
      async () => await Promise.resolve(new Map([...steps, ["dependent", dependent]])),
    );
    expect(seen).to.deep.equal([true]);
    expect(plan.steps[1]?.after).to.deep.equal(["a"]);
    expect(live.done).to.deep.equal([]);
  });

  it("puts the output of a step into the intent of the one that builds on it", async () => {
    const intent = { switch: { $output: "a.name" } };
    const plan = await planOf(switches(), [request("a"), request("b", { intent, after: ["a"] })]);
    expect(plan.steps[1]?.intent).to.deep.equal({ switch: "the a" });
  });

  const wrong: readonly (readonly [string, readonly StepRequest[]])[] = [
    ["two steps have one name", [request("a"), request("a")]],
    ["a step builds on one that comes later", [request("a", { after: ["b"] }), request("b")]],
    ["a step builds on itself", [request("a", { after: ["a"] })]],
    ["a step builds on one that does not exist", [request("a", { after: ["z"] })]],
    ["there is no such step", [request("a", { kind: "unheard-of" })]],
    [
      "a step wants an output of one that it does not build on",
      [
        request("a"),
        request("b"),
        request("c", { intent: { switch: { $output: "a.name" } }, after: ["b"] }),
      ],
    ],
    [
      "a step wants an output that does not exist",
      [request("a"), request("b", { intent: { switch: { $output: "a.color" } }, after: ["a"] })],
    ],
    [
      "a step that stands alone wants an output",
      [request("a", { intent: { switch: { $output: "z.name" } } })],
    ],
  ];
  for (const [title, requests] of wrong) {
    it(`is refused when ${title}`, async () => {
      const live = switches();
      await expectRejection(planOf(live, requests), "BAD_PLAN");
      expect(live.done).to.deep.equal([]);
    });
  }

  it("is refused when one of its steps is, and says which ones could go on", async () => {
    const picky = switchStep(switches(), {
      async observe(intent) {
        const name = switchIn(intent);
        if (name === "b") {
          throw refusal;
        }
        return await Promise.resolve({ facts: {}, decide: () => turningOn(name, false) });
      },
    });
    const requests = [request("a"), request("b"), request("c")];
    const plan = makePlan("turn-on", requests, setOf(picky), world, unexpected("copy"));
    const error = await expectRejection(plan, "RPC_UNREACHABLE");
    expect(error.next).to.contain("a,c");
  });

  it("is refused when a step fails on the copy that later ones build on", async () => {
    const live = switches();
    const copied = switches();
    const failing = switchStep(copied, {
      rehearse: async () => await Promise.reject(new Error("it burns")),
    });
    const requests = [request("a"), request("b", { after: ["a"] })];
    const plan = makePlan(
      "turn-on",
      requests,
      setOf(switchStep(live)),
      world,
      async () => await Promise.resolve(setOf(failing)),
    );
    const error = await expectRejection(plan, "REHEARSAL_FAILED");
    expect(error.what).to.contain("it burns");
  });
});

describe("a rehearsal", () => {
  it("runs everything on the copy and nothing on the original, and keeps what it did", async () => {
    const live = switches();
    const plan = await planOf(live, [request("a"), request("b")]);
    const { copied, steps } = copyOf(live);
    const rehearsed = await rehearsePlan(plan, steps, 9);
    expect(copied.done).to.deep.equal(["rehearse a", "rehearse b"]);
    expect(live.done).to.deep.equal([]);
    expect(rehearsed.rehearsal?.block).to.equal(9);
    expect(rehearsed.rehearsal?.steps.map(({ effects }) => effects)).to.deep.equal([
      { actions: [{ on: "a" }] },
      { actions: [{ on: "b" }] },
    ]);
    expect(rehearsed.hash).to.equal(plan.hash);
  });

  it("is refused when the copy is not as the plan says", async () => {
    const plan = await planOf(switches(), [request("a")]);
    const { steps } = copyOf(switches("a"));
    const error = await expectRejection(rehearsePlan(plan, steps, 9), "REHEARSAL_FAILED");
    expect(error.what).to.contain("a was false and is true");
  });

  it("is refused when a step fails there", async () => {
    const plan = await planOf(switches(), [request("a")]);
    const step = switchStep(switches(), { rehearse: async () => await Promise.reject(refusal) });
    const error = await expectRejection(rehearsePlan(plan, setOf(step), 9), "REHEARSAL_FAILED");
    expect(error.what).to.contain(refusal.what);
    expect(error.next).to.equal(refusal.next);
  });

  it("is refused when a step does not do there what it should", async () => {
    const plan = await planOf(switches(), [request("a")]);
    const step = switchStep(switches(), {
      verify: async () =>
        await Promise.resolve({ verified: false, evidence: [], problem: "it stays dark" }),
    });
    const error = await expectRejection(rehearsePlan(plan, setOf(step), 9), "REHEARSAL_FAILED");
    expect(error.what).to.contain("it stays dark");
  });
});

describe("a run", () => {
  it("does every step in order, and reads each one back", async () => {
    const live = switches();
    const plan = await planOf(live, [request("a"), request("b")]);
    const events: ProgressEvent[] = [];
    const result = await performPlan(
      plan,
      setOf(switchStep(live)),
      (event) => events.push(event),
      clock(),
    );
    expect(statuses(result)).to.deep.equal({ a: "done", b: "done" });
    expect(result.failure).to.equal(null);
    expect(live.done).to.deep.equal(["perform a", "perform b"]);
    expect(result.outcomes.map(({ verification }) => verification?.evidence)).to.deep.equal([
      ["a is on"],
      ["b is on"],
    ]);
    expect(events.map(({ step }) => step)).to.deep.equal(["a", "b"]);
    expect(result.outcomes.every(({ durationMs }) => durationMs > 0)).to.be.true;
  });

  it("does steps side by side where that is asked for, and those that build on them later", async () => {
    const live = switches();
    const begun: string[] = [];
    const gates = new Map<string, () => void>();
    const slow = switchStep(live);
    const gated = switchStep(live, {
      async perform(step, progress) {
        begun.push(step.id);
        await new Promise<void>((resolve) => gates.set(step.id, resolve));
        return await slow.perform(step, progress);
      },
    });
    const requests = [request("a"), request("b"), request("c", { after: ["a"] })];
    const plan = await planOf(live, requests);
    const running = performPlan(plan, setOf(gated), () => undefined, clock(), true);
    const begin = async (...ids: readonly string[]): Promise<void> => {
      while (ids.some((id) => !gates.has(id))) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await begin("a", "b");
    expect(begun).to.deep.equal(["a", "b"]);
    gates.get("a")?.();
    await begin("c");
    gates.get("c")?.();
    gates.get("b")?.();
    const result = await running;
    expect([...live.done].sort()).to.deep.equal(["perform a", "perform b", "perform c"]);
    expect(result.outcomes.map(({ id }) => id)).to.deep.equal(["a", "b", "c"]);
    expect(statuses(result)).to.deep.equal({ a: "done", b: "done", c: "done" });
  });

  it("only reads back what is so already", async () => {
    const live = switches("a");
    const result = await perform(await planOf(live, [request("a")]), switchStep(live));
    expect(statuses(result)).to.deep.equal({ a: "already" });
    expect(live.done).to.deep.equal([]);
  });

  it("does not believe that something is so already when the read-back says no", async () => {
    const live = switches("a");
    const plan = await planOf(live, [request("a")]);
    live.on.delete("a");
    expect(statuses(await perform(plan, switchStep(live)))).to.deep.equal({ a: "not-verified" });
  });

  it("refuses a step when the world has changed since the plan", async () => {
    const live = switches();
    const plan = await planOf(live, [request("a")]);
    live.on.add("a");
    const result = await perform(plan, switchStep(live));
    expect(statuses(result)).to.deep.equal({ a: "failed" });
    expect(result.failure?.code).to.equal("PRIOR_STATE_CHANGED");
    expect(live.done).to.deep.equal([]);
  });

  it("refuses a plan whose actions do not follow from what it wants", async () => {
    const live = switches();
    const plan = await planOf(live, [request("a")]);
    const [step] = plan.steps;
    const forged = {
      ...plan,
      steps: step === undefined ? [] : [{ ...step, actions: turningOn("b", false).actions }],
    };
    const result = await perform(forged, switchStep(live));
    expect(result.failure?.code).to.equal("PRIOR_STATE_CHANGED");
    expect(live.done).to.deep.equal([]);
  });

  it("is not verified when the read-back says no", async () => {
    const live = switches();
    const plan = await planOf(live, [request("a")]);
    const step = switchStep(live, {
      verify: async () => await Promise.resolve({ verified: false, evidence: ["dark"] }),
    });
    const result = await perform(plan, step);
    expect(statuses(result)).to.deep.equal({ a: "not-verified" });
    expect(result.failure).to.equal(null);
  });

  it("stops what builds on a step that is not verified, and goes on with the rest", async () => {
    const live = switches();
    const requests = [
      request("a"),
      request("b", { after: ["a"] }),
      request("c", { after: ["b"] }),
      request("d"),
    ];
    const plan = await planOf(live, requests);
    const step = switchStep(live, {
      verify: async ({ id }) => await Promise.resolve({ verified: id !== "a", evidence: [] }),
    });
    const result = await perform(plan, step);
    expect(statuses(result)).to.deep.equal({
      a: "not-verified",
      b: "not-run",
      c: "not-run",
      d: "done",
    });
    expect(live.done).to.deep.equal(["perform a", "perform d"]);
  });

  it("stops what builds on a step that failed, goes on with the rest, and says what was done", async () => {
    const live = switches();
    const plan = await planOf(live, [request("a"), request("b", { after: ["a"] }), request("c")]);
    const step = switchStep(live, {
      async perform({ id, intent }, progress) {
        progress({ type: "done", step: id, effect: { half: switchIn(intent) } });
        return id === "a" ? await Promise.reject(refusal) : { actions: [] };
      },
      verify: async () => await Promise.resolve({ verified: true, evidence: [] }),
    });
    const result = await perform(plan, step);
    expect(statuses(result)).to.deep.equal({ a: "failed", b: "not-run", c: "done" });
    expect(result.failure).to.equal(refusal);
    expect(result.outcomes[0]?.effects).to.deep.equal({ actions: [{ half: "a" }] });
    expect(result.outcomes[0]?.problem).to.equal(refusal.what);
  });

  it("tells the first failure when several steps fail", async () => {
    const live = switches();
    const plan = await planOf(live, [request("a"), request("b")]);
    const second = new EmergencyError("OUT_OF_FUNDS", "no money", "send some");
    const step = switchStep(live, {
      perform: async ({ id }) => await Promise.reject(id === "a" ? refusal : second),
    });
    const result = await perform(plan, step);
    expect(statuses(result)).to.deep.equal({ a: "failed", b: "failed" });
    expect(result.failure).to.equal(refusal);
  });

  it("ends as done when it does just what the rehearsal did", async () => {
    const live = switches();
    const plan = await rehearsePlan(await planOf(live, [request("a")]), copyOf(live).steps, 9);
    expect(statuses(await perform(plan, switchStep(live)))).to.deep.equal({ a: "done" });
  });

  it("ends as not verified, and stops everything, when it does what the rehearsal did not show", async () => {
    const live = switches();
    const requests = [request("a"), request("b")];
    const plan = await rehearsePlan(await planOf(live, requests), copyOf(live).steps, 9);
    const step = switchStep(live, {
      async perform({ id }) {
        live.done.push(`perform ${id}`);
        live.on.add(id);
        return await Promise.resolve({ actions: [{ on: id }, { on: "a trap door" }] });
      },
    });
    const result = await perform(plan, step);
    expect(statuses(result)).to.deep.equal({ a: "not-verified", b: "not-run" });
    expect(result.outcomes[0]?.surprises).to.deep.equal(["it did something else"]);
    expect(live.done).to.deep.equal(["perform a"]);
  });

  it("does not hide a mistake of its own as a refusal", async () => {
    const live = switches();
    const plan = await planOf(live, [request("a")]);
    const step = switchStep(live, {
      perform: async () => await Promise.reject(new TypeError("a mistake")),
    });
    const thrown: unknown = await perform(plan, step).catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(TypeError);
  });

  it("refuses a plan with a step that does not exist", async () => {
    const live = switches();
    const plan = await planOf(live, [request("a")]);
    const result = await perform(plan);
    expect(result.failure?.code).to.equal("BAD_PLAN");
  });
});
