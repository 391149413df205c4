import { copyFileSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

import { CachedFolder } from "./cache.mjs";

/** Packages from npm, as the lock file of a folder of this repository says. Found as the folder of `node_modules`. */
export function npmFolder({ name, from, root, lockedNode }) {
  const files = ["package.json", "package-lock.json"];
  const source = join(root, from);
  const folder = new CachedFolder(
    name,
    files.map((file) => readFileSync(join(source, file), "utf8")),
  );
  return {
    name,
    about: `as ${from}/package-lock.json says, installed by npm (about half a minute)`,
    queue: "npm",
    find: () => (folder.find("node_modules") === undefined ? undefined : folder.path),
    install: ({ run, say }) =>
      folder.fill(say, async (onStart) => {
        for (const file of files) copyFileSync(join(source, file), join(folder.path, file));
        // On the locked Node: under an older one, npm leaves out what asks for a newer one.
        const PATH = [dirname(lockedNode), process.env.PATH ?? ""].join(delimiter);
        // What `npm run` hands down would send npm back to this repository.
        const env = { PATH, npm_config_local_prefix: undefined, NODE_ENV: "" };
        const args = ["ci", "--include=dev", "--include=optional", "--ignore-scripts"];
        const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
        await run("npm", [...args, ...quiet], { cwd: folder.path, env, onStart });
      }),
  };
}
