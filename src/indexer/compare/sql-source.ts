import type { Database, Row, Session } from "../ponder/database.js";
import { readDeployment } from "../ponder/deployments.js";
import { quoted, quotedIn } from "../ponder/names.js";
import { rowOf, type Columns, type CompareRow, type RowSource } from "./rows.js";

/** A table in Postgres. */
export interface SqlTable extends Columns {
  readonly database: Database;
  /** The schema of a Ponder deployment: it says at which block it is. */
  readonly schema: string;
  readonly table: string;
}

/** Some megabytes at most. */
const PAGE = 5000;

/**
 * A table of a Ponder deployment, read from its database: all rows, and the block that they belong to, are of one
 * moment, whatever is written meanwhile. The rows come through a cursor, so that they are never all here.
 * @param chainId of the chain whose block counts; null: there is only one.
 */
export function sqlTable(table: SqlTable, chainId: number | null): RowSource {
  const { database, schema } = table;
  const title = `${schema}.${table.table} in ${database.place}`;
  return {
    title,
    pins: false,
    newest: async () =>
      await database.session(async (session) => await blockOf(session, schema, chainId)),
    read: async (_at, use) =>
      await database.session(async (session) => {
        await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        const block = await blockOf(session, schema, chainId);
        const result = await use({
          block,
          rows: sqlRows(session, title, table),
          moved: async () => await Promise.resolve<string | undefined>(undefined),
        });
        await session.query("ROLLBACK");
        return result;
      }),
  };
}

async function blockOf(
  session: Session,
  schema: string,
  chainId: number | null,
): Promise<number | null> {
  const { checkpoints } = await readDeployment(session, schema);
  const own = checkpoints.filter((one) => chainId === null || one.chainId === chainId);
  const [only] = own;
  return own.length === 1 ? (only?.block ?? null) : null;
}

async function* sqlRows(
  session: Session,
  title: string,
  table: SqlTable,
): AsyncGenerator<CompareRow> {
  const { schema, key, columns } = table;
  const selected = [...key, ...columns].map((name) => `${quoted(name)}::text AS ${quoted(name)}`);
  // Numbers by their size and texts by their bytes, as keys are compared here.
  const order = await Promise.all(key.map(async (name) => await orderOf(session, table, name)));
  await session.query(
    `DECLARE emergency_rows NO SCROLL CURSOR FOR SELECT ${selected.join(", ")} FROM ${quotedIn(schema, table.table)} ORDER BY ${order.join(", ")}`,
  );
  for (;;) {
    const page: readonly Row[] = await session.query(`FETCH ${PAGE} FROM emergency_rows`);
    for (const row of page) {
      yield rowOf(title, table, row);
    }
    if (page.length < PAGE) {
      return;
    }
  }
}

const NUMBERS = new Set(["int2", "int4", "int8", "numeric"]);

async function orderOf(
  session: Session,
  { schema, table }: SqlTable,
  name: string,
): Promise<string> {
  const [found] = await session.query(
    `SELECT t.typname AS type FROM pg_attribute a
     JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_type t ON t.oid = a.atttypid
     WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3 AND a.attnum > 0`,
    [schema, table, name],
  );
  return NUMBERS.has(String(found?.type))
    ? quoted(name)
    : `lower(${quoted(name)}::text) COLLATE "C"`;
}
