import { expect } from "chai";

import { parseManifests } from "../../../src/indexer/configuration/manifests.js";
import { expectRejection } from "../../helpers/refusal.js";

describe("manifests", () => {
  it("are read as YAML or JSON, several in a text, and lists taken apart", async () => {
    const text = `
apiVersion: v1
kind: ConfigMap
metadata: { name: env }
data:
  LEVEL: info
  FILE: |
    a: 1
---
---
{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"A": "1"}}
]}
`;
    const objects = await parseManifests("config.yaml", text);
    expect(objects.map(({ kind }) => kind)).to.deep.equal(["ConfigMap", "Secret"]);
    expect(objects[0]?.data).to.deep.equal({ LEVEL: "info", FILE: "a: 1\n" });
  });

  const canary = "canary-31337";
  const broken: readonly (readonly [what: string, text: string, says: RegExp])[] = [
    ["what is no YAML", `a: b: ${canary}`, /BLOCK_AS_IMPLICIT_KEY in line 1/],
    ["a key twice", `kind: A\nkind: ${canary}`, /DUPLICATE_KEY/],
    ["what is no object", canary, /no object/],
    ["a value that kubectl takes for true", "kind: ConfigMap\ndata:\n  A: yes", /YAML 1\.1/],
    ["a key that kubectl takes for true", 'kind: Secret\ndata:\n  on: "1"', /YAML 1\.1/],
    ["an alias of nothing", `a: *${canary}`, /alias/],
  ];
  for (const [what, text, says] of broken) {
    it(`with ${what} are refused, without a word of what is in them`, async () => {
      const error = await expectRejection(parseManifests("x.yaml", text), "BAD_CONFIGURATION");
      expect(error.what).to.match(says);
      expect(
        `${error.message} ${error.cause instanceof Error ? error.cause.message : ""}`,
      ).not.to.contain(canary);
    });
  }
});
