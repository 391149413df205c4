import type { CompareRow } from "./rows.js";
import type { Pair } from "./merge.js";
import { sameValue, type Value } from "./value.js";

/** One row that is not the same on both sides. */
export interface RowDifference {
  /** "0x…", or several values with commas. */
  readonly key: string;
  /** `missing`: the second one lacks it; `extra`: the first one does. */
  readonly kind: "missing" | "extra" | "different";
  /** Of `different`: the columns, as they are on both sides. */
  readonly columns: readonly {
    readonly name: string;
    readonly first: Value;
    readonly second: Value;
  }[];
}

/** How many rows are the same, and the first of those that are not. */
export interface Tally {
  readonly rows: number;
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
  readonly first: readonly RowDifference[];
}

/** Counts rows. @param most so many differences are kept, the others are counted. */
export class Counter {
  readonly #most: number;
  readonly #first: RowDifference[] = [];
  readonly #counts = { rows: 0, missing: 0, extra: 0, different: 0 };

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a pair of rows in. */
  add({ left, right }: Pair): void {
    this.#counts.rows += 1;
    if (left === undefined) {
      this.#keep({ key: keyText(right), kind: "extra", columns: [] });
    } else if (right === undefined) {
      this.#keep({ key: keyText(left), kind: "missing", columns: [] });
    } else {
      const columns = Object.entries(left.values).flatMap(([name, first]) => {
        const second = right.values[name] ?? null;
        return sameValue(first, second) ? [] : [{ name, first, second }];
      });
      if (columns.length > 0) {
        this.#keep({ key: keyText(left), kind: "different", columns });
      }
    }
  }

  #keep(difference: RowDifference): void {
    this.#counts[difference.kind] += 1;
    if (this.#first.length < this.#most) {
      this.#first.push(difference);
    }
  }

  /** What has been counted so far. */
  get tally(): Tally {
    return { ...this.#counts, first: [...this.#first] };
  }
}

/** Whether all rows are the same. */
export function isEqual({ missing, extra, different }: Tally): boolean {
  return missing + extra + different === 0;
}

function keyText({ key }: CompareRow): string {
  return key.join(", ");
}
