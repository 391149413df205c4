import { expect } from "chai";
import fc from "fast-check";

import type { RepointIntent } from "../../../src/indexer/repoint/intent.js";
import { listValue } from "../../../src/indexer/repoint/list-value.js";
import type { Role, Spot } from "../../../src/indexer/repoint/places.js";
import { decideValues, type Decided } from "../../../src/indexer/repoint/values.js";
import { emergencyError } from "../../helpers/refusal.js";

const OLD = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const NEW = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
const THIRD = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0";

function intentWith(changes: Partial<RepointIntent> = {}): RepointIntent {
  return {
    indexer: "market",
    contract: "vault",
    where: {
      address: "ADDRESS",
      startBlock: "START",
      previous: { address: "OLD", startBlock: "OLD_START", endBlock: "OLD_END" },
    },
    to: NEW,
    from: null,
    configured: OLD,
    startBlock: 52,
    endBlock: 62,
    schema: null,
    forgetOld: false,
    second: "old",
    ...changes,
  };
}

const ROLES: readonly (readonly [Role, string])[] = [
  ["address", "ADDRESS"],
  ["start block", "START"],
  ["previous address", "OLD"],
  ["previous start block", "OLD_START"],
  ["previous end block", "OLD_END"],
];

type Values = Readonly<Record<string, string | null>>;

function spotsOf(values: Values, container = "market"): readonly Spot[] {
  return ROLES.flatMap(([role, name]) => {
    const value = values[name];
    return value === undefined
      ? []
      : [
          {
            role,
            name,
            place: { in: "container", container: { list: "containers", name: container } },
            value,
          } as const,
        ];
  });
}

const FIRST: Values = { ADDRESS: OLD, START: "21", OLD: null, OLD_START: null, OLD_END: null };

/** The values after some of the changes. */
function after(spots: readonly Spot[], decided: Decided, done: (index: number) => boolean) {
  return spots.map((spot) => {
    const index = decided.changes.findIndex((change) => change.spot === spot);
    const value = decided.changes[index]?.value;
    return value === undefined || !done(index) ? spot : { ...spot, value };
  });
}

function valuesOf(spots: readonly Spot[]): Values {
  return Object.fromEntries(spots.map(({ name, value }) => [name, value]));
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return emergencyError(error).code;
  }
  return "none";
}

describe("The values of an indexer that is repointed", () => {
  it("are the new contract's, and the old one's as the second source", () => {
    const spots = spotsOf(FIRST);
    const decided = decideValues("market", spots, intentWith());
    const done = after(spots, decided, () => true);
    expect(valuesOf(done)).to.deep.equal({
      ADDRESS: NEW,
      START: "52",
      OLD,
      OLD_START: "21",
      OLD_END: "62",
    });
    expect(decideValues("market", done, intentWith({ endBlock: 99 })).changes).to.deep.equal([]);
    expect(decided).to.deep.include({ from: OLD, secondBefore: null, startBlockBefore: 21 });
  });

  it("are the same in the end wherever a run stops that writes the old contract first", () => {
    const spots = [...spotsOf(FIRST), ...spotsOf({ ADDRESS: OLD.toLowerCase() }, "sidecar")];
    const decided = decideValues("market", spots, intentWith());
    const end = valuesOf(after(spots, decided, () => true));
    const inOrder = [...decided.changes].sort(
      (a, b) =>
        Number(b.spot.role.startsWith("previous")) - Number(a.spot.role.startsWith("previous")),
    );
    for (let written = 0; written <= inOrder.length; written += 1) {
      const done = new Set(
        inOrder.slice(0, written).map((change) => decided.changes.indexOf(change)),
      );
      const stopped = after(spots, decided, (index) => done.has(index));
      const again = decideValues("market", stopped, intentWith({ endBlock: 99 }));
      const finished = valuesOf(after(stopped, again, () => true));
      // The last block of the old contract is that of the run that wrote it.
      expect({ ...finished, OLD_END: null }, `after ${written}`).to.deep.equal({
        ...end,
        OLD_END: null,
      });
    }
  });

  it("go back to what they were", () => {
    const spots = spotsOf({ ...FIRST, OLD: THIRD, OLD_START: "3", OLD_END: "20" });
    const there = decideValues("market", spots, intentWith({ forgetOld: true }));
    const done = after(spots, there, () => true);
    const back = decideValues(
      "market",
      done,
      intentWith({
        to: OLD,
        from: NEW,
        startBlock: there.startBlockBefore,
        second: there.secondBefore,
        forgetOld: true,
      }),
    );
    expect(valuesOf(after(done, back, () => true))).to.deep.equal(valuesOf(spots));
  });

  it("are refused where history would be lost, or somebody else has changed them", () => {
    const lost = spotsOf({ ...FIRST, OLD: THIRD });
    expect(refusal(() => decideValues("market", lost, intentWith()))).to.equal("HISTORY_LOST");
    const where = { address: "ADDRESS", startBlock: "START" };
    const forgotten = spotsOf({ ADDRESS: OLD, START: "21" });
    expect(refusal(() => decideValues("m", forgotten, intentWith({ where })))).to.equal(
      "HISTORY_LOST",
    );
    const strange = spotsOf({ ...FIRST, ADDRESS: THIRD });
    expect(refusal(() => decideValues("m", strange, intentWith()))).to.equal("OTHER_ADDRESS");
    expect(refusal(() => decideValues("m", strange, intentWith({ from: THIRD })))).to.equal("none");
    const two = [...spotsOf(FIRST), ...spotsOf({ ADDRESS: THIRD }, "sidecar")];
    expect(refusal(() => decideValues("m", two, intentWith()))).to.equal("OTHER_ADDRESS");
    const password = spotsOf({ ...FIRST, ADDRESS: "a password" });
    expect(refusal(() => decideValues("m", password, intentWith()))).to.equal("CANNOT_REPOINT");
  });

  it("take what is there for the old contract when the configuration names the new one already", () => {
    const decided = decideValues("m", spotsOf(FIRST), intentWith({ configured: NEW }));
    expect(decided.from).to.equal(OLD);
    expect(decided.notes.join()).to.contain("hardhat.config.ts does not name");
  });
});

const address = fc.stringMatching(/^[0-9a-f]{40}$/).map((digits) => `0x${digits}`);

describe("A list of addresses", () => {
  it("has the new one first, loses none, and keeps each with its start block", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(address, fc.nat()), {
          minLength: 1,
          maxLength: 6,
          selector: ([one]) => one,
        }),
        address,
        fc.nat(),
        fc.constantFrom(",", ";", " "),
        fc.boolean(),
        (entries, to, startBlock, separator, startFirst) => {
          const addresses = entries.map(([one]) => one).join(separator);
          const blocks = entries.map(([, block]) => String(block)).join(separator);
          const wish = { to, startBlock, drop: null, separator };
          const moved = listValue.addresses(addresses, wish);
          // Either of the two may have been written when the other one is looked at.
          const seen = (startFirst ? addresses : moved).split(separator);
          const blocksMoved = listValue.startBlocks(blocks, seen, wish);
          const pairs = moved
            .split(separator)
            .map((one, index) => [one, Number(blocksMoved?.split(separator)[index])]);
          const others = entries.filter(([one]) => one !== to);
          expect(pairs).to.deep.equal([[to, startBlock], ...others]);
          // Nothing is done twice.
          expect(listValue.addresses(moved, wish)).to.equal(moved);
          expect(listValue.startBlocks(blocksMoved ?? "", moved.split(separator), wish)).to.equal(
            blocksMoved,
          );
        },
      ),
      { seed: 7, numRuns: 500 },
    );
  });

  it("loses an address only where that is wanted, and is refused where blocks do not fit", () => {
    const wish = { to: NEW, startBlock: 52, drop: OLD, separator: "," };
    expect(listValue.addresses(`${OLD}, ${THIRD}`, wish)).to.equal(`${NEW}, ${THIRD}`);
    expect(listValue.startBlocks("21, 3", [OLD, THIRD], wish)).to.equal("52, 3");
    expect(listValue.startBlocks("21", [OLD, THIRD], wish)).to.equal(undefined);
    expect(listValue.startBlocks("a,b", [OLD, THIRD], wish)).to.equal(undefined);
  });
});
