import { readFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";

import type { Address } from "../../src/chain/address.js";
import { admin, owner, pauser } from "../helpers/accounts.js";
import { useChain } from "../helpers/chain.js";
import { deploy, deployTransparent } from "../helpers/contracts.js";
import { onlyDocument } from "../helpers/refusal.js";
import { repository } from "../helpers/repository.js";
import { examinationDocument, shapes } from "./examination-schema.js";

const page = readFile(path.join(repository, "docs", "verify-pausable.md"), "utf8");

describe("the documented form of what an examination found", () => {
  let market: Address;
  let lying: Address;
  let plain: Address;
  const chain = useChain(async (node) => {
    const people = [owner.address, admin.address, pauser.address];
    market = (await deployTransparent(node, "Marketplace", "initialize", people, admin)).proxy;
    lying = await deploy(node, "PauseDoesNothing", [owner.address]);
    plain = await deploy(node, "LeakyPause", [owner.address]);
    await node.request("hardhat_setBalance", plain, "0xde0b6b3a7640000");
  });

  it("lists every field with its type, and says what each means", async () => {
    const text = await page;
    for (const [shape, fields] of Object.entries(shapes)) {
      const [, section = ""] = text.split(`\n### ${shape}\n`);
      const [table = ""] = section.split("\n### ");
      const rows = [...table.matchAll(/^\| `(\w+)` +\| (.+?) +\| (.+?) +\|$/gm)];
      expect(Object.fromEntries(rows.map(([, field, type]) => [field, type])), shape).to.deep.equal(
        fields,
      );
      for (const [, field, , meaning] of rows) {
        expect(meaning?.trim(), `${shape}.${String(field)}`).not.to.equal("");
      }
    }
  });

  it("has an example of that form", async () => {
    const [, example = ""] = /```json\n([^]*?)\n```/.exec(await page) ?? [];
    examinationDocument.parse(JSON.parse(example));
  });

  for (const task of ["verify-pausable", "inspect"]) {
    it(`is that of ${task} --json`, async () => {
      const project = await chain.project({ accounts: [owner, pauser] });
      const contract = [market, lying, plain].join(",");
      const outcome = await project.run(task, { contract, json: true });
      examinationDocument.parse(onlyDocument(outcome));
    });
  }

  it("is that of inspect --all --json", async () => {
    const contracts = { lying: { address: lying, mustBePausable: true }, market };
    const project = await chain.project({ accounts: [pauser], emergency: { contracts } });
    const outcome = await project.run("inspect", { all: true, json: true });
    const document = onlyDocument(outcome);
    examinationDocument.parse(document);
    expect(document.mustBePausable).to.deep.equal({ failed: ["lying"], undecided: [] });
  });
});
