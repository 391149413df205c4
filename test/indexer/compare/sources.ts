import type { ReadRows, RowSource } from "../../../src/indexer/compare/rows.js";
import { rowOf } from "../../../src/indexer/compare/rows.js";

/** Columns of a table of balances. */
export const BALANCES = { key: ["account"], columns: ["balance"] } as const;

/** What a source of rows says. */
export interface Told {
  readonly block: number | null;
  readonly rows: readonly (readonly [account: string, balance: unknown])[];
  readonly moved?: string;
}

/** A table in memory, which may be another one with every look. */
export function memoryTable(title: string, looks: () => Told, pins = false): RowSource {
  return {
    title,
    pins,
    newest: async () => await Promise.resolve(looks().block),
    async read(_at, use) {
      const { block, rows, moved } = looks();
      const read: ReadRows = {
        block,
        rows: one(rows),
        moved: async () => await Promise.resolve(moved),
      };
      return await use(read);
    },
  };

  async function* one(rows: Told["rows"]) {
    for (const [account, balance] of rows) {
      yield await Promise.resolve(rowOf(title, BALANCES, { account, balance }));
    }
  }
}
