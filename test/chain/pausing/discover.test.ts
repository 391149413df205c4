import { expect } from "chai";
import { id } from "ethers";

import type { Address } from "../../../src/chain/address.js";
import { owner } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { deploy } from "../../helpers/contracts.js";
import {
  bestOf,
  callOf,
  effectsOf,
  examined,
  examinedOne,
  provedCallers,
  waysOf,
} from "../../helpers/examined.js";
import { listOf } from "../../helpers/refusal.js";

const selector = (signature: string): string => id(signature).slice(0, 10);
const bits = (slot: bigint, address: Address, first: number, last: number): string =>
  `storage word 0x${slot.toString(16).padStart(64, "0")} of ${address.toLowerCase()}, bits ${first} to ${last}`;

/** A contract that stops in a way of its own, and what an experiment must find. */
interface Stop {
  readonly name: string;
  readonly call: (own: Address) => string;
  /** Undefined where it cannot be undone. */
  readonly inverse: ((own: Address) => string) | undefined;
  /** Undefined where the storage word has a place that is computed. */
  readonly readBack: ((own: Address) => string) | undefined;
}

/** Of these the project has the ABI. Their names speak of stopping; no idiom has them. */
const named: readonly Stop[] = [
  {
    name: "LevelFreezer",
    call: () => "setFreezeLevel(uint8) 255",
    inverse: () => "setFreezeLevel(uint8) 0",
    readBack: () => "freezeLevel()",
  },
  {
    name: "MarketFreezer",
    call: (own) => `setMarketFrozen(address,bool) ${own} true`,
    inverse: (own) => `setMarketFrozen(address,bool) ${own} false`,
    readBack: undefined,
  },
  {
    name: "OneWay",
    call: () => "haltTheWorks()",
    inverse: undefined,
    readBack: () => "worksHalted()",
  },
];

/** No list has these names. Whether somebody has the ABI makes no difference. */
const nameless: readonly Stop[] = [
  {
    name: "Napper",
    call: () => "siesta()",
    inverse: () => "fiesta()",
    readBack: (own) => bits(0n, own, 160, 160),
  },
  {
    name: "FlagSleeper",
    call: () => "setSiesta(bool) true",
    inverse: () => "setSiesta(bool) false",
    readBack: () => "siestaTime()",
  },
  {
    name: "AwakeFlag",
    call: () => "setFiesta(bool) false",
    inverse: () => "setFiesta(bool) true",
    readBack: () => "fiestaTime()",
  },
  {
    name: "Flipper",
    call: () => "somersault()",
    inverse: () => "somersault()",
    readBack: (own) => bits(0n, own, 160, 160),
  },
];

/** What breaks, changes or annoys, and stops nobody. */
const innocent = [
  "WrongValues",
  "Accruer",
  "Blacklist",
  "OnceOnly",
  "PublicFlipper",
  "NamelessEnd",
] as const;

/** "siesta() …" as it is written where only the selector is known: the selector in place of the name. */
function withSelectors(call: string): string {
  return call.replace(/^(\w+)(\([^)]*\))/, (signature, _, types: string) => {
    return `${selector(signature)}${types}`;
  });
}

describe("ways to stop that no list knows", () => {
  const chain = useChain();

  async function expectStop(stop: Stop, foreign: boolean): Promise<void> {
    const own = await deploy(chain.node, stop.name, [owner.address]);
    const report = await examinedOne(chain, own, { foreign });
    expect(report).to.include({ verdict: "pausable", paused: false });
    const best = bestOf(report);
    expect(best).to.include({ id: "discovered", discovered: true, paused: false, works: true });
    const shown = (text: string | undefined): string | undefined =>
      text !== undefined && foreign ? withSelectors(text) : text;
    expect(callOf(best, "call")).to.equal(shown(stop.call(own)));
    expect(callOf(best, "inverse")).to.equal(shown(stop.inverse?.(own)));
    if (stop.readBack !== undefined) {
      const getter = stop.readBack(own);
      expect(best.readback).to.equal(getter.endsWith("()") && foreign ? selector(getter) : getter);
    }
    expect(provedCallers(best)).to.deep.equal([owner.address]);
    const effects = effectsOf(best);
    expect(effects[foreign ? selector("work()") : "work()"]).to.equal("blocked, guarded");
    expect(effects[foreign ? selector("rest()") : "rest()"]).to.equal("open");
    if (stop.inverse === undefined) {
      expect(JSON.stringify(best.evidence)).to.contain("cannot be undone");
    } else {
      expect(JSON.stringify(best.evidence)).to.match(
        /is then false; the 1 storage word.* as before/,
      );
    }
  }

  for (const stop of named) {
    it(`are found by their names: ${stop.name}`, async () => {
      await expectStop(stop, false);
    });
  }

  for (const stop of nameless) {
    for (const foreign of [false, true]) {
      const known = foreign ? "of which nobody has the ABI" : "although there is an ABI";
      it(`are found by what they do, not by names: ${stop.name}, ${known}`, async () => {
        await expectStop(stop, foreign);
      });
    }
  }

  it("are told apart where there are two, each with its own inverse and its own bit", async () => {
    const own = await deploy(chain.node, "TwoHalts", [owner.address]);
    const found = listOf(await examinedOne(chain, own), "mechanisms").map((one) => ({
      call: callOf(one, "call"),
      inverse: callOf(one, "inverse"),
      readback: one.readback,
      works: one.works,
      work: effectsOf(one)["work()"],
      rest: effectsOf(one)["rest()"],
    }));
    expect(found).to.have.deep.members([
      {
        call: "haltTheWorks()",
        inverse: "resumeTheWorks()",
        readback: bits(0n, own, 160, 160),
        works: true,
        work: "blocked, guarded",
        rest: "open",
      },
      {
        call: "haltTheRests()",
        inverse: "resumeTheRests()",
        readback: bits(0n, own, 168, 168),
        works: true,
        work: "open",
        rest: "blocked, guarded",
      },
    ]);
  });

  for (const name of innocent) {
    for (const foreign of [false, true]) {
      it(`are not imagined in ${name}${foreign ? ", of which nobody has the ABI" : ""}`, async () => {
        const own = await deploy(chain.node, name, [owner.address]);
        const report = await examinedOne(chain, own, { foreign });
        expect(report).to.deep.include({ verdict: "not-pausable", paused: null, mechanisms: [] });
      });
    }
  }

  it("are not taken from the passing of time: what ends by itself is not stopped", async () => {
    const own = await deploy(chain.node, "OddBlocks", [1n]);
    const report = await examinedOne(chain, own);
    expect(report.verdict).to.equal("not-pausable");
    for (const mechanism of waysOf(report)) {
      expect(mechanism.works).to.equal(false);
      // Whether it stops cannot be learnt from a function that ends by itself.
      expect(effectsOf(mechanism)).not.to.have.property("work()");
    }
  });
});

describe("ways to stop that another contract has", () => {
  const WORK = selector("work()");
  let doorkeeper: Address;
  let visitor: Address;
  let proxied: Address;
  let boss: Address;
  let servant: Address;
  const chain = useChain(async (node) => {
    doorkeeper = await deploy(node, "Doorkeeper", [owner.address]);
    visitor = await deploy(node, "Visitor", [doorkeeper]);
    proxied = await deploy(node, "ERC1967Proxy", [visitor, WORK]);
    boss = await deploy(node, "Boss", [owner.address]);
    servant = await deploy(node, "Servant", [boss]);
  });

  function expectElsewhere(
    report: Record<string, unknown>,
    to: Address,
    calls: { readonly call: string; readonly inverse: string },
  ): void {
    expect(report).to.include({ verdict: "pausable-elsewhere", paused: false });
    const best = bestOf(report);
    expect(best.call).to.include({ to });
    expect(best.inverse).to.include({ to });
    expect({ call: callOf(best, "call"), inverse: callOf(best, "inverse") }).to.deep.equal(calls);
    expect(best.works).to.equal(true);
    expect(provedCallers(best)).to.deep.equal([owner.address]);
    expect(effectsOf(best)["work()"]).to.equal("blocked, guarded");
  }

  const suspended = (app: Address): { call: string; inverse: string } => ({
    call: `setAppSuspended(address,bool) ${app} true`,
    inverse: `setAppSuspended(address,bool) ${app} false`,
  });

  it("are found in the registry that its functions ask", async () => {
    expectElsewhere(await examinedOne(chain, visitor), doorkeeper, suspended(visitor));
  });

  it("are found there for a proxy, by the proxy's own address", async () => {
    expectElsewhere(await examinedOne(chain, proxied), doorkeeper, suspended(proxied));
  });

  it("are found in the manager that it obeys, which people can call, before its own function, which they cannot", async () => {
    const report = await examinedOne(chain, servant);
    expectElsewhere(report, boss, {
      call: `suspendServant(address) ${servant}`,
      inverse: `resumeServant(address) ${servant}`,
    });
    const own = waysOf(report).find((one) => callOf(one, "call") === "setHalted(bool) true");
    expect(own === undefined ? [] : provedCallers(own)).to.deep.equal([boss]);
  });

  it("are the same for several contracts at once, on one fork, whatever their order", async () => {
    const alone = [
      await examinedOne(chain, servant),
      await examinedOne(chain, visitor),
      await examinedOne(chain, proxied),
    ];
    const together = await examined(chain, [servant, visitor, proxied]);
    expect(together.map(whatWasFound)).to.deep.equal(alone.map(whatWasFound));
    const reversed = await examined(chain, [proxied, visitor, servant]);
    expect(reversed.toReversed().map(whatWasFound)).to.deep.equal(alone.map(whatWasFound));
  });

  function whatWasFound(report: Record<string, unknown>): unknown {
    const { address, verdict, paused } = report;
    return {
      address,
      verdict,
      paused,
      mechanisms: listOf(report, "mechanisms").map((one) => ({
        call: one.call,
        inverse: one.inverse,
        readback: one.readback,
        callers: one.callers,
        effects: effectsOf(one),
      })),
    };
  }
});
