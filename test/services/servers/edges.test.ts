import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

import { expect } from "chai";

import { describeWith } from "./describe-services.js";
import { startNginxCache, startStaticNginx, type CachingEdge } from "./nginx.js";
import { inTemporaryFolder } from "./process.js";
import { startVarnish } from "./varnish.js";

/** An origin that says with each answer how many it has given. */
async function startOrigin(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  let answers = 0;
  const server = createServer((request, response) => {
    answers += 1;
    const cacheable = request.url?.includes("config") === true ? "no-store" : "max-age=60";
    response.writeHead(200, { "cache-control": cacheable }).end(`${request.url} ${answers}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("the origin has no port");
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function get(edge: CachingEdge, path: string): Promise<string> {
  const response = await fetch(edge.url + path);
  return `${String(response.headers.get("x-cache"))} ${await response.text()}`;
}

const edges = [
  ["nginx", startNginxCache],
  ["varnish", startVarnish],
] as const;

for (const [tool, start] of edges) {
  describeWith([tool], `${tool} as a cache`, () => {
    it("keeps, forgets a path, forgets everything, and keeps nothing that must not be kept", async () => {
      const origin = await startOrigin();
      const edge = await start(origin.url);
      try {
        expect(await get(edge, "/a")).to.equal("MISS /a 1");
        expect(await get(edge, "/a")).to.equal("HIT /a 1");
        expect(await get(edge, "/b?x=1")).to.equal("MISS /b?x=1 2");
        await edge.purge("/a");
        expect(await get(edge, "/a")).to.equal("MISS /a 3");
        expect(await get(edge, "/b?x=1")).to.equal("HIT /b?x=1 2");
        await edge.purge();
        expect(await get(edge, "/b?x=1")).to.equal("MISS /b?x=1 4");
        expect(await get(edge, "/config.json")).to.equal("MISS /config.json 5");
        expect(await get(edge, "/config.json")).to.equal("MISS /config.json 6");
      } finally {
        await edge.stop();
        await origin.stop();
      }
    });
  });
}

describeWith(["varnish"], "varnish as a cache", () => {
  it("forgets by pattern, and takes VCL", async () => {
    const origin = await startOrigin();
    const vcl = 'sub vcl_recv { set req.url = "/bucket" + req.url; }';
    const edge = await startVarnish(origin.url, vcl);
    try {
      expect(await get(edge, "/a")).to.equal("MISS /bucket/a 1");
      expect(await get(edge, "/b")).to.equal("MISS /bucket/b 2");
      await edge.ban("^/bucket/a");
      expect(await get(edge, "/a")).to.equal("MISS /bucket/a 3");
      expect(await get(edge, "/b")).to.equal("HIT /bucket/b 2");
    } finally {
      await edge.stop();
      await origin.stop();
    }
  });
});

describeWith(["nginx"], "nginx on a folder", () => {
  it("serves files with their types, and not what is not there", async () => {
    const site = await inTemporaryFolder("site", async (folder) => {
      await writeFile(join(folder, "index.html"), "<p>hello");
      await writeFile(join(folder, "app.js"), "1");
      return await startStaticNginx(folder);
    });
    try {
      const page = await fetch(`${site.url}/`);
      expect([page.headers.get("content-type"), await page.text()]).to.deep.equal([
        "text/html",
        "<p>hello",
      ]);
      const script = await fetch(`${site.url}/app.js`);
      expect(script.headers.get("content-type")).to.equal("application/javascript");
      expect((await fetch(`${site.url}/nothing`)).status).to.equal(404);
    } finally {
      await site.stop();
    }
  });
});
