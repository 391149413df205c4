import { readFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";

import { ERROR_CODES } from "../../src/errors.js";
import { repository } from "../helpers/repository.js";

describe("docs", () => {
  it("lists every error code, with what it means", async () => {
    const text = await readFile(path.join(repository, "docs", "errors.md"), "utf8");
    const rows = [...text.matchAll(/^\| `([A-Z_]+)` +\| (.+?) +\|$/gm)].map(([, code, meaning]) => [
      code,
      meaning,
    ]);
    expect(rows).to.deep.equal(Object.entries(ERROR_CODES).sort(([a], [b]) => (a < b ? -1 : 1)));
  });

  it("names no error code in the README that does not exist", async () => {
    const text = await readFile(path.join(repository, "README.md"), "utf8");
    const named = [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code]) => code);
    expect(named).not.to.deep.equal([]);
    expect(named.filter((code) => code === undefined || !(code in ERROR_CODES))).to.deep.equal([]);
  });
});
