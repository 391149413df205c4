import { join } from "node:path";

import { CachedFolder } from "./cache.mjs";

/** A program from PyPI, in a virtual environment of its own. */
export function pythonProgram({ name, requirement, program }) {
  const folder = new CachedFolder(name, [requirement]);
  return {
    name,
    about: `${requirement}, installed by pip (about half a minute)`,
    queue: "python",
    find: () => folder.find(join("bin", program)),
    install: ({ run, say }) =>
      folder.fill(say, async (onStart) => {
        await run("python3", ["-m", "venv", folder.path], { onStart });
        const pip = join(folder.path, "bin", "pip");
        await run(pip, ["install", "--no-input", requirement], { onStart });
      }),
  };
}
