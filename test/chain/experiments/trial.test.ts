import { expect } from "chai";
import { id, parseEther } from "ethers";

import type { Address } from "../../../src/chain/address.js";
import type { Fork } from "../../../src/chain/chain.js";
import { hasEffect, tryCall, tryCalls, type Trial } from "../../../src/chain/experiments/trial.js";
import { deployer, owner, pauser, penniless, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { artifact, deploy, execute, hex } from "../../helpers/contracts.js";
import { useLaboratories } from "../../helpers/laboratory.js";

/** Nothing hostile may take longer, even on a busy machine. */
const BOUND_MS = 10_000;

describe("a trial on a fork", () => {
  let guards: Address;
  const chain = useChain(async (node) => {
    const registry = await deploy(node, "GuardRegistry", [pauser.address]);
    guards = await deploy(node, "Guards", [pauser.address, registry]);
    await execute(node, { name: "Guards", address: guards }, "initialize", [
      owner.address,
      pauser.address,
    ]);
  });
  const laboratories = useLaboratories(chain);

  async function attempt(
    fork: Fork,
    signature: string,
    args: readonly unknown[] = [],
    { from = stranger.address, valueWei }: { from?: Address; valueWei?: bigint } = {},
  ): Promise<Trial> {
    const { abi } = await artifact("Guards");
    const data = hex(abi.encodeFunctionData(signature, [...args]));
    return await tryCall(fork, {
      from,
      to: guards,
      data,
      ...(valueWei === undefined ? {} : { valueWei }),
    });
  }

  async function openFork(): Promise<Fork> {
    return (await laboratories.open()).fork;
  }

  const word = (value: bigint): string => `0x${value.toString(16).padStart(64, "0")}`;

  it("shows what a call that succeeds does, and does not do it", async () => {
    const fork = await openFork();
    const first = await attempt(fork, "mark", [5n]);
    expect(first.ok).to.be.true;
    expect(first.error).to.be.undefined;
    expect(first.slots).to.deep.equal([
      { address: guards.toLowerCase(), slot: word(3n), before: 1n, after: 5n },
    ]);
    expect(first.balances).to.deep.equal([]);
    expect(first.gasUsed).to.be.greaterThan(21_000);
    expect(hasEffect(first)).to.be.true;
    expect(await attempt(fork, "mark", [5n])).to.deep.equal(first);
  });

  it("shows a word that is cleared, and not one that stays as it was", async () => {
    const fork = await openFork();
    const cleared = await attempt(fork, "mark", [0n]);
    expect(cleared.slots).to.deep.equal([
      { address: guards.toLowerCase(), slot: word(3n), before: 1n, after: 0n },
    ]);
    const same = await attempt(fork, "mark", [1n]);
    expect(same.ok).to.be.true;
    expect(same.slots).to.deep.equal([]);
    expect(hasEffect(same)).to.be.false;
  });

  it("shows a word that was zero", async () => {
    const fork = await openFork();
    const fresh = await deploy(chain.node, "Guards", [pauser.address, pauser.address]);
    const { fork: later } = await laboratories.open();
    const { abi } = await artifact("Guards");
    const data = hex(abi.encodeFunctionData("mark", [3n]));
    const trial = await tryCall(later, { from: stranger.address, to: fresh, data });
    expect(trial.slots).to.deep.equal([
      { address: fresh.toLowerCase(), slot: word(3n), before: 0n, after: 3n },
    ]);
    const [before] = await tryCalls(fork, [{ from: stranger.address, to: fresh, data }]);
    expect(before && hasEffect(before), "there is no code yet on the older fork").to.be.false;
  });

  it("gives the revert data of a refusal, and no effects", async () => {
    const { abi } = await artifact("Guards");
    const trial = await attempt(await openFork(), "byOwner");
    expect(trial.ok).to.be.false;
    expect(trial.error).to.match(/revert/);
    expect(trial.output).to.equal(abi.encodeErrorResult("Refused", [stranger.address, 1n]));
    expect(hasEffect(trial)).to.be.false;
  });

  it("lets anybody be the sender", async () => {
    const trial = await attempt(await openFork(), "byOwner", [], { from: owner.address });
    expect(trial.ok).to.be.true;
    expect(trial.logs.map(({ address, topics }) => ({ address, topics }))).to.deep.equal([
      {
        address: guards.toLowerCase(),
        topics: [id("Passed(address)"), word(BigInt(owner.address))],
      },
    ]);
    expect(trial.slots).to.deep.equal([]);
    expect(hasEffect(trial)).to.be.true;
  });

  it("leaves out the events of calls that failed inside, and of calls inside those", async () => {
    const trial = await attempt(await openFork(), "swallow");
    expect(trial.ok).to.be.true;
    expect(trial.logs.map(({ topics }) => topics[0])).to.deep.equal([id("Passed(address)")]);
    expect(trial.slots).to.deep.equal([]);
    expect(trial.frames.map(({ type, depth, failed }) => ({ type, depth, failed }))).to.deep.equal([
      { type: "CALL", depth: 0, failed: false },
      { type: "CALL", depth: 1, failed: true },
      { type: "CALL", depth: 2, failed: false },
    ]);
  });

  it("leaves out all events of a call that fails in the end", async () => {
    const trial = await attempt(await openFork(), "emitAndRefuse");
    expect(trial.ok).to.be.false;
    expect(trial.logs).to.deep.equal([]);
    expect(trial.slots).to.deep.equal([]);
  });

  it("shows the value that moves, on both sides and in the calls inside", async () => {
    const fork = await openFork();
    const valueWei = parseEther("1");
    const trial = await attempt(fork, "forward", [penniless.address], { valueWei });
    expect(trial.ok).to.be.true;
    const balance = BigInt(
      String(await chain.node.request("eth_getBalance", stranger.address, "latest")),
    );
    expect(trial.balances).to.have.deep.members([
      {
        address: stranger.address.toLowerCase(),
        beforeWei: balance,
        afterWei: balance - valueWei,
      },
      { address: penniless.address.toLowerCase(), beforeWei: 0n, afterWei: valueWei },
    ]);
    expect(trial.frames.map((frame) => frame.valueWei)).to.deep.equal([valueWei, valueWei]);
  });

  it("shows a balance that is spent to the last wei, since gas is free", async () => {
    const balance = BigInt(
      String(await chain.node.request("eth_getBalance", stranger.address, "latest")),
    );
    const trial = await attempt(await openFork(), "forward", [deployer.address], {
      valueWei: balance,
    });
    expect(trial.balances).to.deep.include({
      address: stranger.address.toLowerCase(),
      beforeWei: balance,
      afterWei: 0n,
    });
  });

  it("lends the value to a sender without money, and takes no such thing for an effect of its own", async () => {
    const fork = await openFork();
    const trial = await attempt(fork, "forward", [deployer.address], {
      from: penniless.address,
      valueWei: 5n,
    });
    expect(trial.ok).to.be.true;
    expect(trial.balances.map(({ address }) => address)).to.deep.equal([
      deployer.address.toLowerCase(),
    ]);
    const free = await attempt(fork, "mark", [4n], { from: penniless.address });
    expect(free.ok).to.be.true;
    expect(free.balances).to.deep.equal([]);
  });

  it("refuses a value where none is taken", async () => {
    const trial = await attempt(await openFork(), "mark", [5n], { valueWei: 1n });
    expect(trial.ok).to.be.false;
    expect(trial.output).to.equal("0x");
  });

  it("is over soon when the call never ends", async () => {
    const fork = await openFork();
    const startedMs = performance.now();
    const trial = await attempt(fork, "byNobody");
    expect(performance.now() - startedMs).to.be.lessThan(BOUND_MS);
    expect(trial.ok).to.be.false;
    expect(trial.error).to.match(/gas/i);
  });

  it("sees what was done on the fork before, until it is taken back", async () => {
    const laboratory = await laboratories.open();
    const { fork } = laboratory;
    const { abi } = await artifact("Guards");
    await fork.withFreeGas();
    await laboratory.alone(async () => {
      const data = hex(abi.encodeFunctionData("mark", [8n]));
      await fork.send({ from: stranger.address, to: guards, data, gas: "0x100000" });
      const [change] = (await attempt(fork, "mark", [5n])).slots;
      expect(change?.before).to.equal(8n);
    });
    const [change] = (await attempt(fork, "mark", [5n])).slots;
    expect(change?.before).to.equal(1n);
  });
});
