import { z } from "zod";

import { CHECKPOINT } from "./deployments.js";
import type { Session } from "./database.js";
import { literal, quoted, quotedIn } from "./names.js";

/** The function in each schema that tells those who listen that something is new. */
const NOTIFY = "live_query_notify";

/**
 * How those who listen on the views' schema (`ponder serve`, `@ponder/client`) get to know that something is new:
 * a trigger on the deployment's checkpoint calls a function in the views' schema, which notifies their channel.
 */
export interface LiveQuery {
  /** The body that the function has to have; null when the deployment has none to learn it from. */
  readonly body: string | null;
  readonly hasFunction: boolean;
  readonly hasTrigger: boolean;
  /** Whether this login may make them. */
  readonly may: boolean;
  /** Nobody listens on views that somebody has made by hand. */
  readonly wanted: boolean;
}

const row = z.object({
  body: z.string().nullable(),
  present: z.string().nullable(),
  trigger: z.boolean(),
  may: z.boolean(),
  views: z.boolean(),
});

/** Reads how it is. Never writes. */
export async function readLiveQuery(
  session: Session,
  viewsSchema: string,
  schema: string,
): Promise<LiveQuery> {
  const rows = await session.query(
    `WITH checkpoint AS (
       SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = $2 AND c.relname = '${CHECKPOINT}' AND c.relkind = 'r'),
     functions AS (
       SELECT n.nspname, p.prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE p.proname = '${NOTIFY}' AND p.pronargs = 0)
     SELECT (SELECT prosrc FROM functions WHERE nspname = $2) AS body,
       (SELECT prosrc FROM functions WHERE nspname = $1) AS present,
       EXISTS (SELECT FROM pg_trigger t JOIN checkpoint c ON c.oid = t.tgrelid
               WHERE t.tgname = $3) AS trigger,
       coalesce((SELECT has_table_privilege(oid, 'TRIGGER') FROM checkpoint), false) AS may,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = $1 AND c.relkind = 'v') AS views`,
    [viewsSchema, schema, triggerOf(viewsSchema)],
  );
  const [found] = z.array(row).parse(rows);
  const body = found?.body?.replaceAll(channelOf(schema), channelOf(viewsSchema)) ?? null;
  const hasFunction = found?.present !== null && found?.present !== undefined;
  return {
    body,
    hasFunction,
    hasTrigger: found?.trigger ?? false,
    may: found?.may ?? false,
    wanted: body !== null && (hasFunction || found?.views !== true),
  };
}

/** What is missing of it, as statements. */
export function liveQueryStatements(
  viewsSchema: string,
  schema: string,
  { body, hasFunction, hasTrigger, may, wanted }: LiveQuery,
): readonly string[] {
  if (!wanted || !may || body === null) {
    return [];
  }
  const call = `${quotedIn(viewsSchema, NOTIFY)}()`;
  return [
    ...(hasFunction
      ? []
      : [`CREATE FUNCTION ${call} RETURNS trigger LANGUAGE plpgsql AS ${literal(body)}`]),
    ...(hasTrigger
      ? []
      : [
          `CREATE TRIGGER ${quoted(triggerOf(viewsSchema))} AFTER INSERT OR UPDATE OR DELETE` +
            ` ON ${quotedIn(schema, CHECKPOINT)} FOR EACH STATEMENT EXECUTE FUNCTION ${call}`,
        ]),
  ];
}

/** As Ponder names it. */
function triggerOf(viewsSchema: string): string {
  return `${viewsSchema}_${NOTIFY}`;
}

function channelOf(schema: string): string {
  return `'${schema}_live_query'`;
}
