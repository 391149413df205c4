// Preloaded into a Node process with `--import`: writes down which files that process has loaded, in order.
//
// It does nothing where RECORD_MODULES_IN is not set: a run of all tests imports every file in this folder.
import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";

const folder = process.env.RECORD_MODULES_IN;

if (folder !== undefined) {
  const urls = [];
  registerHooks({
    load(url, context, nextLoad) {
      urls.push(url);
      return nextLoad(url, context);
    },
  });
  // On exit, in one piece: npx starts more than one process, and each has its own file.
  process.on("exit", () => {
    const record = JSON.stringify({ script: process.argv[1] ?? "", urls });
    writeFileSync(join(folder, `${process.pid}.json`), record);
  });
}
