import * as zlib from "node:zlib";

import { expect } from "chai";
import fc from "fast-check";

import { EmergencyError, type ErrorCode } from "../../src/errors.js";
import { isRecord } from "../../src/json.js";
import { changeConfig, contentAt } from "../../src/frontend/runtime-config/change.js";
import { repointConfig } from "../../src/frontend/runtime-config/repoint-config.js";
import { NEW, OLD, hexDigest, siteOf, textIn } from "./sites.js";

function addressAt(file: string, text: string, path: string, from = OLD): string {
  const wish = { kind: "address", path, from, to: NEW } as const;
  return changeConfig(file, Buffer.from(text), [wish]).bytes.toString("utf8");
}

function refusal(run: () => unknown, code: ErrorCode): EmergencyError {
  try {
    run();
  } catch (error) {
    if (error instanceof EmergencyError) {
      expect(error.code, error.message).to.equal(code);
      return error;
    }
    throw error;
  }
  throw new Error("it was not refused");
}

const lower = (address: string): string => address.toLowerCase();

describe("a runtime configuration", () => {
  describe("in JSON", () => {
    const text = `\uFEFF{\r\n\t"name" : "Märkte \\" {",\r\n\t"b.c": {"d": [ {}, {"market":"${lower(OLD)}" } ]},\r\n "chainId":1, "block":"0x10"\r\n}`;

    it("changes at a path, and nowhere else, in the spelling that it has", () => {
      for (const path of ["b.c.d[1].market", "b.c.d.1.market", '["b.c"].d[1].market']) {
        expect(addressAt("config.json", text, path)).to.equal(text.replace(lower(OLD), lower(NEW)));
      }
      const upper = `{"a":"0X${OLD.slice(2).toUpperCase()}","b":"${OLD.slice(2)}"}`;
      expect(addressAt("c.json", upper, "a")).to.contain(`"0X${NEW.slice(2).toUpperCase()}"`);
      expect(addressAt("c.json", upper, "b")).to.contain(`"b":"${NEW.slice(2)}"`);
    });

    it("takes numbers in the form that they have", () => {
      const wishes = [
        { kind: "number", path: "chainId", to: 10 },
        { kind: "number", path: "block", to: 255 },
      ] as const;
      const { bytes, changes } = changeConfig("config.json", Buffer.from(text), wishes);
      expect(bytes.toString("utf8")).to.equal(
        text.replace('"chainId":1', '"chainId":10').replace("0x10", "0xff"),
      );
      expect(changes).to.deep.equal([
        { path: "chainId", before: "1", after: "10" },
        { path: "block", before: "0x10", after: "0xff" },
      ]);
    });

    it("stays as it is when it is so already", () => {
      const wish = { kind: "address", path: "a", from: OLD, to: NEW } as const;
      const bytes = Buffer.from(`{"a":"${NEW}"}`);
      expect(changeConfig("config.json", bytes, [wish])).to.deep.equal({ bytes, changes: [] });
    });

    const refused: readonly (readonly [string, string, string, string])[] = [
      ["nothing is at the path", `{"contracts":{"market":"${OLD}"}}`, "market", "contracts.market"],
      ["something else is there", `{"market":"${NEW.replace("B", "C")}"}`, "market", "--replaces"],
      ["an object is there", '{"market":{"address":1}}', "market", '{"address":1}'],
      ["the name is there twice", `{"market":"${OLD}","market":"${OLD}"}`, "market", "2 values"],
      ["it is no JSON", `{"market":"${OLD}",}`, "market", "no JSON"],
      ["it has comments", `{/* live */"market":"${OLD}"}`, "market", "no JSON"],
      ["it is no address", '{"market":"eip155:1:0x12"}', "market", "eip155:1:0x12"],
      ["it is no text", "\0\0", "market", "no text"],
    ];
    for (const [why, content, path, named] of refused) {
      it(`is not changed when ${why}`, () => {
        const error = refusal(() => addressAt("config.json", content, path), "CANNOT_REPOINT");
        expect(error.message).to.contain(named).and.to.contain("--by bundle");
      });
    }

    it("holds the new value, and all else as before, whatever it holds and however it is written", () => {
      const places = fc.tuple(fc.jsonValue(), fc.constantFrom(0, 1, 2, "\t"));
      fc.assert(
        fc.property(places, fc.string(), ([around, indent], key) => {
          fc.pre(key !== "" && !/[[\].]/.test(key) && key !== "__proto__");
          const value = { around, list: [around, { [key]: OLD }] };
          const before = JSON.stringify(value, null, indent);
          const after = addressAt("config.json", before, `list[1].${key}`);
          expect(JSON.parse(after)).to.deep.equal(
            JSON.parse(JSON.stringify({ around, list: [around, { [key]: NEW }] })),
          );
          expect(after.length).to.equal(before.length);
        }),
      );
    });
  });

  describe("in a script", () => {
    const scripts: readonly (readonly [string, string, string])[] = [
      ["an object", `window.__CONFIG__ = { market: "${OLD}", };`, "market"],
      ["quoted names", `window["env"]={'contracts':{"market":'${OLD}'}}`, "contracts.market"],
      ["the variable's name", `var a = {market:"0x1"};\nconst b = {market:"${OLD}"}`, "b.market"],
      [
        "assignments",
        `(function(w){w["env"]=w["env"]||{};w.env.MARKET="${OLD}";})(this)`,
        "MARKET",
      ],
      ["lines without semicolons", `window.A = 1\nwindow.MARKET = \`${OLD}\`\nrun()`, "MARKET"],
      ["a frozen object", `self.c = Object.freeze({ market: "${OLD}", n: 1 });`, "market"],
      ["a module", `export default { market: "${OLD}" }`, "market"],
      [
        "comments",
        `// market: "x"\nwindow.c={/* market:"x" */a:/["'{]/,market:"${OLD}"}`,
        "market",
      ],
      [
        "other values",
        `window.c={f(){return {market:1}},g:()=>({}),h:-1,market:"${OLD}"}`,
        "market",
      ],
      [
        "lists",
        `window.c={networks:[{id:1,market:"0x1"},{market:"${OLD}"}]}`,
        "networks[1].market",
      ],
    ];
    for (const [name, text, path] of scripts) {
      it(`changes where it stands in ${name}`, () => {
        expect(addressAt("env.js", text, path)).to.equal(text.replace(OLD, NEW));
      });
    }

    const refused: readonly (readonly [string, string])[] = [
      ["is worked out", `window.c={market:"0x"+"${OLD.slice(2)}"}`],
      ["is in a template", `window.c={market:\`\${x}${OLD}\`}`],
      ["is in a comment", `// window.c={market:"${OLD}"}`],
      ["is there twice", `window.a={market:"${OLD}"};window.b={market:"${OLD}"}`],
      ["is compared", `if (window.market == "${OLD}") {}`],
      ["is in a text", `window.c={a:"market: '${OLD}'"}`],
    ];
    for (const [why, text] of refused) {
      it(`is not changed when the address ${why}`, () => {
        refusal(() => addressAt("config.js", text, "market"), "CANNOT_REPOINT");
      });
    }

    it("never throws, and never changes anything but the value", () => {
      const part = fc.constantFrom(
        ..."{ } [ ] ( ) , ; : = . / \" ' ` \n \\ market window c + - 1 // /* */ =>".split(" "),
        `"${OLD}"`,
        `market:"${OLD}"`,
        `window.c={market:"${OLD}"}`,
      );
      fc.assert(
        fc.property(fc.array(part), (parts) => {
          const text = parts.join("");
          const content = contentAt("config.js", Buffer.from(text), "market");
          if (content === OLD) {
            expect(addressAt("config.js", text, "market").split(NEW)).to.have.length(2);
          }
        }),
      );
    });
  });

  describe("of a site", () => {
    const content = `{"market":"${OLD}","chainId":1,"start":5}\n`;
    const config = {
      file: "config.json",
      contracts: { market: "market" },
      chainId: "chainId",
      startBlock: { market: "start" },
    };
    const files = siteOf({
      "index.html": "<!doctype html>",
      "config.json": content,
      "config.json.gz": zlib.gzipSync(content),
      "sw.js": `precacheAndRoute([{"url":"config.json","revision":"${hexDigest(content, "md5")}"}]);`,
    });
    const change = { contract: "market", from: OLD, to: NEW, chainId: 10, startBlock: 99 };

    it("takes its compressed copies and its digests along", () => {
      const { changed, changes } = repointConfig(config, files, change);
      const after = `{"market":"${NEW}","chainId":10,"start":99}\n`;
      expect(textIn(changed.files, "config.json")).to.equal(after);
      const copy = changed.files.get("config.json.gz") ?? Buffer.alloc(0);
      expect(zlib.gunzipSync(copy).toString()).to.equal(after);
      expect(textIn(changed.files, "sw.js")).to.contain(hexDigest(after, "md5"));
      expect(changed.changed).to.deep.equal(["config.json", "sw.js"]);
      expect(changes).to.have.length(3);
    });

    it("is not enough when other files, or other places in it, hold the old address", () => {
      const others: readonly Readonly<Record<string, string | Buffer>>[] = [
        { "assets/index-DkR2c9Pa.js": `const m="${lower(OLD)}"` },
        { "config.json": content.replace("{", `{"legacy":"${OLD}",`) },
        { "assets/old.js.br": zlib.brotliCompressSync(OLD) },
      ];
      for (const other of others) {
        const both = new Map([...files, ...siteOf(other)]);
        const error = refusal(() => repointConfig(config, both, change), "OLD_ADDRESS");
        expect(error.what).to.contain(Object.keys(other)[0]);
      }
    });
  });

  it("is JSON that other programs read", () => {
    const value: unknown = JSON.parse(addressAt("c.json", `{"a":{"b":"${OLD}"}}`, "a.b"));
    expect(isRecord(value) && isRecord(value.a) ? value.a.b : undefined).to.equal(NEW);
  });
});
