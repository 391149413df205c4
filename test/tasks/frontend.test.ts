import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";

import type { EmergencyFrontendUserConfig } from "../../src/config/types.js";
import { NEW, OLD, viteSite } from "../frontend/sites.js";
import { captured, createProject, type Outcome, type Project } from "../helpers/project.js";
import { expectRefusal, expectSuccess, fieldOf, listOf, onlyDocument } from "../helpers/refusal.js";

/** Nobody answers there: commands on frontends need no chain. */
const NO_NODE = "http://127.0.0.1:9";

describe("frontend commands", () => {
  let home: string;
  let project: Project;

  async function open(
    changes: Partial<EmergencyFrontendUserConfig> = {},
    answer?: () => Promise<string>,
  ): Promise<void> {
    project = await createProject({
      url: NO_NODE,
      chainId: 1,
      accounts: [],
      emergency: {
        contracts: { market: { address: { live: OLD } } },
        frontends: { web: { directory: path.join(home, "www"), ...changes } },
      },
      ...(answer === undefined ? {} : { answer }),
    });
  }

  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), "hardhat-emergency-frontend-"));
    for (const [file, bytes] of viteSite(OLD)) {
      await mkdir(path.dirname(path.join(home, "dist", file)), { recursive: true });
      await writeFile(path.join(home, "dist", file), bytes);
    }
  });
  afterEach(async () => {
    await project.remove();
    await rm(home, { recursive: true });
  });

  async function run(
    task: string,
    args: Readonly<Record<string, string | boolean>> = {},
  ): Promise<Outcome> {
    return await captured(
      async (): Promise<unknown> => await project.hre.tasks.getTask(["frontend", task]).run(args),
    );
  }

  const dist = (): string => path.join(home, "dist");

  async function served(): Promise<string> {
    return await readFile(path.join(home, "www/current/config.json"), "utf8").catch(
      () => "nothing",
    );
  }

  it("deploy, repoint, list, compare and roll back a site while no node answers", async () => {
    await open();
    const deployed = await run("deploy", { from: dist(), yes: true, rehearse: true });
    expectSuccess(deployed);
    expect(deployed.stdout)
      .to.contain("On the copy, deploy: works")
      .and.to.contain("DONE deploy web");
    const repointed = await run("repoint", {
      contract: "market",
      address: NEW,
      yes: true,
      json: true,
    });
    expectSuccess(repointed);
    expect(onlyDocument(repointed)).to.include({
      command: "frontend repoint",
      verified: true,
      frontend: "web",
    });
    expect(await served()).to.contain(NEW);

    const releases = await run("releases", { json: true });
    expectSuccess(releases);
    expect(
      listOf(onlyDocument(releases), "releases").map(({ kind, current }) => [kind, current]),
    ).to.deep.equal([
      ["deploy", false],
      ["repoint", true],
    ]);
    const diff = await run("diff", { json: true });
    expect(fieldOf({ diff: onlyDocument(diff) }, "diff").changed).to.include("config.json");
    expect((await run("diff", { from: dist() })).stdout).to.contain("changed  config.json");

    const status = await run("status");
    expect(status.exitCode).to.equal(0);
    expect(status.stdout).to.contain(
      `market is ${OLD} in the configuration, and ${NEW} in the site`,
    );

    expectRefusal(await run("rollback", { yes: true }), "OLD_ADDRESS");
    expectSuccess(await run("rollback", { yes: true, acceptOldAddress: true }));
    expect(await served()).to.contain(OLD);
    const after = await run("status", { json: true });
    expect(after.exitCode).to.equal(3);
    expect(onlyDocument(after).problems).to.deep.equal([
      `it holds ${OLD}, an old address of market`,
    ]);
  });

  it("change nothing in a dry run, and perform the plan of one as it was made", async () => {
    await open();
    const plan = path.join(home, "plan.json");
    const dry = await run("deploy", { from: dist(), dryRun: true, savePlan: plan, rehearse: true });
    expectSuccess(dry);
    expect(dry.stdout).to.contain("Dry run: nothing was written.");
    expect(await served()).to.equal("nothing");
    expectRefusal(await run("rollback", { plan, yes: true }), "BAD_PLAN");
    expectRefusal(await project.run("pause", { plan, yes: true }), "BAD_PLAN");
    expectSuccess(await run("deploy", { plan, yes: true }));
    expect(await served()).to.contain(OLD);
  });

  it("ask for the frontend's name, unless it is not live", async () => {
    await open({}, async () => await Promise.resolve("wrong"));
    expectRefusal(await run("deploy", { from: dist() }), "NOT_CONFIRMED");
    expectRefusal(await run("deploy", { from: dist(), json: true }), "CONFIRMATION_NEEDED");
    expect(await served()).to.equal("nothing");
    await project.remove();
    await open({}, async () => await Promise.resolve("web"));
    expectSuccess(await run("deploy", { from: dist() }));
    await project.remove();
    await open({ live: false });
    expectSuccess(await run("repoint", { contract: "market", address: NEW }));
  });

  it("refuse what cannot be meant", async () => {
    await open();
    expectRefusal(await run("deploy", { yes: true }), "BAD_ARGUMENTS");
    expectRefusal(
      await run("deploy", { from: dist(), frontend: "shop", yes: true }),
      "UNKNOWN_FRONTEND",
    );
    expectRefusal(await run("rollback", { yes: true }), "UNKNOWN_RELEASE");
    expectRefusal(
      await run("repoint", { contract: "market", address: "0x12", yes: true }),
      "BAD_ADDRESS",
    );
    expectRefusal(
      await run("repoint", { contract: "market", address: NEW, yes: true }),
      "UNKNOWN_RELEASE",
    );
    await project.remove();
    await open({ contracts: ["treasury"] });
    expectRefusal(await run("releases"), "BAD_CONFIG");
  });
});
