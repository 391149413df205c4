import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import * as zlib from "node:zlib";

import { expect } from "chai";

import { withoutCredentials } from "../../../src/frontend/verify/http-get.js";
import { redact } from "../../../src/redact.js";
import { expectRejection } from "../../helpers/refusal.js";
import { NEW, OLD, hexDigest, siteOf, textIn, viteSite, webpackSite } from "../sites.js";
import { deployOf, run, siteAt, storeAt, temporaryFolder } from "../stores.js";
import { startWebServer } from "../web-server.js";
import {
  answering,
  deployed,
  kindsOf,
  serve,
  stopLater,
  stopServers,
  verify,
  wordsOf,
  write,
} from "./world.js";

/** A page with one script, which is all of it. */
function small(script: string): ReturnType<typeof siteOf> {
  return siteOf({
    "index.html": '<!doctype html><script type="module" src="/assets/index-DkR2c9Pa.js"></script>',
    "assets/index-DkR2c9Pa.js": script,
  });
}

describe("verifying by HTTP what is served", () => {
  afterEach(stopServers);

  it("follows everything that a page names, and finds nothing wrong with what is right", async () => {
    const { url } = await serve(viteSite(NEW));
    const report = await verify(url);
    expect(report.problems).to.deep.equal([]);
    expect(report.verdict).to.equal("cannot-tell");
    expect(report.unknown.join()).to.contain("browser").and.to.contain("code was not looked at");
    const [market] = report.contracts;
    expect(market?.inUse).to.equal("served");
    expect(report.files.map(({ path: file }) => file)).to.include.members([
      "/",
      "/config.json",
      "/sw.js",
      "/assets/index-DkR2c9Pa.js",
      "/assets/index-DkR2c9Pa.js.map",
      "/assets/vendor-BqL3vT0x.js",
      "/assets/Market-Cq1xW_3t.js",
      "/assets/Market-D0aX91bZ.css",
      "/assets/logo-B7dQzXy1.svg",
    ]);
    const kinds = new Map(report.files.map(({ path: file, kind }) => [file, kind]));
    expect(kinds.get("/config.json")).to.equal("config");
    expect(kinds.get("/sw.js")).to.equal("service-worker");
    expect(kinds.get("/assets/Market-Cq1xW_3t.js")).to.equal("hashed");
  });

  it("follows it below a path, too, and chunks whose names webpack puts together", async () => {
    const inFolder = new Map(
      [...viteSite(NEW)].map(([file, bytes]) => [
        `app/${file}`,
        Buffer.from(bytes.toString("latin1").replaceAll('"/assets/', '"/app/assets/'), "latin1"),
      ]),
    );
    const { url } = await serve(inFolder);
    const paths = (await verify(`${url}app/`)).files.map(({ path: file }) => file);
    expect(paths).to.include("/app/assets/Market-Cq1xW_3t.js");
    expect(paths).to.include("/app/assets/Market-D0aX91bZ.css");

    const webpack = await serve(webpackSite(OLD));
    const report = await verify(webpack.url);
    expect(wordsOf(report, "old-address-served")).to.contain("179.8e7d6c5b4a39.chunk.js");
    expect(report.files.map(({ path: file }) => file)).to.include(
      "/static/js/77.0123abcd4567.chunk.js",
    );
  });

  for (const [spelling, text] of Object.entries({
    checksum: `"${OLD}"`,
    lower: `"${OLD.toLowerCase()}"`,
    upper: `"0x${OLD.slice(2).toUpperCase()}"`,
    "without 0x": `"${OLD.slice(2)}"`,
    "in base64": JSON.stringify(Buffer.from(OLD).toString("base64")),
    "in pieces": `"${OLD.slice(0, 22)}"+"${OLD.slice(22)}"`,
    "as bytes": `[${[...Buffer.from(OLD.slice(2), "hex")].join(",")}]`,
    "as a number": `${BigInt(OLD).toString()}n`,
  })) {
    it(`finds the old address ${spelling}`, async () => {
      const { url } = await serve(small(`export const a="${NEW}",b=${text};`));
      const report = await verify(url);
      expect(kindsOf(report)).to.deep.equal(["old-address-served"]);
      expect(report.verdict).to.equal("not-verified");
      expect(wordsOf(report, "old-address-served"))
        .to.contain("/assets/index-DkR2c9Pa.js")
        .and.to.contain(OLD);
    });
  }

  it("finds the old address in a chunk that is loaded later", async () => {
    const site = small(`export const a="${NEW}";export const go=()=>import("./Old-Cq1xW_3t.js");`);
    const { url } = await serve(
      new Map([...site, ...siteOf({ "assets/Old-Cq1xW_3t.js": `export const b="${OLD}"` })]),
    );
    const report = await verify(url);
    expect(wordsOf(report, "old-address-served")).to.contain("/assets/Old-Cq1xW_3t.js");
  });

  it("says when the new address is nowhere, as far as that can be told", async () => {
    const { url } = await serve(small("export const a=1;"));
    const [market] = (await verify(url)).contracts;
    expect(market?.inUse).to.equal("not-known");
  });

  it("names a chunk that is missing, and one in whose place a page is served", async () => {
    const site = small(
      `const d=["assets/Here-Cq1xW_3t.js","assets/Gone-Ab12Cd34.css"],a="${NEW}";export const go=()=>import("./Missing-Cq9xW_3t.js");`,
    );
    const files = new Map([...site, ...siteOf({ "assets/Here-Cq1xW_3t.js": "export const b=1" })]);
    const { url } = await serve(files);
    const missing = wordsOf(await verify(url), "file-missing");
    expect(missing).to.contain("/assets/Missing-Cq9xW_3t.js").and.to.contain("status 404");
    expect(missing).to.contain("/assets/Gone-Ab12Cd34.css");

    const page = textIn(files, "index.html");
    const fallback = await answering((_request, pathname) => {
      const file = files.get(pathname.slice(1));
      return file === undefined
        ? { headers: { "content-type": "text/html", "cache-control": "no-cache" }, body: page }
        : { headers: { ...deployed(pathname.slice(1)) }, body: file };
    });
    const words = wordsOf(await verify(fallback.url), "file-missing");
    expect(words)
      .to.contain("/assets/Missing-Cq9xW_3t.js")
      .and.to.contain("a page is served in its place");
  });

  it("says what is wrong when the page itself is not served", async () => {
    const server = await answering(() => ({ status: 503, body: "" }));
    const report = await verify(server.url);
    expect(wordsOf(report, "page-not-served")).to.contain("status 503");
    await server.stop();
    await expectRejection(verify(server.url), "SITE_UNREACHABLE");
  });

  describe("tells how long it may be kept:", () => {
    async function withPage(headers: Readonly<Record<string, string>>): ReturnType<typeof verify> {
      const { url } = await serve(viteSite(NEW), (file) =>
        file === "index.html" || file === "config.json"
          ? { "content-type": deployed(file)["content-type"] ?? "", ...headers }
          : deployed(file),
      );
      return await verify(url);
    }

    for (const [header, value] of [
      ["cache-control", "public, max-age=86400"],
      ["cache-control", "max-age=60, immutable"],
      ["cache-control", "max-age=0, stale-while-revalidate=86400"],
      ["expires", "Tue, 19 Jan 2038 03:14:07 GMT"],
    ] as const) {
      it(`${header}: ${value} is a problem of a page and of a configuration`, async () => {
        const report = await withPage({ [header]: value });
        expect(kindsOf(report)).to.deep.equal(["cached-too-long"]);
        const words = wordsOf(report, "cached-too-long");
        expect(words).to.contain(header).and.to.contain("/: ").and.to.contain("/config.json: ");
      });
    }

    for (const value of ["no-cache", "no-store", "max-age=0, must-revalidate", "max-age=300"]) {
      it(`cache-control: ${value} is none`, async () => {
        expect((await withPage({ "cache-control": value })).problems).to.deep.equal([]);
      });
    }

    it("what shared caches keep, and what has no header, is a note", async () => {
      const shared = await withPage({ "cache-control": "max-age=0, s-maxage=86400", age: "4000" });
      expect(shared.problems).to.deep.equal([]);
      expect(shared.notes.join("\n"))
        .to.contain("shared caches may keep it for 1 day")
        .and.to.contain("Age: 4000");
      const none = await withPage({ "last-modified": "Tue, 01 Jan 2019 00:00:00 GMT" });
      expect(none.notes.join("\n")).to.contain("it has no cache-control");
    });

    it("hashed files that may not be kept are a note", async () => {
      const { url } = await serve(viteSite(NEW), (file) => ({
        ...deployed(file),
        "cache-control": "no-cache",
      }));
      const report = await verify(url);
      expect(report.problems).to.deep.equal([]);
      expect(report.notes.join("\n")).to.match(/\d+ of \d+ files with a hash .* may not be kept/);
    });
  });

  describe("sees what caches do:", () => {
    /** A cache in front of a site that has changed since. */
    async function cacheInFront(
      passes: "no-cache" | "new queries" | "nothing",
    ): Promise<{ readonly url: string }> {
      const [old, fresh] = [viteSite(OLD), viteSite(NEW)];
      return await answering((request, pathname) => {
        const name = pathname.slice(1) === "" ? "index.html" : pathname.slice(1);
        const past =
          passes === "no-cache"
            ? request.headers["cache-control"] === "no-cache"
            : passes === "new queries" && (request.url ?? "").includes("?");
        const body = (past ? fresh : old).get(name);
        const headers = past
          ? { "x-cache": "Miss from edge" }
          : { age: "4000", "x-cache": "Hit from edge" };
        return body === undefined
          ? { status: 404, body: "" }
          : { headers: { ...deployed(name), ...headers }, body };
      });
    }

    for (const passes of ["no-cache", "new queries"] as const) {
      it(`one that holds what was before is found out, when it lets ${passes} pass`, async () => {
        const { url } = await cacheInFront(passes);
        const report = await verify(url);
        expect(kindsOf(report)).to.include("stale-cache").and.to.include("old-address-served");
        const words = wordsOf(report, "stale-cache");
        expect(words).to.contain("/config.json").and.to.contain("Age 4000");
        expect(words).to.contain("x-cache: Hit from edge");
      });
    }

    it("one that lets nobody past is named as such", async () => {
      const { url } = await cacheInFront("nothing");
      const report = await verify(url);
      expect(kindsOf(report)).not.to.include("stale-cache");
      expect(report.notes.join("\n")).to.contain("answers even when it is asked not to");
    });

    it("two that differ give visitors different sites", async () => {
      const visitors = new Map<string, number>();
      const server = await answering((request, pathname) => {
        const past = request.headers["cache-control"] === "no-cache";
        const count = (visitors.get(pathname) ?? 0) + (past ? 0 : 1);
        visitors.set(pathname, count);
        const name = pathname === "/" ? "index.html" : pathname.slice(1);
        // One of the two has not been told of the new page. Past caches both give the new one.
        const stale = !past && count % 2 === 0;
        const body = viteSite(stale ? OLD : NEW).get(name);
        return body === undefined ? { status: 404, body: "" } : { headers: deployed(name), body };
      });
      const report = await verify(server.url);
      expect(wordsOf(report, "stale-cache")).to.contain("not every visitor is served the same");
    });

    it("the same ETag for different bytes is said", async () => {
      const server = await answering((request, pathname) => {
        const past = request.headers["cache-control"] === "no-cache";
        const name = pathname === "/" ? "index.html" : pathname.slice(1);
        const body = small(`export const a="${past ? NEW : OLD}"`).get(name);
        const headers = { ...deployed(name), etag: '"65a1-2f"' };
        return body === undefined ? { status: 404, body: "" } : { headers, body };
      });
      expect(wordsOf(await verify(server.url), "stale-cache")).to.contain('ETag "65a1-2f"');
    });

    it("a compressed copy of something else is found out", async () => {
      const server = await answering((request, pathname) => {
        const name = pathname === "/" ? "index.html" : pathname.slice(1);
        const packed = String(request.headers["accept-encoding"]).includes("br");
        const body = small(`export const a="${packed ? OLD : NEW}"`).get(name);
        if (body === undefined) {
          return { status: 404, body: "" };
        }
        const headers = { ...deployed(name), vary: "accept-encoding" };
        return packed
          ? {
              headers: { ...headers, "content-encoding": "br" },
              body: zlib.brotliCompressSync(body),
            }
          : { headers, body };
      });
      const report = await verify(server.url);
      expect(wordsOf(report, "stale-cache")).to.contain("the compressed copy");
      expect(kindsOf(report)).to.include("old-address-served");
    });

    it("a page that is another with each request is no problem", async () => {
      let count = 0;
      const server = await answering((_request, pathname) =>
        pathname === "/"
          ? { headers: deployed("index.html"), body: `<p>${count++}</p>${NEW}` }
          : { status: 404, body: "" },
      );
      const report = await verify(server.url);
      expect(report.problems).to.deep.equal([]);
      expect(report.notes.join("\n")).to.contain("is another with each request");
    });
  });

  it("notices a service worker that keeps what was before, and one whose files are gone", async () => {
    const site = new Map(viteSite(NEW));
    const before = hexDigest(textIn(viteSite(OLD), "index.html"), "md5");
    site.set(
      "sw.js",
      Buffer.from(
        `importScripts("workbox-0a1b2c3d.js");precacheAndRoute([{"revision":"${before}","url":"index.html"},{url:"assets/index-Gone0123.js",revision:null}])`,
      ),
    );
    site.set("workbox-0a1b2c3d.js", Buffer.from("/* workbox */"));
    const { url } = await serve(site);
    const report = await verify(url);
    expect(wordsOf(report, "stale-service-worker")).to.contain(before);
    expect(wordsOf(report, "file-missing"))
      .to.contain("/sw.js needs")
      .and.to.contain("index-Gone0123.js");
  });

  it("compares with the release, and knows of which release another file is", async () => {
    const { folder, remove } = await temporaryFolder();
    stopLater(remove);
    const www = path.join(folder, "www");
    const store = storeAt(www);
    for (const address of [OLD, NEW]) {
      await rm(path.join(folder, "dist"), { recursive: true, force: true });
      await write(path.join(folder, "dist"), viteSite(address));
      const site = siteAt(store, { contracts: { market: address } });
      await run(site, deployOf(path.join(folder, "dist")));
    }
    const [first, second] = await Promise.all(
      (await store.releases()).map(async ({ id }) => await store.manifest(id)),
    );
    if (first === undefined || second === undefined) {
      throw new Error("two releases were deployed");
    }
    const server = await startWebServer(path.join(www, "current"), deployed);
    stopLater(async () => {
      await server.stop();
    });
    const releases = { served: second, others: [first] };
    const good = await verify(server.url, { releases });
    expect(good.problems).to.deep.equal([]);
    expect(good.release).to.include({ id: second.id, otherwise: 0, missing: 0 });

    const current = path.join(www, "current");
    await writeFile(path.join(current, "config.json"), await store.read(first.id, "config.json"));
    await writeFile(path.join(current, "robots.txt"), "changed by hand");
    await rm(path.join(current, "assets/photo-Ab12Cd34.png"));
    const report = await verify(server.url, { releases });
    const differs = wordsOf(report, "file-differs");
    expect(differs).to.contain(`those of release ${first.id}`).and.to.contain("config.json");
    expect(differs).to.contain("of no release that is known: robots.txt");
    expect(wordsOf(report, "file-missing")).to.contain("assets/photo-Ab12Cd34.png");
    expect(wordsOf(report, "old-address-served")).to.contain("/config.json");
  });

  it("finds files of other releases that are still served with the old address", async () => {
    const { folder, remove } = await temporaryFolder();
    stopLater(remove);
    const store = storeAt(path.join(folder, "www"));
    await write(path.join(folder, "dist"), small(`export const a="${NEW}"`));
    await run(siteAt(store), deployOf(path.join(folder, "dist")));
    const [summary] = await store.releases();
    const served = await store.manifest(summary?.id ?? "");
    const left = { path: "assets/index-Old01234.js", sha256: "0".repeat(64), size: 1 };
    const [file] = served.files;
    const other = { ...served, id: "0000-000000000000", files: [{ ...file, ...left }] };
    const site = small(`export const a="${NEW}"`);
    const { url } = await serve(
      new Map([...site, ...siteOf({ [left.path]: `export const b="${OLD}"` })]),
    );
    const others = [
      { ...served, ...other, files: served.files.map((one) => ({ ...one, ...left })) },
    ];
    const report = await verify(url, { releases: { served, others } });
    expect(report.release?.leftOver).to.equal(1);
    expect(wordsOf(report, "old-address-served")).to.contain(`/${left.path}`);
  });

  it("signs in where the URL says so, and shows the password nowhere", async () => {
    const password = "canary-password-7";
    const expected = `Basic ${Buffer.from(`team:${password}`).toString("base64")}`;
    const server = await answering(({ headers }, pathname) =>
      headers.authorization === expected && pathname === "/"
        ? { headers: deployed("index.html"), body: `<p>${NEW}</p>` }
        : { status: headers.authorization === undefined ? 401 : 404, body: "" },
    );
    const { url, credentials } = withoutCredentials(
      server.url.replace("http://", `http://team:${password}@`),
    );
    expect(url).to.equal(server.url);
    const report = await verify(url, { credentials });
    expect(report.problems).to.deep.equal([]);
    expect(JSON.stringify(report)).not.to.contain(password);
    expect(redact(`it was ${password}`)).to.equal("it was [secret]");
  });
});
