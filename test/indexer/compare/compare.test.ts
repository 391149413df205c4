import { expect } from "chai";
import fc from "fast-check";

import type { ChainCalls } from "../../../src/indexer/compare/chain-calls.js";
import {
  compareRows,
  type CompareReport,
  type CompareTools,
} from "../../../src/indexer/compare/compare.js";
import type { RowSource } from "../../../src/indexer/compare/rows.js";
import { expectRejection } from "../../helpers/refusal.js";
import { BALANCES, memoryTable, type Told } from "./sources.js";

function account(index: number): string {
  return `0x${index.toString(16).padStart(40, "0")}`;
}

function toolsWith(changes: Partial<CompareTools> = {}): CompareTools {
  let nowMs = 0;
  return {
    chain: undefined,
    block: null,
    most: 3,
    waitMs: 2_000,
    now: () => nowMs,
    wait: async (milliseconds) => {
      nowMs += milliseconds;
      await Promise.resolve();
    },
    advance: () => undefined,
    ...changes,
  };
}

async function compared(
  old: RowSource | Told | undefined,
  fresh: RowSource | Told,
  tools = toolsWith(),
  onChain = false,
): Promise<CompareReport> {
  const source = (one: RowSource | Told, title: string): RowSource =>
    "rows" in one ? memoryTable(title, () => one) : one;
  return await compareRows(
    {
      name: "balances",
      old: old === undefined ? undefined : source(old, "old"),
      new: source(fresh, "new"),
      key: BALANCES.key,
      chain: onChain
        ? {
            contract: account(7),
            function: "balanceOf(address)",
            args: ["$account"],
            column: "balance",
            total: "totalSupply()",
          }
        : undefined,
    },
    tools,
  );
}

/** A token in memory. */
function token(balances: ReadonlyMap<string, bigint>, supply: bigint): ChainCalls {
  const word = (value: bigint): string => `0x${value.toString(16).padStart(64, "0")}`;
  return {
    network: "test",
    newest: async () => await Promise.resolve(5),
    call: async (calls) =>
      await Promise.resolve(
        calls.map(({ data }) =>
          data.startsWith("0x70a08231")
            ? word(balances.get(`0x${data.slice(-40)}`) ?? 0n)
            : word(supply),
        ),
      ),
  };
}

describe("Rows of two indexers", () => {
  const balance = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });
  const table = fc
    .dictionary(
      fc.integer({ min: 0, max: 40 }).map((index) => account(index)),
      balance,
      { maxKeys: 30 },
    )
    .map((entries) => new Map(Object.entries(entries)));

  it("are compared as two maps would be, to the last unit", async () => {
    await fc.assert(
      fc.asyncProperty(table, table, async (a, b) => {
        const told = (rows: ReadonlyMap<string, bigint>): Told => ({
          block: 5,
          rows: [...rows].sort(([x], [y]) => (x < y ? -1 : 1)),
        });
        const { checks } = await compared(told(a), told(b));
        const [check] = checks;
        const keys = new Set([...a.keys(), ...b.keys()]);
        const count = (test: (key: string) => boolean): number => [...keys].filter(test).length;
        expect(check?.tally).to.include({
          rows: keys.size,
          missing: count((key) => !b.has(key)),
          extra: count((key) => !a.has(key)),
          different: count((key) => a.has(key) && b.has(key) && a.get(key) !== b.get(key)),
        });
        expect(check?.tally?.first.length).to.be.at.most(3);
        const equal = keys.size === a.size && a.size === b.size;
        const same = equal && count((key) => a.get(key) !== b.get(key)) === 0;
        expect(check?.verdict).to.equal(same ? "equal" : "different");
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it("are not told equal when they are at different blocks, or one does not say at which", async () => {
    const rows = [[account(1), 1n]] as const;
    const apart = await compared({ block: 5, rows }, { block: 6, rows });
    expect(apart.checks[0]).to.include({ verdict: "cannot tell" });
    expect(apart.checks[0]?.why).to.contain("block 5").and.to.contain("block 6");
    const silent = await compared({ block: null, rows }, { block: 6, rows });
    expect(silent.checks[0]?.why).to.contain("old does not say at which block it is");
    const moved = await compared({ block: 6, rows }, { block: 6, rows, moved: "it moved" });
    expect(moved.checks[0]).to.include({ verdict: "cannot tell", why: "it moved" });
  });

  it("are looked at again until both are at one block", async () => {
    const rows = [[account(1), 1n]] as const;
    let looks = 0;
    const behind = memoryTable("old", () => ({ block: Math.min(6, 3 + (looks += 1)), rows }));
    const { checks } = await compared(behind, { block: 6, rows });
    expect(checks[0]).to.include({ verdict: "equal", block: 6 });
  });

  it("are refused when they do not come in order: one could be missing unseen", async () => {
    const rows = [
      [account(2), 1n],
      [account(1), 1n],
    ] as const;
    const refused = await expectRejection(
      compared({ block: 5, rows }, { block: 5, rows }),
      "INDEXER_REFUSED",
    );
    expect(refused.what).to.contain("order of their keys");
    const twice = [
      [account(1), 1n],
      [account(1), 1n],
    ] as const;
    await expectRejection(
      compared({ block: 5, rows: twice }, { block: 5, rows }),
      "INDEXER_REFUSED",
    );
  });

  it("are held against the chain, also in all, so that who has no row is noticed", async () => {
    const balances = new Map(
      Array.from({ length: 1203 }, (_, index) => [account(index), BigInt(index) ** 20n] as const),
    );
    const supply = [...balances.values()].reduce((sum, one) => sum + one, 0n);
    const rows = [...balances];
    const chain = token(balances, supply);
    const good = await compared(undefined, { block: 5, rows }, toolsWith({ chain }), true);
    expect(good.checks.map(({ what, verdict }) => [what, verdict])).to.deep.equal([
      ["rows and the chain", "equal"],
      ["total and the chain", "equal"],
    ]);
    expect(good.checks[0]?.tally?.rows).to.equal(1203);

    const wrong = rows.map(
      ([key, value], index) => [key, index === 700 ? value + 1n : value] as const,
    );
    const bad = await compared(undefined, { block: 5, rows: wrong }, toolsWith({ chain }), true);
    expect(bad.checks[0]?.tally).to.deep.include({ different: 1 });
    expect(bad.checks[0]?.tally?.first[0]?.key).to.equal(account(700));
    expect(bad.checks[1]?.verdict).to.equal("different");

    const less = await compared(
      undefined,
      { block: 5, rows: rows.slice(0, -1) },
      toolsWith({ chain }),
      true,
    );
    expect(less.checks.map(({ verdict }) => verdict)).to.deep.equal(["equal", "different"]);
  });

  it("need no more memory when there are many", async () => {
    const many = 200_000;
    const source = (): RowSource => ({
      ...memoryTable("many", () => ({ block: 5, rows: [] })),
      async read(_at, use) {
        async function* rows() {
          for (let index = 0; index < many; index += 1) {
            yield { key: [account(index)], values: { balance: String(index) } };
            if (index % 10_000 === 0) {
              await Promise.resolve();
            }
          }
        }
        return await use({
          block: 5,
          rows: rows(),
          moved: async () => await Promise.resolve<string | undefined>(undefined),
        });
      },
    });
    global.gc?.();
    const before = process.memoryUsage().heapUsed;
    let most = 0;
    const advance = (rows: number): void => {
      if (rows % 20_000 === 0) {
        most = Math.max(most, process.memoryUsage().heapUsed - before);
      }
    };
    const { checks } = await compared(source(), source(), toolsWith({ advance }));
    expect(checks[0]).to.include({ verdict: "equal" });
    expect(checks[0]?.tally?.rows).to.equal(many);
    // All rows at once would take several hundred.
    expect(most / 2 ** 20).to.be.lessThan(150);
  });
});
