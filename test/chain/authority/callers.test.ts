import { expect } from "chai";

import type { Address } from "../../../src/chain/address.js";
import { findCallers, grantedTo } from "../../../src/chain/authority/callers.js";
import { ANYBODY, type Authority, type Candidate } from "../../../src/chain/authority/holders.js";
import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { artifact, deploy, execute, hex } from "../../helpers/contracts.js";
import { useLaboratories } from "../../helpers/laboratory.js";

describe("who may make a call", () => {
  const keeper = owner;
  const guardian = admin;
  let book: Address;
  let powers: Address;
  const chain = useChain(async (node) => {
    book = await deploy(node, "PowerBook");
    powers = await deploy(node, "Powers", [keeper.address, guardian.address, book]);
  });
  const laboratories = useLaboratories(chain);

  async function callersOf(
    signature: string,
    {
      name = "Powers",
      to = powers,
      args = [],
      also = [],
    }: {
      readonly name?: string;
      readonly to?: Address;
      readonly args?: readonly unknown[];
      readonly also?: readonly Candidate[];
    } = {},
  ): Promise<Authority> {
    const laboratory = await laboratories.open();
    const { abi } = await artifact(name);
    const data = hex(abi.encodeFunctionData(signature, [...args]));
    return await findCallers(laboratory, { to, data }, also);
  }

  const proved = ({ holders }: Authority): readonly Address[] =>
    holders.filter((holder) => holder.proved).map(({ address }) => address);
  const set = async (name: string, signature: string, args: readonly unknown[]): Promise<void> => {
    await execute(
      chain.node,
      { name, address: name === "PowerBook" ? book : powers },
      signature,
      args,
    );
  };
  const selectorOf = async (signature: string): Promise<string> =>
    hex((await artifact("Powers")).abi.getFunction(signature)?.selector);

  it("is anybody where a stranger's call succeeds", async () => {
    const found = await callersOf("byAnybody");
    expect(proved(found)).to.deep.equal(ANYBODY.candidates.map(({ address }) => address));
    expect(found.needs).to.contain("anybody");
  });

  it("is the address that shares its slot with a number", async () => {
    const found = await callersOf("byKeeper");
    expect(proved(found)).to.deep.equal([keeper.address]);
    expect(found.holders[0]?.via).to.contain("storage slot 0x0");
    expect(found.unknown).to.deep.equal([]);
  });

  it("is the address in the code", async () => {
    const found = await callersOf("byGuardian");
    expect(proved(found)).to.deep.equal([guardian.address]);
    expect(found.unknown).to.deep.equal([]);
  });

  it("is whoever an event put on a list; who was struck off it, or is only said to be on it, is not named", async () => {
    await set("Powers", "announce", [pauser.address]);
    await set("Powers", "announce", [stranger.address]);
    await set("Powers", "forget", [stranger.address]);
    await set("Powers", "lie", [deployer.address]);
    const found = await callersOf("byAnnounced");
    expect(proved(found)).to.deep.equal([pauser.address]);
    expect(found.holders.map(({ address }) => address)).to.deep.equal([pauser.address]);
    expect(found.holders[0]?.via).to.equal(`seen in an event of ${powers}`);
  });

  it("is nobody, for certain, when the events name all of a list and none of them may", async () => {
    await set("Powers", "lie", [deployer.address]);
    const found = await callersOf("byAnnounced");
    expect(found.holders).to.deep.equal([]);
    expect(found.unknown).to.deep.equal([]);
  });

  it("is not known where a contract keeps a list that it tells nobody of", async () => {
    const silent = await deploy(chain.node, "SilentPower", [pauser.address]);
    const found = await callersOf("act", { name: "SilentPower", to: silent });
    expect(found.holders).to.deep.equal([]);
    expect(found.unknown.join(" ")).to.contain("keeps a list of who may");
    expect(found.unknown.join(" ")).to.contain("is refused with");
  });

  it("is whoever has used it before, where nothing else names him", async () => {
    const silent = await deploy(chain.node, "SilentPower", [pauser.address]);
    await execute(chain.node, { name: "SilentPower", address: silent }, "act", [], pauser);
    const found = await callersOf("act", { name: "SilentPower", to: silent });
    expect(proved(found)).to.deep.equal([pauser.address]);
    expect(found.holders[0]?.via).to.contain("seen in a transaction");
  });

  it("is an account that was asked about in any case, when it may", async () => {
    const silent = await deploy(chain.node, "SilentPower", [pauser.address]);
    const also = [owner, pauser].map(({ address }) => ({ address, via: "an account of ours" }));
    const found = await callersOf("act", { name: "SilentPower", to: silent, also });
    expect(found.holders).to.deep.equal([
      { address: pauser.address, via: "an account of ours", kind: "account", proved: true },
    ]);
  });

  it("is whom another contract allows this very function", async () => {
    await set("PowerBook", "allow", [pauser.address, await selectorOf("byBook"), true]);
    await set("PowerBook", "allow", [stranger.address, await selectorOf("byKeeper"), true]);
    const found = await callersOf("byBook");
    expect(proved(found)).to.deep.equal([pauser.address]);
    expect(found.holders.map(({ address }) => address)).not.to.include(stranger.address);
    expect(found.needs).to.contain(book);
    await set("PowerBook", "allow", [pauser.address, await selectorOf("byBook"), false]);
    const after = await callersOf("byBook");
    expect(proved(after)).to.deep.equal([]);
    expect(after.holders).to.deep.equal([]);
  });

  it("is the origin of a transaction", async () => {
    const found = await callersOf("byOrigin");
    expect(proved(found)).to.deep.equal([keeper.address]);
  });

  it("is nobody where the check can never be met", async () => {
    const found = await callersOf("byNobody");
    expect(proved(found)).to.deep.equal([]);
    expect(found.unknown).to.deep.equal([]);
  });

  it("is not whoever is answered with an error number", async () => {
    const found = await callersOf("byErrorNumber");
    expect(proved(found)).to.deep.equal([keeper.address]);
  });

  it("is the owner, not who may become it", async () => {
    const twoStep = await deploy(chain.node, "TwoStepOwned", [owner.address]);
    const target = { name: "TwoStepOwned", address: twoStep };
    await execute(chain.node, target, "transferOwnership", [pauser.address], owner);
    const call = { name: "TwoStepOwned", to: twoStep, args: [stranger.address] };
    expect(proved(await callersOf("transferOwnership", call))).to.deep.equal([owner.address]);
    expect(
      proved(await callersOf("acceptOwnership", { name: "TwoStepOwned", to: twoStep })),
    ).to.deep.equal([pauser.address]);
    await execute(chain.node, target, "acceptOwnership", [], pauser);
    expect(proved(await callersOf("transferOwnership", call))).to.deep.equal([pauser.address]);
  });

  it("is an account or a contract, and a contract that makes no calls cannot use its power", async () => {
    const registry = await deploy(chain.node, "GuardRegistry", [owner.address]);
    const owned = await deploy(chain.node, "OwnablePausable", [registry]);
    const mute = await callersOf("pause", { name: "OwnablePausable", to: owned });
    expect(mute.holders).to.have.length(1);
    expect(mute.holders[0]).to.include({ address: registry, kind: "contract", proved: false });
    expect(mute.holders[0]?.obstacle).to.contain("never");
    const boss = await deploy(chain.node, "Boss", [owner.address]);
    const servant = await deploy(chain.node, "Servant", [boss]);
    const obeyed = await callersOf("setHalted", { name: "Servant", to: servant, args: [true] });
    expect(obeyed.holders[0]).to.include({ address: boss, kind: "contract", proved: true });
  });

  it("collects the accounts of a contract's own events, the newest first, and no amounts", async () => {
    await set("Powers", "announce", [pauser.address]);
    await set("Powers", "lie", [stranger.address]);
    await set("PowerBook", "allow", [admin.address, "0x12345678", true]);
    const { candidates, fromBlock } = await grantedTo(await laboratories.open(), [powers]);
    expect(candidates.map(({ address }) => address)).to.deep.equal([
      stranger.address,
      pauser.address,
    ]);
    expect(fromBlock).to.equal(0);
    const both = await grantedTo(await laboratories.open(), [powers, book]);
    expect(both.candidates.map(({ address }) => address)).to.include(admin.address);
  });
});
