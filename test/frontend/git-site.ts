import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

/** A repository with a site that is built by a script of its own, without anything installed. */
export interface GitSite {
  /** Its root: absolute. */
  readonly folder: string;
  git(...args: readonly string[]): Promise<string>;
  write(file: string, content: string): Promise<void>;
  /** Commits everything. @returns the full hash. */
  commit(message: string): Promise<string>;
}

/**
 * Reads its variables as Vite does: the environment goes over the files, and local files over others.
 * Writes a page, a script with the hash of its content in its name, and what is in `public`.
 */
const BUILD = `
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseEnv } from "node:util";

const env = {};
for (const file of [".env", ".env.local", ".env.production", ".env.production.local"]) {
  if (existsSync(file)) Object.assign(env, parseEnv(readFileSync(file, "utf8")));
}
Object.assign(env, process.env);
console.log("building with " + env.VITE_API_KEY);
const source = readFileSync("src/main.js", "utf8");
const script = source.replace(/import\\.meta\\.env\\.(\\w+)/g, (_, name) => JSON.stringify(env[name] ?? ""));
const hash = createHash("sha256").update(script).digest("hex").slice(0, 8);
mkdirSync("dist/assets", { recursive: true });
if (existsSync("public")) cpSync("public", "dist", { recursive: true });
writeFileSync("dist/assets/index-" + hash + "a1.js", script);
writeFileSync("dist/index.html", '<!doctype html><script type="module" src="/assets/index-' + hash + 'a1.js"></script>');
`;

/** Makes such a repository, with one commit. */
export async function gitSite(folder: string, market: string): Promise<GitSite> {
  const site: GitSite = {
    folder,
    async git(...args) {
      const { stdout } = await promisify(execFile)("git", ["-C", folder, ...args]);
      return stdout.trim();
    },
    async write(file, content) {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
      await writeFile(path.join(folder, file), content);
    },
    async commit(message) {
      await site.git("add", "--all");
      const who = ["-c", "user.name=tester", "-c", "user.email=tester@example.org"];
      await site.git(...who, "commit", "--quiet", "--no-verify", "--message", message);
      return await site.git("rev-parse", "HEAD");
    },
  };
  await mkdir(folder, { recursive: true });
  await site.git("init", "--quiet");
  await site.write(".gitignore", "dist\n.env.local\nnode_modules\n");
  await site.write("build.mjs", BUILD);
  await site.write(
    "src/main.js",
    "export const market = import.meta.env.VITE_MARKET, chain = import.meta.env.VITE_CHAIN_ID, name = 'one';\n",
  );
  await site.write(".env.production", `# The live site\nVITE_MARKET="${market}"\n`);
  await site.commit("one");
  return site;
}
