import { expect } from "chai";
import fc from "fast-check";

import { valuesIn, withValues } from "../../../src/indexer/repoint/file.js";
import { expectRejection } from "../../helpers/refusal.js";

const OLD = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const NEW = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";

describe("A file in a ConfigMap", () => {
  it("in YAML keeps comments, anchors, order and quotes", async () => {
    const text = `# what is followed\ndefaults: &d { network: mainnet }\nvault:\n  <<: *d\n  address: ${OLD} # plain\n  start: 21\n  "old": ~\n  end:\nlong: >-\n  two\n  lines\n`;
    const changed = await withValues("f", "yaml", text, [
      { path: "vault.address", value: NEW },
      { path: "vault.start", value: "52" },
      { path: "vault.old", value: OLD },
    ]);
    expect(changed).to.equal(
      text.replace(OLD, NEW).replace("start: 21", "start: 52").replace("~", `"${OLD}"`),
    );
    expect(await valuesIn("f", "yaml", changed, ["vault.address", "vault.old"])).to.deep.equal([
      NEW,
      OLD,
    ]);
    const ended = await withValues("f", "yaml", changed, [{ path: "vault.end", value: "62" }]);
    expect(await valuesIn("f", "yaml", ended, ["vault.end", "vault.nothing"])).to.deep.equal([
      "62",
      null,
    ]);
    expect(ended).to.contain("# plain").and.to.contain("<<: *d");
  });

  it("in JSON keeps its spaces, and gets new values where they are configured", async () => {
    const text = `{\n    "vault" :{"address":"${OLD}","start":21},\n    "big": 12345678901234567890\n}\n`;
    const changed = await withValues("f", "json", text, [
      { path: 'vault["address"]', value: NEW },
      { path: "vault.start", value: "52" },
    ]);
    expect(changed).to.equal(text.replace(OLD, NEW).replace("21", "52"));
    const added = await withValues("f", "json", `{\n  "vault": {}\n}\n`, [
      { path: "vault.previous.address", value: OLD },
      { path: "vault.previous.start", value: "21" },
    ]);
    expect(added).to.equal(
      `${JSON.stringify({ vault: { previous: { address: OLD, start: 21 } } }, null, 2)}\n`,
    );
  });

  it("of variables keeps all other lines", async () => {
    const text = `# market\nexport VAULT="${OLD}" # the vault\nSTART = 21\r\nEMPTY=\nVAULT_2='x'\n`;
    const changed = await withValues("f", "env", text, [
      { path: "VAULT", value: NEW },
      { path: "START", value: "52" },
      { path: "EMPTY", value: OLD },
      { path: "ADDED", value: "1" },
    ]);
    expect(changed).to.equal(
      `${text.replace(OLD, NEW).replace("21", "52").replace("EMPTY=", `EMPTY=${OLD}`)}ADDED=1\n`,
    );
  });

  it("is refused where it is something else, without its content in the words", async () => {
    const secret = "a-secret-value";
    for (const [format, text] of [
      ["json", `{ "vault": ${secret} }`],
      ["yaml", `vault: [${secret}\n`],
      ["yaml", `a: 1\n---\nvault: ${secret}\n`],
      ["yaml", `vault: { deep: ${secret} }\n`],
    ] as const) {
      const { message } = await expectRejection(
        withValues("f", format, text, [{ path: "vault", value: NEW }]),
        "CANNOT_REPOINT",
      );
      expect(message).not.to.contain(secret);
    }
  });

  it("has the new values and all others as they were, whatever it holds", async () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
    const object = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), value);
    await fc.assert(
      fc.asyncProperty(
        object,
        fc.constantFrom<[string | number | undefined]>([undefined], [2], ["\t"]),
        async (rest, [indent]) => {
          const before = { ...rest, VAULT: { address: OLD, start: 21 } };
          const text = JSON.stringify(before, null, indent);
          const changes = [
            { path: "VAULT.address", value: NEW },
            { path: "VAULT.start", value: "52" },
          ];
          for (const format of ["json", "yaml"] as const) {
            const changed = await withValues("f", format, text, changes);
            expect(changed).to.equal(
              JSON.stringify({ ...rest, VAULT: { address: NEW, start: 52 } }, null, indent),
            );
          }
        },
      ),
      { seed: 3, numRuns: 100 },
    );
  });
});
