import { copyFile, readFile } from "node:fs/promises";
import path from "node:path";

import { isRecord } from "../../../src/json.js";
import { writeInto } from "../../helpers/project.js";
import { repository } from "../../helpers/repository.js";
import { runToEnd } from "../servers/run-to-end.js";
import { linkVite } from "../servers/vite.js";

/** What the app talks to. */
export interface AppWorld {
  /** In the variables of the build. */
  readonly market: string;
  /** In the runtime configuration. */
  readonly vault: string;
  /** The node that browsers ask. */
  readonly rpc: string;
  readonly chainId: number;
}

/**
 * A website that Vite builds, in a git repository of its own: two commits, and a tag on the first one.
 * The address of the market comes from the build, that of the vault from `config.json`, read at start.
 */
export interface MarketApp {
  /** The repository, at its second commit. */
  readonly folder: string;
  /** What Vite made of the first commit, `v1.0.0`, and of the second one. */
  readonly first: string;
  readonly second: string;
  git(...args: readonly string[]): Promise<string>;
}

/** The titles of the page in the two commits. */
export const TITLES = { first: "Market", second: "Market, improved" } as const;

/** What the build is called in a configuration. */
export const BUILD = {
  command: "npm run build",
  output: "dist",
  variables: { market: "VITE_MARKET_ADDRESS" },
} as const;

/** Where the addresses are that are read at start. */
export const RUNTIME_CONFIG = {
  file: "config.json",
  contracts: { vault: "contracts.vault.address" },
  chainId: "chainId",
} as const;

/** Makes the repository in a folder that is not there yet, and builds both commits. */
export async function makeMarketApp(folder: string, world: AppWorld): Promise<MarketApp> {
  const git = async (...args: readonly string[]): Promise<string> =>
    await succeeding("git", ["-C", folder, ...args]);
  const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
    for (const [file, content] of Object.entries(files)) {
      await writeInto(folder, file, content);
    }
  };
  const commit = async (message: string): Promise<void> => {
    await git("add", "--all");
    const who = ["-c", "user.name=tester", "-c", "user.email=tester@example.org"];
    await git(...who, "commit", "--quiet", "--no-verify", "--message", message);
  };
  await write({ ...sources(world), "package.json": await manifest() });
  await copyFile(packages("package-lock.json"), path.join(folder, "package-lock.json"));
  await git("init", "--quiet");
  await commit("Show the market");
  await git("tag", "v1.0.0");
  // Another checkout, so that the builds of both commits are there at once.
  const older = `${folder}-v1.0.0`;
  await git("worktree", "add", "--quiet", "--detach", older, "v1.0.0");
  await write({ "index.html": page(TITLES.second), "src/style.css": style("#135") });
  await commit("Improve the market");
  await Promise.all(
    [older, folder].map(async (checkout) => {
      await linkVite(checkout);
      await succeeding("npm", ["run", "build", "--prefix", checkout]);
    }),
  );
  return { folder, first: path.join(older, "dist"), second: path.join(folder, "dist"), git };
}

function packages(file: string): string {
  return path.join(repository, "test", "services", "vite", file);
}

async function manifest(): Promise<string> {
  const value: unknown = JSON.parse(await readFile(packages("package.json"), "utf8"));
  return JSON.stringify({ ...(isRecord(value) ? value : {}), scripts: { build: "vite build" } });
}

async function succeeding(command: string, args: readonly string[]): Promise<string> {
  const { code, output } = await runToEnd(command, args);
  if (code !== 0) {
    throw new Error(`${command} ${args.join(" ")}: ${output}`);
  }
  return output.trim();
}

/** Styles, a chunk that is loaded later, integrity, compressed copies, and a service worker. */
function sources({ market, vault, rpc, chainId }: AppWorld): Readonly<Record<string, string>> {
  const config = { chainId, rpc, contracts: { vault: { address: vault } } };
  return {
    ".gitignore": "dist\nnode_modules\n",
    ".env.production": `# Of the live site\nVITE_MARKET_ADDRESS="${market}"\n`,
    "index.html": page(TITLES.first),
    "public/config.json": `${JSON.stringify(config, null, 2)}\n`,
    "public/favicon.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>\n',
    "src/style.css": style("#123"),
    "src/main.js": MAIN,
    "src/contracts.js": CONTRACTS,
    "vite.config.js": VITE_CONFIG,
  };
}

function page(title: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
    <title>${title}</title>
  </head>
  <body>
    <main>loading</main>
    <script type="module" src="/src/main.js"></script>
  </body>
</html>
`;
}

function style(color: string): string {
  return `main {\n  color: ${color};\n}\n`;
}

const MAIN = `import "./style.css";

const config = await (await fetch("/config.json")).json();
const { states } = await import("./contracts.js");
const market = import.meta.env.VITE_MARKET_ADDRESS;
const vault = config.contracts.vault.address;
document.querySelector("main").textContent = await states(config.rpc, { market, vault });
`;

const CONTRACTS = `import { Contract, JsonRpcProvider } from "ethers";

export async function states(rpc, addresses) {
  const provider = new JsonRpcProvider(rpc);
  const lines = Object.entries(addresses).map(async ([name, address]) => {
    const contract = new Contract(address, ["function paused() view returns (bool)"], provider);
    return name + (await contract.paused() ? " is paused" : " is open");
  });
  return (await Promise.all(lines)).join(", ");
}
`;

const VITE_CONFIG = `import { defineConfig } from "vite";
import { compression } from "vite-plugin-compression2";
import { VitePWA } from "vite-plugin-pwa";
import { sri } from "vite-plugin-sri3";

export default defineConfig({
  build: { sourcemap: true },
  plugins: [
    VitePWA({ registerType: "autoUpdate", manifest: false }),
    sri(),
    compression({ algorithms: ["gzip", "brotliCompress"] }),
  ],
});
`;
