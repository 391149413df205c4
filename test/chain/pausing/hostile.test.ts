import { expect } from "chai";
import { id } from "ethers";

import type { Address } from "../../../src/chain/address.js";
import { ERC1967 } from "../../../src/chain/inspection/proxies.js";
import type { Verdict } from "../../../src/chain/pausing/report.js";
import { owner } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { deploy } from "../../helpers/contracts.js";
import type { Outcome } from "../../helpers/project.js";
import { expectRefusal, listOf, onlyDocument } from "../../helpers/refusal.js";

/** Nothing hostile may take longer, even on a machine that is busy with other things. */
const BOUND_MS = 60_000;

/** The names by which whoever wants to hold us up would lead us on. */
const TEMPTING = [
  "pause()",
  "unpause()",
  "paused()",
  "stop()",
  "start()",
  "stopped()",
  "halt()",
  "freeze()",
  "setPaused(bool)",
  "pauseAll()",
  "emergencyStop()",
  "owner()",
  "shutdown()",
  "transfer(address,uint256)",
  "deposit()",
  "withdraw(uint256)",
];

/** PUSH1 0 JUMP to the JUMPDEST in front of it: without end. */
const LOOP = "5b5f56";

/** Runtime code with functions: what each does comes after a jump table. */
function functions(
  signatures: readonly string[],
  body: (index: number, at: number) => string,
): string {
  const head = "5f3560e01c";
  const entry = 11;
  const bodies: string[] = [];
  const table: string[] = [];
  let at = head.length / 2 + signatures.length * entry + 1;
  for (const [index, signature] of signatures.entries()) {
    const code = `5b${body(index, at)}`;
    table.push(`8063${id(signature).slice(2, 10)}1461${at.toString(16).padStart(4, "0")}57`);
    bodies.push(code);
    at += code.length / 2;
  }
  return `0x${head}${table.join("")}fe${bodies.join("")}`;
}

/** Hands every call on to an address in its code, in another way than minimal proxies do. */
function delegates(to: Address): string {
  return `0x365f5f375f5f365f73${to.slice(2)}5f015af43d5f5f3e3d5ff3`;
}

function word(address: string): string {
  return `0x${address.slice(2).toLowerCase().padStart(64, "0")}`;
}

interface Hostile {
  readonly code: string;
  readonly verdicts: readonly Verdict[];
}

/** None of them can be paused, and of none that may be said. */
const HOSTILE: Readonly<Record<string, Hostile>> = {
  "burns all gas, whatever is asked": { code: `0x${LOOP}`, verdicts: ["not-pausable"] },
  "loops in every function": {
    code: functions(TEMPTING, (_, at) => `61${at.toString(16).padStart(4, "0")}56`),
    verdicts: ["not-pausable", "unknown"],
  },
  "answers everything with a megabyte": {
    code: "0x620f42405ff3",
    verdicts: ["not-pausable"],
  },
  "refuses everything with a megabyte": {
    code: "0x620f42405ffd",
    verdicts: ["not-pausable"],
  },
  "answers every function with a megabyte": {
    code: functions(TEMPTING, () => "620f42405ff3"),
    verdicts: ["not-pausable", "unknown"],
  },
  "answers with what it was asked": { code: "0x365f5f37365ff3", verdicts: ["not-pausable"] },
  "delegates to itself": {
    code: "0x365f5f375f5f365f305af43d5f5f3e3d5ff3",
    verdicts: ["not-pausable", "unknown"],
  },
  "is 24 KB of JUMPDEST": { code: `0x${"5b".repeat(24_576)}`, verdicts: ["not-pausable"] },
  "is 24 KB of PUSH4 of pause()": {
    code: `0x${"638456cb59".repeat(4_900)}`,
    verdicts: ["not-pausable"],
  },
  "has 500 functions, each of which changes a word": {
    code: functions(
      Array.from({ length: 500 }, (_, index) => `nobodyKnows${index}()`),
      (index) => `600161${index.toString(16).padStart(4, "0")}5500`,
    ),
    verdicts: ["not-pausable", "unknown"],
  },
  "destroys itself whatever is called": { code: "0x33ff", verdicts: ["not-pausable"] },
};

describe("a hostile contract", () => {
  const chain = useChain();
  let count = 0;

  async function place(code: string, storage: Readonly<Record<string, string>> = {}) {
    count++;
    const address: Address = `0x${"bad0".padEnd(36, "0")}${count.toString(16).padStart(4, "0")}`;
    await chain.node.request("hardhat_setCode", address, code);
    for (const [slot, value] of Object.entries(storage)) {
      await chain.node.request("hardhat_setStorageAt", address, slot, value);
    }
    return address;
  }

  async function judged(...contracts: readonly Address[]): Promise<Outcome> {
    const project = await chain.project({ accounts: [owner] });
    const startedMs = performance.now();
    const outcome = await project.run("verify-pausable", {
      contract: contracts.join(","),
      json: true,
    });
    expect(performance.now() - startedMs, "milliseconds").to.be.lessThan(BOUND_MS);
    return outcome;
  }

  const verdictsOf = (outcome: Outcome): unknown[] =>
    listOf(onlyDocument(outcome), "contracts").map(({ verdict }) => verdict);

  for (const [title, { code, verdicts }] of Object.entries(HOSTILE)) {
    it(`that ${title} ends in a verdict`, async () => {
      const outcome = await judged(await place(code));
      expect(verdicts).to.include(verdictsOf(outcome)[0]);
      expect(outcome.exitCode).to.be.oneOf([1, 3]);
    });
  }

  it("with spoofed slots is judged by what really runs", async () => {
    const honest = await deploy(chain.node, "OwnablePausable", [owner.address]);
    // Every call succeeds there and does nothing.
    const nothing = await place("0x00");
    const address = await place(delegates(nothing), { [ERC1967.implementation]: word(honest) });
    expect(verdictsOf(await judged(address))[0]).to.be.oneOf(["not-pausable", "unknown"]);
  });

  it("that has named hundreds, who all seem to have the power, ends in a verdict", async () => {
    const address = await deploy(chain.node, "NamesMany", [500n]);
    expect(verdictsOf(await judged(address))).to.deep.equal(["not-pausable"]);
  });

  describe("that leads back to itself", () => {
    const minimal = (to: Address): string =>
      `0x363d3d373d3d3d363d73${to.slice(2)}5af43d82803e903d91602b57fd5bf3`;

    async function loop(): Promise<readonly [Address, Address]> {
      const first = await place("0x00");
      const second = await place(minimal(first));
      await chain.node.request("hardhat_setCode", first, minimal(second));
      return [first, second];
    }

    it("is refused, with what to do", async () => {
      const [first] = await loop();
      const outcome = await judged(first);
      expectRefusalOf(outcome, "UNKNOWN_PROXY");
    });

    it("is refused also when two of them are named", async () => {
      const [first, second] = await loop();
      expectRefusalOf(await judged(first, second), "UNKNOWN_PROXY");
    });

    it("does not keep another contract from being judged", async () => {
      const [first] = await loop();
      const honest = await deploy(chain.node, "OwnablePausable", [owner.address]);
      const outcome = await judged(first, honest);
      expect(verdictsOf(outcome)).to.deep.equal(["unknown", "pausable"]);
      expect(outcome.exitCode).to.equal(3);
      expect(outcome.stdout).to.contain("UNKNOWN_PROXY");
    });

    it("by words of storage is refused or not known", async () => {
      const slot = `0x${"77".repeat(32)}`;
      // Copies the call, loads the address from the slot, and delegates.
      const code = `0x365f5f375f5f365f7f${slot.slice(2)}545af43d5f5f3e3d5ff3`;
      const first = await place(code);
      const second = await place(code, { [slot]: word(first) });
      await chain.node.request("hardhat_setStorageAt", first, slot, word(second));
      const honest = await deploy(chain.node, "OwnablePausable", [owner.address]);
      const [hostile, other] = verdictsOf(await judged(first, honest));
      expect(hostile).to.be.oneOf(["unknown", "not-pausable"]);
      expect(other).to.equal("pausable");
    });
  });

  describe("that was destroyed", () => {
    it("is refused", async () => {
      const nothing: Address = "0x00000000000000000000000000000000dead0001";
      expectRefusalOf(await judged(nothing), "NO_CODE");
    });

    it("does not keep another contract from being judged", async () => {
      const nothing: Address = "0x00000000000000000000000000000000dead0001";
      const honest = await deploy(chain.node, "OwnablePausable", [owner.address]);
      const outcome = await judged(nothing, honest);
      expect(verdictsOf(outcome)).to.deep.equal(["unknown", "pausable"]);
      expect(outcome.stdout).to.contain("NO_CODE");
    });
  });

  it("does not keep others from being judged", async () => {
    const hostile = await place(`0x${LOOP}`);
    const bomb = await place("0x620f42405ff3");
    const honest = await deploy(chain.node, "OwnablePausable", [owner.address]);
    expect(verdictsOf(await judged(hostile, bomb, honest))).to.deep.equal([
      "not-pausable",
      "not-pausable",
      "pausable",
    ]);
  });

  function expectRefusalOf(outcome: Outcome, code: "NO_CODE" | "UNKNOWN_PROXY"): void {
    expectRefusal(outcome, code);
    expect(onlyDocument(outcome).contracts).to.equal(undefined);
  }
});
