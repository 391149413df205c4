import { readFileSync } from "node:fs";
import { join } from "node:path";

import { CachedFolder } from "./cache.mjs";

/** A program that Go builds from its public modules. */
export function goProgram({ name, source, version, takes = "about two minutes" }) {
  const folder = new CachedFolder(name, [source, version]);
  return {
    name,
    about: `${version}, built by Go (${takes})`,
    queue: "go",
    find: () => folder.find(join("bin", name)),
    install: ({ run, say }) =>
      folder.fill(say, async (onStart) => {
        const env = { GOBIN: join(folder.path, "bin") };
        await run("go", ["install", `${source}@${version}`], { env, onStart });
      }),
  };
}

/** A program that Go builds from a module of this repository, whose go.mod and go.sum say with what. */
export function goModule({ name, from, root, takes }) {
  const source = join(root, from);
  // Without what only a debugger wants, it is linked faster and half as large.
  const flags = ["-ldflags=-s -w"];
  const files = ["go.mod", "go.sum", "main.go"].map((file) =>
    readFileSync(join(source, file), "utf8"),
  );
  const folder = new CachedFolder(name, [...flags, ...files]);
  return {
    name,
    about: `${from}, built by Go (${takes})`,
    queue: "go",
    find: () => folder.find(join("bin", name)),
    install: ({ run, say }) =>
      folder.fill(say, async (onStart) => {
        const output = join(folder.path, "bin", name);
        await run("go", ["build", ...flags, "-o", output, "."], { cwd: source, onStart });
      }),
  };
}
