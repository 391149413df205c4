import { parseEnv } from "node:util";

import { expect } from "chai";
import fc from "fast-check";

import { filesThatWin, variablesIn, withVariables } from "../../src/frontend/building/env-file.js";
import { NEW, OLD } from "./sites.js";

function changed(text: string): string {
  return withVariables(text, { VITE_MARKET: NEW }).text;
}

describe("a file with variables", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["plain", `VITE_MARKET=${OLD}\n`, `VITE_MARKET=${NEW}\n`],
    ["without a newline at the end", `A=1\nVITE_MARKET=${OLD}`, `A=1\nVITE_MARKET=${NEW}`],
    ["in double quotes", `VITE_MARKET="${OLD}"\n`, `VITE_MARKET="${NEW}"\n`],
    ["in single quotes", `VITE_MARKET='${OLD}' # live\n`, `VITE_MARKET='${NEW}' # live\n`],
    [
      "exported, with spaces",
      `export  VITE_MARKET = ${OLD}  # market\n`,
      `export  VITE_MARKET = ${NEW}  # market\n`,
    ],
    ["indented", `\n  VITE_MARKET=${OLD}\n`, `\n  VITE_MARKET=${NEW}\n`],
    ["with a colon", `VITE_MARKET: ${OLD}\n`, `VITE_MARKET: ${NEW}\n`],
    ["empty", "VITE_MARKET=\nB=2\n", `VITE_MARKET=${NEW}\nB=2\n`],
    ["a reference", "VITE_MARKET=$OTHER\n", `VITE_MARKET=${NEW}\n`],
    ["behind a byte order mark", `\uFEFFVITE_MARKET=${OLD}\n`, `\uFEFFVITE_MARKET=${NEW}\n`],
    [
      "with carriage returns",
      `A=1\r\nVITE_MARKET=${OLD}\r\nB=2\r\n`,
      `A=1\r\nVITE_MARKET=${NEW}\r\nB=2\r\n`,
    ],
    [
      "several times",
      `VITE_MARKET=${OLD}\nA=1\nVITE_MARKET="0x0"\n`,
      `VITE_MARKET=${NEW}\nA=1\nVITE_MARKET="${NEW}"\n`,
    ],
    [
      "only in a comment",
      `# VITE_MARKET=${OLD}\nA=1\n`,
      `# VITE_MARKET=${OLD}\nA=1\nVITE_MARKET=${NEW}\n`,
    ],
    ["as a part of another name", `VITE_MARKET_V2=1`, `VITE_MARKET_V2=1\nVITE_MARKET=${NEW}\n`],
    ["not in an empty file", "", `VITE_MARKET=${NEW}\n`],
    ["not, with carriage returns", "A=1\r\n", `A=1\r\nVITE_MARKET=${NEW}\r\n`],
    [
      "inside a value of several lines",
      `KEY="begin\nVITE_MARKET=${OLD}\nend"\n`,
      `KEY="begin\nVITE_MARKET=${OLD}\nend"\nVITE_MARKET=${NEW}\n`,
    ],
    [
      "after a quote that is never closed",
      `KEY="begin\nVITE_MARKET="${OLD}"\n`,
      `KEY="begin\nVITE_MARKET="${NEW}"\n`,
    ],
  ];
  for (const [name, before, after] of cases) {
    it(`has a variable that stands there ${name}`, () => {
      expect(changed(before)).to.equal(after);
      expect(changed(after)).to.equal(after);
      expect(variablesIn(after).get("VITE_MARKET")).to.equal(NEW);
    });
  }

  it("says what it had before, and what is done", () => {
    const text = `A=${OLD}\nA=2\nB=${NEW}\n`;
    expect(withVariables(text, { A: NEW, B: NEW, C: "5" }).changes).to.deep.equal([
      { variable: "A", how: "replaced", before: "2", occurrences: 2 },
      { variable: "B", how: "kept", before: NEW, occurrences: 1 },
      { variable: "C", how: "appended", before: null, occurrences: 0 },
    ]);
  });

  it("takes no value that would need quotes", () => {
    expect(() => withVariables("", { A: "a b" })).to.throw(TypeError);
  });

  it("is read by Node as it is meant, and all else in it stays as it is", () => {
    const name = fc.constantFrom("A", "B_1", "VITE_MARKET", "VITE_MARKET_OLD");
    const value = fc.constantFrom("1", OLD, `"${OLD}"`, "'two words'", '"#"', "x # y", '"1\n2"');
    const line = fc.oneof(
      fc.tuple(name, value).map(([key, text]) => `${key}=${text}`),
      fc.tuple(name, value).map(([key, text]) => `export ${key}=${text}`),
      // Node 24 takes "export" of an empty one for a part of its name.
      name.map((key) => `${key}=`),
      fc.constantFrom("", "# VITE_MARKET=1", "  ", "nonsense"),
    );
    fc.assert(
      fc.property(fc.array(line), fc.boolean(), (lines, ends) => {
        const before = lines.join("\n") + (ends ? "\n" : "");
        const after = changed(before);
        const { VITE_MARKET: market, ...rest } = parseEnv(after);
        const others = { ...parseEnv(before) };
        delete others.VITE_MARKET;
        expect(market).to.equal(NEW);
        expect(rest).to.deep.equal(others);
        expect(Object.fromEntries(variablesIn(before))).to.deep.equal(parseEnv(before));
        expect(changed(after)).to.equal(after);
      }),
    );
  });

  it("knows which files go over it", () => {
    expect(filesThatWin(".env.production")).to.deep.equal([".env.production.local", ".env.local"]);
    expect(filesThatWin("web/.env")).to.deep.equal([
      "web/.env.local",
      "web/.env.production",
      "web/.env.production.local",
    ]);
    expect(filesThatWin(".env.production.local")).to.deep.equal([]);
    expect(filesThatWin("settings.ini")).to.deep.equal([]);
  });
});
