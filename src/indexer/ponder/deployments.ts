import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import { decodeCheckpoint, type Checkpoint } from "./checkpoint.js";
import type { Row, Session } from "./database.js";
import { literal, quotedIn } from "./names.js";

/** A schema that a Ponder app has filled, or is filling. */
export interface Deployment {
  readonly schema: string;
  readonly buildId: string;
  /** It has caught up with the chains once since it was last started. */
  readonly ready: boolean;
  /** A process works on it: it says so every ten seconds. */
  readonly running: boolean;
  /** When it said so last, in milliseconds since 1970. */
  readonly heartbeatMs: number;
  /** What readers read: the tables, and the views of the app itself. */
  readonly tables: readonly string[];
  readonly ownViews: readonly string[];
  /** One a chain; empty before the first block. */
  readonly checkpoints: readonly Checkpoint[];
  /** Of all tables together, as the server estimates it; null where it has not counted yet. */
  readonly estimatedRows: number | null;
}

/** What Ponder keeps about itself in each schema. */
export const META = "_ponder_meta";
export const CHECKPOINT = "_ponder_checkpoint";

/** After 25 seconds without a sign of life, Ponder itself takes a deployment for dead. */
const HEARTBEAT_TIMEOUT_MS = 25_000;

const found = z.object({
  schema: z.string(),
  readable: z.boolean(),
  checkpoint: z.boolean(),
});

const app = z.object({
  build_id: z.string(),
  // Apps before 0.11 have other tables, and some do not say.
  is_ready: z.number().optional(),
  is_locked: z.number(),
  is_dev: z.number().optional(),
  heartbeat_at: z.number(),
  table_names: z.array(z.string()),
  view_names: z.array(z.string()).optional(),
});

const looked = z.object({
  schema: z.string(),
  now_ms: z.coerce.number(),
  app: app.nullable().catch(null),
  checkpoints: z.array(z.object({ chain: z.string(), checkpoint: z.string() })).nullable(),
  rows: z.coerce.number().nullable(),
});

/** The deployments in a database, oldest sign of life first, and schemas that may not be looked into. */
export interface Deployments {
  readonly deployments: readonly Deployment[];
  readonly closed: readonly string[];
}

/**
 * Reads which deployments there are. Never writes.
 * @param only the schemas to look into; undefined: all.
 * @throws EmergencyError DATABASE_…
 */
export async function readDeployments(
  session: Session,
  only?: readonly string[],
): Promise<Deployments> {
  const rows = await session.query(
    `SELECT n.nspname AS schema,
            has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable,
            EXISTS (SELECT FROM pg_class k WHERE k.relnamespace = n.oid AND k.relkind = 'r'
                    AND k.relname = '${CHECKPOINT}') AS checkpoint
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relname = '${META}' AND c.relkind = 'r'
     ORDER BY 1`,
  );
  const schemas = z
    .array(found)
    .parse(rows)
    .filter(({ schema }) => only?.includes(schema) ?? true);
  const open = schemas.filter(({ readable }) => readable);
  const closed = schemas.filter(({ readable }) => !readable).map(({ schema }) => schema);
  if (open.length === 0) {
    return { deployments: [], closed };
  }
  const looks = await session.query(
    open.map(({ schema, checkpoint }) => lookInto(schema, checkpoint)).join("\nUNION ALL\n"),
  );
  const deployments = looks
    .flatMap(deploymentOf)
    .sort((a, b) => a.heartbeatMs - b.heartbeatMs || a.schema.localeCompare(b.schema));
  return { deployments, closed };
}

/**
 * One deployment.
 * @throws EmergencyError UNKNOWN_VERSION with those that there are, DATABASE_DENIED.
 */
export async function readDeployment(session: Session, schema: string): Promise<Deployment> {
  const { deployments, closed } = await readDeployments(session, [schema]);
  const [deployment] = deployments;
  if (deployment !== undefined) {
    return deployment;
  }
  if (closed.includes(schema)) {
    throw new EmergencyError(
      "DATABASE_DENIED",
      `schema "${schema}" holds a Ponder app, and this login may not look into it`,
      `let somebody who owns it run: GRANT USAGE ON SCHEMA "${schema}" TO CURRENT_ROLE; GRANT SELECT ON ALL TABLES IN SCHEMA "${schema}" TO …`,
    );
  }
  const others = (await readDeployments(session)).deployments.map((each) => each.schema);
  throw new EmergencyError(
    "UNKNOWN_VERSION",
    `no Ponder app has filled a schema "${schema}"`,
    others.length === 0
      ? "there is none in this database: check emergency.indexers, and that the new deployment has started"
      : `name one of these with --to: ${others.join(", ")}`,
  );
}

function lookInto(schema: string, checkpoint: boolean): string {
  const name = literal(schema);
  const checkpoints = checkpoint
    ? `(SELECT json_agg(json_build_object('chain', chain_name, 'checkpoint', latest_checkpoint)
               ORDER BY chain_name) FROM ${quotedIn(schema, CHECKPOINT)})`
    : "NULL::json";
  return `SELECT ${name} AS schema,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms,
    (SELECT value FROM ${quotedIn(schema, META)} WHERE key = 'app') AS app,
    ${checkpoints} AS checkpoints,
    (SELECT sum(reltuples)::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ${name} AND c.relkind = 'r' AND c.reltuples >= 0
       AND left(c.relname, 8) <> '_reorg__' AND left(c.relname, 8) <> '_ponder_') AS rows`;
}

function deploymentOf(row: Row): readonly Deployment[] {
  const { schema, now_ms: nowMs, app: meta, checkpoints, rows } = looked.parse(row);
  // `ponder dev` throws its tables away at every change: nobody should read from them.
  if (meta === null || meta.is_dev === 1) {
    return [];
  }
  return [
    {
      schema,
      buildId: meta.build_id,
      ready: meta.is_ready === 1,
      running: meta.is_locked === 1 && nowMs - meta.heartbeat_at <= HEARTBEAT_TIMEOUT_MS,
      heartbeatMs: meta.heartbeat_at,
      tables: [...meta.table_names].sort(),
      ownViews: [...(meta.view_names ?? [])].sort(),
      checkpoints: (checkpoints ?? []).flatMap(
        ({ chain, checkpoint }) => decodeCheckpoint(chain, checkpoint) ?? [],
      ),
      estimatedRows: rows,
    },
  ];
}
