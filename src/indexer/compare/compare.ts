import { messageOf } from "../../errors.js";
import { CALLS_AT_ONCE, rowFunction, type ChainCalls, type ChainColumn } from "./chain-calls.js";
import { merged, type Pair } from "./merge.js";
import type { CompareRow, ReadRows, RowSource } from "./rows.js";
import { Counter, isEqual, type Tally } from "./tally.js";
import type { Value } from "./value.js";

/** What is compared. */
export interface Comparison {
  /** As in the configuration. */
  readonly name: string;
  /** Undefined: the new one is compared with the chain only. */
  readonly old: RowSource | undefined;
  readonly new: RowSource;
  readonly key: readonly string[];
  readonly chain: ChainColumn | undefined;
}

/** How rows are compared. */
export interface CompareTools {
  readonly chain: ChainCalls | undefined;
  /** The block to compare at; null: the newest one that both have. */
  readonly block: number | null;
  /** So many differences are listed, all are counted. */
  readonly most: number;
  /** How long both are waited for until they are at the same block. */
  readonly waitMs: number;
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Told how many rows have been compared. */
  readonly advance: (rows: number) => void;
}

/** What came of one comparison. */
export interface Check {
  readonly what:
    "rows of the old and the new indexer" | "rows and the chain" | "total and the chain";
  readonly verdict: "equal" | "different" | "cannot tell";
  /** The block at which it is so; null when there is none. */
  readonly block: number | null;
  /** Why it cannot be told; for a total what it is on both sides. */
  readonly why: string | null;
  readonly tally: Tally | null;
}

/** What came of all. */
export interface CompareReport {
  readonly name: string;
  readonly old: string | null;
  readonly new: string;
  readonly checks: readonly Check[];
}

/** Between two looks at sources that are at different blocks. */
const PAUSE_MS = 500;

/**
 * Compares rows of an old and a new indexer at one block, and those of the new one with the chain at the block
 * that they belong to. Reads only. Memory does not grow with the number of rows.
 * @throws EmergencyError when a source or the node cannot be read.
 */
export async function compareRows(
  comparison: Comparison,
  tools: CompareTools,
): Promise<CompareReport> {
  const startedMs = tools.now();
  const { name, old } = comparison;
  for (;;) {
    const found = await compareOnce(comparison, tools);
    const moving = found.checks.some(({ verdict }) => verdict === "cannot tell");
    if (!moving || !found.mayPass || tools.now() - startedMs >= tools.waitMs) {
      return { name, old: old?.title ?? null, new: comparison.new.title, checks: found.checks };
    }
    await tools.wait(PAUSE_MS);
  }
}

interface Once {
  readonly checks: readonly Check[];
  /** Whether another look may tell more. */
  readonly mayPass: boolean;
}

async function compareOnce(comparison: Comparison, tools: CompareTools): Promise<Once> {
  const { old, new: fresh } = comparison;
  const at = tools.block ?? (await commonBlock(old, fresh));
  return await fresh.read(at, async (freshRows) =>
    old === undefined
      ? await compareRead(comparison, undefined, freshRows, tools)
      : await old.read(
          at,
          async (oldRows) => await compareRead(comparison, oldRows, freshRows, tools),
        ),
  );
}

/** The newest block that both have; null where one does not say it. */
async function commonBlock(old: RowSource | undefined, fresh: RowSource): Promise<number | null> {
  const [a, b] = await Promise.all([old?.newest(), fresh.newest()]);
  if (a === undefined || b === null) {
    return b;
  }
  return a === null ? null : Math.min(a, b);
}

async function compareRead(
  comparison: Comparison,
  old: ReadRows | undefined,
  fresh: ReadRows,
  tools: CompareTools,
): Promise<Once> {
  const counter = new Counter(tools.most);
  const onChain = await chainChecker(comparison, fresh.block, tools);
  let rows = 0;
  for await (const pair of old === undefined ? alone(fresh.rows) : merged(old.rows, fresh.rows)) {
    counter.add(pair);
    if (pair.right !== undefined) {
      await onChain.add(pair.right);
    }
    rows += 1;
    tools.advance(rows);
  }
  const [oldMoved, freshMoved] = await Promise.all([old?.moved(), fresh.moved()]);
  const checks: Check[] = [];
  if (old !== undefined) {
    const why =
      oldMoved ??
      freshMoved ??
      (old.block === null || fresh.block === null
        ? `${old.block === null ? comparison.old?.title : comparison.new.title} does not say at which block it is`
        : old.block === fresh.block
          ? undefined
          : `the old one is at block ${old.block}, the new one at block ${fresh.block}`);
    checks.push(checkOf("rows of the old and the new indexer", fresh.block, counter.tally, why));
  }
  checks.push(...(await onChain.finish(freshMoved)));
  return {
    checks,
    mayPass: oldMoved !== undefined || freshMoved !== undefined || apart(old, fresh),
  };
}

function apart(old: ReadRows | undefined, fresh: ReadRows): boolean {
  const blocks = [old?.block ?? null, fresh.block];
  return !blocks.includes(null) && blocks[0] !== blocks[1];
}

async function* alone(rows: AsyncIterable<CompareRow>): AsyncGenerator<Pair> {
  for await (const row of rows) {
    yield { left: row, right: row };
  }
}

function checkOf(
  what: Check["what"],
  block: number | null,
  tally: Tally,
  why: string | undefined,
): Check {
  return {
    what,
    verdict: why !== undefined ? "cannot tell" : isEqual(tally) ? "equal" : "different",
    block: why === undefined ? block : null,
    why: why ?? null,
    tally,
  };
}

interface ChainChecker {
  add(row: CompareRow): Promise<void>;
  /** @param moved why the rows may belong to different blocks. */
  finish(moved: string | undefined): Promise<readonly Check[]>;
}

/** Asks the chain for what rows say, some hundred at a time. */
async function chainChecker(
  { key, chain: column }: Comparison,
  block: number | null,
  { chain, most }: CompareTools,
): Promise<ChainChecker> {
  const nothing: ChainChecker = {
    add: async () => {
      await Promise.resolve();
    },
    finish: async () => await Promise.resolve([]),
  };
  if (column === undefined || chain === undefined) {
    return nothing;
  }
  if (block === null) {
    const why = "the new indexer does not say at which block it is";
    const check = checkOf("rows and the chain", null, new Counter(0).tally, why);
    return { ...nothing, finish: async () => await Promise.resolve([check]) };
  }
  const asked = await rowFunction(column, key);
  const counter = new Counter(most);
  let waiting: CompareRow[] = [];
  let sum = 0n;
  let summable = true;
  const flush = async (): Promise<void> => {
    const rows = waiting;
    waiting = [];
    const answers = await chain.call(
      rows.map((row) => asked.call(row)),
      block,
    );
    for (const [index, row] of rows.entries()) {
      const { key: rowKey, values } = row;
      const answer = answers[index] ?? null;
      const said: Value = answer === null ? null : (asked.decode(answer) ?? answer);
      counter.add({
        left: { key: rowKey, values: { [column.column]: values[column.column] ?? null } },
        right: { key: rowKey, values: { [column.column]: said } },
      });
    }
  };
  return {
    async add(row) {
      const value = row.values[column.column] ?? "";
      if (/^-?\d+$/.test(value)) {
        sum += BigInt(value);
      } else {
        summable = false;
      }
      waiting.push(row);
      if (waiting.length >= CALLS_AT_ONCE) {
        await flush();
      }
    },
    async finish(moved) {
      if (waiting.length > 0) {
        await flush();
      }
      const rows = checkOf("rows and the chain", block, counter.tally, moved);
      return column.total === null
        ? [rows]
        : [rows, await totalOf(chain, column, block, summable ? sum : undefined, moved)];
    },
  };
}

/** All values together, as the contract says it: accounts that have no row at all are noticed. */
async function totalOf(
  chain: ChainCalls,
  { contract, total, column }: ChainColumn,
  block: number,
  sum: bigint | undefined,
  moved: string | undefined,
): Promise<Check> {
  const what = "total and the chain";
  const unknown = (why: string): Check => ({
    what,
    verdict: "cannot tell",
    block: null,
    why,
    tally: null,
  });
  if (moved !== undefined || sum === undefined || total === null) {
    return unknown(moved ?? `${column} holds something that is no whole number`);
  }
  const asked = await rowFunction({ contract, function: total, args: [] }, []);
  let said: Value | undefined;
  try {
    const [answer] = await chain.call([asked.call({ key: [], values: {} })], block);
    said = typeof answer === "string" ? asked.decode(answer) : undefined;
  } catch (error) {
    return unknown(messageOf(error));
  }
  if (said === undefined || said === null) {
    return unknown(`${total} of ${contract} does not answer with a number`);
  }
  return {
    what,
    verdict: said === String(sum) ? "equal" : "different",
    block,
    why: `the rows' ${column} is ${sum} in all, ${total} is ${said}`,
    tally: null,
  };
}
