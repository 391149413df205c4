import type { Database, Row } from "./database.js";
import { quoted, quotedIn } from "./names.js";

/**
 * Rows of one table, as text, so that numbers keep all their digits. Never writes.
 * @param schema of a deployment, or of the views.
 * @param limit the most that are read.
 * @returns in the order of all columns, so that the rows of two deployments can be held against each other.
 * @throws EmergencyError DATABASE_…
 */
export async function ponderRows(
  database: Database,
  {
    schema,
    table,
    limit,
  }: { readonly schema: string; readonly table: string; readonly limit: number },
): Promise<readonly Readonly<Record<string, string | null>>[]> {
  return await database.session(async (session) => {
    const columns = await session.query(
      `SELECT a.attname AS name FROM pg_attribute a
       JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
       ORDER BY a.attname`,
      [schema, table],
    );
    const list = columns.map(({ name }) => `${quoted(String(name))}::text`).join(", ");
    const places = columns.map((_, index) => index + 1).join(", ");
    const rows = await session.query(
      `SELECT ${list} FROM ${quotedIn(schema, table)}${places === "" ? "" : ` ORDER BY ${places}`} LIMIT ${limit}`,
    );
    return rows.map(asText);
  });
}

function asText(row: Row): Readonly<Record<string, string | null>> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === "string" ? value : null]),
  );
}
