import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import { configVariable } from "hardhat/config";

import type { EmergencyIndexerUserConfig } from "../../../src/config/types.js";
import { captured, createProject, type Outcome, type Project } from "../../helpers/project.js";
import { expectRefusal, expectSuccess, fieldOf, onlyDocument } from "../../helpers/refusal.js";
import { startHost } from "../hosted/stand-ins.js";
import { hashFor } from "./model.js";
import { startGraphNode, SUBGRAPH, TOKEN, type GraphNodeStandIn } from "./stand-in.js";

/** Nobody answers there: commands on indexers need no chain. */
const NO_NODE = "http://127.0.0.1:9";

const OLD = hashFor("old");
const NEW = hashFor("new");

type Arguments = Readonly<Record<string, string | boolean>>;

describe("commands on a subgraph of a graph-node", () => {
  let node: GraphNodeStandIn;
  let project: Project | undefined;
  const printed: string[] = [];

  beforeEach(async () => {
    node = await startGraphNode();
    node.model.add(SUBGRAPH, OLD);
  });
  afterEach(async () => {
    await project?.remove();
    project = undefined;
    await node.stop();
    expect(node.refusals, "what the interfaces do not know").to.deep.equal([]);
    expect(node.model.violations).to.deep.equal([]);
    expect(printed.filter((text) => text.includes(TOKEN))).to.deep.equal([]);
  });

  async function open(
    changes: EmergencyIndexerUserConfig = {},
    answer?: () => Promise<string>,
  ): Promise<Project> {
    return await createProject({
      url: NO_NODE,
      chainId: 1,
      accounts: [],
      emergency: { indexers: { market: { graphNode: node.config, waitSeconds: 5, ...changes } } },
      ...(answer === undefined ? {} : { answer }),
    });
  }

  async function run(task: string, args: Arguments = {}): Promise<Outcome> {
    project ??= await open();
    const { hre } = project;
    const outcome = await captured(
      async (): Promise<unknown> => await hre.tasks.getTask(["indexer", task]).run(args),
    );
    const { error } = outcome;
    printed.push(outcome.stdout, outcome.stderr, error instanceof Error ? error.message : "");
    return outcome;
  }

  it("tell how it is, and exit with 3 when it is not up", async () => {
    const up = await run("status");
    expectSuccess(up);
    expect(up.stdout).to.match(/is up: it is healthy and is at block \d+ of \d+/);
    const document = onlyDocument(await run("status", { json: true }));
    expect(document).to.include({ ok: true, subgraph: SUBGRAPH });
    expect(fieldOf(document, "version")).to.include({ deployment: OLD, health: "healthy" });

    Object.assign(node.model.deployments.get(OLD) ?? {}, {
      health: "failed",
      fatalError: { message: "overflow", block: 9_876, handler: "handleTransfer" },
    });
    const failed = await run("status");
    expect(failed.exitCode).to.equal(3);
    expect(failed.stdout).to.contain(
      "is not up: it has failed in block 9876, handler handleTransfer: overflow",
    );
  });

  it("wait for what is not there yet, and say how far it is when told not to", async () => {
    Object.assign(node.model.deployments.get(OLD) ?? {}, { latest: 9_000, synced: false });
    node.model.speed = 600;
    const now = await run("status", { noWait: true });
    expect(now.exitCode).to.equal(3);
    expect(now.stdout).to.contain("not synced");
    expectSuccess(await run("status"));
  });

  it("deploy a version, serve it, and go back by what the plan says", async () => {
    node.model.ipfs.set(NEW, { startBlock: 8_000 });
    node.model.speed = 200;
    const deployed = await run("deploy", { deployment: NEW, label: "v2", yes: true });
    expectSuccess(deployed);
    expect(deployed.stdout)
      .to.contain("readers go on with the version that they have")
      .and.to.contain(`npx hardhat indexer remove --indexer market --deployment ${NEW} --label v2`);
    expect(node.model.names.get(SUBGRAPH)?.current).to.equal(OLD);

    expectRefusal(await run("promote", { to: "v2", yes: true }), "VERSION_NOT_READY");
    const promoted = await run("promote", { to: "v2", yes: true, rehearse: true, wait: true });
    expectSuccess(promoted);
    expect(promoted.stdout)
      .to.contain("In a look that sends nothing")
      .and.to.contain(`npx hardhat indexer promote --indexer market --to ${OLD}`);
    expect(node.model.names.get(SUBGRAPH)?.current).to.equal(NEW);

    expectSuccess(await run("promote", { to: OLD, yes: true, json: true }));
    expect(node.model.names.get(SUBGRAPH)?.current).to.equal(OLD);
    expectSuccess(await run("remove", { deployment: NEW, label: "v2", yes: true }));
    expect(node.model.names.has(`${SUBGRAPH}-v2`)).to.equal(false);
  });

  it("stop it, start it, and rewind it with the program", async () => {
    expectSuccess(await run("stop", { yes: true }));
    expect(node.model.deployments.get(OLD)).to.include({ paused: true, running: false });
    expectSuccess(await run("start", { yes: true }));
    const rewound = await run("rewind", { block: "9000", yes: true, rehearse: true });
    expectSuccess(rewound);
    expect(rewound.stdout).to.contain("indexed again from the chain");
    expect(node.model.deployments.get(OLD)).to.include({ paused: false, rewoundTo: 9_000 });
  });

  it("ask for the indexer's name, and change nothing without it", async () => {
    project = await open({}, async () => await Promise.resolve("not market"));
    expectRefusal(await run("stop"), "NOT_CONFIRMED");
    expectRefusal(await run("stop", { json: true }), "CONFIRMATION_NEEDED");
    expect(node.model.deployments.get(OLD)).to.include({ paused: false });
  });

  it("keep a plan that holds no token, and refuse it when something has changed", async () => {
    project = await open();
    node.model.add(`${SUBGRAPH}-v2`, NEW);
    const savePlan = join(project.folder, "plan.json");
    expectSuccess(await run("promote", { to: "v2", dryRun: true, savePlan }));
    expect(node.model.names.get(SUBGRAPH)?.current).to.equal(OLD);
    const text = await readFile(savePlan, "utf8");
    expect(text).to.contain(NEW).and.not.to.contain(TOKEN);
    node.model.names.set(SUBGRAPH, { current: hashFor("a third"), pending: null });
    node.model.add(null, hashFor("a third"));
    expectRefusal(await run("promote", { plan: savePlan, yes: true }), "PRIOR_STATE_CHANGED");
  });

  const wrong: readonly (readonly [string, Arguments])[] = [
    ["rewind", {}],
    ["rewind", { block: "-1" }],
    ["rewind", { block: "0x10" }],
    ["rewind", { block: "latest" }],
    ["deploy", { label: "v2" }],
    ["deploy", { deployment: NEW }],
    ["deploy", { deployment: "QmShort", label: "v2" }],
    ["deploy", { deployment: NEW, label: "../v2" }],
    ["remove", { deployment: NEW, label: "2" }],
    ["promote", {}],
    ["promote", { to: "a/b" }],
    ["promote", { to: "v2", from: "v1" }],
    ["promote", { to: "v2", accept: "behind" }],
  ];
  for (const [task, args] of wrong) {
    it(`refuse ${task} ${JSON.stringify(args)}`, async () => {
      expectRefusal(await run(task, { ...args, yes: true }), "BAD_ARGUMENTS");
      expect(node.requests).to.deep.equal([]);
    });
  }

  it("read the token from a configuration variable, and say which one is missing", async () => {
    const token = configVariable("STAND_IN_GRAPHMAN_TOKEN");
    project = await open({ graphNode: { ...node.config, token } });
    const missing = await run("stop", { yes: true });
    expect(missing.exitCode).to.equal(1);
    expect(String(missing.error)).to.contain("STAND_IN_GRAPHMAN_TOKEN");
    process.env.STAND_IN_GRAPHMAN_TOKEN = TOKEN;
    try {
      expectSuccess(await run("stop", { yes: true }));
    } finally {
      delete process.env.STAND_IN_GRAPHMAN_TOKEN;
    }
  });

  it("say so when the node is not there, and name no token", async () => {
    project = await open({ graphNode: { ...node.config, status: `${NO_NODE}/graphql` } });
    expectRefusal(await run("status"), "INDEXER_UNREACHABLE");
  });
});

describe("commands on a hosted subgraph", () => {
  for (const kind of ["goldsky", "alchemy"] as const) {
    it(`look, move readers and go back at ${kind}, and refuse what cannot be done there`, async () => {
      const host = await startHost(kind);
      const project = await createProject({
        url: NO_NODE,
        chainId: 1,
        accounts: [],
        emergency: { indexers: { market: { ...host.config, waitSeconds: 2 } } },
      });
      const run = async (task: string, args: Arguments = {}): Promise<Outcome> =>
        await captured(
          async (): Promise<unknown> =>
            await project.hre.tasks.getTask(["indexer", task]).run(args),
        );
      try {
        expectSuccess(await run("status"));
        const typed = kind === "alchemy" ? { from: "1.0.0" } : {};
        const promoted = await run("promote", { to: "1.0.1", yes: true, rehearse: true, ...typed });
        expectSuccess(promoted);
        expect(host.live).to.equal("1.0.1");
        expect(promoted.stdout).to.contain(
          "npx hardhat indexer promote --indexer market --to 1.0.0",
        );
        expectSuccess(await run("promote", { to: "1.0.0", yes: true }));
        expect(host.live).to.equal("1.0.0");
        expectRefusal(await run("stop", { yes: true }), "BAD_ARGUMENTS");
        expectRefusal(await run("rewind", { block: "1", yes: true }), "BAD_ARGUMENTS");
        Object.assign(host.versions[0] ?? {}, { health: "failed" });
        expect((await run("status")).exitCode).to.equal(3);
        expect(host.refusals).to.deep.equal([]);
      } finally {
        await project.remove();
        await host.stop();
      }
    });
  }
});
