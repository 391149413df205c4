import type { Change, ViewChange } from "./change.js";
import { CHECKPOINT, META } from "./deployments.js";
import type { LiveQuery } from "./live-query.js";
import { liveQueryStatements } from "./live-query.js";
import { writeMark, type Mark } from "./mark.js";
import { literal, quoted, quotedIn } from "./names.js";
import type { Grant, Relation } from "./relations.js";

/** One statement of the change, and the view that it has to have for itself for a moment. */
export interface Statement {
  readonly about: string;
  readonly sql: string;
}

/** All that is changed, in any order that keeps the statements about one view in theirs. */
export function changeStatements(
  viewsSchema: string,
  schema: string,
  { views }: Change,
  live: LiveQuery,
  mark: Mark,
): readonly Statement[] {
  const known = views.flatMap(({ present }) => present ?? []);
  const meta = views.find(({ name }) => name === META)?.present;
  const comment = literal(writeMark(meta?.comment ?? null, mark));
  return [
    ...liveQueryStatements(viewsSchema, schema, live).map((sql) => ({ about: CHECKPOINT, sql })),
    ...views
      .filter(({ how }) => how !== "keep")
      .flatMap((view) =>
        viewStatements(viewsSchema, schema, view, known).map((sql) => ({ about: view.name, sql })),
      ),
    { about: META, sql: `COMMENT ON VIEW ${quotedIn(viewsSchema, META)} IS ${comment}` },
    // An owner who may not read the new tables is noticed before anybody else does.
    ...views.map(({ name }) => ({
      about: name,
      sql: `SELECT FROM ${quotedIn(viewsSchema, name)} LIMIT 1`,
    })),
  ];
}

/**
 * The statements as one, for one round trip: from the first lock on somebody may be waiting. Each lock is waited for
 * only as long as is left of the time for all of them, counted from when the server got this. Half of the time after
 * which Postgres looks for deadlocks is the most: so it is never a reader whom it ends. When the time is over, the
 * error says which view was waited for, and nothing else.
 */
export function asOne(statements: readonly Statement[], budgetMs: number): string {
  const budget = `PERFORM set_config('lock_timeout', greatest(1, ceil(
    least(${budgetMs}, extract(epoch FROM current_setting('deadlock_timeout')::interval) * 500)
    - extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000))::int::text, true);`;
  const body = statements.map(
    ({ about, sql }) => `about := ${literal(about)};\n${budget}\nEXECUTE ${literal(sql)};`,
  );
  const block = `DECLARE about text;
    BEGIN
    ${body.join("\n")}
    EXCEPTION WHEN lock_not_available THEN
      RAISE EXCEPTION USING ERRCODE = 'lock_not_available', MESSAGE = about;
    END`;
  return `DO ${literal(block)}`;
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
