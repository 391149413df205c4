import { EmergencyError } from "../../errors.js";
import { canonical, type Key, type Value } from "./value.js";

/** A row: its key, and its other columns by name. */
export interface CompareRow {
  readonly key: Key;
  readonly values: Readonly<Record<string, Value>>;
}

/** Which columns of a table are compared. */
export interface Columns {
  readonly key: readonly string[];
  readonly columns: readonly string[];
}

/** The rows of a source while they are read. */
export interface ReadRows {
  /** The block that all of them belong to; null when the source does not say it. */
  readonly block: number | null;
  /** In the order of their keys. */
  readonly rows: AsyncIterable<CompareRow>;
  /**
   * When all rows have been read: why they may belong to different blocks; undefined when they do not.
   */
  readonly moved: () => Promise<string | undefined>;
}

/** An indexer's table, however it is read. */
export interface RowSource {
  /** For people: "accounts at indexer.example". Never with credentials. */
  readonly title: string;
  /** Whether it can say how things were at an earlier block. */
  readonly pins: boolean;
  /** The newest block that it has indexed; null when it does not say so. */
  newest(): Promise<number | null>;
  /** @param at the block to read; of a source that does not pin, the newest one is read. */
  read<T>(at: number | null, use: (rows: ReadRows) => Promise<T>): Promise<T>;
}

/**
 * A row in the form that is compared.
 * @throws EmergencyError INDEXER_REFUSED when it lacks a column.
 */
export function rowOf(title: string, { key, columns }: Columns, raw: unknown): CompareRow {
  const fields = new Map<string, unknown>(
    typeof raw === "object" && raw !== null ? Object.entries(raw) : [],
  );
  const value = (name: string): Value => {
    if (!fields.has(name)) {
      throw new EmergencyError(
        "INDEXER_REFUSED",
        `the rows of ${title} have no column ${name}`,
        `correct emergency.indexers.….compare in hardhat.config.ts; they have: ${[...fields.keys()].join(", ")}`,
      );
    }
    return canonical(fields.get(name));
  };
  return {
    key: key.map((name) => value(name) ?? ""),
    values: Object.fromEntries(columns.map((name) => [name, value(name)])),
  };
}
