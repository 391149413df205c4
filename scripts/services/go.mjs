import { join } from "node:path";

import { CachedFolder } from "./cache.mjs";

/** A program that Go builds from its public modules. */
export function goProgram({ name, source, version }) {
  const folder = new CachedFolder(name, [source, version]);
  return {
    name,
    about: `${version}, built by Go (about two minutes)`,
    queue: "go",
    find: () => folder.find(join("bin", name)),
    install: ({ run, say }) =>
      folder.fill(say, async (onStart) => {
        const env = { GOBIN: join(folder.path, "bin") };
        await run("go", ["install", `${source}@${version}`], { env, onStart });
      }),
  };
}
