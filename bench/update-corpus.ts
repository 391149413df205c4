// Writes packages.json anew from what the protocols name:
//
//     node --import tsx bench/update-corpus.ts
//
// Asks the registry for the integrity of versions that are not in the list yet.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { namedFiles } from "../test/corpus/artifacts.js";
import { pinnedPackages } from "../test/corpus/packages.js";
import "../test/corpus/authorities.js";
import "../test/corpus/protocols/index.js";

const known = new Map(
  pinnedPackages().map(({ name, version, integrity }) => [`${name}@${version}`, integrity]),
);

const packages = Object.entries(namedFiles())
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([spec, files]) => {
    const at = spec.lastIndexOf("@");
    const asked = (): string =>
      execFileSync("npm", ["view", spec, "dist.integrity"], { encoding: "utf8" }).trim();
    return {
      name: spec.slice(0, at),
      version: spec.slice(at + 1),
      integrity: known.get(spec) ?? asked(),
      files,
    };
  });

writeFileSync(
  fileURLToPath(new URL("../test/corpus/packages.json", import.meta.url)),
  `${JSON.stringify(packages, null, 2)}\n`,
);
