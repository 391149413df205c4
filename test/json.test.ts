import { expect } from "chai";
import fc from "fast-check";

import { canonicalJson } from "../src/json.js";

describe("canonical JSON", () => {
  it("is the same for the same value, in whatever order its keys were written", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const backwards = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(backwards)).to.equal(canonicalJson(value));
      }),
    );
  });

  it("says nothing but the value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const again: unknown = JSON.parse(canonicalJson(value));
        expect(JSON.stringify(sorted(again))).to.equal(JSON.stringify(sorted(value)));
      }),
    );
  });

  it("is another text for another value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const sameText = canonicalJson(a) === canonicalJson(b);
        const sameValue = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        expect(sameText).to.equal(sameValue);
      }),
    );
  });

  it("leaves out what is undefined, as JSON does", () => {
    expect(canonicalJson({ b: undefined, a: 1 })).to.equal('{"a":1}');
  });

  it("refuses a bigint instead of rounding it", () => {
    expect(() => canonicalJson({ amount: 2n ** 64n })).to.throw(TypeError);
  });
});

/** The value with its keys in order, so that JSON.stringify can compare it. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value === "object" && value !== null) {
    // Entries, not an object: keys that look like numbers would come first again.
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return { entries: entries.map(([key, field]) => [key, sorted(field)]) };
  }
  return value;
}
