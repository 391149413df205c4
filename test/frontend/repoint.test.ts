import * as zlib from "node:zlib";

import { expect } from "chai";
import fc from "fast-check";

import { addressSearch, spellingsOf } from "../../src/frontend/address-search.js";
import { hashedName, newToken } from "../../src/frontend/hashed-name.js";
import { problemsOf } from "../../src/frontend/references.js";
import { repointFiles, repointKept } from "../../src/frontend/repoint.js";
import type { SiteFiles } from "../../src/frontend/site-files.js";
import { EmergencyError } from "../../src/errors.js";
import {
  NEW,
  OLD,
  hexDigest,
  integrityOf,
  siteOf,
  textIn,
  viteSite,
  webpackSite,
} from "./sites.js";

/** Every text of a site in one. */
function allText(files: SiteFiles): string {
  return [...files.values()].map((bytes) => bytes.toString("latin1")).join("\n");
}

function refusal(run: () => unknown): EmergencyError {
  try {
    run();
  } catch (error) {
    if (error instanceof EmergencyError) {
      return error;
    }
    throw error;
  }
  throw new Error("it was not refused");
}

function only(paths: Iterable<string>, pattern: RegExp): string {
  const found = [...paths].filter((path) => pattern.test(path));
  expect(found, String(pattern)).to.have.length(1);
  return found[0] ?? "";
}

describe("repointing a built site", () => {
  describe("of Vite", () => {
    const before = viteSite(OLD);
    const { files, renamed, kept, changed } = repointFiles(before, OLD, NEW);

    it("leaves the old address nowhere, and the new one in the same spellings", () => {
      expect(allText(files).toLowerCase()).not.to.contain(OLD.slice(2).toLowerCase());
      const index = textIn(files, only(files.keys(), /index-.*\.js$/));
      expect(index).to.contain(`a="${NEW}"`).and.to.contain(`market:"${NEW.toLowerCase()}"`);
      expect(textIn(files, only(files.keys(), /Market-.*\.js$/))).to.contain(`"${NEW.slice(2)}"`);
      expect(textIn(files, only(files.keys(), /index-.*\.map$/))).to.contain(NEW);
      expect(textIn(files, "config.json")).to.contain(NEW);
    });

    it("gives every file with a hash in its name that changes another one, and no other file", () => {
      expect([...renamed.keys()].sort()).to.deep.equal([
        "assets/Market-Cq1xW_3t.js",
        "assets/Market-Cq1xW_3t.js.map",
        "assets/index-DkR2c9Pa.js",
        "assets/index-DkR2c9Pa.js.br",
        "assets/index-DkR2c9Pa.js.gz",
        "assets/index-DkR2c9Pa.js.map",
      ]);
      expect(changed).not.to.include("robots.txt");
      expect(files.has("assets/vendor-BqL3vT0x.js")).to.equal(true);
    });

    it("names the new files wherever the old ones were named", () => {
      expect(allText(files)).not.to.contain("DkR2c9Pa").and.not.to.contain("Cq1xW_3t");
      expect(problemsOf(files)).to.deep.equal([]);
      const script = renamed.get("assets/index-DkR2c9Pa.js") ?? "";
      for (const path of ["index.html", "sw.js", ".vite/manifest.json"]) {
        expect(textIn(files, path), path).to.contain(script);
      }
      expect(textIn(files, script)).to.contain(`${script.slice("assets/".length)}.map`);
    });

    it("makes digests and precompressed copies anew", () => {
      const script = renamed.get("assets/index-DkR2c9Pa.js") ?? "";
      const bytes = files.get(script) ?? Buffer.alloc(0);
      const html = textIn(files, "index.html");
      expect(html).to.contain(integrityOf(bytes));
      expect(html).to.contain(integrityOf(`window.market="${NEW.toLowerCase()}"`, "sha256"));
      expect(html).to.contain("Märkte");
      const worker = textIn(files, "sw.js");
      expect(worker).to.contain(hexDigest(html, "md5"));
      expect(worker).to.contain(hexDigest(textIn(files, "config.json"), "md5"));
      expect(zlib.gunzipSync(files.get(`${script}.gz`) ?? "")).to.deep.equal(bytes);
      expect(zlib.brotliDecompressSync(files.get(`${script}.br`) ?? "")).to.deep.equal(bytes);
      expect(zlib.gunzipSync(files.get("index.html.gz") ?? "").toString()).to.equal(html);
    });

    it("moves no byte: lengths, and so the places in source maps, stay", () => {
      for (const [path, bytes] of before) {
        if (!/\.(gz|br)$/.test(path)) {
          expect(files.get(renamed.get(path) ?? path)?.length, path).to.equal(bytes.length);
        }
      }
    });

    it("keeps the old names for open pages, with the new address", () => {
      expect([...kept.keys()].sort()).to.deep.equal([...renamed.keys()].sort());
      const old = textIn(kept, "assets/index-DkR2c9Pa.js");
      expect(old).to.contain(NEW).and.to.contain("Market-Cq1xW_3t.js");
      expect(zlib.gunzipSync(kept.get("assets/index-DkR2c9Pa.js.gz") ?? "").toString()).to.equal(
        old,
      );
    });

    it("goes there and back: nothing is lost, and no name is used twice", () => {
      const back = repointFiles(files, NEW, OLD);
      expect(problemsOf(back.files)).to.deep.equal([]);
      expect(textIn(back.files, "config.json")).to.equal(textIn(before, "config.json"));
      for (const path of back.renamed.values()) {
        expect(files.has(path), path).to.equal(false);
      }
    });
  });

  it("of webpack changes the tables of its runtime, and what follows from that", () => {
    const before = webpackSite(OLD);
    const { files, renamed } = repointFiles(before, OLD, NEW);
    expect(allText(files)).not.to.contain("8e7d6c5b4a39").and.not.to.contain("a1b2c3d4e5f6");
    expect(allText(files).toLowerCase()).not.to.contain(OLD.slice(2).toLowerCase());
    const chunk = renamed.get("static/js/179.8e7d6c5b4a39.chunk.js") ?? "";
    const runtime = renamed.get("static/js/runtime.a1b2c3d4e5f6.js") ?? "";
    expect(textIn(files, chunk)).to.contain(`0x${NEW.slice(2).toUpperCase()}`);
    const token = hashedName(chunk)?.token ?? "";
    expect(textIn(files, runtime)).to.contain(`179:"${token}"`).and.to.contain('77:"0123abcd4567"');
    expect(textIn(files, runtime)).to.contain(integrityOf(files.get(chunk) ?? ""));
    expect(textIn(files, "index.html")).to.contain(integrityOf(files.get(runtime) ?? ""));
    expect(problemsOf(files)).to.deep.equal([]);
  });

  describe("is refused, naming file and offset, when the old address stands", () => {
    const digits = OLD.slice(2);
    const percent = `0x${digits}`.replace(/./g, (c) => `%${c.charCodeAt(0).toString(16)}`);
    const swapped = digits.replace(/[a-zA-Z]/g, (c) =>
      c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase(),
    );
    const cases: readonly (readonly [string, string | Buffer])[] = [
      ["inside a longer number", `x="0x${"0".repeat(24)}${digits.toLowerCase()}"`],
      ["in two pieces", `x="0x${digits.slice(0, 20)}"+"${digits.slice(20)}"`],
      [
        "in three pieces",
        `x=["${digits.slice(0, 13)}","${digits.slice(13, 26)}","${digits.slice(26)}"]`,
      ],
      ["percent-encoded", `x="${percent}"`],
      ["as a JavaScript escape", `x="0x\\x${digits.charCodeAt(0).toString(16)}${digits.slice(1)}"`],
      ["in base64", `x=atob("${Buffer.from(`{"a":"${OLD}"}`).toString("base64")}")`],
      ["in base64, one byte on", `x=atob("${Buffer.from(`{"ab":"${OLD}"}`).toString("base64")}")`],
      ["as raw bytes in base64", `x="${Buffer.from(`aa${digits}bb`, "hex").toString("base64")}"`],
      ["as a list of bytes", `x=[${[...Buffer.from(digits, "hex")].join(", ")}]`],
      ["as a decimal number", `x=${BigInt(OLD)}n`],
      ["with other capitals", `x="0x${swapped}"`],
      ["in a binary file", Buffer.concat([Buffer.from([0, 1, 2, 0]), Buffer.from(OLD)])],
      ["as raw bytes", Buffer.concat([Buffer.from([0, 1]), Buffer.from(digits, "hex")])],
    ];
    for (const [title, content] of cases) {
      it(title, () => {
        const site = siteOf({ "index.html": `<p>${OLD}`, "app.js": content });
        const error = refusal(() => repointFiles(site, OLD, NEW));
        expect(error.code).to.equal("CANNOT_REPOINT");
        expect(error.what).to.match(/app\.js, offset \d+/);
      });
    }

    it("in a file's name", () => {
      const site = siteOf({ "index.html": OLD, [`tokens/${OLD}.png`]: "x" });
      expect(refusal(() => repointFiles(site, OLD, NEW)).what).to.contain("in the file's name");
    });

    it("in a compressed file without its original, or that is no copy of it", () => {
      const alone = siteOf({ "index.html": OLD, "data.json.gz": zlib.gzipSync(OLD) });
      expect(refusal(() => repointFiles(alone, OLD, NEW)).what).to.contain("data.json.gz");
      const other = siteOf({
        "index.html": OLD,
        "a.js": "1",
        "a.js.br": zlib.brotliCompressSync(OLD),
      });
      expect(refusal(() => repointFiles(other, OLD, NEW)).what).to.contain("a.js.br");
    });
  });

  it("is refused when the old address is nowhere", () => {
    const error = refusal(() => repointFiles(siteOf({ "index.html": NEW }), OLD, NEW));
    expect(error.code).to.equal("OLD_ADDRESS_NOT_FOUND");
  });

  it("drops what is kept for open pages when it holds the address in a form of its own", () => {
    const kept = siteOf({
      "a-DkR2c9Pa.js": `x="${OLD}"`,
      "b-BqL3vT0x.js": `x="${OLD.slice(0, 20)}"+"${OLD.slice(20)}"`,
      "c-Cq1xW_3t.js": "1",
    });
    const result = repointKept(kept, OLD, NEW);
    expect([...result.keys()]).to.deep.equal(["a-DkR2c9Pa.js", "c-Cq1xW_3t.js"]);
    expect(textIn(result, "a-DkR2c9Pa.js")).to.equal(`x="${NEW}"`);
  });
});

/** How a generated file refers to others. */
interface Shape {
  readonly holds: boolean;
  readonly hashed: boolean;
  readonly imports: readonly number[];
  readonly style: "vite" | "webpack";
  readonly packed: boolean;
}

const shape = fc.record<Shape>({
  holds: fc.boolean(),
  hashed: fc.boolean(),
  imports: fc.array(fc.nat({ max: 11 }), { maxLength: 4 }),
  style: fc.constantFrom("vite", "webpack"),
  packed: fc.boolean(),
});

function nameOf({ hashed, style }: Shape, index: number): string {
  const number = String(index).padStart(2, "0");
  const token = style === "vite" ? `-Qx${number}_zW9` : `.${number}ab34cd`;
  return hashed ? `assets/m${index}${token}.js` : `assets/m${index}.js`;
}

/** Scripts that import each other, in circles too, and a page with the integrity of each. */
function generatedSite(shapes: readonly Shape[]): SiteFiles {
  const names = shapes.map(nameOf);
  const files: Record<string, string | Buffer> = {};
  const tags = shapes.map((one, index) => {
    const imports = one.imports
      .map((target) => names[target % names.length] ?? "")
      .map((name) => `import"./${name.slice("assets/".length)}";`);
    const text = `${imports.join("")}export const a="${one.holds ? OLD : "none"}",i=${index};`;
    const name = names[index] ?? "";
    files[name] = text;
    if (one.packed) {
      files[`${name}.gz`] = zlib.gzipSync(text);
    }
    return `<script type="module" src="./${name}" integrity="${integrityOf(text)}"></script>`;
  });
  const page = `<!doctype html>${tags.join("")}<p>${OLD}</p>`;
  files["index.html"] = page;
  files["sw.js"] = JSON.stringify([{ url: "index.html", revision: hexDigest(page, "sha1") }]);
  return siteOf(files);
}

describe("repointing any site", () => {
  it("leaves it whole, whoever imports whom, and changes only what follows from the address", () => {
    fc.assert(
      fc.property(fc.array(shape, { minLength: 1, maxLength: 12 }), (shapes) => {
        const before = generatedSite(shapes);
        const { files, renamed, kept } = repointFiles(before, OLD, NEW);
        expect(problemsOf(before)).to.deep.equal([]);
        expect(problemsOf(files)).to.deep.equal([]);
        expect(allText(files)).not.to.contain(OLD);
        expect(files.size).to.equal(before.size);
        expect(textIn(files, "sw.js")).to.contain(hexDigest(files.get("index.html") ?? "", "sha1"));

        // Who holds the address, or imports by a hashed name somebody who changes, changes.
        const changes = shapes.map(({ holds }) => holds);
        shapes.forEach(() => {
          for (const [index, { imports }] of shapes.entries()) {
            const targets = imports.map((target) => target % shapes.length);
            changes[index] ||= targets.some(
              (target) => changes[target] === true && shapes[target]?.hashed === true,
            );
          }
        });
        for (const [index, one] of shapes.entries()) {
          const name = nameOf(one, index);
          const fresh = renamed.get(name);
          expect(fresh !== undefined, name).to.equal(one.hashed && changes[index] === true);
          expect(kept.has(name)).to.equal(fresh !== undefined);
          const bytes = files.get(fresh ?? name) ?? Buffer.alloc(0);
          expect(bytes.equals(before.get(name) ?? Buffer.alloc(0))).to.equal(
            changes[index] !== true,
          );
          if (one.packed) {
            expect(zlib.gunzipSync(files.get(`${fresh ?? name}.gz`) ?? "").equals(bytes)).to.be
              .true;
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("a search for an address", () => {
  it("finds every spelling at its offset, and nothing in ordinary text", () => {
    const search = addressSearch(OLD);
    const { checksum, lower, upper } = spellingsOf(OLD);
    const text = `"0x${checksum}",${lower},0X${upper};`;
    expect(search.in(Buffer.from(text))).to.deep.equal({
      plain: [
        { offset: 3, spelling: "checksum" },
        { offset: 45, spelling: "lower" },
        { offset: 88, spelling: "upper" },
      ],
      unexplained: [],
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(search.in(Buffer.from(bytes))).to.deep.equal({ plain: [], unexplained: [] });
      }),
    );
  });

  it("finds an address wherever base64 puts it", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom("checksum", "lower", "upper", "raw"),
        fc.boolean(),
        (before, after, form, url) => {
          const spellings = spellingsOf(OLD);
          const content =
            form === "raw"
              ? Buffer.from(spellings.lower, "hex")
              : Buffer.from(
                  form === "lower"
                    ? spellings.lower
                    : form === "upper"
                      ? spellings.upper
                      : spellings.checksum,
                );
          const encoded = Buffer.concat([before, content, after]).toString(
            url ? "base64url" : "base64",
          );
          expect(addressSearch(OLD).in(Buffer.from(encoded)).unexplained).not.to.deep.equal([]);
        },
      ),
    );
  });
});

describe("a hash in a name", () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ["assets/index-DkR2c9Pa.js", "DkR2c9Pa"],
    ["assets/Market-Cq1xW_3t.js.map", "Cq1xW_3t"],
    ["assets/a-B-x9fkQz.css", "B-x9fkQz"],
    ["static/js/main.3f2a1b9c.js", "3f2a1b9c"],
    ["static/js/main.3f2a1b9c.js.LICENSE.txt", "3f2a1b9c"],
    ["static/js/179.8e7d6c5b4a39.chunk.js.gz", "8e7d6c5b4a39"],
    ["_next/static/chunks/pages/_app-1a2b3c4d5e6f7a8b.js", "1a2b3c4d5e6f7a8b"],
    ["static/js/runtime.a1b2c3d4e5f6.js", "a1b2c3d4e5f6"],
    ["chunk-ABCD2345.js", "ABCD2345"],
    ["3f2a1b9c.js", "3f2a1b9c"],
    ["index.html", undefined],
    ["service-worker.js", undefined],
    ["app-settings.json", undefined],
    ["apple-touch-icon.png", undefined],
    ["report-20240115.json", undefined],
    ["jquery-3.7.1.min.js", undefined],
    ["favicon.ico", undefined],
  ];
  for (const [path, token] of cases) {
    it(`of ${path} is ${token ?? "none"}`, () => {
      expect(hashedName(path)?.token).to.equal(token);
    });
  }

  it("is replaced by one of the same form", () => {
    const tokens = fc.constantFrom("DkR2c9Pa", "B-x9fkQz", "3f2a1b9c", "8e7d6c5b4a39", "ABCD2345");
    fc.assert(
      fc.property(tokens, fc.string(), (token, seed) => {
        const fresh = newToken(token, seed, new Set([token]));
        expect(fresh).to.have.length(token.length).and.not.to.equal(token);
        expect(hashedName(`a-${fresh}.js`)?.token).to.equal(fresh);
        if (/^[0-9a-f]+$/.test(token)) {
          expect(fresh).to.match(/^[0-9a-f]+$/);
        }
      }),
    );
  });
});
