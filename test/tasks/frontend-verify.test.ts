import { randomBytes } from "node:crypto";
import path from "node:path";

import { expect } from "chai";

import type { EmergencyFrontendUserConfig } from "../../src/config/types.js";
import { NEW, OLD, viteSite } from "../frontend/sites.js";
import { temporaryFolder } from "../frontend/stores.js";
import { answering, deployed, stopLater, stopServers, write } from "../frontend/verify/world.js";
import { startWebServer } from "../frontend/web-server.js";
import { captured, createProject, type Outcome, type Project } from "../helpers/project.js";
import { expectRefusal, expectSuccess, listOf, onlyDocument } from "../helpers/refusal.js";

describe("frontend verify", () => {
  let home: string;
  let url: string;
  const projects: Project[] = [];

  beforeEach(async () => {
    const { folder, remove } = await temporaryFolder();
    home = folder;
    stopLater(remove);
    const server = await startWebServer(path.join(home, "www/current"), deployed);
    stopLater(async () => {
      await server.stop();
    });
    ({ url } = server);
    await write(path.join(home, "dist"), viteSite(OLD));
  });
  afterEach(async () => {
    await Promise.all(
      projects.splice(0).map(async (project) => {
        await project.remove();
      }),
    );
    await stopServers();
  });

  async function open(
    changes: Partial<EmergencyFrontendUserConfig> = {},
    rpc = "http://127.0.0.1:9",
  ): Promise<Project> {
    const web = { directory: path.join(home, "www"), url, ...changes };
    const project = await createProject({
      url: rpc,
      chainId: 1,
      accounts: [],
      emergency: { contracts: { market: { address: { live: OLD } } }, frontends: { web } },
    });
    projects.push(project);
    return project;
  }

  async function run(
    { hre }: Project,
    task: string,
    args: Readonly<Record<string, string | boolean>> = {},
  ): Promise<Outcome> {
    return await captured(
      async (): Promise<unknown> => await hre.tasks.getTask(["frontend", task]).run(args),
    );
  }

  const blind = { browser: "none" };

  it("knows from the releases what is old, and cannot tell what nobody has looked at", async () => {
    const project = await open();
    expectSuccess(await run(project, "deploy", { from: path.join(home, "dist"), yes: true }));
    expectSuccess(await run(project, "repoint", { contract: "market", address: NEW, yes: true }));
    const outcome = await run(project, "verify", { ...blind, json: true });
    expect(outcome.exitCode).to.equal(3);
    const document = onlyDocument(outcome);
    expect(document).to.include({
      schema: "hardhat-emergency/frontend-verify@1",
      ok: false,
      verdict: "cannot-tell",
      frontend: "web",
    });
    expect(document.problems).to.deep.equal([]);
    expect(listOf(document, "contracts")[0]).to.include({ address: NEW, inUse: "served" });
    expect(listOf(document, "old")[0]).to.include({ contract: "market", address: OLD });
    expect(String(document.notes)).to.contain("is still").and.to.contain("hardhat.config.ts");

    const rolledBack = await run(project, "rollback", { yes: true, acceptOldAddress: true });
    expectSuccess(rolledBack);
    const after = await run(project, "verify", blind);
    expect(after.exitCode).to.equal(3);
    expect(after.stdout)
      .to.contain("NOT VERIFIED")
      .and.to.contain(`${OLD}, an old address of market, is served in`);
  });

  it("looks at any URL, with the addresses of the configuration", async () => {
    const project = await open();
    await write(path.join(home, "www/current"), viteSite(OLD));
    const other = url.replace("127.0.0.1", "localhost");
    const outcome = await run(project, "verify", { ...blind, url: other, old: NEW });
    expect(outcome.exitCode).to.equal(3);
    expect(outcome.stdout).to.contain("CANNOT TELL").and.to.contain(`the old ${NEW} is nowhere`);
    expect(outcome.stdout).to.contain("there is no release to compare the files with");
  });

  it("refuses what cannot be meant", async () => {
    const project = await open();
    expectRefusal(await run(project, "verify", { frontend: "shop" }), "UNKNOWN_FRONTEND");
    expectRefusal(await run(project, "verify", { url: "app.example.org" }), "BAD_ARGUMENTS");
    expectRefusal(await run(project, "verify", { old: "0x12" }), "BAD_ADDRESS");
    expectRefusal(await run(project, "verify", { wallet: "0x12" }), "BAD_ADDRESS");
    const gone = { ...blind, url: "http://127.0.0.1:9/" };
    expectRefusal(await run(project, "verify", gone), "SITE_UNREACHABLE");
    const nowhere = await createProject({
      url: "http://127.0.0.1:9",
      chainId: 1,
      accounts: [],
      emergency: { frontends: { web: { directory: path.join(home, "www") } } },
    });
    projects.push(nowhere);
    expectRefusal(await run(nowhere, "verify", blind), "BAD_CONFIG");
  });

  it("shows no key of a node: of the network, or in what the site serves", async () => {
    const key = (): string => `canary${randomBytes(12).toString("hex")}`;
    const [own, inPage, asPassword] = [key(), key(), key()];
    const node = await answering((request) => ({
      status: 401,
      body: JSON.stringify({ message: `no such key: ${own} ${request.url ?? ""}` }),
    }));
    const rpc = `https://node.example/v2/${inPage}`;
    const site = await answering((_request, pathname) =>
      pathname === "/"
        ? {
            headers: deployed("index.html"),
            body: `<link rel="stylesheet" href="${rpc}/a.css"><script>const rpc="${rpc}",market="${OLD}"</script>`,
          }
        : pathname === "/config.json"
          ? { headers: deployed("config.json"), body: JSON.stringify({ rpc, market: OLD }) }
          : { status: 404, body: "" },
    );
    const project = await open({}, `${node.url}v2/${own}`);
    for (const json of [false, true]) {
      const outcome = await run(project, "verify", {
        ...blind,
        url: site.url.replace("http://", `http://team:${asPassword}@`),
        json,
      });
      expect(outcome.exitCode).to.equal(3);
      for (const secret of [own, inPage, asPassword]) {
        expect(outcome.stdout + outcome.stderr).not.to.contain(secret);
      }
    }
  });
});
