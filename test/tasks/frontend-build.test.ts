import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";

import { gitSite, type GitSite } from "../frontend/git-site.js";
import { NEW, NEWER, OLD } from "../frontend/sites.js";
import { captured, createProject, type Outcome, type Project } from "../helpers/project.js";
import { expectRefusal, expectSuccess, listOf, onlyDocument } from "../helpers/refusal.js";

describe("frontend commands that build", function () {
  this.timeout(60_000);

  let home: string;
  let app: GitSite;
  let project: Project;

  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), "hardhat-emergency-frontend-"));
    app = await gitSite(path.join(home, "app"), OLD);
    await app.write("public/config.json", `{ "chainId": 1, "name": "Märkte" }\n`);
    await app.commit("two");
    await app.git("tag", "v1.0.0");
    project = await createProject({
      url: "http://127.0.0.1:9",
      chainId: 1,
      accounts: [],
      emergency: {
        contracts: { market: OLD },
        frontends: {
          web: {
            directory: path.join(home, "www"),
            build: {
              directory: app.folder,
              command: `"${process.execPath}" build.mjs`,
              output: "dist",
              variables: { market: "VITE_MARKET" },
            },
            runtimeConfig: { file: "config.json", contracts: {}, chainId: "chainId" },
          },
        },
      },
    });
    await promisify(execFile)(process.execPath, ["build.mjs"], { cwd: app.folder });
    expectSuccess(await run("deploy", { from: path.join(app.folder, "dist"), yes: true }));
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

  async function served(): Promise<string> {
    const page = await readFile(path.join(home, "www/current/index.html"), "utf8");
    const script = /src="\/(.*?)"/.exec(page)?.[1] ?? "";
    return await readFile(path.join(home, "www/current", script), "utf8");
  }

  const market = { contract: "market", yes: true };

  it("repoint a site by building it again, and roll it back to a tag with the new address", async () => {
    const repointed = await run("repoint", {
      ...market,
      address: NEW,
      by: "build",
      chainId: "10",
      rehearse: true,
    });
    expectSuccess(repointed);
    expect(repointed.stdout)
      .to.contain("building with undefined")
      .and.to.contain("the site is built again: as asked")
      .and.to.contain(`VITE_MARKET is ${NEW} instead of ${OLD}`)
      .and.to.contain("On the copy, repoint: works");
    expect(repointed.stdout.split("building with")).to.have.length(2);
    expect(await served()).to.contain(NEW);
    expect(await readFile(path.join(home, "www/current/config.json"), "utf8")).to.equal(
      `{ "chainId": 10, "name": "Märkte" }\n`,
    );

    expectSuccess(await run("rollback", { toTag: "v1.0.0", yes: true }));
    expect(await served()).to.contain(NEW);
    const releases = await run("releases", { json: true });
    expect(
      listOf(onlyDocument(releases), "releases").map(({ kind, built }) => [kind, built]),
    ).to.deep.equal([
      ["deploy", undefined],
      [
        "repoint",
        {
          reference: await app.git("rev-parse", "v1.0.0"),
          variables: { VITE_MARKET: NEW },
        },
      ],
      ["rollback", { reference: "v1.0.0", variables: { VITE_MARKET: NEW } }],
    ]);
    expect((await run("releases")).stdout).to.contain("built again as v1.0.0 with VITE_MARKET");
  });

  it("perform a plan of another process by building again", async () => {
    const plan = path.join(home, "plan.json");
    const args = { ...market, address: NEW, by: "build", savePlan: plan, dryRun: true };
    expectSuccess(await run("repoint", args));
    expect(await served()).to.contain(OLD);
    expectSuccess(await run("repoint", { plan, yes: true, json: true }));
    expect(await served()).to.contain(NEW);
  });

  it("refuse what cannot be meant", async () => {
    const address = NEW;
    expectRefusal(await run("repoint", { ...market, address, by: "hand" }), "BAD_ARGUMENTS");
    expectRefusal(await run("repoint", { ...market, address, chainId: "0x1" }), "BAD_ARGUMENTS");
    expectRefusal(await run("repoint", { ...market, address, startBlock: "-1" }), "BAD_ARGUMENTS");
    const typo = NEWER.replace("fB69", "fB68");
    expectRefusal(await run("repoint", { ...market, address: typo, by: "build" }), "BAD_ADDRESS");
    expectRefusal(await run("rollback", { toTag: "v1", toCommit: "HEAD" }), "BAD_ARGUMENTS");
    expectRefusal(await run("rollback", { toTag: "v9", yes: true }), "CANNOT_BUILD");
    const bundled = expectRefusal(
      await run("repoint", { ...market, address, startBlock: "5" }),
      "BAD_ARGUMENTS",
    );
    expect(bundled.next).to.contain("--by build");
    expect(await served()).to.contain(OLD);
  });
});
