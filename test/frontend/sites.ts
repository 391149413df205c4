import { createHash } from "node:crypto";
import * as zlib from "node:zlib";

import type { SiteFiles } from "../../src/frontend/site-files.js";

/** Addresses with letters, so that their spellings differ. Their checksums are right. */
export const OLD = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
export const NEW = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
export const NEWER = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

/** A site from paths and texts. */
export function siteOf(files: Readonly<Record<string, string | Buffer>>): SiteFiles {
  return new Map(
    Object.entries(files).map(([path, content]) => [
      path,
      typeof content === "string" ? Buffer.from(content) : content,
    ]),
  );
}

/** A file of a site as text. */
export function textIn(files: SiteFiles, path: string): string {
  const bytes = files.get(path);
  if (bytes === undefined) {
    throw new Error(`${path} is not there, but ${[...files.keys()].join(", ")}`);
  }
  return bytes.toString("utf8");
}

/** "sha384-…", as an integrity attribute has it. */
export function integrityOf(content: string | Buffer, algorithm = "sha384"): string {
  return `${algorithm}-${createHash(algorithm).update(content).digest("base64")}`;
}

/** A digest in hexadecimal. */
export function hexDigest(content: string | Buffer, algorithm: string): string {
  return createHash(algorithm).update(content).digest("hex");
}

/**
 * A site as Vite builds it: two chunks that import each other, a preload list, styles, source maps,
 * precompressed copies, integrity, and a service worker with a precache list.
 */
export function viteSite(address: string): SiteFiles {
  const lower = address.toLowerCase();
  const index = `const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=["assets/Market-Cq1xW_3t.js","assets/Market-D0aX91bZ.css"])))=>i.map(i=>d[i]);
import{w as e}from"./vendor-BqL3vT0x.js";export const a="${address}",t={1:{market:"${lower}"}};
const n=()=>e(()=>import("./Market-Cq1xW_3t.js"),__vite__mapDeps([0,1]));n();
//# sourceMappingURL=index-DkR2c9Pa.js.map
`;
  const market = `import{a as r}from"./index-DkR2c9Pa.js";export const m=r.slice(2)+"${address.slice(2)}";\n//# sourceMappingURL=Market-Cq1xW_3t.js.map\n`;
  const vendor = `export const w=(f,d)=>f();export const unrelated="0x${"ab".repeat(32)}";\n`;
  const css = `.market{background:url(./logo-B7dQzXy1.svg)}\n`;
  const map = (file: string, source: string): string =>
    JSON.stringify({
      version: 3,
      file,
      sources: ["../../src/app.ts"],
      sourcesContent: [source],
      mappings: "AAAA,MAAMA",
    });
  const inline = `window.market="${lower}"`;
  const html = `<!doctype html>
<html><head><meta charset="utf-8"><title>Märkte</title>
<meta http-equiv="Content-Security-Policy" content="script-src 'self' '${integrityOf(inline, "sha256")}'">
<script>${inline}</script>
<link rel="modulepreload" crossorigin href="/assets/vendor-BqL3vT0x.js" integrity="${integrityOf(vendor)}">
<script type="module" crossorigin src="/assets/index-DkR2c9Pa.js" integrity="${integrityOf(index)}"></script>
<link rel="stylesheet" crossorigin href="/assets/Market-D0aX91bZ.css">
</head><body><div id="app"></div></body></html>
`;
  const config = `{"chainId":1,"market":"${address}"}\n`;
  const worker = `precacheAndRoute([{"url":"assets/index-DkR2c9Pa.js","revision":null},{"url":"assets/Market-Cq1xW_3t.js","revision":null},{"url":"index.html","revision":"${hexDigest(html, "md5")}"},{"url":"config.json","revision":"${hexDigest(config, "md5")}"}]);\n`;
  const manifest = JSON.stringify({
    "src/main.ts": { file: "assets/index-DkR2c9Pa.js", dynamicImports: ["src/Market.ts"] },
    "src/Market.ts": { file: "assets/Market-Cq1xW_3t.js", css: ["assets/Market-D0aX91bZ.css"] },
  });
  return siteOf({
    "index.html": html,
    "index.html.gz": zlib.gzipSync(html),
    "config.json": config,
    "sw.js": worker,
    ".vite/manifest.json": manifest,
    "robots.txt": "User-agent: *\n",
    "assets/index-DkR2c9Pa.js": index,
    "assets/index-DkR2c9Pa.js.gz": zlib.gzipSync(index),
    "assets/index-DkR2c9Pa.js.br": zlib.brotliCompressSync(index),
    "assets/index-DkR2c9Pa.js.map": map("index-DkR2c9Pa.js", `export const a = "${address}";`),
    "assets/Market-Cq1xW_3t.js": market,
    "assets/Market-Cq1xW_3t.js.map": map("Market-Cq1xW_3t.js", "export const m = 1;"),
    "assets/Market-D0aX91bZ.css": css,
    "assets/logo-B7dQzXy1.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
    "assets/vendor-BqL3vT0x.js": vendor,
    "assets/photo-Ab12Cd34.png": Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]),
  });
}

/**
 * A site as webpack builds it: hashes without names in the runtime's table, with the integrity of each
 * chunk beside it.
 */
export function webpackSite(address: string): SiteFiles {
  const chunk = `(self.webpackChunkapp=self.webpackChunkapp||[]).push([[179],{42:(e,t)=>{t.addr="${address.toUpperCase().replace("0X", "0x")}"}}]);\n//# sourceMappingURL=179.8e7d6c5b4a39.chunk.js.map`;
  const other = `(self.webpackChunkapp=self.webpackChunkapp||[]).push([[77],{1:()=>{}}]);`;
  const runtime = `(()=>{var r={};r.u=e=>"static/js/"+e+"."+{77:"0123abcd4567",179:"8e7d6c5b4a39"}[e]+".chunk.js",r.sriHashes={77:"${integrityOf(other)}",179:"${integrityOf(chunk)}"},r.p="/"})();`;
  const html = `<!doctype html><html><head><script defer="defer" src="/static/js/runtime.a1b2c3d4e5f6.js" integrity="${integrityOf(runtime)}" crossorigin="anonymous"></script></head><body></body></html>`;
  return siteOf({
    "index.html": html,
    "asset-manifest.json": JSON.stringify({
      files: {
        "runtime.js": "/static/js/runtime.a1b2c3d4e5f6.js",
        "179.chunk.js": "/static/js/179.8e7d6c5b4a39.chunk.js",
      },
    }),
    "static/js/runtime.a1b2c3d4e5f6.js": runtime,
    "static/js/179.8e7d6c5b4a39.chunk.js": chunk,
    "static/js/179.8e7d6c5b4a39.chunk.js.map": `{"version":3,"file":"static/js/179.8e7d6c5b4a39.chunk.js","sources":[],"mappings":""}`,
    "static/js/77.0123abcd4567.chunk.js": other,
  });
}
