import type { Change } from "./change.js";
import type { Session } from "./database.js";
import type { Deployment } from "./deployments.js";
import { literal, quotedIn } from "./names.js";

/**
 * The tables that have rows where readers read now, and none in a deployment: it may have begun at the wrong block,
 * or follow the wrong address.
 */
export async function emptiedTables(
  session: Session,
  { schema, tables }: Deployment,
  { views }: Change,
): Promise<readonly string[]> {
  const parts = views.flatMap(({ name, how, present }) => {
    const from = present?.sources[0]?.schema;
    return from === undefined || how === "keep" || !tables.includes(name)
      ? []
      : [
          `SELECT ${literal(name)} AS name
           WHERE EXISTS (SELECT FROM ${quotedIn(from, name)})
             AND NOT EXISTS (SELECT FROM ${quotedIn(schema, name)})`,
        ];
  });
  const rows = parts.length === 0 ? [] : await session.query(parts.join("\nUNION ALL\n"));
  return rows.map(({ name }) => String(name));
}
