import type { SiteFiles } from "../../../src/frontend/site-files.js";
import { OLD, siteOf } from "../../frontend/sites.js";

/** Chunks that a page asks for when it is used, long after it was loaded. */
const LAZY = 44;

function digits(number: number, length: number): string {
  return String(number).padStart(length, "0");
}

/** A site as a bundler makes it: all its 50 assets have other names in each version, but for one. */
export function bigSite(number: number): SiteFiles {
  const name = (kind: string, index = 0, extension = "js"): string =>
    `assets/${kind}-C${digits(number, 3)}${digits(index, 2)}xZ.${extension}`;
  const lazy = Array.from({ length: LAZY }, (_, index) => name(`lazy${index}`, index));
  const chunks = lazy.map(
    (path, index) => [path, `export const lazy=${index},v=${number};`] as const,
  );
  const base = (path: string): string => path.replace("assets/", "./");
  return siteOf({
    "index.html": `<!doctype html><html><head><title>${number}</title>
<link rel="modulepreload" href="/assets/vendor-Vn0000xZ.js">
<link rel="modulepreload" href="/${name("wallet")}">
<script type="module" src="/${name("main")}"></script>
<link rel="stylesheet" href="/${name("main", 0, "css")}">
<link rel="stylesheet" href="/${name("fonts", 0, "css")}">
</head><body></body></html>`,
    "config.json": `{"version":${number}}`,
    "assets/vendor-Vn0000xZ.js": "export const vendor=1;",
    [name("wallet")]: `export const wallet="${OLD}",v=${number};`,
    [name("main")]:
      `import"${base(name("wallet"))}";const lazy=[${lazy.map((path) => `"${base(path)}"`).join()}];export const market="${OLD}",v=${number};`,
    [name("main", 0, "css")]: `body{color:#${digits(number, 6)}}`,
    [name("fonts", 0, "css")]: `@font-face{src:url(x${number})}`,
    ...Object.fromEntries(chunks),
  });
}
