import { expect } from "chai";
import fc from "fast-check";

import {
  contentOfManifest,
  hashOf,
  keyedHashOf,
  mergedContent,
  sameContent,
  type Content,
} from "../../../src/indexer/configuration/content.js";
import { changedKeys, differencesOf } from "../../../src/indexer/configuration/difference.js";
import { withAppliedContent } from "../../../src/indexer/configuration/restore.js";

const key: fc.Arbitrary<string> = fc.constantFrom("A", "B", "C", "D");

const content: fc.Arbitrary<Content> = fc.record({
  data: fc.dictionary(key, fc.string({ minLength: 1, maxLength: 12 })),
  binaryData: fc.constant({}),
  type: fc.constant(null),
});

function map(data: Record<string, string>): Content {
  return { data, binaryData: {}, type: null };
}

describe("what a ConfigMap or Secret holds", () => {
  it("becomes the source in the keys that are read, and stays as it is in the others", () => {
    fc.assert(
      fc.property(content, content, fc.uniqueArray(key), (present, source, keys) => {
        const { data } = mergedContent(present, source, keys);
        for (const each of ["A", "B", "C", "D"]) {
          expect(data[each]).to.equal((keys.includes(each) ? source : present).data[each]);
        }
        expect(sameContent(mergedContent(present, source, "all"), source)).to.equal(true);
        expect(sameContent(mergedContent(null, source, keys), source)).to.equal(true);
        const again = mergedContent(mergedContent(present, source, keys), source, keys);
        expect(again.data).to.deep.equal(data);
      }),
    );
  });

  it("differs in the keys whose values differ, and is the same exactly where none does", () => {
    fc.assert(
      fc.property(content, content, (before, after) => {
        const { added, removed, changed } = changedKeys(before, after);
        const all = [...added, ...removed, ...changed];
        expect(all.length === 0).to.equal(sameContent(before, after));
        expect(all.length === 0).to.equal(hashOf(before) === hashOf(after));
        expect(new Set(all).size).to.equal(all.length);
        for (const each of all) {
          expect(before.data[each]).not.to.equal(after.data[each]);
        }
      }),
    );
  });

  it("is never told of a Secret, and not of what sounds like one", () => {
    const value = "canary-4711-value";
    const told = (
      kind: "ConfigMap" | "Secret",
      name: string,
      ...values: [string, string]
    ): string =>
      JSON.stringify(
        differencesOf({ kind, name: "x" }, map({ [name]: values[0] }), map({ [name]: values[1] })),
      );
    expect(told("Secret", "LEVEL", value, "other")).not.to.match(/canary|other"/);
    expect(told("ConfigMap", "DB_PASSWORD", value, "other")).not.to.match(/canary|other"/);
    const url = `postgres://api:${value}@db/api`;
    expect(told("ConfigMap", "URL", url, "postgres://db/api")).not.to.contain("canary");
    expect(
      told("ConfigMap", "app.yaml", "a: 1\npassword: canary", "a: 1\npassword: x"),
    ).not.to.match(/canary/);
    expect(told("ConfigMap", "LEVEL", "debug", "info"))
      .to.contain('"debug"')
      .and.contain('"info"');
  });

  it("is told of a file by the first line that differs", () => {
    const [difference] = differencesOf(
      { kind: "ConfigMap", name: "files" },
      map({ "app.yaml": "a: 1\nport: 80\nb: 2\n" }),
      map({ "app.yaml": "a: 1\nport: 8080\nb: 2\n" }),
    );
    expect(difference).to.deep.equal({
      fact: "ConfigMap files, app.yaml",
      before: "line 2: port: 80",
      after: "line 2: port: 8080",
    });
  });

  it("of a Secret has another hash with each key", () => {
    const one = { ...map({ PIN: "MTIzNA==" }), type: "Opaque" };
    const [a, b] = ["a2V5LTE=", "a2V5LTI="].map((each) => keyedHashOf(one, each));
    expect(a).not.to.equal(b);
    expect(a).not.to.equal(hashOf(one));
  });

  it("is read from a manifest in one form", () => {
    const plain = contentOfManifest("Secret", {
      stringData: { A: "value" },
      data: { B: "dmFs\ndWU=" },
    });
    expect(plain).to.deep.equal({
      data: { A: "dmFsdWU=", B: "dmFsdWU=" },
      binaryData: {},
      type: "Opaque",
    });
    expect(() => contentOfManifest("ConfigMap", { data: { PORT: 80 } })).to.throw(
      TypeError,
      "data.PORT is no text",
    );
  });

  it("is remembered for the next kubectl apply as what is there now", () => {
    const applied = JSON.stringify({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "db" },
      stringData: { OLD: "x" },
    });
    const after = withAppliedContent(`${applied}\n`, { ...map({ NEW: "eQ==" }), type: "Opaque" });
    expect(after.endsWith("\n")).to.equal(true);
    expect(JSON.parse(after)).to.deep.equal({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "db" },
      data: { NEW: "eQ==" },
      type: "Opaque",
    });
    expect(withAppliedContent("no json", map({}))).to.equal("no json");
  });
});
