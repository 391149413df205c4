import { createHash } from "node:crypto";

import { z } from "zod";

import { canonicalJson } from "../../json.js";
import type { Facts } from "../../step.js";
import { decideChange, type Change, type Problem } from "./change.js";
import type { Session } from "./database.js";
import { META, readDeployments, readDeployment, type Deployment } from "./deployments.js";
import { readLiveQuery, type LiveQuery } from "./live-query.js";
import { readMark, type Mark } from "./mark.js";
import { readRelations, type Relation } from "./relations.js";

/** What there is, and what pointing the views at a deployment comes to. */
export interface Look {
  readonly target: Deployment;
  /** The deployment that the views read from; undefined when there is none, or several. */
  readonly served: Deployment | undefined;
  readonly change: Change;
  /** Whether there is a schema for the views. */
  readonly hasSchema: boolean;
  readonly live: LiveQuery;
  /** Of the last time that this plugin moved the views, if they are as it left them. */
  readonly mark: Mark | undefined;
  readonly facts: Facts;
}

const access = z.object({ exists: z.boolean(), may: z.boolean(), login: z.string() });

/**
 * Looks at the views and at a deployment: the catalogue, and Ponder's own records of itself. It reads none of the
 * readers' tables, so that it can be done in the midst of the change.
 * @throws EmergencyError UNKNOWN_VERSION, DATABASE_…
 */
export async function look(session: Session, viewsSchema: string, schema: string): Promise<Look> {
  const target = await readDeployment(session, schema);
  const { deployments, closed } = await readDeployments(session);
  const views = await readRelations(session, viewsSchema);
  const tables = await readRelations(session, schema);
  const live = await readLiveQuery(session, viewsSchema, schema);
  const apps = new Set([...deployments.map((each) => each.schema), ...closed]);
  const decided = decideChange(viewsSchema, views, target, tables, apps);
  const [from, ...others] = [...decided.present.keys()];
  const served =
    from === undefined || others.length > 0
      ? undefined
      : deployments.find((each) => each.schema === from);
  const rights = await readRights(session, viewsSchema, schema, decided);
  const change = { ...decided, problems: [...decided.problems, ...rights.problems] };
  const mark = readMark(views.find(({ name }) => name === META)?.comment ?? null);
  return {
    target,
    served,
    change,
    hasSchema: rights.hasSchema,
    live,
    mark,
    facts: {
      [`views of ${viewsSchema} read from`]: describePresent(change),
      [`views of ${viewsSchema}`]: sha256(views.map(shapeOfView)),
      [`build of ${schema}`]: target.buildId,
      [`tables of ${schema}`]: sha256(tables.map(({ name, columns }) => ({ name, columns }))),
      [`${schema} has caught up`]: target.ready,
      ...liveFacts(schema, live),
    },
  };
}

/** "one", "one and two", "nothing". */
export function describePresent({ present }: Change): string {
  return present.size === 0 ? "nothing" : [...present.keys()].sort().join(" and ");
}

/** All that the statements are made from. Not the comment: our mark is in it, which is different each time. */
function shapeOfView({
  comment: _comment,
  ours: _ours,
  dependents: _dependents,
  ...shape
}: Relation): Omit<Relation, "comment" | "ours" | "dependents"> {
  return shape;
}

function sha256(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

function liveFacts(schema: string, { hasFunction, hasTrigger, wanted }: LiveQuery): Facts {
  return wanted ? { [`${schema} tells the views' listeners`]: hasFunction && hasTrigger } : {};
}

/** Whether this login may make views there, and their owner read what they would show. */
async function readRights(
  session: Session,
  viewsSchema: string,
  schema: string,
  { views }: Change,
): Promise<{ readonly hasSchema: boolean; readonly problems: readonly Problem[] }> {
  const rows = await session.query(
    `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS exists, current_user AS login,
       coalesce((SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = $1),
         has_database_privilege(current_database(), 'CREATE')) AS may`,
    [viewsSchema],
  );
  const [found] = z.array(access).parse(rows);
  const problems: Problem[] = [];
  if (found !== undefined && !found.may) {
    problems.push({
      kind: "denied",
      what: `"${found.login}" may not create anything in ${found.exists ? `schema "${viewsSchema}"` : "this database"}, which moving views takes`,
      next: found.exists
        ? `let its owner run: GRANT CREATE ON SCHEMA "${viewsSchema}" TO "${found.login}"`
        : `let its owner run: CREATE SCHEMA "${viewsSchema}" AUTHORIZATION "${found.login}"`,
    });
  }
  const owners = [
    ...new Set(views.map(({ present }) => present?.owner ?? found?.login ?? "")),
  ].sort();
  for (const owner of owners) {
    const unread = await session.query(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v') AND left(c.relname, 8) <> '_reorg__'
         AND NOT has_table_privilege($2, c.oid, 'SELECT') ORDER BY 1`,
      [schema, owner],
    );
    const names = z
      .array(z.object({ name: z.string() }))
      .parse(unread)
      .map(({ name }) => name)
      .filter((name) => views.some((view) => view.name === name));
    if (names.length > 0) {
      problems.push({
        kind: "denied",
        what: `the views belong to "${owner}", who may not read ${names.join(", ")} in "${schema}", so that nobody could through them`,
        next: `let its owner run: GRANT USAGE ON SCHEMA "${schema}" TO "${owner}"; GRANT SELECT ON ALL TABLES IN SCHEMA "${schema}" TO "${owner}"`,
      });
    }
  }
  return { hasSchema: found?.exists === true, problems };
}
