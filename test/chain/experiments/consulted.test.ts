import { expect } from "chai";
import { AbiCoder, keccak256 } from "ethers";

import type { Address } from "../../../src/chain/address.js";
import { consultedBy, type Consulted } from "../../../src/chain/experiments/consulted.js";
import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { artifact, deploy, hex } from "../../helpers/contracts.js";
import { useLaboratories } from "../../helpers/laboratory.js";

/** Nothing hostile may take longer, even on a busy machine. */
const BOUND_MS = 10_000;

/** `keeper` shares slot 2 with the number 7. */
const PACKED = (BigInt(pauser.address) << 96n) | 7n;

const word = (value: bigint): string => `0x${value.toString(16).padStart(64, "0")}`;

describe("what a call consults", () => {
  let registry: Address;
  let implementation: Address;
  let guards: Address;
  const chain = useChain(async (node) => {
    registry = await deploy(node, "GuardRegistry", [deployer.address]);
    implementation = await deploy(node, "Guards", [admin.address, registry]);
    const { abi } = await artifact("Guards");
    guards = await deploy(node, "ERC1967Proxy", [
      implementation,
      abi.encodeFunctionData("initialize", [owner.address, pauser.address]),
    ]);
  });
  const laboratories = useLaboratories(chain);

  async function consulted(
    signature: string,
    { from = stranger.address, to = guards }: { from?: Address; to?: Address } = {},
  ): Promise<Consulted> {
    const { fork } = await laboratories.open();
    const { abi } = await artifact("Guards");
    return await consultedBy(fork, {
      from,
      to,
      data: hex(abi.encodeFunctionData(signature)),
    });
  }

  /** What is read of these contracts, without the proxy's own slots. */
  function plainSlots({ slots }: Consulted): Consulted["slots"] {
    return slots.filter(({ slot }) => BigInt(slot) < 2n ** 64n);
  }

  it("names the owner, and the slot that it is in: the proxy's", async () => {
    const seen = await consulted("byOwner");
    expect(plainSlots(seen)).to.deep.equal([
      { address: guards.toLowerCase(), slot: word(0n), value: BigInt(owner.address) },
    ]);
    expect(seen.addresses).to.include(owner.address);
    expect(seen.whole).to.be.true;
  });

  it("reads the implementation's own storage when that is called directly", async () => {
    const seen = await consulted("byOwner", { to: implementation });
    expect(seen.slots).to.deep.equal([
      { address: implementation.toLowerCase(), slot: word(0n), value: 0n },
    ]);
    expect(seen.contracts).to.deep.equal([]);
    expect(seen.addresses).to.deep.equal([]);
  });

  it("names an address that shares its slot with a number", async () => {
    const seen = await consulted("byKeeper");
    expect(plainSlots(seen)).to.deep.equal([
      { address: guards.toLowerCase(), slot: word(2n), value: PACKED },
    ]);
    expect(seen.addresses).to.include(pauser.address);
  });

  it("sees that a list is asked for the caller", async () => {
    const slotOf = (account: Address): string =>
      keccak256(AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [account, 1n]));
    const read = async (from: Address): Promise<readonly (readonly [string, bigint])[]> =>
      (await consulted("byList", { from })).slots.map(({ slot, value }) => [slot, value] as const);
    expect(await read(stranger.address)).to.deep.include([slotOf(stranger.address), 0n]);
    expect(await read(owner.address)).to.deep.include([slotOf(owner.address), 1n]);
  });

  it("names an address in the code, and reads no slot for it", async () => {
    const seen = await consulted("byGuardian");
    expect(plainSlots(seen)).to.deep.equal([]);
    expect(seen.addresses).to.include(admin.address);
  });

  it("names another contract that is asked, and reads that contract's own storage", async () => {
    const seen = await consulted("byRegistry");
    expect(seen.contracts).to.deep.equal([implementation, registry]);
    expect(plainSlots(seen)).to.deep.equal([
      { address: registry.toLowerCase(), slot: word(0n), value: BigInt(deployer.address) },
    ]);
    expect(seen.addresses).to.include(deployer.address);
  });

  it("takes the creation of a contract for no call", async () => {
    const seen = await consulted("byCreation");
    expect(seen.contracts).to.have.lengthOf(2);
    const [first, created] = seen.contracts;
    expect(first).to.equal(implementation);
    expect(plainSlots(seen)).to.deep.equal([
      { address: guards.toLowerCase(), slot: word(2n), value: PACKED },
      { address: created?.toLowerCase(), slot: word(0n), value: BigInt(pauser.address) },
    ]);
  });

  it("leaves out the caller and the contract itself", async () => {
    const seen = await consulted("byOwner", { from: owner.address });
    expect(seen.addresses).not.to.include(owner.address);
    expect(seen.addresses).not.to.include(guards);
  });

  it("goes on with the caller's storage after a call inside has failed", async () => {
    const seen = await consulted("swallow");
    expect(new Set(seen.slots.map(({ address }) => address))).to.deep.equal(
      new Set([guards.toLowerCase()]),
    );
  });

  it("says that it has not seen all of a call that never ends", async () => {
    const startedMs = performance.now();
    const seen = await consulted("byNobody");
    expect(performance.now() - startedMs).to.be.lessThan(BOUND_MS);
    expect(seen.whole).to.be.false;
    expect(plainSlots(seen).map(({ slot }) => slot)).to.deep.equal([word(3n)]);
  });

  it("finds nothing where there is no contract", async () => {
    expect(await consulted("byOwner", { to: deployer.address })).to.deep.equal({
      slots: [],
      addresses: [],
      contracts: [],
      whole: true,
    });
  });
});
