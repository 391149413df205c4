import type { Change, ViewChange } from "./change.js";
import { META } from "./deployments.js";
import type { LiveQuery } from "./live-query.js";
import { liveQueryStatements } from "./live-query.js";
import { writeMark, type Mark } from "./mark.js";
import { literal, quoted, quotedIn } from "./names.js";
import type { Grant, Relation } from "./relations.js";

/** Readers wait while the views are moved. Nobody's patience ends that soon. */
const LONGEST_MS = 300;

/**
 * Each lock is waited for only as long as is left of the time for all of them, counted from when the server got
 * these statements. It is also kept well below the time after which Postgres looks for deadlocks: so it is never
 * a reader whom it ends.
 */
const BUDGET = `SELECT set_config('lock_timeout', greatest(1, ceil(
  least(${LONGEST_MS}, extract(epoch FROM current_setting('deadlock_timeout')::interval) * 500)
  - extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000))::int::text, true)`;

/** All that is changed, as statements that belong into one transaction and may go in one round trip. */
export function changeStatements(
  viewsSchema: string,
  schema: string,
  { views }: Change,
  live: LiveQuery,
  mark: Mark,
): readonly string[] {
  const known = views.flatMap(({ present }) => present ?? []);
  const moved = views.filter(({ how }) => how !== "keep");
  const statements = [
    ...liveQueryStatements(viewsSchema, schema, live),
    ...moved.flatMap((view) => viewStatements(viewsSchema, schema, view, known)),
  ];
  const meta = views.find(({ name }) => name === META)?.present;
  const comment = literal(writeMark(meta?.comment ?? null, mark));
  return [
    ...statements.flatMap((statement) => [BUDGET, statement]),
    `COMMENT ON VIEW ${quotedIn(viewsSchema, META)} IS ${comment}`,
  ];
}

function viewStatements(
  viewsSchema: string,
  schema: string,
  { name, how, columns, present }: ViewChange,
  known: readonly Relation[],
): readonly string[] {
  const view = quotedIn(viewsSchema, name);
  const list = columns.map((column) => quoted(column.name)).join(", ");
  const made = (options: readonly string[]): string =>
    `VIEW ${view}${options.length === 0 ? "" : ` WITH (${options.map(option).join(", ")})`}` +
    ` AS SELECT ${list} FROM ${quotedIn(schema, name)}`;
  if (present === undefined) {
    // A new one is for those who may read the others, if those are all for the same.
    const [like, ...others] = known;
    const same = others.every(
      (other) =>
        other.owner === like?.owner &&
        JSON.stringify(other.grants) === JSON.stringify(like.grants) &&
        JSON.stringify(other.options) === JSON.stringify(like.options),
    );
    return like === undefined || !same
      ? [`CREATE ${made([])}`]
      : [
          `CREATE ${made(like.options)}`,
          ...grantStatements(
            view,
            like.grants.filter(({ column }) => column === null),
          ),
          `ALTER VIEW ${view} OWNER TO ${quoted(like.owner)}`,
        ];
  }
  if (how === "replace") {
    return [`CREATE OR REPLACE ${made(present.options)}`];
  }
  const { owner, grants, comment, columnComments, options } = present;
  return [
    `DROP VIEW ${view}`,
    `CREATE ${made(options)}`,
    ...grantStatements(view, grants),
    ...(comment === null ? [] : [`COMMENT ON VIEW ${view} IS ${literal(comment)}`]),
    ...columnComments.map(
      (each) => `COMMENT ON COLUMN ${view}.${quoted(each.column)} IS ${literal(each.comment)}`,
    ),
    // Last: whoever gives it away may not change it any more.
    `ALTER VIEW ${view} OWNER TO ${quoted(owner)}`,
  ];
}

/** "security_invoker=true": what Postgres keeps is what it takes. */
function option(kept: string): string {
  const [name = "", value = "true"] = kept.split("=");
  return `${quoted(name)} = ${literal(value)}`;
}

function grantStatements(view: string, grants: readonly Grant[]): readonly string[] {
  return grants.map(({ column, to, privilege, grantable }) => {
    const what = column === null ? privilege : `${privilege} (${quoted(column)})`;
    const whom = to === null ? "PUBLIC" : quoted(to);
    return `GRANT ${what} ON ${view} TO ${whom}${grantable ? " WITH GRANT OPTION" : ""}`;
  });
}
