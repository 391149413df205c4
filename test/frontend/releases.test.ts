import { cp, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";

import { contentOf } from "../../src/frontend/read-site.js";
import type { SiteFiles } from "../../src/frontend/site-files.js";
import type { RunResult } from "../../src/recovery/run.js";
import { expectRejection } from "../helpers/refusal.js";
import { NEW, NEWER, OLD, siteOf, textIn, viteSite } from "./sites.js";
import { startWebServer } from "./web-server.js";
import {
  PowerCut,
  deployOf,
  diskUntil,
  idsOf,
  planFor,
  repointTo,
  rollbackTo,
  run,
  siteAt,
  stepsOf,
  storeAt,
  temporaryFolder,
} from "./stores.js";
import { performPlan } from "../../src/recovery/run.js";

function statusOf({ outcomes, failure }: RunResult): string {
  const [outcome] = outcomes;
  return failure === null ? (outcome?.status ?? "none") : failure.code;
}

/** A small site whose page and script belong together. */
function version(number: number, address = OLD): SiteFiles {
  const token = `Ab${String(number).padStart(4, "0")}xZ`;
  return siteOf({
    "index.html": `<!doctype html><script type="module" src="/assets/index-${token}.js"></script>`,
    "config.json": `{"version":${number}}`,
    "logo.svg": "<svg/>",
    [`assets/index-${token}.js`]: `export const v=${number},m="${address}";`,
  });
}

describe("releases in a directory", () => {
  let home: string;
  let www: string;
  let dist: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    const temporary = await temporaryFolder();
    ({ folder: home, remove } = temporary);
    www = path.join(home, "www");
    dist = path.join(home, "dist");
  });
  afterEach(async () => {
    await remove();
  });

  async function build(files: SiteFiles): Promise<void> {
    await rm(dist, { recursive: true, force: true });
    for (const [file, bytes] of files) {
      await mkdir(path.dirname(path.join(dist, file)), { recursive: true });
      await writeFile(path.join(dist, file), bytes);
    }
  }

  async function served(file: string): Promise<string> {
    return await readFile(path.join(www, "current", file), "utf8");
  }

  async function deploy(files: SiteFiles, changes = {}): Promise<RunResult> {
    await build(files);
    return await run(
      siteAt(storeAt(www), { contracts: { market: OLD }, ...changes }),
      deployOf(dist),
    );
  }

  it("are deployed, with a manifest of what is in them", async () => {
    expect(statusOf(await deploy(viteSite(OLD)))).to.equal("done");
    const store = storeAt(www);
    const id = await store.current();
    expect(await idsOf(store)).to.deep.equal([id]);
    const manifest = await store.manifest(id ?? "");
    expect(manifest).to.include({
      kind: "deploy",
      replaces: null,
      by: "tester@here",
      commit: null,
    });
    expect(manifest.contracts.market?.address).to.equal(OLD);
    const index = manifest.files.find(({ path: file }) => file === "assets/index-DkR2c9Pa.js");
    expect(index?.contentType).to.equal("text/javascript; charset=utf-8");
    expect(index?.cacheControl).to.contain("immutable");
    const page = manifest.files.find(({ path: file }) => file === "index.html");
    expect(page?.cacheControl).to.equal("no-cache");
    expect(await served("index.html")).to.equal(textIn(viteSite(OLD), "index.html"));
  });

  it("are not made twice for the same files", async () => {
    await deploy(version(1));
    expect(statusOf(await deploy(version(1)))).to.equal("already");
    expect(await storeAt(www).releases()).to.have.length(1);
  });

  it("share what is the same, keep what open pages may ask for, and no longer than they should", async () => {
    await deploy(version(1));
    await deploy(version(2));
    expect(await served("assets/index-Ab0001xZ.js")).to.contain("v=1");
    expect(await served("assets/index-Ab0002xZ.js")).to.contain("v=2");
    const [first = "", second = ""] = await idsOf(storeAt(www));
    const inode = async (id: string): Promise<number> =>
      (await stat(path.join(www, "releases", id, "files/logo.svg"))).ino;
    expect(await inode(first)).to.equal(await inode(second));

    const later = (): Date => new Date(Date.now() + 31 * 86_400_000);
    await build(version(3));
    await run(
      siteAt(storeAt(www, { now: later }), { now: later, keepReleases: 2 }),
      deployOf(dist),
    );
    expect(await readdir(path.join(www, "current/assets"))).to.deep.equal([
      "index-Ab0002xZ.js",
      "index-Ab0003xZ.js",
    ]);
    expect(await storeAt(www).releases()).to.have.length(2);
  });

  it("give a changed file another time in whole seconds, also after a rollback", async () => {
    const times: number[] = [];
    const look = async (): Promise<void> => {
      times.push(Math.floor((await stat(path.join(www, "current/config.json"))).mtimeMs / 1000));
    };
    await deploy(version(1));
    await look();
    await deploy(version(2));
    await look();
    await run(siteAt(storeAt(www)), rollbackTo(null));
    await look();
    expect(await served("config.json")).to.equal('{"version":1}');
    expect(times).to.deep.equal([...new Set(times)].sort((a, b) => a - b));
  });

  it("are rolled back one after the other, and by name, and never forth again", async () => {
    for (const number of [1, 2, 3]) {
      await deploy(version(number));
    }
    const site = siteAt(storeAt(www));
    await run(site, rollbackTo(null));
    expect(await served("config.json")).to.equal('{"version":2}');
    const again = await planFor(site, rollbackTo(null));
    expect(again.steps[0]?.notes.join()).to.contain("goes back one release further");
    await run(site, rollbackTo(null));
    expect(await served("config.json")).to.equal('{"version":1}');
    await expectRejection(planFor(site, rollbackTo(null)), "UNKNOWN_RELEASE");
    await expectRejection(planFor(site, rollbackTo("0099")), "UNKNOWN_RELEASE");
    expect(statusOf(await run(site, rollbackTo("0003")))).to.equal("done");
    expect(await served("config.json")).to.equal('{"version":3}');

    const lines = (await readFile(path.join(www, "history.jsonl"), "utf8")).trim().split("\n");
    const last: unknown = JSON.parse(lines.at(-1) ?? "");
    expect(last).to.nested.include({
      kind: "frontend-rollback",
      "inverse.kind": "frontend-rollback",
    });
  });

  it("are undone by the inverse of their plan", async () => {
    await deploy(version(1));
    await build(version(2));
    const site = siteAt(storeAt(www));
    const plan = await planFor(site, deployOf(dist));
    const inverse = plan.steps[0]?.inverse;
    await performPlan(plan, stepsOf(site), () => undefined, Date.now);
    if (inverse === undefined || "none" in inverse) {
      throw new Error("a deploy has an inverse");
    }
    await run(site, { id: "undo", ...inverse });
    expect(await served("config.json")).to.equal('{"version":1}');
  });

  it("are refused when something else has been deployed since the plan, or the build has changed", async () => {
    await deploy(version(1));
    await build(version(2));
    const site = siteAt(storeAt(www));
    const plan = await planFor(site, deployOf(dist));
    await build(version(3));
    expect(statusOf(await performPlan(plan, stepsOf(site), () => undefined, Date.now))).to.equal(
      "PRIOR_STATE_CHANGED",
    );
    await run(site, deployOf(dist));
    await build(version(2));
    expect(statusOf(await performPlan(plan, stepsOf(site), () => undefined, Date.now))).to.equal(
      "PRIOR_STATE_CHANGED",
    );
    expect(await served("config.json")).to.equal('{"version":3}');
  });

  it("are not put where something else is served, or where there is no site", async () => {
    await mkdir(path.join(www, "current"), { recursive: true });
    await build(version(1));
    const site = siteAt(storeAt(www));
    await expectRejection(planFor(site, deployOf(dist)), "FRONTEND_UNUSABLE");
    const other = siteAt(storeAt(path.join(home, "other")));
    await expectRejection(planFor(other, deployOf(path.join(home, "nowhere"))), "BAD_ARGUMENTS");
  });

  it("that were changed by hand are not built upon, and mended by a deploy of the same site", async () => {
    await deploy(version(1));
    await writeFile(path.join(www, "current/config.json"), '{"version":9}');
    await expectRejection(planFor(siteAt(storeAt(www)), repointTo(NEW, OLD)), "BROKEN_RELEASE");
    expect(statusOf(await deploy(version(1)))).to.equal("done");
    expect(await served("config.json")).to.equal('{"version":1}');
    await writeFile(path.join(www, "current/assets/index-Ab0001xZ.js"), "damaged");
    expect(statusOf(await deploy(version(2)))).to.equal("done");
    expect(await readdir(path.join(www, "current/assets"))).to.deep.equal(["index-Ab0002xZ.js"]);
  });

  describe("with an address", () => {
    const contracts = { contracts: { market: OLD } };

    it("are repointed, and refuse to go back to the old one unless it is accepted", async () => {
      await deploy(viteSite(OLD));
      const site = siteAt(storeAt(www), contracts);
      const [old = ""] = await idsOf(site.store);
      expect(statusOf(await run(site, repointTo(NEW)))).to.equal("done");
      expect(await served("config.json")).to.contain(NEW);
      expect(statusOf(await run(site, repointTo(NEW)))).to.equal("already");

      for (const request of [rollbackTo(null), rollbackTo(old)]) {
        const error = await expectRejection(planFor(site, request), "OLD_ADDRESS");
        expect(error.what).to.contain(OLD).and.to.contain("config.json");
      }
      await build(viteSite(OLD));
      await expectRejection(planFor(site, deployOf(dist)), "OLD_ADDRESS");
      expect(statusOf(await run(site, rollbackTo(old, true)))).to.equal("done");
      expect(await served("config.json")).to.contain(OLD);
    });

    it("hold the old one nowhere after repointing, not even in what is kept for open pages", async () => {
      await deploy(version(1));
      await deploy(version(2));
      const site = siteAt(storeAt(www), contracts);
      expect(statusOf(await run(site, repointTo(NEW)))).to.equal("done");
      expect(statusOf(await run(site, repointTo(NEWER)))).to.equal("done");
      for (const file of await readdir(path.join(www, "current/assets"))) {
        expect(await served(`assets/${file}`), file).to.contain(NEWER);
      }
    });

    it("may be deployed with a new one of the configuration", async () => {
      await deploy(version(1));
      const site = { contracts: { market: NEW } };
      expect(statusOf(await deploy(version(2, NEW), site))).to.equal("done");
      await build(version(3, OLD));
      await expectRejection(planFor(siteAt(storeAt(www), site), deployOf(dist)), "OLD_ADDRESS");
      expect(await readdir(path.join(www, "current/assets"))).to.deep.equal(["index-Ab0002xZ.js"]);
    });
  });

  describe("when a process is killed", () => {
    const dead = (pid: number): boolean => pid !== process.pid;
    const requests = {
      deploy: () => deployOf(dist),
      rollback: () => rollbackTo("0001"),
      repoint: () => repointTo(NEW),
    };
    for (const [name, request] of Object.entries(requests)) {
      it(`at any change of the disk, a ${name} serves a whole site, and goes on when it is typed again`, async function () {
        this.timeout(120_000);
        const contracts = { contracts: { market: OLD } };
        www = path.join(home, "prepared");
        await deploy(version(1));
        await deploy(version(2));
        for (let at = 1; ; at++) {
          www = path.join(home, `www-${at}`);
          await cp(path.join(home, "prepared"), www, { recursive: true, verbatimSymlinks: true });
          await build(name === "deploy" ? version(3) : version(2));
          const failing = diskUntil(at);
          const killed: unknown = await run(
            siteAt(storeAt(www, { disk: failing }), contracts),
            request(),
          ).catch((error: unknown) => error);
          const page = await served("index.html");
          const script = /src="\/(.*?)"/.exec(page)?.[1] ?? "";
          expect(await served(script), `change ${at}`).to.contain("v=");

          const store = storeAt(www, { lives: dead });
          const again = await run(siteAt(store, contracts), request());
          expect(["done", "already"], `change ${at}`).to.include(statusOf(again));
          expect(await store.unfinished()).to.deep.equal([]);
          const want = name === "deploy" ? 3 : name === "rollback" ? 1 : 2;
          expect(await served("config.json"), `change ${at}`).to.equal(`{"version":${want}}`);
          expect(await store.releases(), `change ${at}`).to.have.length(3);
          await rm(www, { recursive: true });
          if (!(killed instanceof PowerCut)) {
            expect(failing.changes()).to.be.below(at).and.above(10);
            break;
          }
        }
      });
    }
  });

  it("are locked while somebody changes them: of two deployers one is refused", async () => {
    await deploy(version(1));
    await build(version(2));
    const second = path.join(home, "dist2");
    await mkdir(second);
    await writeFile(path.join(second, "index.html"), "two");
    const site = siteAt(storeAt(www));
    const results = await Promise.all(
      [dist, second].map(async (from) => {
        const plan = await planFor(site, deployOf(from));
        return await performPlan(plan, stepsOf(site), () => undefined, Date.now);
      }),
    );
    expect(results.map(statusOf).filter((status) => status === "done")).to.have.length(1);
    const [refused] = results.map(statusOf).filter((status) => status !== "done");
    expect(["FRONTEND_LOCKED", "PRIOR_STATE_CHANGED"]).to.include(refused);
    await site.store.locked("first@here", async () => {
      const error = await expectRejection(
        storeAt(www).locked("second@here", async () => {
          await Promise.resolve();
        }),
        "FRONTEND_LOCKED",
      );
      expect(error.what).to.contain("first@here");
      expect(error.next).to.contain(path.join(www, "locks"));
    });
  });

  it("are locked against everybody at once: of many only one holds the lock at any time", async () => {
    let holders = 0;
    let most = 0;
    const attempts = Array.from({ length: 40 }, async () => {
      await storeAt(www)
        .locked("x", async () => {
          holders++;
          most = Math.max(most, holders);
          await readdir(home);
          holders--;
        })
        .catch(() => undefined);
    });
    await Promise.all(attempts);
    expect(most).to.equal(1);
  });

  it("are switched without a broken page for those who load it all the time, and read back by HTTP", async function () {
    this.timeout(60_000);
    await deploy(version(1));
    const server = await startWebServer(path.join(www, "current"));
    let broken = 0;
    let loads = 0;
    let going = true;
    const reader = async (): Promise<void> => {
      while (going) {
        const page = await (await fetch(server.url)).text();
        const script = /src="\/(.*?)"/.exec(page)?.[1] ?? "none";
        const asset = await fetch(`${server.url}${script}`);
        await asset.arrayBuffer();
        loads++;
        if (!asset.ok) {
          broken++;
        }
      }
    };
    const readers = [reader(), reader(), reader()];
    try {
      const site = siteAt(storeAt(www), { url: server.url, contracts: { market: OLD } });
      for (const number of [2, 3, 4]) {
        await build(version(number));
        expect(statusOf(await run(site, deployOf(dist)))).to.equal("done");
        const deployed = await site.store.current();
        expect(statusOf(await run(site, rollbackTo(null)))).to.equal("done");
        expect(statusOf(await run(site, rollbackTo(deployed)))).to.equal("done");
      }
      expect(statusOf(await run(site, repointTo(NEW)))).to.equal("done");
    } finally {
      going = false;
      await Promise.all(readers);
      await server.stop();
    }
    expect(broken).to.equal(0);
    expect(loads).to.be.above(10);
  });

  it("are not verified when the web server serves something else", async () => {
    await deploy(version(1));
    const other = path.join(home, "elsewhere");
    await mkdir(other);
    await writeFile(path.join(other, "index.html"), "old");
    const server = await startWebServer(other);
    try {
      await build(version(2));
      const result = await run(siteAt(storeAt(www), { url: server.url }), deployOf(dist));
      expect(statusOf(result)).to.equal("not-verified");
      expect(result.outcomes[0]?.verification?.problem).to.contain("index.html: other bytes");
    } finally {
      await server.stop();
    }
  });

  it("have the same hash for the same site, whatever the order of its files", () => {
    const files = [...version(1)];
    expect(contentOf(new Map(files))).to.equal(contentOf(new Map([...files].reverse())));
  });
});
