import { execFile } from "node:child_process";
import { mkdir, readFile, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";

import { expect } from "chai";

import type { EmergencyBuildConfig, EmergencyRuntimeConfig } from "../../src/config/types.js";
import { buildOnce } from "../../src/frontend/building/build-once.js";
import type { Built } from "../../src/frontend/building/run-build.js";
import { withOwnSources } from "../../src/frontend/building/source-maps.js";
import type { Site } from "../../src/frontend/site.js";
import { performPlan, rehearsePlan, type RunResult } from "../../src/recovery/run.js";
import type { StepRequest } from "../../src/step.js";
import { rehearsalStore } from "../../src/frontend/rehearsal-store.js";
import { expectRejection } from "../helpers/refusal.js";
import { gitSite, type GitSite } from "./git-site.js";
import { NEW, NEWER, OLD, siteOf, textIn } from "./sites.js";
import {
  deployOf,
  planFor,
  repointTo,
  rollbackTo,
  run,
  siteAt,
  stepsOf,
  storeAt,
  temporaryFolder,
} from "./stores.js";

const CONFIG: EmergencyBuildConfig = {
  directory: "app",
  command: `"${process.execPath}" build.mjs`,
  install: undefined,
  output: "dist",
  envFile: ".env.production",
  variables: { market: "VITE_MARKET" },
  chainId: "VITE_CHAIN_ID",
  startBlock: {},
};

const RUNTIME: EmergencyRuntimeConfig = {
  file: "config.json",
  contracts: { market: "contracts.market" },
  chainId: "chainId",
  startBlock: { market: "block" },
};

function statusOf({ outcomes, failure }: RunResult): string {
  return failure === null ? (outcomes[0]?.status ?? "none") : failure.code;
}

function changed(request: StepRequest, changes: StepRequest["intent"]): StepRequest {
  return { ...request, intent: { ...request.intent, ...changes } };
}

const byBuild = (address: string, changes: StepRequest["intent"] = {}): StepRequest =>
  changed(repointTo(address), { by: "build", ...changes });

const toTag = (name: string, acceptOldAddress = false): StepRequest =>
  changed(rollbackTo(null, acceptOldAddress), { build: { name, kind: "tag" } });

describe("building a site again", function () {
  this.timeout(60_000);

  let home: string;
  let www: string;
  let app: GitSite;
  let first: string;
  let remove: () => Promise<void>;
  let printed: string[];
  let builds: number;

  beforeEach(async () => {
    const temporary = await temporaryFolder();
    ({ folder: home, remove } = temporary);
    www = path.join(home, "www");
    app = await gitSite(path.join(home, "app"), OLD);
    first = await app.git("rev-parse", "HEAD");
    printed = [];
    builds = 0;
  });
  afterEach(async () => {
    expect(await leftBehind(), "folders that are left behind").to.deep.equal([]);
    expect((await app.git("worktree", "list")).split("\n")).to.have.length(1);
    await remove();
  });

  async function leftBehind(): Promise<readonly string[]> {
    const prefix = `hardhat-emergency-build-${process.pid}-`;
    return (await readdir(tmpdir())).filter((name) => name.startsWith(prefix));
  }

  function tools(env: NodeJS.ProcessEnv = {}, timeoutMs = 60_000) {
    const tell = (line: string): void => {
      printed.push(line);
      builds += line.startsWith("building with") ? 1 : 0;
    };
    return { root: home, env: { PATH: process.env.PATH, ...env }, tell, timeoutMs };
  }

  function siteWith(changes: Partial<Site> = {}, env: NodeJS.ProcessEnv = {}): Site {
    const build = changes.build ?? CONFIG;
    return siteAt(storeAt(www), {
      contracts: { market: OLD },
      build,
      runBuild: buildOnce(build, tools(env)),
      root: home,
      ...changes,
    });
  }

  async function build(
    changes: Partial<EmergencyBuildConfig> = {},
    name = "HEAD",
    env: NodeJS.ProcessEnv = {},
    timeoutMs?: number,
  ): Promise<Built> {
    return await buildOnce(
      { ...CONFIG, ...changes },
      tools(env, timeoutMs),
    )({
      reference: { name, kind: "commit" },
      variables: { VITE_MARKET: NEW },
    });
  }

  /** Builds as a person does, and deploys that. */
  async function deployBuilt(changes: Partial<Site> = {}): Promise<void> {
    const built = await buildOnce(
      CONFIG,
      tools(),
    )({
      reference: { name: "HEAD", kind: "commit" },
      variables: { VITE_MARKET: OLD },
    });
    for (const [file, bytes] of built.files) {
      await mkdir(path.dirname(path.join(app.folder, "dist", file)), { recursive: true });
      await writeFile(path.join(app.folder, "dist", file), bytes);
    }
    expect(
      statusOf(await run(siteWith(changes), deployOf(path.join(app.folder, "dist")))),
    ).to.equal("done");
    printed = [];
    builds = 0;
  }

  async function served(): Promise<string> {
    const page = await readFile(path.join(www, "current/index.html"), "utf8");
    const script = /src="\/(.*?)"/.exec(page)?.[1] ?? "";
    return await readFile(path.join(www, "current", script), "utf8");
  }

  function scriptOf({ files }: Built): string {
    const [script = ""] = [...files.keys()].filter((file) => file.endsWith(".js"));
    return textIn(files, script);
  }

  describe("from a commit", () => {
    it("takes its files and not those that people work on, which it leaves alone", async () => {
      await app.write("src/main.js", "broken(");
      await app.write(".env.production", "VITE_MARKET=broken\n");
      const built = await build();
      expect(scriptOf(built)).to.contain(`market = "${NEW}"`);
      expect(built.commit).to.equal(first);
      expect(built.variables).to.deep.equal([
        { variable: "VITE_MARKET", how: "replaced", before: OLD, occurrences: 1 },
      ]);
      expect(await readFile(path.join(app.folder, "src/main.js"), "utf8")).to.equal("broken(");
      expect(await app.git("status", "--porcelain")).to.contain("M src/main.js");
      expect(await stat(path.join(app.folder, "dist")).catch(() => null)).to.equal(null);
    });

    it("adds a variable once, and says so; also where the file is in no commit", async () => {
      await app.write(".env.production", "A=1");
      await app.commit("without the variable");
      const appended = await build();
      expect(scriptOf(appended)).to.contain(NEW);
      expect(appended.notes.join()).to.contain("does not set VITE_MARKET: it is added");

      await app.git("rm", "--quiet", "--cached", ".env.production");
      await app.write(".gitignore", "dist\n.env.*\n");
      await app.commit("without the file");
      await app.write(".env.production", `VITE_MARKET=${OLD}\nVITE_CHAIN_ID=7\n`);
      await app.write(".env.local", `VITE_MARKET=${OLD}\nVITE_RPC=x\n`);
      const untracked = await build();
      expect(scriptOf(untracked)).to.contain(NEW).and.to.contain('chain = "7"');
      expect(untracked.notes.join())
        .to.contain(".env.production is in no commit, and is taken as it is now")
        .and.to.contain(".env.local is in no commit, and takes no part")
        .and.to.contain("VITE_RPC");
    });

    it("goes over a variable of the environment, and is refused where a file would go over it", async () => {
      const built = await build({}, "HEAD", { VITE_MARKET: OLD });
      expect(scriptOf(built)).to.contain(NEW);
      expect(built.notes.join()).to.contain("VITE_MARKET is set in the environment");
      await app.write(".env.production.local", `export VITE_MARKET=${OLD}`);
      await app.commit("with a local file");
      const error = await expectRejection(build(), "CANNOT_BUILD");
      expect(error.what).to.contain(".env.production.local").and.to.contain("VITE_MARKET");
    });

    it("is refused without git, without the commit, and for changes that are in no commit", async () => {
      const where = "build.directory";
      await expectRejection(build({ directory: "../.." }), "CANNOT_BUILD");
      await expectRejection(build({}, "HEAD~7"), "CANNOT_BUILD");
      await expectRejection(build({}, "--help"), "CANNOT_BUILD");
      const dirty = await expectRejection(build({}, `${first} with changes`), "CANNOT_BUILD");
      expect(dirty.next).to.contain("--ref");
      await mkdir(path.join(app.folder, "web"));
      const missing = await expectRejection(build({ directory: "app/web" }), "CANNOT_BUILD");
      expect(missing.next).to.contain(where);
      await expectRejection(build({ output: "../../elsewhere" }), "BAD_CONFIG");
      await expectRejection(build({ output: path.join(home, "dist") }), "BAD_CONFIG");
    });

    it("shows how a build fails, and no secret", async () => {
      const env = { VITE_API_KEY: "do-not-show-this-key" };
      await build({}, "HEAD", env);
      expect(printed.join()).to.contain("building with [secret]");
      await app.write(
        "build.mjs",
        `console.error("no " + process.env.VITE_API_KEY); process.exit(3);`,
      );
      await app.commit("a build that fails");
      const error = await expectRejection(build({}, "HEAD", env), "BUILD_FAILED");
      expect(error.what).to.contain("exit code 3").and.to.contain("no [secret]");
      expect(error.message + printed.join()).not.to.contain("do-not-show");

      await app.write("build.mjs", "// it builds nothing");
      await app.write("dist/index.html", `an old build with ${OLD}`);
      await app.git("add", "--force", "dist");
      await app.commit("a build of nothing, and an old one that is in git");
      const nothing = await expectRejection(build(), "BUILD_FAILED");
      expect(nothing.what).to.contain("dist holds no site: it is not there");
      await expectRejection(build({ command: "no-such-program-here" }), "BUILD_FAILED");
    });

    it("stops a build that takes too long, with all that it has started", async () => {
      const alive = path.join(home, "alive");
      await app.write(
        "build.mjs",
        `import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
writeFileSync(${JSON.stringify(alive)}, String(child.pid));
console.log("waiting");
setInterval(() => {}, 1000);`,
      );
      await app.commit("a build that does not end");
      const error = await expectRejection(build({}, "HEAD", {}, 4000), "BUILD_FAILED");
      expect(error.what).to.contain("took longer").and.to.contain("waiting");
      const pid = Number(await readFile(alive, "utf8"));
      for (;;) {
        // One that was killed may wait to be counted, where nobody counts: a zombie.
        const { stdout } = await promisify(execFile)("ps", [
          "-o",
          "stat=",
          "-p",
          String(pid),
        ]).catch(() => ({ stdout: "" }));
        if (/^Z|^$/.test(stdout.trim())) {
          break;
        }
      }
    });

    it("removes what killed runs have left, and nothing of others", async () => {
      const dead = path.join(home, "hardhat-emergency-build-999999999-abc");
      const others = path.join(home, "mine");
      await app.git("worktree", "add", "--quiet", "--detach", path.join(dead, "checkout"));
      await app.git("worktree", "add", "--quiet", "--detach", others);
      await build();
      expect(await stat(dead).catch(() => null)).to.equal(null);
      expect(await app.git("worktree", "list"))
        .to.contain(others)
        .and.not.to.contain(dead);
      await app.git("worktree", "remove", others);
    });

    it("is not another one because a hook or the environment says so", async () => {
      await app.write("hooks/post-checkout", "#!/bin/sh\necho broken > src/main.js\n");
      await app.git("config", "core.hooksPath", "hooks");
      await app.write(
        "build.mjs",
        `${await readFile(path.join(app.folder, "build.mjs"), "utf8")}
writeFileSync("dist/env.json", JSON.stringify([process.env.NODE_ENV, process.env.npm_config_loglevel, process.env.SOURCE_DATE_EPOCH]));`,
      );
      await app.commit("with a hook");
      const env = {
        GIT_DIR: path.join(home, "nowhere"),
        NODE_ENV: "test",
        npm_config_loglevel: "silent",
      };
      const built = await build({}, "HEAD", env);
      const time = await app.git("log", "-1", "--format=%ct");
      expect(textIn(built.files, "env.json")).to.equal(JSON.stringify([null, null, time]));
    });
  });

  describe("with packages", () => {
    const lock = (version: string): string =>
      JSON.stringify({ lockfileVersion: 3, packages: { "node_modules/dep": { version } } });

    beforeEach(async () => {
      const { folder } = app;
      await app.write("package.json", '{"dependencies":{"dep":"1"},"workspaces":["shared"]}');
      await app.write("package-lock.json", lock("1.0.0"));
      await app.write("shared/package.json", '{"name":"shared"}');
      await app.write("shared/index.js", "export const shared = 1;");
      const script = await readFile(path.join(folder, "build.mjs"), "utf8");
      await app.write(
        "build.mjs",
        `import { dep } from "dep";\nimport { shared } from "shared/index.js";\n${script}writeFileSync("dist/packages.json", JSON.stringify([dep, shared]));`,
      );
      await app.commit("with packages");
      await app.write("node_modules/dep/package.json", '{"name":"dep","main":"index.mjs"}');
      await app.write("node_modules/dep/index.mjs", "export const dep = 1;");
      await app.write("node_modules/.package-lock.json", lock("1.0.0"));
      await symlink("../shared", path.join(folder, "node_modules/shared"));
    });

    const installs = {
      install: `"${process.execPath}" -e "require('fs').cpSync('vendor', 'node_modules', {recursive: true})"`,
    };

    it("uses those that are installed from the same lock file, and the repository's own of the commit", async () => {
      await app.write("shared/index.js", "export const shared = 'of the working folder';");
      const built = await build();
      expect(textIn(built.files, "packages.json")).to.equal("[1,1]");
      expect(built.notes.join()).to.contain("package-lock.json is the same");
      expect(await readdir(path.join(app.folder, "node_modules"))).to.have.length(3);
    });

    it("installs them when the lock file is another one, or something else is installed", async () => {
      await app.write("vendor/dep/package.json", '{"name":"dep","main":"index.mjs"}');
      await app.write("vendor/dep/index.mjs", "export const dep = 'installed';");
      await app.write("vendor/shared/index.js", "export const shared = 2;");
      await app.commit("what is installed");
      await app.write("package-lock.json", lock("2.0.0"));
      const other = await build(installs);
      expect(textIn(other.files, "packages.json")).to.equal('["installed",2]');
      expect(other.notes.join()).to.contain("package-lock.json of the commit is another one");

      await app.write("package-lock.json", lock("1.0.0"));
      await app.write("node_modules/.package-lock.json", lock("1.0.1"));
      const stale = await build(installs);
      expect(stale.notes.join()).to.contain(
        "node_modules/dep is not installed as the lock file says",
      );
    });

    it("has source maps as if they were installed in the commit's own folder", () => {
      const output = "/tmp/x/checkout/app/dist";
      const places = { output, folder: "/tmp/x/checkout", repository: "/home/alice/shop" };
      const map =
        '{"sources":["../../../../../../home/alice/shop/node_modules/dep/index.js","../../src/a.js"]}';
      const own = '{"sources":["../../../node_modules/dep/index.js","../../src/a.js"]}';
      const files = siteOf({
        "assets/a.js.map": map,
        "assets/a.js.map.gz": gzipSync(map),
        "a.js": map,
      });
      const fixed = withOwnSources(files, places);
      expect(textIn(fixed, "assets/a.js.map")).to.equal(own);
      expect(gunzipSync(fixed.get("assets/a.js.map.gz") ?? "").toString()).to.equal(own);
      expect(textIn(fixed, "a.js")).to.equal(map);
    });

    it("is refused when nothing says which ones the commit needs", async () => {
      await app.git("rm", "--quiet", "package-lock.json");
      await app.commit("without a lock file");
      expect((await build()).notes.join()).to.contain("package.json is the same");
      await app.write("package.json", '{"dependencies":{"dep":"2"}}');
      const error = await expectRejection(build(), "CANNOT_BUILD");
      expect(error.next).to.contain("build.install");
    });
  });

  describe("to repoint it", () => {
    it("serves the deployed commit with the new address, whatever was committed since", async () => {
      await deployBuilt();
      await app.write("src/main.js", "export const market = 'not deployed yet';");
      await app.commit("two");
      const result = await run(siteWith(), byBuild(NEW));
      expect(statusOf(result)).to.equal("done");
      expect(builds).to.equal(1);
      expect(await served())
        .to.contain(`"${NEW}"`)
        .and.to.contain("'one'");
      const store = storeAt(www);
      const manifest = await store.manifest((await store.current()) ?? "");
      expect(manifest).to.deep.include({
        kind: "repoint",
        commit: first,
        built: { reference: first, variables: { VITE_MARKET: NEW } },
        repoint: { contract: "market", from: OLD, to: NEW },
      });
      // Open pages may ask for the old names, and get the new address.
      expect(manifest.kept).to.have.length(1);
      expect(await store.read(manifest.id, manifest.kept[0]?.path ?? "")).to.satisfy(
        (bytes: Buffer) => bytes.includes(NEW) && !bytes.includes(OLD),
      );
      expect(statusOf(await run(siteWith(), byBuild(NEW)))).to.equal("already");
    });

    it("builds once for what is shown, rehearsed and performed, even where each build is another one", async () => {
      await app.write(
        "src/main.js",
        "export const market = import.meta.env.VITE_MARKET, built = import.meta.env.NOW;",
      );
      const script = await readFile(path.join(app.folder, "build.mjs"), "utf8");
      await app.write(
        "build.mjs",
        script.replace("const source", "env.NOW = String(process.hrtime.bigint());\nconst source"),
      );
      first = await app.commit("with a time in it");
      await deployBuilt();
      const site = siteWith();
      const copied = rehearsalStore(site.store, storeAt(path.join(home, "scratch")));
      const copy = stepsOf({ ...site, store: copied });
      const plan = await rehearsePlan(await planFor(site, byBuild(NEW)), copy, null);
      const result = await performPlan(plan, stepsOf(site), () => undefined, Date.now);
      expect(statusOf(result)).to.equal("done");
      expect(builds).to.equal(1);

      const later = await planFor(site, byBuild(NEWER));
      const elsewhere = stepsOf(siteWith());
      const again = await performPlan(later, elsewhere, () => undefined, Date.now);
      expect(statusOf(again)).to.equal("PRIOR_STATE_CHANGED");
      expect(again.failure?.what).to.contain("gives another site now");
    });

    it("performs a plan in another process when the build gives the same", async () => {
      await deployBuilt();
      const plan = await planFor(siteWith(), byBuild(NEW));
      const result = await performPlan(plan, stepsOf(siteWith()), () => undefined, Date.now);
      expect(statusOf(result)).to.equal("done");
      expect(builds).to.equal(2);
    });

    it("is refused when the build does not take the address from the variable", async () => {
      await app.write("src/main.js", `export const market = "${OLD}";`);
      await app.commit("hard-coded");
      await deployBuilt();
      const ignored = await expectRejection(planFor(siteWith(), byBuild(NEW)), "BUILD_FAILED");
      expect(ignored.what).to.contain("does not take the address of market from VITE_MARKET");
      expect(ignored.what).to.contain("assets/index-");
      expect(ignored.next).to.contain("--by bundle");

      await app.write("src/main.js", `export const m = [import.meta.env.VITE_MARKET, "${OLD}"];`);
      await app.commit("twice");
      const twice = await expectRejection(
        planFor(siteWith(), byBuild(NEW, { ref: "HEAD" })),
        "BUILD_FAILED",
      );
      expect(twice.what).to.contain("written down somewhere else");

      await app.write("src/main.js", "export const m = fetch('/market');");
      await app.commit("asked for elsewhere");
      await expectRejection(planFor(siteWith(), byBuild(NEW, { ref: "HEAD" })), "BUILD_FAILED");
      expect(await served()).to.contain(OLD);
    });

    it("is what is advised where the built files cannot be repointed", async () => {
      await app.write(
        "src/main.js",
        `export const m = [import.meta.env.VITE_MARKET, "aaaa${OLD.slice(2)}"];`,
      );
      await app.commit("with an address in a longer number");
      await deployBuilt();
      const error = await expectRejection(planFor(siteWith(), repointTo(NEW)), "CANNOT_REPOINT");
      expect(error.next).to.contain("--by build");
    });

    it("changes the chain id, and keeps the addresses of other contracts as they are served", async () => {
      await app.write(
        "src/main.js",
        "export const m = [import.meta.env.VITE_MARKET, import.meta.env.VITE_VAULT, import.meta.env.VITE_CHAIN_ID];",
      );
      await app.write(".env.production", `VITE_MARKET=${OLD}\nVITE_VAULT=${OLD}\n`);
      await app.commit("with a vault");
      const config = { ...CONFIG, variables: { market: "VITE_MARKET", vault: "VITE_VAULT" } };
      const changes = { build: config, contracts: { market: OLD, vault: NEWER } };
      await deployBuilt();
      await app.write("dist/vault.txt", NEWER);
      await run(siteWith(changes), deployOf(path.join(app.folder, "dist")));
      const request = byBuild(NEW, { chainId: 10, ref: "HEAD" });
      expect(statusOf(await run(siteWith(changes), request))).to.equal("done");
      expect(await served()).to.contain(`["${NEW}", "${NEWER}", "10"]`);
    });

    it("is refused when it is not known how, or from what", async () => {
      await deployBuilt();
      const missing = { ...CONFIG, variables: {} };
      const refused: readonly (readonly [
        Partial<Site>,
        StepRequest,
        Parameters<typeof expectRejection>[1],
      ])[] = [
        [{ build: missing }, byBuild(NEW), "BAD_CONFIG"],
        [{}, byBuild(NEW, { startBlock: 5 }), "BAD_CONFIG"],
        [{ build: { ...CONFIG, chainId: undefined } }, byBuild(NEW, { chainId: 5 }), "BAD_CONFIG"],
        [{}, changed(repointTo(NEW), { ref: "HEAD" }), "BAD_ARGUMENTS"],
        [{}, changed(repointTo(NEW), { chainId: 5 }), "BAD_ARGUMENTS"],
        [{}, byBuild(NEW, { ref: "nowhere" }), "CANNOT_BUILD"],
      ];
      for (const [changes, request, code] of refused) {
        await expectRejection(planFor(siteWith(changes), request), code);
      }
      const none = siteAt(storeAt(www), {
        contracts: { market: OLD },
        runBuild: buildOnce(undefined, tools()),
      });
      await expectRejection(planFor(none, byBuild(NEW)), "BAD_CONFIG");

      await app.write(
        "build.mjs",
        `${await readFile(path.join(app.folder, "build.mjs"), "utf8")}// changed`,
      );
      await run(siteWith(), deployOf(path.join(app.folder, "dist")));
      await app.write("dist/robots.txt", "");
      await run(siteWith(), deployOf(path.join(app.folder, "dist")));
      const dirty = await expectRejection(planFor(siteWith(), byBuild(NEW)), "CANNOT_BUILD");
      expect(dirty.what).to.contain("with changes");
    });
  });

  describe("by its runtime configuration", () => {
    const content = `{"chainId":1,"contracts":{"market":"${OLD}"},"block":7}\n`;

    beforeEach(async () => {
      await app.write("src/main.js", "export const config = fetch('/config.json');");
      await app.write("public/config.json", content);
      await app.commit("with a runtime configuration");
    });

    const config = { runtimeConfig: RUNTIME };
    const current = async (): Promise<string> =>
      await readFile(path.join(www, "current/config.json"), "utf8");

    it("changes the address, the chain id and the start block, and nothing else", async () => {
      await deployBuilt(config);
      const request = changed(repointTo(NEW), { chainId: 10, startBlock: 99 });
      const plan = await planFor(siteWith(config), request);
      expect(plan.steps[0]?.notes.join()).to.contain(
        "config.json holds the address at contracts.market, and no other file does",
      );
      expect(statusOf(await run(siteWith(config), request))).to.equal("done");
      expect(builds).to.equal(0);
      expect(await current()).to.equal(
        content.replace(OLD, NEW).replace(":1,", ":10,").replace(":7", ":99"),
      );
      expect(statusOf(await run(siteWith(config), request))).to.equal("already");
    });

    it("is not chosen when the built files hold the old address, too, and refused when it is asked for", async () => {
      await app.write("src/main.js", "export const m = import.meta.env.VITE_MARKET;");
      await app.commit("in both");
      await deployBuilt(config);
      const asked = changed(repointTo(NEW), { by: "config" });
      const error = await expectRejection(planFor(siteWith(config), asked), "OLD_ADDRESS");
      expect(error.what).to.contain("assets/index-");
      await expectRejection(
        planFor(siteWith(config), changed(repointTo(NEW), { chainId: 10 })),
        "BAD_ARGUMENTS",
      );
      const plan = await planFor(siteWith(config), repointTo(NEW));
      expect(plan.steps[0]?.notes[0]).to.match(
        /built files are changed: .*hold the address besides/,
      );
      expect(statusOf(await run(siteWith(config), repointTo(NEW)))).to.equal("done");
      expect((await current()) + (await served())).not.to.contain(OLD);
    });

    it("is refused when it is asked for and not configured, not in the site, or another address", async () => {
      await deployBuilt();
      const asked = changed(repointTo(NEW), { by: "config" });
      await expectRejection(planFor(siteWith(), asked), "BAD_CONFIG");
      const elsewhere = { runtimeConfig: { ...RUNTIME, file: "env.json" } };
      await expectRejection(planFor(siteWith(elsewhere), asked), "CANNOT_REPOINT");
      const wrong = changed(repointTo(NEW, NEWER), { by: "config" });
      const error = await expectRejection(planFor(siteWith(config), wrong), "CANNOT_REPOINT");
      expect(error.next).to.contain(`--replaces ${OLD}`);
    });

    it("is put right, and taken over, when the site is built again", async () => {
      await deployBuilt(config);
      expect(statusOf(await run(siteWith(config), byBuild(NEW)))).to.equal("done");
      expect(await current()).to.equal(content.replace(OLD, NEW));
      await app.git("rm", "--quiet", "public/config.json");
      await app.commit("which does not come from the build any more");
      const request = byBuild(NEWER, { ref: "HEAD" });
      expect(statusOf(await run(siteWith(config), request))).to.equal("done");
      expect(await current()).to.equal(content.replace(OLD, NEWER));
    });
  });

  describe("to roll it back to a tag", () => {
    beforeEach(async () => {
      await app.git("tag", "v1.0.0");
      await app.write(
        "src/main.js",
        "export const market = import.meta.env.VITE_MARKET, name = 'two';",
      );
      await app.commit("two");
      await app.git("tag", "v2.0.0");
      await deployBuilt();
    });

    it("serves the old code with the address of now", async () => {
      await run(siteWith(), repointTo(NEW));
      const result = await run(siteWith(), toTag("v1.0.0"));
      expect(statusOf(result)).to.equal("done");
      expect(await served())
        .to.contain(NEW)
        .and.to.contain("'one'")
        .and.not.to.contain(OLD);
      const store = storeAt(www);
      const manifest = await store.manifest((await store.current()) ?? "");
      expect(manifest).to.deep.include({
        kind: "rollback",
        restores: null,
        commit: first,
        built: { reference: "v1.0.0", variables: { VITE_MARKET: NEW } },
      });
      expect(statusOf(await run(siteWith(), toTag("v1.0.0")))).to.equal("already");
      expect(statusOf(await run(siteWith(), rollbackTo(null)))).to.equal("done");
      expect(await served())
        .to.contain("'two'")
        .and.to.contain(NEW);
    });

    it("takes the configured address when the site was not repointed yet", async () => {
      expect(
        statusOf(await run(siteWith({ contracts: { market: NEW } }), toTag("v1.0.0"))),
      ).to.equal("done");
      expect(await served())
        .to.contain(NEW)
        .and.to.contain("'one'");
    });

    it("is refused when the old code would bring back an old address", async () => {
      await app.git("checkout", "--quiet", "v1.0.0");
      await app.write("src/main.js", `export const market = "${OLD}";`);
      await app.commit("hard-coded");
      await app.git("tag", "v0.9.0");
      await run(siteWith(), repointTo(NEW));
      const error = await expectRejection(planFor(siteWith(), toTag("v0.9.0")), "OLD_ADDRESS");
      expect(error.what).to.contain("v0.9.0").and.to.contain(OLD);
      expect(statusOf(await run(siteWith(), toTag("v0.9.0", true)))).to.equal("done");

      await app.write("src/main.js", `export const market = "${NEWER}";`);
      await app.commit("one that nobody knows");
      await app.git("tag", "v0.8.0");
      await run(siteWith(), repointTo(NEW));
      const unknown = await expectRejection(planFor(siteWith(), toTag("v0.8.0")), "OLD_ADDRESS");
      expect(unknown.what).to.contain(`does not hold ${NEW}`);
    });

    it("is refused without the tag", async () => {
      const error = await expectRejection(planFor(siteWith(), toTag("v3.0.0")), "CANNOT_BUILD");
      expect(error.next).to.contain("git fetch --tags");
      await expectRejection(planFor(siteWith(), toTag(first)), "CANNOT_BUILD");
    });
  });
});
