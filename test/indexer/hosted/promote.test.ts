import { setTimeout as wait } from "node:timers/promises";

import { expect } from "chai";

import { resolveHosted } from "../../../src/config/indexers/subgraph-resolve.js";
import { plainSecrets } from "../../../src/config/sensitive.js";
import type { HostedIndexer } from "../../../src/indexer/hosted/hosted.js";
import { openHosted } from "../../../src/indexer/hosted/open-hosted.js";
import { lookAtHosted } from "../../../src/indexer/hosted/status.js";
import { hostedPromoteStep } from "../../../src/indexer/hosted/promote-step.js";
import type { JsonObject } from "../../../src/json.js";
import type { IndexerWorld, Plan } from "../../../src/recovery/plan.js";
import { makePlan, performPlan, rehearsePlan, type RunResult } from "../../../src/recovery/run.js";
import type { StepSet } from "../../../src/step.js";
import { emergencyError, expectRejection } from "../../helpers/refusal.js";
import {
  KEYS,
  startHost,
  type HostKind,
  type HostStandIn,
  type ModelVersion,
} from "./stand-ins.js";

const KINDS: readonly HostKind[] = ["goldsky", "alchemy"];

function indexerAt({ config }: HostStandIn, dryRun = false): HostedIndexer {
  const { goldsky, alchemy } = config;
  const resolved = resolveHosted(
    {
      ...(goldsky === undefined ? {} : { goldsky }),
      ...(alchemy === undefined ? {} : { alchemy }),
    },
    plainSecrets,
  );
  if (resolved === undefined) {
    throw new Error("it is hosted");
  }
  const waits = {
    waitMs: 300,
    wait: async (milliseconds: number) => {
      await wait(Math.min(milliseconds, 5));
    },
  };
  return openHosted("market", resolved, waits, dryRun);
}

function stepsAt(host: HostStandIn, dryRun = false): StepSet {
  const indexer = indexerAt(host, dryRun);
  const book = async (): Promise<HostedIndexer> => await Promise.resolve(indexer);
  const steps = KINDS.map((kind) => hostedPromoteStep(kind, book));
  return new Map(steps.map((step) => [step.kind, step]));
}

async function plan(
  host: HostStandIn,
  kind: HostKind,
  intent: JsonObject,
): Promise<Plan<IndexerWorld>> {
  return await makePlan(
    "indexer promote",
    [{ id: "step", kind: `${kind}-promote`, intent: { indexer: "market", ...intent } }],
    stepsAt(host),
    async () => await Promise.resolve({ indexer: "market", place: "a stand-in" }),
    async () => await Promise.resolve(stepsAt(host, true)),
  );
}

async function perform(host: HostStandIn, planned: Plan<IndexerWorld>): Promise<RunResult> {
  return await performPlan(planned, stepsAt(host), () => undefined, Date.now);
}

for (const kind of KINDS) {
  describe(`promotion at ${kind}`, () => {
    let host: HostStandIn;
    beforeEach(async () => {
      host = await startHost(kind);
    });
    afterEach(async () => {
      await host.stop();
      expect(host.refusals, "what the host does not know").to.deep.equal([]);
    });

    const version = (name: string): ModelVersion => {
      const found = host.versions.find((each) => each.name === name);
      if (found === undefined) {
        throw new Error("it is there");
      }
      return found;
    };
    const writes = (): readonly string[] =>
      host.requests.filter((line) => line.startsWith("PUT") || line.includes("promote-live"));

    it("moves readers to another version, and back", async () => {
      const intent = kind === "alchemy" ? { to: "1.0.1", from: "1.0.0" } : { to: "1.0.1" };
      const planned = await plan(host, kind, intent);
      const rehearsed = await rehearsePlan(planned, stepsAt(host, true), null);
      expect(host.live, "after the rehearsal").to.equal("1.0.0");
      const { outcomes } = await perform(host, rehearsed);
      expect(outcomes[0]).to.include({ status: "done" });
      expect(outcomes[0]?.surprises).to.deep.equal([]);
      expect(host.live).to.equal("1.0.1");
      expect(writes()).to.have.length(1);

      const inverse = planned.steps[0]?.inverse;
      expect(inverse).to.deep.equal({
        kind: `${kind}-promote`,
        intent: { indexer: "market", to: "1.0.0" },
      });
      await perform(host, await plan(host, kind, { to: "1.0.0" }));
      expect(host.live).to.equal("1.0.0");
    });

    it("has nothing to do twice", async () => {
      const { outcomes } = await perform(host, await plan(host, kind, { to: "1.0.0" }));
      expect(outcomes[0]).to.include({ status: "already" });
      expect(writes()).to.have.length(0);
    });

    it("refuses a version that is not there, has errors, or would take readers back", async () => {
      await expectRejection(plan(host, kind, { to: "9.9.9" }), "UNKNOWN_VERSION");
      version("1.0.1").block = 9_000;
      const { what } = await expectRejection(
        plan(host, kind, { to: "1.0.1" }),
        "VERSION_NOT_READY",
      );
      expect(what).to.contain("9000");
      Object.assign(version("1.0.1"), { block: 9_999, health: "unhealthy" });
      await expectRejection(plan(host, kind, { to: "1.0.1" }), "VERSION_NOT_READY");
      expect(writes()).to.have.length(0);
    });

    it("refuses a name that would be another path", async () => {
      for (const to of ["../x", "a/b", "", "1.0.1?x", "%2e%2e"]) {
        await expectRejection(plan(host, kind, { to }), "BAD_PLAN");
      }
    });

    it("ends in the same state when it is typed again, wherever it was cut off", async () => {
      const intent = { to: "1.0.1" };
      for (const trouble of ["drop", "lose"] as const) {
        for (let at = 1; at <= 10; at += 1) {
          host.live = "1.0.0";
          const before = host.requests.length;
          host.trouble = (number) =>
            number - before === at ? trouble : number - before > at ? "drop" : undefined;
          await plan(host, kind, intent).then(
            async (planned) => await perform(host, planned),
            (error: unknown) => emergencyError(error),
          );
          host.trouble = () => undefined;
          const { outcomes, failure } = await perform(host, await plan(host, kind, intent));
          expect(failure, `${trouble} at ${at}`).to.equal(null);
          expect(outcomes[0]?.verification?.verified).to.equal(true);
          expect(host.live).to.equal("1.0.1");
        }
      }
    });

    it("says that it is not verified while readers still get the old one", async () => {
      const planned = await plan(host, kind, { to: "1.0.1" });
      Object.defineProperty(host, "live", { get: () => "1.0.0", set: () => undefined });
      const { outcomes } = await perform(host, planned);
      expect(outcomes[0]).to.include({ status: "not-verified" });
    });

    it("keeps its keys to itself, also where the host repeats them", async () => {
      const keys = Object.values(KEYS);
      const echo = keys.join(" ");
      for (const status of [200, 400, 401, 418, 500]) {
        host.trouble = () => ({
          status,
          body: JSON.stringify({ message: echo, errors: [{ message: echo }] }),
        });
        const error = await plan(host, kind, { to: "1.0.1" }).then(
          () => new Error("it is refused"),
          (thrown: unknown) => emergencyError(thrown),
        );
        const used = kind === "goldsky" ? [KEYS.goldsky] : [KEYS.query];
        expect(
          used.filter((key) => error.message.includes(key)),
          error.message,
        ).to.deep.equal([]);
      }
      host.trouble = () => "drop";
      const error = await expectRejection(plan(host, kind, { to: "1.0.1" }), "INDEXER_UNREACHABLE");
      expect(keys.filter((key) => error.message.includes(key))).to.deep.equal([]);
      expect(indexerAt(host).host.place).not.to.contain("stand-in");
    });

    it("tells how what readers get is", async () => {
      expect(await lookAtHosted(indexerAt(host))).to.include({ up: true });
      version("1.0.0").health = "failed";
      expect(await lookAtHosted(indexerAt(host))).to.include({ up: false });
      host.live = null;
      expect(await lookAtHosted(indexerAt(host))).to.include({ up: false, version: null });
    });
  });
}

describe("promotion at goldsky only", () => {
  it("refuses a version that is not synced or is paused, and says why it failed", async () => {
    const host = await startHost("goldsky");
    try {
      const [, newest] = host.versions;
      for (const [changes, why] of [
        [{ synced: false }, /not synced/],
        [{ synced: true, paused: true }, /paused/],
        [{ paused: false, health: "failed", fatalError: "division by zero" }, /division by zero/],
      ] as const) {
        Object.assign(newest ?? {}, changes);
        const { what } = await expectRejection(
          plan(host, "goldsky", { to: "1.0.1" }),
          "VERSION_NOT_READY",
        );
        expect(what).to.match(why);
      }
    } finally {
      await host.stop();
    }
  });
});

describe("promotion at alchemy only", () => {
  it("does not know which version was live unless it is told, and checks what it is told", async () => {
    const host = await startHost("alchemy");
    try {
      const { steps } = await plan(host, "alchemy", { to: "1.0.1" });
      expect(steps[0]?.inverse).to.have.property("none").that.contains("QmOld");
      await expectRejection(plan(host, "alchemy", { to: "1.0.1", from: "1.0.1" }), "BAD_ARGUMENTS");
    } finally {
      await host.stop();
    }
  });
});
