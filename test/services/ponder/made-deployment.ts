import type { Postgres } from "../servers/postgres.js";

/** What a schema that looks as if Ponder had filled it is like. */
export interface MadeDeployment {
  readonly schema: string;
  /** Rows of `balance`: holder and value. In `transfer` there is one for each. Default: 3. */
  readonly rows?: number;
  readonly block?: number;
  readonly ready?: boolean;
  /** Seconds since the last sign of life; default: none have passed. */
  readonly silentSeconds?: number;
  /** More columns of `balance`, as SQL; they may be null, or have defaults. */
  readonly columns?: string;
  /** More tables, as SQL: name and columns. */
  readonly tables?: Readonly<Record<string, string>>;
  /** Values of an enum type `kind`, for a column of that type. */
  readonly kinds?: readonly string[];
}

/** Of the chain that all of them follow. */
const CHAIN_ID = 31337;

/** A checkpoint as Ponder writes them. */
export function checkpointAt(block: number, chainId = CHAIN_ID): string {
  const digits = (value: number, width: number): string => String(value).padStart(width, "0");
  return `${digits(1_700_000_000 + block, 10)}${digits(chainId, 16)}${digits(block, 16)}${"9".repeat(33)}`;
}

/** Makes such a schema, with the tables, records and functions that Ponder 0.16 makes. */
export async function makeDeployment(
  postgres: Postgres,
  url: string,
  made: MadeDeployment,
): Promise<void> {
  const { schema, rows = 3, block = 100, ready = true, silentSeconds = 0, tables = {} } = made;
  const kind = made.kinds === undefined ? "" : `, "kind" "${schema}"."kind"`;
  const value = made.kinds === undefined ? "" : `, '${made.kinds[0] ?? ""}'`;
  const app = {
    version: "6",
    build_id: `build-${schema}`,
    table_names: ["transfer", "balance", ...Object.keys(tables)],
    view_names: [],
    is_dev: 0,
    is_locked: 1,
    is_ready: ready ? 1 : 0,
    heartbeat_at: Date.now() - silentSeconds * 1000,
  };
  const more = Object.entries(tables).map(
    ([name, columns]) => `CREATE TABLE "${schema}"."${name}" (${columns});`,
  );
  const kinds = (made.kinds ?? []).map((each) => `'${each}'`).join(", ");
  await postgres.sql(
    url,
    `CREATE SCHEMA "${schema}";
     ${kinds === "" ? "" : `CREATE TYPE "${schema}"."kind" AS ENUM (${kinds});`}
     CREATE TABLE "${schema}"."_ponder_meta" (key text PRIMARY KEY, value jsonb NOT NULL);
     CREATE TABLE "${schema}"."_ponder_checkpoint" (chain_name text PRIMARY KEY,
       chain_id bigint NOT NULL, safe_checkpoint varchar(75) NOT NULL,
       latest_checkpoint varchar(75) NOT NULL, finalized_checkpoint varchar(75) NOT NULL);
     CREATE TABLE "${schema}"."transfer" (id text PRIMARY KEY, value numeric(78, 0) NOT NULL);
     CREATE TABLE "${schema}"."balance" (holder text PRIMARY KEY, value numeric(78, 0) NOT NULL,
       source text NOT NULL${kind}${made.columns === undefined ? "" : `, ${made.columns}`});
     CREATE TABLE "${schema}"."_reorg__balance" (holder text);
     ${more.join("\n")}
     CREATE FUNCTION "${schema}".live_query_notify() RETURNS trigger LANGUAGE plpgsql AS $f$
       BEGIN PERFORM pg_notify('${schema}_live_query', '[]'); RETURN NULL; END; $f$;
     INSERT INTO "${schema}"."_ponder_meta" VALUES ('app', '${JSON.stringify(app)}');
     INSERT INTO "${schema}"."_ponder_checkpoint" VALUES ('local', ${CHAIN_ID},
       '${checkpointAt(block)}', '${checkpointAt(block)}', '${checkpointAt(block)}');
     INSERT INTO "${schema}"."transfer" SELECT 'id' || n, n FROM generate_series(1, ${rows}) n;
     INSERT INTO "${schema}"."balance" SELECT 'holder' || n, n, '${schema}'${value}
       FROM generate_series(1, ${rows}) n;`,
  );
}
