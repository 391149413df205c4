import { expect } from "chai";

import type { Address } from "../../../src/chain/address.js";
import { exerciseAll, type Actor, type Exercise } from "../../../src/chain/experiments/exercise.js";
import { hasEffect } from "../../../src/chain/experiments/trial.js";
import type { ContractFunction } from "../../../src/chain/inspection/functions.js";
import { deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { artifact, deploy, deployUups, execute, hex } from "../../helpers/contracts.js";
import { useLaboratories } from "../../helpers/laboratory.js";

const user: Actor = { address: stranger.address, who: "a user" };
const passerBy: Actor = { address: pauser.address, who: "a stranger" };

describe("exercising functions", () => {
  let coin: Address;
  let shop: Address;
  const chain = useChain(async (node) => {
    coin = (await deployUups(node, "Coin", "initialize", [deployer.address])).proxy;
    const router = await deploy(node, "EffectRouter");
    shop = await deploy(node, "EffectShop", [owner.address, coin, router]);
    await execute(node, { name: "Coin", address: coin }, "mint", [stranger.address, 5n]);
  });
  const laboratories = useLaboratories(chain);

  async function exercise(
    name: string,
    to: Address,
    signature: string,
    actors: readonly Actor[] = [user, passerBy],
    officers: readonly Address[] = [],
    parts: readonly Address[] = [],
  ): Promise<Exercise> {
    const laboratory = await laboratories.open();
    const { abi } = await artifact(name);
    const fragment = abi.getFunction(signature);
    if (fragment === null) {
      throw new Error(`${name} has no ${signature}`);
    }
    const fn: ContractFunction = {
      selector: hex(fragment.selector),
      signature: fragment.format(),
      inputs: fragment.inputs.map(({ type }) => ({ name: "", type })),
      mutability: fragment.payable ? "payable" : "nonpayable",
      source: "abi",
      at: to,
    };
    const [only] = await exerciseAll(laboratory, to, [fn], { actors, officers, parts });
    if (only === undefined) {
      throw new Error(`${signature} was not exercised`);
    }
    return only;
  }

  it("makes a call as a user, with an effect: one unit to somebody else", async () => {
    const transfer = await exercise("Coin", coin, "transfer");
    expect(hasEffect(transfer.before)).to.equal(true);
    expect(transfer.call.from).to.equal(stranger.address);
    expect(transfer.origin).to.equal("made up, as a user");
    expect(transfer.officer).to.equal(undefined);
    const { abi } = await artifact("Coin");
    expect(transfer.call.data).to.equal(abi.encodeFunctionData("transfer", [pauser.address, 1n]));
  });

  it("asks the next actor where the first is refused", async () => {
    const transfer = await exercise("Coin", coin, "transfer", [passerBy, user]);
    expect(hasEffect(transfer.before)).to.equal(true);
    // Nothing at all can be sent by anybody: an event, and no more.
    expect(transfer.call.from).to.equal(pauser.address);
  });

  it("pays where a function takes money", async () => {
    const deposit = await exercise("EffectShop", shop, "deposit");
    expect(hasEffect(deposit.before)).to.equal(true);
    expect(deposit.call.valueWei).to.equal(1n);
  });

  it("finds the officer whom the refused call looks at, and marks him", async () => {
    const pause = await exercise("EffectShop", shop, "pause");
    expect(pause.call.from).to.equal(owner.address);
    expect(pause.officer).to.equal(true);
    expect(pause.origin).to.equal("made up, as an officer");
    expect(hasEffect(pause.before)).to.equal(true);
  });

  it("asks the officers that are named where no refusal names them", async () => {
    const silent = await deploy(chain.node, "SilentPower", [deployer.address]);
    const without = await exercise("SilentPower", silent, "act");
    expect(without.before.ok).to.equal(false);
    const act = await exercise(
      "SilentPower",
      silent,
      "act",
      [user],
      [owner.address, deployer.address],
    );
    expect(act.call.from).to.equal(deployer.address);
    expect(act.officer).to.equal(true);
  });

  it("keeps the deepest refusal of what never succeeds, and the others beside it", async () => {
    const accruer = {
      name: "Accruer",
      address: await deploy(chain.node, "Accruer", [owner.address]),
    };
    await execute(chain.node, accruer, "updateStatus");
    const { before, others = [], officer } = await exercise("Accruer", accruer.address, "redeem");
    expect(before.ok).to.equal(false);
    expect(officer).to.equal(undefined);
    expect(others).not.to.be.empty;
    for (const other of others) {
      expect(other.before.ok).to.equal(false);
      expect(other.before.gasUsed).to.be.at.most(before.gasUsed);
    }
  });

  it("hands a function the parts of the contract that it asks for", async () => {
    const freezer = await deploy(chain.node, "PartsOnly", [coin]);
    const without = await exercise("PartsOnly", freezer, "poke");
    expect(without.before.ok).to.equal(false);
    const poke = await exercise("PartsOnly", freezer, "poke", [user], [], [coin]);
    expect(hasEffect(poke.before)).to.equal(true);
    expect(poke.call.from).to.equal(stranger.address);
  });

  it("is content with a call that succeeds and does nothing, where there is none better", async () => {
    const idle = await exercise("EffectShop", shop, "idle");
    expect(idle.before.ok).to.equal(true);
    expect(hasEffect(idle.before)).to.equal(false);
    expect(idle.officer).to.equal(undefined);
  });
});
