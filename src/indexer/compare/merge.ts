import { EmergencyError } from "../../errors.js";
import type { CompareRow } from "./rows.js";
import { compareKeys } from "./value.js";

/** A key that one or both have. */
export type Pair =
  | { readonly left: CompareRow; readonly right: CompareRow }
  | { readonly left: CompareRow; readonly right: undefined }
  | { readonly left: undefined; readonly right: CompareRow };

/**
 * Brings the rows of two sources together by their keys, without keeping more than one of each.
 * @param left in the order of their keys, as `right`; each key once.
 * @throws RowsOutOfOrder when they are not.
 */
export async function* merged(
  left: AsyncIterable<CompareRow>,
  right: AsyncIterable<CompareRow>,
): AsyncGenerator<Pair> {
  const [leftRows, rightRows] = [inOrder(left), inOrder(right)];
  try {
    let [a, b] = await Promise.all([leftRows.next(), rightRows.next()]);
    while (a.done !== true || b.done !== true) {
      const order =
        a.done === true ? 1 : b.done === true ? -1 : compareKeys(a.value.key, b.value.key);
      if (a.done !== true && b.done !== true && order === 0) {
        yield { left: a.value, right: b.value };
        [a, b] = await Promise.all([leftRows.next(), rightRows.next()]);
      } else if (a.done !== true && order < 0) {
        yield { left: a.value, right: undefined };
        a = await leftRows.next();
      } else if (b.done !== true) {
        yield { left: undefined, right: b.value };
        b = await rightRows.next();
      }
    }
  } finally {
    await leftRows.return(undefined);
    await rightRows.return(undefined);
  }
}

/** Rows whose keys do not rise: one may be missing, or there twice, and nobody would see it. */
export class RowsOutOfOrder extends EmergencyError {
  constructor(before: CompareRow, after: CompareRow) {
    super(
      "INDEXER_REFUSED",
      `row ${after.key.join(", ")} comes behind ${before.key.join(", ")}: the rows do not come in the order of their keys`,
      "name all columns of the key, in the order of the table's primary key: emergency.indexers.….compare.key",
    );
  }
}

/** The rows, as long as their keys rise. @throws RowsOutOfOrder */
export async function* inOrder(rows: AsyncIterable<CompareRow>): AsyncGenerator<CompareRow> {
  let before: CompareRow | undefined;
  for await (const row of rows) {
    if (before !== undefined && compareKeys(before.key, row.key) >= 0) {
      throw new RowsOutOfOrder(before, row);
    }
    before = row;
    yield row;
  }
}
