import { expect } from "chai";

import { emergencyError, expectRejection } from "../../helpers/refusal.js";
import { hashFor, REORG_THRESHOLD, Refusal } from "./model.js";
import { startGraphNode, SUBGRAPH, type GraphNodeStandIn } from "./stand-in.js";
import { perform, plan, rehearse, run } from "./steps.js";

const OLD = hashFor("old");
const NEW = hashFor("new");

describe("steps on a graph-node", () => {
  let node: GraphNodeStandIn;
  beforeEach(async () => {
    node = await startGraphNode();
    node.model.add(SUBGRAPH, OLD);
  });
  afterEach(async () => {
    await node.stop();
    expect(node.refusals, "what the interfaces do not know").to.deep.equal([]);
    expect(node.model.violations).to.deep.equal([]);
  });

  const deployment = (hash: string) => {
    const found = node.model.deployments.get(hash);
    if (found === undefined) {
      throw new Error("it is there");
    }
    return found;
  };
  const last = () => node.requests.at(-1);
  const sent = (to: string) => node.requests.filter((request) => request.to === to).length;

  describe("pause", () => {
    for (const by of ["graphman's API", "the admin API"]) {
      it(`waits until the node has really stopped, by ${by}, and resume until it goes on`, async () => {
        const { subgraph, status, query, admin, settleSeconds } = node.config;
        const config =
          by === "the admin API"
            ? { subgraph, status, query, admin, settleSeconds: settleSeconds ?? 1 }
            : node.config;
        const { outcomes } = await run(config, "graph-node-pause", {});
        expect(outcomes[0]).to.include({ status: "done" });
        expect(deployment(OLD)).to.include({ paused: true, running: false });
        expect(sent(by === "the admin API" ? "admin" : "control")).to.equal(1);
        const resumed = await run(config, "graph-node-resume", {});
        expect(resumed.outcomes[0]).to.include({ status: "done" });
        expect(deployment(OLD)).to.include({ paused: false, running: true });
      });
    }

    it("is not believed of a node that goes on", async () => {
      node.model.stopsAfter = Infinity;
      const planned = await plan(node.config, "graph-node-pause", {});
      const { outcomes } = await perform(node.config, planned);
      expect(outcomes[0]).to.include({ status: "not-verified" });
      expect(outcomes[0]?.verification?.problem).to.contain("still indexes");
    });

    it("has nothing to do twice, and names its way back", async () => {
      const first = await plan(node.config, "graph-node-pause", {});
      expect(first.steps[0]?.inverse).to.deep.equal({
        kind: "graph-node-resume",
        intent: { indexer: "market", deployment: OLD },
      });
      await perform(node.config, first);
      const { outcomes } = await run(node.config, "graph-node-pause", {});
      expect(outcomes[0]).to.include({ status: "already" });
      expect(sent("control")).to.equal(1);
    });

    it("is refused where nobody indexes, and where nobody can be told", async () => {
      const { status, subgraph } = node.config;
      await expectRejection(plan({ status, subgraph }, "graph-node-pause", {}), "BAD_CONFIG");
      deployment(OLD).node = null;
      await expectRejection(plan(node.config, "graph-node-pause", {}), "UNKNOWN_VERSION");
    });
  });

  describe("rewind", () => {
    it("pauses, waits, lets graphman rewind, and sees that it runs again", async () => {
      const planned = await plan(node.config, "graph-node-rewind", { block: 9_000 });
      const rehearsed = await rehearse(node.config, planned);
      expect(deployment(OLD)).to.include({ paused: false, rewoundTo: null });
      const { outcomes } = await perform(node.config, rehearsed);
      expect(outcomes[0]).to.include({ status: "done" });
      expect(outcomes[0]?.surprises).to.deep.equal([]);
      expect(deployment(OLD)).to.include({ paused: false, running: true, rewoundTo: 9_000 });
    });

    it("waits for a node that stops late, where graphman itself would not see it", async () => {
      node.model.stopsAfter = 40;
      const { outcomes } = await run(
        node.config,
        "graph-node-rewind",
        { block: 9_000 },
        node.graphman,
      );
      expect(outcomes[0]).to.include({ status: "done" });
    });

    it("has no way back, and says why", async () => {
      const { steps } = await plan(node.config, "graph-node-rewind", { block: 9_000 });
      expect(steps[0]?.inverse).to.have.property("none").that.contains("indexed again");
    });

    it("goes on where a rewind was killed before it resumed", async () => {
      Object.assign(deployment(OLD), { paused: true, running: false, latest: 9_000 });
      const { outcomes } = await run(node.config, "graph-node-rewind", { block: 9_000 });
      expect(outcomes[0]).to.include({ status: "done" });
      expect(sent("graphman")).to.equal(0);
      expect(deployment(OLD)).to.include({ paused: false, running: true });
    });

    it("has nothing to do where the block was not reached yet", async () => {
      Object.assign(deployment(OLD), { latest: 500, running: false });
      const { outcomes } = await run(node.config, "graph-node-rewind", { block: 9_000 });
      expect(outcomes[0]).to.include({ status: "already" });
    });

    it("is refused below what can be reorganised, with the lowest block that is safe", async () => {
      const error = await expectRejection(
        plan(node.config, "graph-node-rewind", { block: 100 + REORG_THRESHOLD - 1 }),
        "UNSAFE_REWIND",
      );
      expect(error.next).to.contain(`block ${100 + REORG_THRESHOLD} or later`);
      await plan(node.config, "graph-node-rewind", { block: 100 + REORG_THRESHOLD });
    });

    it("is refused without graphman, with the command to type where it is", async () => {
      const { subgraph, status, admin } = node.config;
      const config = { subgraph, status, admin };
      const error = await expectRejection(
        plan(config, "graph-node-rewind", { block: 9_000 }),
        "NO_GRAPHMAN",
      );
      expect(error.next).to.contain(
        `rewind --sleep 20 --block-hash 0x${node.model.blockHash(9_000)} --block-number 9000 ${OLD}`,
      );
      const broken = { ...node.config, graphman: ["no-such-graphman"] };
      const planned = await plan(broken, "graph-node-rewind", { block: 9_000 });
      const { failure } = await perform(broken, planned);
      expect(emergencyError(failure).code).to.equal("NO_GRAPHMAN");
    });

    it("tells what graphman says, without the database's password", async () => {
      const planned = await plan(node.config, "graph-node-rewind", { block: 9_000 });
      node.model.rewind = () => {
        throw new Refusal("the store is busy");
      };
      const { failure } = await perform(node.config, planned);
      const error = emergencyError(failure);
      expect(error.what).to.contain("the store is busy (postgresql://[secret]@db/graph)");
      expect(error.code).to.equal("GRAPHMAN_FAILED");
      expect(error.message).not.to.contain("let-me-in");
      expect(error.next).to.contain("npx hardhat indexer start --indexer market");
    });
  });

  describe("deploy", () => {
    beforeEach(() => {
      node.model.ipfs.set(NEW, { startBlock: 8_000 });
      node.model.speed = 500;
    });

    for (const mode of ["instant", "synced"] as const) {
      it(`leaves what is served alone, and promotes when it is asked to (${mode})`, async () => {
        node.model.mode = mode;
        const deployed = await run(node.config, "graph-node-deploy", {
          deployment: NEW,
          label: "v2",
        });
        expect(deployed.outcomes[0]).to.include({ status: "done" });
        expect(node.model.names.get(SUBGRAPH)).to.deep.equal({ current: OLD, pending: null });
        for (let steps = 0; !deployment(NEW).synced; steps += 1) {
          expect(steps).to.be.lessThan(100);
          node.model.tick();
        }
        const planned = await plan(node.config, "graph-node-promote", { to: "v2" });
        expect(planned.steps[0]?.inverse).to.deep.equal({
          kind: "graph-node-promote",
          intent: { indexer: "market", to: OLD },
        });
        const { outcomes } = await perform(node.config, await rehearse(node.config, planned));
        expect(outcomes[0]).to.include({ status: "done" });
        expect(node.model.names.get(SUBGRAPH)).to.deep.equal({ current: NEW, pending: null });
        // The old version goes on, so that the way back takes no time.
        expect(deployment(OLD)).to.include({ node: "default", running: true });

        const back = await run(node.config, "graph-node-promote", { to: OLD });
        expect(back.outcomes[0]).to.include({ status: "done" });
        expect(node.model.names.get(SUBGRAPH)).to.deep.equal({ current: OLD, pending: null });
        expect(deployment(NEW)).to.include({ node: "default", running: true });
      });
    }

    it("is undone by forgetting its name, and nothing else", async () => {
      const planned = await plan(node.config, "graph-node-deploy", {
        deployment: NEW,
        label: "v2",
      });
      await perform(node.config, planned);
      const [step] = planned.steps;
      if (step === undefined || "none" in step.inverse) {
        throw new Error("it has a way back");
      }
      const { outcomes } = await run(node.config, step.inverse.kind, step.inverse.intent);
      expect(outcomes[0]).to.include({ status: "done" });
      expect([...node.model.names.keys()]).to.deep.equal([SUBGRAPH]);
      expect(deployment(NEW).node).to.equal(null);
    });

    it("is refused under a label that is taken, and of what IPFS does not have", async () => {
      node.model.add(`${SUBGRAPH}-v2`, hashFor("another"));
      const intent = { deployment: NEW, label: "v2" };
      await expectRejection(plan(node.config, "graph-node-deploy", intent), "VERSION_EXISTS");
      const nowhere = { deployment: hashFor("nowhere"), label: "v3" };
      const planned = await plan(node.config, "graph-node-deploy", nowhere);
      const { failure } = await perform(node.config, planned);
      expect(emergencyError(failure).what).to.contain("failed to fetch");
    });

    it("says that a version has failed, in which block and where", async () => {
      node.model.add(`${SUBGRAPH}-v2`, NEW, {
        health: "failed",
        fatalError: { message: "mapping aborted", block: 8_123, handler: "handleSale" },
      });
      const { outcomes } = await run(node.config, "graph-node-deploy", {
        deployment: NEW,
        label: "v2",
      });
      expect(outcomes[0]?.verification?.problem).to.equal(
        "it has failed in block 8123, handler handleSale: mapping aborted",
      );
    });

    for (const label of ["", "2", "v 2", "-v2", "v2-", "v2/x", "../v2"]) {
      it(`takes no label "${label}": graph-node would not`, async () => {
        const intent = { deployment: NEW, label };
        await expectRejection(plan(node.config, "graph-node-deploy", intent), "BAD_PLAN");
        expect(last()).to.equal(undefined);
      });
    }
  });

  describe("promote", () => {
    const bad: readonly (readonly [string, Parameters<typeof node.model.add>[2], RegExp])[] = [
      ["has failed", { health: "failed" }, /has failed/],
      ["has errors", { health: "unhealthy" }, /has errors/],
      ["is not synced", { synced: false, latest: 5_000, running: false }, /not synced.*5000/],
      ["has fallen behind", { latest: 9_000, running: false }, /fallen behind.*9000/],
      ["is paused", { paused: true, running: false }, /paused/],
      ["nobody indexes", { node: null }, /no node/],
    ];
    for (const [what, changes, why] of bad) {
      it(`refuses a version that ${what}`, async () => {
        node.model.add(`${SUBGRAPH}-v2`, NEW, changes);
        const error = await expectRejection(
          plan(node.config, "graph-node-promote", { to: "v2" }),
          "VERSION_NOT_READY",
        );
        expect(error.what).to.match(why);
        expect(sent("admin")).to.equal(0);
      });
    }

    it("takes a version that is no further behind than what is served", async () => {
      Object.assign(deployment(OLD), { latest: 8_500, running: false });
      node.model.add(`${SUBGRAPH}-v2`, NEW, { latest: 9_000, running: false });
      await plan(node.config, "graph-node-promote", { to: "v2" });
    });

    it("refuses a version that became ill after the plan was made", async () => {
      node.model.add(`${SUBGRAPH}-v2`, NEW);
      const planned = await plan(node.config, "graph-node-promote", { to: "v2" });
      deployment(NEW).health = "failed";
      const { failure } = await perform(node.config, planned);
      expect(failure).not.to.equal(null);
      expect(node.model.names.get(SUBGRAPH)?.current).to.equal(OLD);
    });

    it("refuses what is not there", async () => {
      await expectRejection(
        plan(node.config, "graph-node-promote", { to: "v9" }),
        "UNKNOWN_VERSION",
      );
      await expectRejection(
        plan(node.config, "graph-node-promote", { to: NEW }),
        "UNKNOWN_VERSION",
      );
    });
  });
});
