import { expect } from "chai";
import { FunctionFragment } from "ethers";

import type { Address, Hex } from "../../src/chain/address.js";
import type { ProjectArtifact } from "../../src/chain/inspection/artifacts.js";
import { withReturnTypes } from "../../src/chain/return-types.js";
import { owner } from "../helpers/accounts.js";

const PAUSED = FunctionFragment.from("function paused() view");

/** A compiled contract with these functions, and code that is like no other's. */
function compiled(name: string, code: Hex, ...functions: readonly string[]): ProjectArtifact {
  return {
    fullName: `contracts/${name}.sol:${name}`,
    abi: functions.map((text): unknown => JSON.parse(FunctionFragment.from(text).format("json"))),
    deployedBytecode: code,
    immutableReferences: {},
    deployedLinkReferences: {},
  };
}

const flag = compiled("Flag", "0x6001", "function paused() view returns (bool)");
const otherFlag = compiled("OtherFlag", "0x6002", "function paused() view returns (bool)");
const bitmap = compiled(
  "Bitmap",
  "0x6003",
  "function paused(uint8) view returns (bool)",
  "function paused() view returns (uint256)",
);
const without = compiled("Without", "0x6004", "function paused(address) view returns (string)");

describe("what a function returns", () => {
  const address: Address = owner.address;

  /** The types, with these contracts compiled in any order: it must not matter. */
  async function types(
    artifacts: readonly ProjectArtifact[],
    code: Hex | undefined,
    own: readonly (readonly unknown[])[] = [],
    wanted = PAUSED,
  ): Promise<string | undefined> {
    const orders = [artifacts, artifacts.toReversed()];
    const answers = await Promise.all(
      orders.map(async (order) => {
        const sources = {
          own,
          artifacts: { mentioning: async () => await Promise.resolve(order) },
        };
        const fragment = await withReturnTypes(wanted, sources, async () => {
          if (code === undefined) {
            throw new Error("nobody has to look at the code");
          }
          const part = { address, code, codeHash: "0x" } as const;
          const contract = { ...part, proxy: null, behind: [], logic: part, codes: [part] };
          return await Promise.resolve(contract);
        });
        return fragment?.outputs.map(({ type }) => type).join();
      }),
    );
    expect(answers[0]).to.equal(answers[1]);
    return answers[0];
  }

  it("is what its own ABI says, whatever the others say", async () => {
    expect(await types([flag, otherFlag], undefined, [without.abi, bitmap.abi])).to.equal(
      "uint256",
    );
  });

  it("is what all compiled contracts agree on", async () => {
    expect(await types([flag, without, otherFlag], undefined)).to.equal("bool");
    expect(await types([bitmap, without], undefined)).to.equal("uint256");
  });

  it("is what the contract with the same code says, where they differ", async () => {
    expect(await types([flag, bitmap, otherFlag], "0x6003")).to.equal("uint256");
    expect(await types([flag, bitmap, otherFlag], "0x6002")).to.equal("bool");
  });

  it("is what everyday getters return, where they differ and none has the code", async () => {
    expect(await types([flag, bitmap], "0x6009")).to.equal("bool");
    expect(await types([], undefined)).to.equal("bool");
  });

  it("is not known where nobody knows it", async () => {
    const odd = FunctionFragment.from("function odd() view");
    const one = compiled("One", "0x6005", "function odd() view returns (bool)");
    const two = compiled("Two", "0x6006", "function odd() view returns (int8)");
    expect(await types([one, two], "0x6009", [], odd)).to.equal(undefined);
    expect(await types([flag], undefined, [], odd)).to.equal(undefined);
  });

  it("is not spoilt by a damaged entry of an ABI", async () => {
    const damaged = [null, 7, { type: "function", name: "paused", inputs: [{ type: "uint7" }] }];
    expect(await types([], undefined, [[...damaged, ...bitmap.abi]])).to.equal("uint256");
  });
});
