import type { Deployment } from "./deployments.js";
import { CHECKPOINT, META } from "./deployments.js";
import type { Column, Relation } from "./relations.js";

/** What becomes of one view. */
export interface ViewChange {
  readonly name: string;
  /**
   * - `keep`: it reads from there already
   * - `replace`: the same view reads from elsewhere; readers that have prepared statements notice nothing
   * - `anew`: a column has another type, so that it must be dropped and made again, in the same transaction
   * - `create`: there is no such view yet
   */
  readonly how: "keep" | "replace" | "anew" | "create";
  /** In their order. */
  readonly columns: readonly Column[];
  /** What it is now. */
  readonly present: Relation | undefined;
}

/** Why views cannot be pointed at a deployment. */
export interface Problem {
  readonly kind: "missing" | "type" | "foreign" | "dependent" | "denied";
  readonly what: string;
  readonly next: string;
}

/** What pointing the views at a deployment comes to. */
export interface Change {
  /** The schemas that the views read from now, and how many of them from each. */
  readonly present: ReadonlyMap<string, number>;
  readonly views: readonly ViewChange[];
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

/**
 * Decides view by view. Pure.
 * @param views the relations of the views' schema.
 * @param tables those of the deployment's schema.
 * @param apps every schema that a Ponder app has filled.
 */
export function decideChange(
  viewsSchema: string,
  views: readonly Relation[],
  deployment: Deployment,
  tables: readonly Relation[],
  apps: ReadonlySet<string>,
): Change {
  const { schema } = deployment;
  const wanted = [...deployment.tables, ...deployment.ownViews, CHECKPOINT, META].sort();
  const served = views.filter((view) => reads(view, apps));
  const present = new Map<string, number>();
  for (const { sources } of served) {
    const from = sources[0]?.schema ?? "";
    present.set(from, (present.get(from) ?? 0) + 1);
  }
  const problems: Problem[] = [];
  const notes: string[] = [];

  for (const { name } of served.filter((view) => !wanted.includes(view.name))) {
    problems.push({
      kind: "missing",
      what: `readers have a view "${name}", and the app in "${schema}" has no table of that name`,
      next: `add it to ponder.schema.ts and deploy to a new schema; or, if nobody reads it any more: DROP VIEW "${viewsSchema}"."${name}"`,
    });
  }
  for (const { name, sources } of views.filter((view) => view.kind === "view")) {
    const directly = sources.filter((from) => apps.has(from.schema) && from.schema !== schema);
    if (directly.length > 0 && !served.some((view) => view.name === name)) {
      notes.push(
        `view "${name}" reads from ${directly.map((from) => `${from.schema}.${from.name}`).join(", ")} directly, and goes on doing so`,
      );
    }
  }

  const changes = wanted.flatMap((name): readonly ViewChange[] => {
    const table = tables.find((each) => each.name === name);
    const view = views.find((each) => each.name === name);
    if (table === undefined) {
      problems.push({
        kind: "missing",
        what: `the app in "${schema}" says that it has "${name}", and there is no such table`,
        next: "deploy to a new schema: somebody has dropped a part of this one",
      });
      return [];
    }
    if (view === undefined) {
      return [{ name, how: "create", columns: table.columns, present: undefined }];
    }
    if (!served.includes(view)) {
      problems.push({
        kind: "foreign",
        what: `"${viewsSchema}"."${name}" is ${view.kind === "view" ? "a view that somebody has written himself" : "no view"}, and would be lost`,
        next: "give it another name, or put it into another schema; a view that reads from the plain one follows it by itself",
      });
      return [];
    }
    return [viewChange(viewsSchema, schema, view, table, problems)];
  });

  for (const { name, how, columns, present: view } of changes) {
    if (view === undefined || how === "keep") {
      continue;
    }
    if (!view.ours) {
      problems.push({
        kind: "denied",
        what: `view "${name}" belongs to "${view.owner}", and this login is not a member of it`,
        next: `log in as "${view.owner}", or let a superuser run: GRANT "${view.owner}" TO …`,
      });
    }
    const added = columns.slice(view.columns.length).map((column) => column.name);
    if (added.length > 0) {
      notes.push(
        `view "${name}" gets new columns behind the others: ${added.join(", ")}. A prepared "SELECT *" on it fails once with "cached plan must not change result type"`,
      );
    }
    if (how === "anew") {
      notes.push(
        `view "${name}" is made anew, because a column has another type. A prepared statement with that column fails once with "cached plan must not change result type"`,
      );
    }
  }
  return { present, views: changes, problems, notes };
}

/** A view that hands on one table of an app, under the table's name. */
function reads({ kind, name, plain, sources }: Relation, apps: ReadonlySet<string>): boolean {
  const [source] = sources;
  return kind === "view" && plain && source?.name === name && apps.has(source.schema);
}

/** The columns that readers know stay in their order; new ones come behind them. */
function viewChange(
  viewsSchema: string,
  schema: string,
  view: Relation,
  table: Relation,
  problems: Problem[],
): ViewChange {
  const { name } = view;
  const columns: Column[] = [];
  let sameTypes = true;
  for (const known of view.columns) {
    const now = table.columns.find((column) => column.name === known.name);
    if (now === undefined) {
      problems.push({
        kind: "missing",
        what: `readers know a column "${known.name}" of "${name}", and the app in "${schema}" does not have it`,
        next: `add it to ponder.schema.ts and deploy to a new schema; or, if nobody reads it any more: DROP VIEW "${viewsSchema}"."${name}", and promote makes it anew`,
      });
      continue;
    }
    sameTypes &&= now.typeId === known.typeId;
    // An enum is a type of its app's schema, so that it is another one in each, with the same name.
    if (bare(now.type) !== bare(known.type)) {
      problems.push({
        kind: "type",
        what: `column "${known.name}" of "${name}" was ${known.type} and would be ${now.type}`,
        next: "see that what reads it can do with that, and add --accept types",
      });
    }
    columns.push(now);
  }
  columns.push(
    ...table.columns.filter(({ name: each }) => !view.columns.some((known) => known.name === each)),
  );
  if (!sameTypes && view.dependents.length > 0) {
    problems.push({
      kind: "dependent",
      what: `view "${name}" must be made anew, because a column has another type, and these would be lost: ${view.dependents.join(", ")}`,
      next: "drop them, and create them again afterwards",
    });
  }
  const there = view.sources[0]?.schema === schema && columns.length === view.columns.length;
  const how = !sameTypes ? "anew" : there ? "keep" : "replace";
  return { name, how, columns, present: view };
}

/** A type without the schema that it is in. */
function bare(type: string): string {
  return type.replace(/^("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)\./i, "");
}
