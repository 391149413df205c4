import { expect } from "chai";

import type { Address } from "../../../src/chain/address.js";
import { owner, stranger } from "../../helpers/accounts.js";
import type { LocalNode } from "../../helpers/anvil.js";
import { useChain } from "../../helpers/chain.js";
import { artifact, deploy } from "../../helpers/contracts.js";
import { listOf, onlyDocument } from "../../helpers/refusal.js";

/** A contract, and what is true of it. */
interface Lookalike {
  readonly title: string;
  readonly name: string;
  readonly args?: readonly unknown[] | ((node: LocalNode) => Promise<readonly unknown[]>);
  readonly verdict: "pausable" | "not-pausable" | readonly ["not-pausable", "unknown"];
  readonly paused: boolean | null;
  /** What its owner calls to see what it really does; undefined where that is told otherwise. */
  readonly attempt?: { readonly call: string; readonly args?: readonly unknown[] };
}

const DAY = 86_400;
const BURNT = "0x000000000000000000000000000000000000dEaD";
const PAUSE = { call: "pause()" };

const lookalikes: readonly Lookalike[] = [
  {
    title: "everybody may lock himself",
    name: "SelfLock",
    verdict: "not-pausable",
    paused: null,
    attempt: { call: "lock()" },
  },
  {
    title: "the pauser is a burn address",
    name: "PauserIsGiven",
    args: [BURNT],
    verdict: "not-pausable",
    paused: false,
  },
  {
    title: "the pauser is a contract without a call in its code",
    name: "PauserIsGiven",
    args: async (node) => [await deploy(node, "SpentPause")],
    verdict: "not-pausable",
    paused: false,
  },
  {
    title: "the pause stops only those who may pause",
    name: "PauseForOwner",
    verdict: "not-pausable",
    paused: null,
    attempt: PAUSE,
  },
  {
    title: "the pause is over with its block",
    name: "OneBlockPause",
    verdict: "not-pausable",
    paused: null,
    attempt: PAUSE,
  },
  {
    title: "a pause that works, though its getter denies it",
    name: "PausedSaysFalse",
    verdict: "pausable",
    paused: false,
    attempt: PAUSE,
  },
  {
    title: "a getter that says yes, and nothing else",
    name: "PausedSaysTrue",
    verdict: ["not-pausable", "unknown"],
    paused: null,
    attempt: PAUSE,
  },
  {
    title: "the only pause was used",
    name: "SpentPause",
    verdict: "not-pausable",
    paused: false,
    attempt: PAUSE,
  },
  {
    title: "the window for the pause has closed",
    name: "TimedPause",
    args: [-DAY, 0],
    verdict: "not-pausable",
    paused: false,
    attempt: PAUSE,
  },
  {
    title: "the window for the pause has not opened yet",
    name: "TimedPause",
    args: [DAY, 2 * DAY],
    verdict: "not-pausable",
    paused: false,
    attempt: PAUSE,
  },
  {
    title: "a setter that breaks it when it is given a flag for an address",
    name: "FeedSetter",
    verdict: "not-pausable",
    paused: null,
  },
  {
    title: "to open a second function gives it another refusal",
    name: "ClosedFeature",
    verdict: ["not-pausable", "unknown"],
    paused: null,
    attempt: { call: "setGiftsEnabled(bool)", args: [true] },
  },
  {
    title: "the third of three states is closed",
    name: "ThreeStates",
    verdict: "pausable",
    paused: false,
    attempt: { call: "setState(uint8)", args: [2] },
  },
  {
    title: "its events name a pauser who is none",
    name: "RolesInEventsOnly",
    verdict: "not-pausable",
    paused: false,
    attempt: PAUSE,
  },
  {
    title: "it takes every call, and writes",
    name: "WritingFallback",
    verdict: "not-pausable",
    paused: null,
  },
];

describe("verify-pausable of lookalikes", () => {
  const chain = useChain();

  for (const { title, name, args = [], verdict, paused, attempt } of lookalikes) {
    it(`is not taken in: ${title}`, async () => {
      const given = typeof args === "function" ? await args(chain.node) : args;
      const contract = await deploy(chain.node, name, given, owner);
      const project = await chain.project();
      const outcome = await project.run("verify-pausable", { contract, json: true });
      const [report] = listOf(onlyDocument(outcome), "contracts");
      expect(report?.paused).to.equal(paused);
      expect(report?.verdict).to.be.oneOf([verdict].flat());
      if (attempt !== undefined) {
        // The truth, without the plugin.
        await call(chain.node, name, contract, attempt.call, attempt.args ?? []);
        expect(await works(chain.node, name, contract)).to.equal(verdict !== "pausable");
      }
    });
  }
});

/** As the owner; refused or not, and one block later. */
async function call(
  node: LocalNode,
  name: string,
  to: Address,
  signature: string,
  args: readonly unknown[],
): Promise<void> {
  const { abi } = await artifact(name);
  const data = abi.encodeFunctionData(signature, [...args]);
  await node.request("eth_sendTransaction", { from: owner.address, to, data, gas: "0x100000" });
  await node.request("evm_mine");
}

/** Whether somebody else can work. */
async function works(node: LocalNode, name: string, to: Address): Promise<boolean> {
  const { abi } = await artifact(name);
  const data = abi.encodeFunctionData("work()");
  return await node.request("eth_call", { from: stranger.address, to, data }, "latest").then(
    () => true,
    () => false,
  );
}
