import { expect } from "chai";
import { id } from "ethers";

import type { Address, Hex } from "../../../src/chain/address.js";
import type { ContractFunction } from "../../../src/chain/inspection/functions.js";
import { readBackFrom, takeReadings, type Readings } from "../../../src/chain/pausing/readings.js";
import { owner, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { deploy, hex } from "../../helpers/contracts.js";
import { useLaboratories } from "../../helpers/laboratory.js";

const place: Address = owner.address;
const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`;

function getter(
  signature: string,
  mutability: ContractFunction["mutability"] = "view",
): ContractFunction {
  return {
    selector: hex(id(signature).slice(0, 10)),
    signature,
    inputs: signature.endsWith("()") ? [] : [{ name: "", type: "address" }],
    mutability,
    source: "abi",
    at: place,
  };
}

/** What getters answer, by their signatures. */
function readings(answers: Readonly<Record<string, bigint>>): Readings {
  return new Map(
    Object.entries(answers).map(([signature, value]) => {
      const fn = getter(signature);
      return [`${place} ${fn.selector}`, { address: place, fn, answer: word(value) }];
    }),
  );
}

const change = { address: place.toLowerCase(), slot: word(5n), before: 0x1200n, after: 0x1300n };
const ok = (result: unknown): { ok: true; result: unknown } => ({ ok: true, result });

describe("what tells stopped from running", () => {
  it("is the getter that changes with the stop and back again, the best named first", () => {
    const readBack = readBackFrom(
      readings({ "counter()": 4n, "flag()": 0n, "tradingHalted()": 0n, "frozenLevel()": 7n }),
      readings({ "counter()": 5n, "flag()": 1n, "tradingHalted()": 1n, "frozenLevel()": 9n }),
      readings({ "counter()": 5n, "flag()": 0n, "tradingHalted()": 0n, "frozenLevel()": 7n }),
      [change],
    );
    expect(readBack?.text).to.equal("tradingHalted()");
    expect(readBack?.decode([ok(word(1n))])).to.equal(true);
    expect(readBack?.decode([ok(word(0n))])).to.equal(false);
    expect(readBack?.decode([ok(word(2n))])).to.equal(undefined);
    expect(readBack?.decode([{ ok: false, failure: { code: 3, message: "no" } }])).to.equal(
      undefined,
    );
  });

  it("is no getter that does not come back", () => {
    const readBack = readBackFrom(
      readings({ "tradingHalted()": 0n }),
      readings({ "tradingHalted()": 1n }),
      readings({ "tradingHalted()": 1n }),
      [change],
    );
    expect(readBack?.text).to.contain("storage word");
  });

  it("may mean the opposite", () => {
    const readBack = readBackFrom(
      readings({ "open()": 1n }),
      readings({ "open()": 0n }),
      readings({ "open()": 1n }),
      [],
    );
    expect(readBack?.decode([ok(word(0n))])).to.equal(true);
    expect(readBack?.decode([ok(word(1n))])).to.equal(false);
  });

  it("need not come back where the stop cannot be undone", () => {
    const readBack = readBackFrom(
      readings({ "tradingHalted()": 0n }),
      readings({ "tradingHalted()": 1n }),
      undefined,
      [],
    );
    expect(readBack?.text).to.equal("tradingHalted()");
  });

  it("is the bits of a storage word that have changed, where no getter is a flag", () => {
    const readBack = readBackFrom(
      readings({ "total()": 40n }),
      readings({ "total()": 50n }),
      readings({ "total()": 40n }),
      [change],
    );
    expect(readBack?.text).to.equal(
      `storage word ${word(5n)} of ${place.toLowerCase()}, bits 8 to 8`,
    );
    // The other bits belong to something else.
    expect(readBack?.decode([ok(word(0x9900_13ffn))])).to.equal(true);
    expect(readBack?.decode([ok(word(0x12n << 8n))])).to.equal(false);
    expect(readBack?.decode([ok("0x")])).to.equal(undefined);
    const [read] = readBack?.reads ?? [];
    expect(read?.("latest").method).to.equal("eth_getStorageAt");
  });

  it("is neither of two values that are both foreign to a wide word", () => {
    const wide = { ...change, before: 1n, after: 6n };
    const readBack = readBackFrom(new Map(), new Map(), undefined, [wide]);
    expect(readBack?.text).to.contain("bits 0 to 2");
    expect(readBack?.decode([ok(word(6n))])).to.equal(true);
    expect(readBack?.decode([ok(word(1n))])).to.equal(false);
    expect(readBack?.decode([ok(word(2n))])).to.equal(undefined);
  });

  it("is nothing where nothing has changed", () => {
    const same = readings({ "paused()": 0n });
    expect(readBackFrom(same, same, same, [])).to.equal(undefined);
  });
});

describe("the answers of getters", () => {
  const chain = useChain();
  const laboratories = useLaboratories(chain);

  it("are those of views without arguments that answer", async () => {
    const address = await deploy(chain.node, "FlagSleeper", [owner.address]);
    const { fork } = await laboratories.open();
    const functions = [
      getter("siestaTime()"),
      getter("chief()"),
      getter("rests()", "unknown"),
      // These are not asked: one takes something, one changes something.
      getter("balanceOf(address)"),
      getter("work()", "nonpayable"),
      // And this is not there.
      getter("nowhere()"),
    ];
    const answers = await takeReadings(fork, [
      { address, functions },
      { address: stranger.address, functions },
    ]);
    const found = [...answers.values()].map(({ fn, answer }) => [fn.signature, answer]);
    expect(found).to.have.deep.members([
      ["siestaTime()", word(0n)],
      ["chief()", word(BigInt(owner.address))],
      ["rests()", word(0n)],
    ]);
  });
});
