import { expect } from "chai";
import { AbiCoder, id } from "ethers";

import type { Address, Hex } from "../../../src/chain/address.js";
import { openChain } from "../../../src/chain/connect.js";
import { projectArtifacts } from "../../../src/chain/inspection/artifacts.js";
import { inspectContract, type InspectedContract } from "../../../src/chain/inspection/contract.js";
import { functionsOf, type ContractFunction } from "../../../src/chain/inspection/functions.js";
import { knownAbis, type KnownAbi } from "../../../src/chain/inspection/known-abi.js";
import { owner, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { artifact, deploy, deployTransparent, deployUups } from "../../helpers/contracts.js";

function selector(signature: string): string {
  return id(signature).slice(0, 10);
}

function bySignature(
  functions: readonly ContractFunction[],
  signature: string,
): ContractFunction | undefined {
  return functions.find((one) => one.selector === selector(signature));
}

describe("the functions of a contract", () => {
  const chain = useChain();

  /** As `inspect` sees them: with the project's artifacts, or with none. */
  async function inspect(
    address: Address,
    { compiled = true }: { readonly compiled?: boolean } = {},
  ): Promise<{ contract: InspectedContract; functions: readonly ContractFunction[] }> {
    const project = await chain.project({ accounts: [] });
    const opened = await openChain(project.hre);
    try {
      const { contract } = await inspectContract(opened, address);
      const abis = compiled
        ? await knownAbis(contract, { artifacts: projectArtifacts(project.hre.artifacts) })
        : new Map<Address, readonly KnownAbi[]>();
      return { contract, functions: await functionsOf(contract, abis) };
    } finally {
      await opened.close();
    }
  }

  it("are those of its artifact, with inputs, although immutables differ", async () => {
    const address = await deploy(chain.node, "WithConstructorArguments", [
      owner.address,
      10n ** 30n,
      "a, b",
    ]);
    const { functions } = await inspect(address);
    const { abi } = await artifact("WithConstructorArguments");
    const wanted: string[] = [];
    abi.forEachFunction((fragment) => wanted.push(fragment.format("sighash")));
    expect(functions.map(({ signature }) => signature)).to.have.members(wanted);
    for (const one of functions) {
      expect(one).to.include({ source: "abi", at: address });
    }
  });

  it("are named by the lists where there is no ABI, and told by their code", async () => {
    const address = await deploy(chain.node, "RolePausable", [owner.address, stranger.address]);
    const { functions } = await inspect(address, { compiled: false });
    const facts = { source: "dictionary", at: address } as const;
    expect(bySignature(functions, "pause()")).to.deep.include({
      ...facts,
      signature: "pause()",
      inputs: [],
      mutability: "nonpayable",
    });
    expect(bySignature(functions, "paused()")).to.deep.include({ ...facts, mutability: "view" });
    expect(bySignature(functions, "work()")).to.deep.equal({
      selector: selector("work()"),
      signature: undefined,
      inputs: undefined,
      mutability: "nonpayable",
      source: "bytecode",
      at: address,
    });
    expect((await inspect(address)).functions).to.have.lengthOf(functions.length);
  });

  it("are those of the proxy and those behind it, each with its place", async () => {
    const { proxy } = await deployTransparent(
      chain.node,
      "UupsVaultV1",
      "initialize",
      [owner.address],
      owner,
    );
    const { contract, functions } = await inspect(proxy);
    // OpenZeppelin 5 compares it in its fallback; no ABI has it.
    const upgrade = bySignature(functions, "upgradeToAndCall(address,bytes)");
    expect(upgrade).to.include({ at: proxy, signature: "upgradeToAndCall(address,bytes)" });
    const pause = bySignature(functions, "pause()");
    expect(pause).to.include({ at: contract.logic.address, source: "abi" });
  });

  it("are behind a proxy what the implementation's artifact says", async () => {
    const { proxy } = await deployUups(chain.node, "UupsVaultV1", "initialize", [owner.address]);
    const { contract, functions } = await inspect(proxy);
    const { abi } = await artifact("UupsVaultV1");
    const wanted: string[] = [];
    abi.forEachFunction((fragment) => wanted.push(fragment.selector));
    expect(functions.map((one) => one.selector)).to.have.members(wanted);
    expect(new Set(functions.map(({ at }) => at))).to.deep.equal(new Set([contract.logic.address]));
  });

  it("are named, not added, by an ABI that only somebody's word ties to the code", async () => {
    const address = await deploy(chain.node, "RolePausable", [owner.address, stranger.address]);
    const { contract } = await inspect(address);
    const entry = (name: string): unknown => ({ type: "function", name, inputs: [], outputs: [] });
    const said = {
      abi: [entry("work"), entry("notThere")],
      source: "--abi a.json",
      matched: false,
    };
    const functions = await functionsOf(contract, new Map([[address, [said]]]));
    expect(bySignature(functions, "work()")).to.include({ source: "abi", signature: "work()" });
    expect(bySignature(functions, "notThere()")).to.equal(undefined);
    expect(bySignature(functions, "pause()")).to.include({ source: "dictionary" });
  });

  describe("of a diamond", () => {
    const loupeOf = (facets: readonly (readonly [Address, readonly string[]])[]): Hex =>
      `0x${AbiCoder.defaultAbiCoder().encode(["tuple(address,bytes4[])[]"], [facets]).slice(2)}`;

    it("are those of each facet by its code, where the loupe does not say", async () => {
      const pausing = await deploy(chain.node, "OwnablePausable", [owner.address]);
      const stopping = await deploy(chain.node, "StopStart", [owner.address]);
      const diamond = await deploy(chain.node, "PlainDiamond", [
        [pausing, stopping],
        [[selector("pause()")], [selector("stop()")]],
      ]);
      const { contract, functions } = await inspect(diamond);
      expect(contract.loupe).to.equal(undefined);
      expect(bySignature(functions, "pause()")).to.include({ at: pausing });
      expect(bySignature(functions, "stop()")).to.include({ at: stopping });
      expect(bySignature(functions, "facetAddresses()")).to.include({ at: diamond });
    });

    it("are those that the loupe says, each at its facet", async () => {
      const pausing = await deploy(chain.node, "OwnablePausable", [owner.address]);
      const loupe: Address = "0xC0DE000000000000000000000000000000000001";
      const answer = loupeOf([
        [pausing, ["pause()", "work()"].map(selector)],
        [loupe, [selector("facets()")]],
      ]);
      // Copies what follows the code to memory, and returns it.
      const size = ((answer.length - 2) / 2).toString(16).padStart(4, "0");
      const code = `0x61${size}600e5f3961${size}5ff3${"00".repeat(2)}${answer.slice(2)}`;
      await chain.node.request("hardhat_setCode", loupe, code);
      const diamond = await deploy(chain.node, "PlainDiamond", [
        [pausing, loupe],
        [[selector("pause()"), selector("work()")], [selector("facets()")]],
      ]);
      const { contract, functions } = await inspect(diamond);
      expect(contract.loupe).to.equal(answer);
      expect(
        functions.filter(({ at }) => at === pausing).map(({ signature }) => signature),
      ).to.have.members(["pause()", "work()"]);
      expect(bySignature(functions, "unpause()")).to.equal(undefined);
      expect(bySignature(functions, "facets()")).to.include({ source: "dictionary" });
    });

    it("are not taken from a loupe that answers junk", async () => {
      const pausing = await deploy(chain.node, "OwnablePausable", [owner.address]);
      const { contract } = await inspect(pausing);
      for (const loupe of ["0x", "0x1234", `0x${"ff".repeat(64)}`, loupeOf([])] as const) {
        const functions = await functionsOf({ ...contract, loupe }, new Map());
        expect(bySignature(functions, "pause()")).to.include({ at: pausing });
      }
    });
  });
});
