import { expect } from "chai";

import { ZERO_ADDRESS, type Address } from "../../../src/chain/address.js";
import { reach } from "../../../src/chain/authority/reach.js";
import { authorityTree } from "../../../src/chain/authority/tree.js";
import { OwnersGuard, SAFES } from "../../corpus/authorities.js";
import { Workbench, type Contract } from "../../corpus/workbench.js";
import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { nodeChain } from "../../helpers/node-chain.js";
import { latest, membersOf, treeOf } from "./trees.js";

type Release = keyof typeof SAFES;
/** The packages of 1.0.0 and 1.2.0 were not built as what was published on the chains. */
const RELEASES: readonly (readonly [Release, { readonly published: boolean }])[] = [
  ["1.0.0", { published: false }],
  ["1.1.1", { published: true }],
  ["1.2.0", { published: false }],
  ["1.3.0", { published: true }],
  ["1.4.1", { published: true }],
  ["1.5.0", { published: true }],
];

/** A Safe behind the proxy that its factory makes. */
async function createSafe(
  bench: Workbench,
  release: Release,
  owners: readonly Address[],
  threshold: number,
): Promise<Contract> {
  const singleton = await bench.deploy(SAFES[release].singleton);
  const nobody = ZERO_ADDRESS;
  const more = release === "1.0.0" ? [] : [nobody];
  const setup = singleton.data(
    "setup",
    ...[owners, threshold, nobody, "0x", ...more, nobody, 0, nobody],
  );
  const factory = await bench.deploy(SAFES[release].factory);
  const created = await bench.outcome(
    factory.call(deployer, "createProxyWithNonce", singleton.address, setup, 7n),
  );
  if (!("answer" in created)) {
    throw new Error(`the factory refuses: ${created.refusal}`);
  }
  await factory.send(deployer, "createProxyWithNonce", singleton.address, setup, 7n);
  return await singleton.at(`0x${created.answer.slice(26, 66)}`);
}

describe("a Safe in the authority tree", () => {
  const chain = useChain();
  const three = [owner.address, admin.address, pauser.address];

  for (const [release, { published }] of RELEASES) {
    it(`is known, release ${release}: owners, threshold, nonce, modules`, async () => {
      const bench = new Workbench(chain.node);
      const safe = await createSafe(bench, release, three, 2);
      await safe.send(safe, "enableModule", stranger.address);

      const tree = await treeOf(chain.node.url, safe.address);

      expect(tree.kind).to.equal("safe");
      expect(tree.about).to.equal(`Safe ${release}, 2 of 3 owners, nonce 0, 1 module`);
      expect(tree.unknown).to.have.lengthOf(published ? 0 : 1);
      expect(tree.needed).to.equal(2);
      expect(tree.facts).to.include({
        version: release,
        threshold: 2,
        publishedCode: published ? release : null,
      });
      expect(tree.facts.singleton).to.not.equal(null);
      expect(membersOf(tree)).to.have.deep.members([
        ...three.map((address) => [address, "decides", "account"]),
        [stranger.address, "alone", "account"],
      ]);
    });
  }

  it("shows its guard, which decides nothing", async () => {
    const bench = new Workbench(chain.node);
    const safe = await createSafe(bench, "1.4.1", three, 1);
    const guard = await bench.deploy(OwnersGuard);
    await safe.send(safe, "setGuard", guard.address);
    const tree = await treeOf(chain.node.url, safe.address);
    expect(tree.about).to.contain(`guard ${guard.address}`);
    expect(tree.members.at(-1)).to.include({ address: guard.address, part: "aside" });
    expect(reach(tree, [owner.address])).to.include({ now: true });
  });

  it("may be an owner of another Safe", async () => {
    const bench = new Workbench(chain.node);
    const inner = await createSafe(bench, "1.3.0", [owner.address, admin.address], 2);
    const outer = await createSafe(bench, "1.4.1", [inner.address, pauser.address], 2);
    const tree = await treeOf(chain.node.url, outer.address);
    const nested = tree.members.find(({ address }) => address === inner.address);
    expect(nested).to.include({ kind: "safe", needed: 2 });

    const all = [owner.address, admin.address, pauser.address];
    expect(reach(tree, all)).to.deep.include({ now: true });
    expect(reach(tree, all).by).to.have.members(all);
    const without = reach(tree, [owner.address, pauser.address]);
    expect(without).to.include({ now: false });
    expect(without.why).to.equal(
      `you hold 1 of the 2 keys that Safe ${outer.address} needs (it has 2 owners)`,
    );
  });

  it("gives nothing to Safes that own each other", async () => {
    const bench = new Workbench(chain.node);
    const first = await createSafe(bench, "1.3.0", [owner.address], 1);
    const second = await createSafe(bench, "1.4.1", [first.address], 1);
    await first.send(
      first,
      "swapOwner",
      `0x${"1".padStart(40, "0")}`,
      owner.address,
      second.address,
    );
    const tree = await treeOf(chain.node.url, first.address);
    expect(tree.members[0]?.members[0]).to.include({
      address: first.address,
      shownAbove: true,
    });
    expect(reach(tree, [owner.address])).to.include({ now: false });
  });

  it("is not what only answers like one", async () => {
    const bench = new Workbench(chain.node);
    const pretended = await bench.deployOwn("PretendedSafe", [three, 1]);
    const tree = await treeOf(chain.node.url, pretended.address);
    expect(tree.kind).to.equal("contract");
    expect(tree.about).to.contain("answers like a Safe (1 of 3 owners) and is none");
    expect(tree.members.map(({ part }) => part)).to.deep.equal(["aside", "aside", "aside"]);
    expect(reach(tree, three)).to.include({ now: false });
  });

  it("is doubted when its code is not the published one", async () => {
    const bench = new Workbench(chain.node);
    const safe = await createSafe(bench, "1.3.0", three, 2);
    const { singleton } = (await treeOf(chain.node.url, safe.address)).facts;
    const code = await chain.node.request("eth_getCode", singleton, "latest");
    await chain.node.request("hardhat_setCode", singleton, `${String(code)}00`);
    const tree = await treeOf(chain.node.url, safe.address);
    expect(tree.kind).to.equal("safe");
    expect(reach(tree, [owner.address, admin.address]).why).to.contain("no published Safe");
    expect(tree.unknown.join()).to.contain("that of no published Safe");
  });

  it("that was never set up obeys nobody in particular", async () => {
    const bench = new Workbench(chain.node);
    const { address } = await bench.deploy(SAFES["1.3.0"].singleton);
    const tree = await treeOf(chain.node.url, address);
    expect(reach(tree, three)).to.include({ now: false });
  });

  it("can do what is said of it, and not what is denied", async () => {
    const bench = new Workbench(chain.node);
    const safe = await createSafe(bench, "1.3.0", [owner.address, admin.address], 2);
    await safe.send(safe, "enableModule", stranger.address);
    const pausable = await bench.deployOwn("OwnablePausable", [safe.address]);
    const tree = await treeOf(chain.node.url, safe.address);

    const nothing = [ZERO_ADDRESS, ZERO_ADDRESS] as const;
    const transaction = [
      pausable.address,
      0,
      pausable.data("pause"),
      0,
      0,
      0,
      0,
      ...nothing,
    ] as const;
    const hash = await safe.read("getTransactionHash", ...transaction, 0);
    // A signature of kind 1: this owner has approved the hash, or sends the transaction.
    const signed = [owner, admin]
      .map(({ address }) => address.slice(2).toLowerCase())
      .sort()
      .map((digits) => `${digits.padStart(64, "0")}${"0".repeat(64)}01`);
    const execution = safe.call(owner, "execTransaction", ...transaction, `0x${signed.join("")}`);

    expect(reach(tree, [owner.address])).to.include({ now: false });
    expect(await bench.tryCall(execution), "one key alone").to.equal(undefined);

    expect(reach(tree, [stranger.address])).to.include({ now: true });
    await bench.undone(async () => {
      const pause = [pausable.address, 0, pausable.data("pause"), 0] as const;
      await safe.send(stranger, "execTransactionFromModule", ...pause);
      expect(await pausable.read("paused"), "by the module").to.equal(true);
    });

    expect(reach(tree, [owner.address, admin.address])).to.include({ now: true });
    await safe.send(admin, "approveHash", hash);
    await bench.send(execution);
    expect(await pausable.read("paused"), "by both keys").to.equal(true);
  });

  it("takes four round trips, its owners included", async () => {
    const safe = await createSafe(new Workbench(chain.node), "1.4.1", three, 2);
    const node = nodeChain(chain.node.url);
    await authorityTree(node, await latest(chain.node), [{ address: safe.address, via: "a test" }]);
    expect(node.batches).to.have.lengthOf(4);
  });
});
