import { expect } from "chai";
import { id } from "ethers";

import type { Address } from "../../../src/chain/address.js";
import { deployer, owner, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { artifact, deploy, deployUups, execute, hex } from "../../helpers/contracts.js";
import { made } from "../../helpers/pool.js";
import { bestOf, effectsOf, examinedOne } from "../../helpers/examined.js";
import { listOf } from "../../helpers/refusal.js";

const selector = (signature: string): string => id(signature).slice(0, 10);

/** What the pause of `EffectShop` does to each function, without those of its owner. */
const effects: Readonly<Record<string, string>> = {
  "buy()": "blocked, guarded",
  "deposit()": "blocked, guarded",
  "redeem()": "blocked, guarded",
  "swap(address)": "blocked, guarded",
  "claim(bytes32)": "fails, guarded",
  "claimSilently(bytes32)": "fails, guarded",
  "exitInCoins()": "open",
  "exitInEther()": "open",
  "note()": "open",
  "rescue()": "open",
  "idle()": "not-exercised",
};

describe("what a pause does to each function", () => {
  let shop: Address;
  const chain = useChain(async (node) => {
    const { proxy: coin } = await deployUups(node, "Coin", "initialize", [deployer.address]);
    const router = await deploy(node, "EffectRouter");
    shop = await deploy(node, "EffectShop", [owner.address, coin, router]);
    await execute(node, { name: "Coin", address: coin }, "mint", [shop, 1_000n]);
    const { abi } = await artifact("EffectShop");
    const data = abi.encodeFunctionData("deposit");
    await node.request("eth_sendTransaction", {
      from: stranger.address,
      to: shop,
      data,
      value: "0x64",
    });
    // With the gas given: an estimate would be for a router whose call is refused.
    await made(node, { name: "EffectRouter", address: router }, "trySwap", [shop], stranger);
  });

  const shopsBest = async (): Promise<Record<string, unknown>> =>
    bestOf(await examinedOne(chain, shop));

  function oneOf(best: Record<string, unknown>, signature: string): Record<string, unknown> {
    const found = listOf(best, "functions").find((one) => one.signature === signature);
    if (found === undefined) {
      throw new Error(`${signature} is not in the report`);
    }
    return found;
  }

  it("is told of each by itself", async () => {
    const found = effectsOf(await shopsBest());
    for (const [signature, effect] of Object.entries(effects)) {
      expect(found[signature], signature).to.equal(effect);
    }
    // A function that cannot succeed for anybody is known not to: it is pure.
    expect(found).not.to.have.property("never()");
    expect(found).not.to.have.property("pause()");
    expect(found).not.to.have.property("unpause()");
  });

  it("is seen as well where only selectors are known", async () => {
    const found = effectsOf(bestOf(await examinedOne(chain, shop, { foreign: true })));
    for (const signature of ["buy()", "deposit()", "redeem()", "swap(address)"]) {
      const named = found[selector(signature)] ?? found[signature];
      expect(named, signature).to.equal("blocked, guarded");
    }
    for (const signature of ["claim(bytes32)", "claimSilently(bytes32)"]) {
      expect(found[selector(signature)] ?? found[signature], signature).to.equal("fails, guarded");
    }
    expect(found[selector("exitInCoins()")]).to.equal("open");
    expect(found[selector("rescue()")]).to.equal("open");
  });

  it("gives the reason of a refusal, and none where a number is the answer", async () => {
    const best = await shopsBest();
    expect(oneOf(best, "buy()").reason).to.equal("EnforcedPause()");
    expect(oneOf(best, "claim(bytes32)").reason).to.equal("EnforcedPause()");
    expect(oneOf(best, "claimSilently(bytes32)").reason).to.contain("reverted");
    expect(oneOf(best, "redeem()").reason).to.equal(null);
  });

  it("says what still moves: tokens, ETH, or storage alone", async () => {
    const best = await shopsBest();
    const moved = (signature: string): unknown => oneOf(best, signature).moved;
    expect(moved("exitInCoins()")).to.include({ transfers: 1, balances: 0 });
    expect(moved("exitInEther()")).to.include({ transfers: 0, balances: 2 });
    expect(moved("note()")).to.deep.equal({
      transfers: 0,
      balances: 0,
      slots: [{ address: shop.toLowerCase(), slot: `0x${"0".repeat(63)}1` }],
    });
    expect(moved("buy()")).to.equal(null);
    expect(best.summary).to.deep.include({
      blocked: 4,
      failing: 2,
      notExercised: 1,
      openMovingFunds: ["exitInCoins()", "exitInEther()"],
    });
  });

  it("makes real transactions again, and sees a function blocked although the router goes on", async () => {
    const best = await shopsBest();
    expect(oneOf(best, "swap(address)").origin).to.match(/replayed; it goes through it$/);
    expect(oneOf(best, "swap(address)")).to.include({ verdict: "blocked", guarded: true });
    expect(oneOf(best, "deposit()").origin).to.match(/transaction 0x[0-9a-f]{64}.*replayed/);
    expect(oneOf(best, "buy()").origin).to.match(/^made up/);
  });

  it("fails the command with --fail-on open, since funds still move", async () => {
    const project = await chain.project();
    const lenient = await project.run("verify-pausable", { contract: shop, json: true });
    expect(lenient.exitCode).to.equal(0);
    const strict = await project.run("verify-pausable", {
      contract: shop,
      json: true,
      failOn: "open",
    });
    expect(strict.exitCode).to.equal(1);
  });

  it("covers the functions of all facets of a diamond", async () => {
    const stopping = await deploy(chain.node, "Napper", [owner.address]);
    const paused = await deploy(chain.node, "SetPaused", [owner.address]);
    const facet = async (
      name: string,
      address: Address,
      signatures: readonly string[],
    ): Promise<readonly [Address, readonly string[]]> => {
      const { abi } = await artifact(name);
      return [address, signatures.map((one) => hex(abi.getFunction(one)?.selector))];
    };
    const facets = [
      await facet("SetPaused", paused, ["setPaused(bool)", "paused()", "work()"]),
      await facet("Napper", stopping, ["rest()", "rests()"]),
    ];
    const diamond = await deploy(chain.node, "PlainDiamond", [
      facets.map(([address]) => address),
      facets.map(([, selectors]) => selectors),
    ]);
    // The facets' owner is in the slot of the diamond: whoever `setPaused` is for.
    await chain.node.request(
      "anvil_setStorageAt",
      diamond,
      `0x${"0".repeat(64)}`,
      `0x${owner.address.slice(2).padStart(64, "0")}`,
    );
    const report = await examinedOne(chain, diamond);
    expect(report).to.include({ verdict: "pausable" });
    expect(effectsOf(bestOf(report))).to.deep.include({
      "work()": "blocked, guarded",
      "rest()": "open",
    });
  });
});
