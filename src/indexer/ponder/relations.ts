import { z } from "zod";

import type { Session } from "./database.js";

/** A column of a table or view. */
export interface Column {
  readonly name: string;
  /** For people: "numeric(78,0)". */
  readonly type: string;
  /** Equal where Postgres takes two types for the same: an enum of another schema is another type. */
  readonly typeId: string;
}

/** What somebody else than the owner may do with a view, or with one column of it. */
export interface Grant {
  /** null: the whole of it. */
  readonly column: string | null;
  /** null: everybody. */
  readonly to: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
}

/** A table or view, with all that has to be kept when it is made anew. */
export interface Relation {
  readonly name: string;
  readonly kind: "table" | "view" | "other";
  readonly columns: readonly Column[];
  readonly owner: string;
  /** Whether this login is, or is a member of, its owner. */
  readonly ours: boolean;
  readonly grants: readonly Grant[];
  readonly options: readonly string[];
  readonly comment: string | null;
  /** Comments on columns. */
  readonly columnComments: readonly { readonly column: string; readonly comment: string }[];
  /** The tables and views that a view reads from. */
  readonly sources: readonly { readonly schema: string; readonly name: string }[];
  /** A view that hands on the columns of its one source as they are. */
  readonly plain: boolean;
  /** What would be lost, or would stand in the way, if it was dropped: other views, functions, triggers. */
  readonly dependents: readonly string[];
}

const KINDS = { r: "table", p: "table", v: "view" } as const;

const row = z.object({
  name: z.string(),
  kind: z.string(),
  columns: z.array(z.object({ name: z.string(), type: z.string(), typeId: z.string() })),
  owner: z.string(),
  ours: z.boolean(),
  grants: z.array(
    z.object({
      column: z.string().nullable(),
      to: z.string().nullable(),
      privilege: z.string(),
      grantable: z.boolean(),
    }),
  ),
  options: z.array(z.string()),
  comment: z.string().nullable(),
  column_comments: z.array(z.object({ column: z.string(), comment: z.string() })),
  sources: z.array(z.object({ schema: z.string(), name: z.string() })),
  definition: z.string().nullable(),
  dependents: z.array(z.string()),
});

/** " SELECT t.a,\n    t.b\n   FROM one.t;", newer servers without the table's name before each column. */
const NAME = '(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)';
const PLAIN = new RegExp(
  `^\\s*SELECT\\s+(?:${NAME}\\.)?${NAME}(?:,\\s+(?:${NAME}\\.)?${NAME})*\\s+FROM\\s+${NAME}\\.${NAME};$`,
);

/** What depends on the relation `c`, other than its own rules and its row type. */
const DEPENDENTS = `
  SELECT CASE WHEN d.classid = 'pg_rewrite'::regclass
              THEN (SELECT 'view ' || ev_class::regclass::text FROM pg_rewrite WHERE oid = d.objid)
              ELSE pg_describe_object(d.classid, d.objid, 0) END AS dependent
  FROM (SELECT * FROM pg_depend WHERE refclassid = 'pg_class'::regclass AND refobjid = c.oid
        UNION ALL
        SELECT * FROM pg_depend WHERE refclassid = 'pg_type'::regclass AND refobjid = c.reltype) d
  WHERE c.relkind = 'v' AND d.deptype IN ('n', 'a')
    AND NOT (d.classid = 'pg_rewrite'::regclass
      AND d.objid IN (SELECT oid FROM pg_rewrite WHERE ev_class = c.oid AND rulename = '_RETURN'))`;

/**
 * Reads the tables and views of a schema from the catalogue, Ponder's own records of reorganisations left out.
 * Never writes, and locks nothing that somebody waits for.
 */
export async function readRelations(
  session: Session,
  schema: string,
): Promise<readonly Relation[]> {
  const rows = await session.query(
    `SELECT c.relname AS name, c.relkind AS kind, pg_get_userbyid(c.relowner) AS owner,
       pg_has_role(c.relowner, 'USAGE') AS ours,
       coalesce(c.reloptions, '{}') AS options,
       obj_description(c.oid, 'pg_class') AS comment,
       CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END AS definition,
       coalesce((SELECT json_agg(json_build_object('name', a.attname,
           'type', format_type(a.atttypid, a.atttypmod),
           'typeId', concat_ws(':', a.atttypid, a.atttypmod, a.attcollation)) ORDER BY a.attnum)
         FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
         '[]'::json) AS columns,
       coalesce((SELECT json_agg(json_build_object('column', a.attname,
           'comment', col_description(c.oid, a.attnum)) ORDER BY a.attnum)
         FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
           AND col_description(c.oid, a.attnum) IS NOT NULL), '[]'::json) AS column_comments,
       coalesce((SELECT json_agg(json_build_object('column', g.name,
           'to', CASE WHEN g.grantee = 0 THEN NULL ELSE pg_get_userbyid(g.grantee) END,
           'privilege', g.privilege_type, 'grantable', g.is_grantable)
           ORDER BY g.name NULLS FIRST, g.grantee, g.privilege_type)
         FROM (SELECT NULL::name AS name, e.* FROM aclexplode(c.relacl) e
               UNION ALL SELECT a.attname, e.* FROM pg_attribute a, aclexplode(a.attacl) e
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) g
         WHERE g.grantee <> c.relowner), '[]'::json) AS grants,
       coalesce((SELECT jsonb_agg(DISTINCT jsonb_build_object('schema', tn.nspname, 'name', t.relname))
         FROM pg_rewrite r
         JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
           AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid
         JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
         WHERE r.ev_class = c.oid AND r.rulename = '_RETURN'), '[]'::jsonb) AS sources,
       coalesce((SELECT json_agg(x.dependent ORDER BY 1) FROM (
           SELECT DISTINCT dependent FROM (${DEPENDENTS}) o WHERE dependent IS NOT NULL) x),
         '[]'::json) AS dependents
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
       AND left(c.relname, 8) <> '_reorg__'
     ORDER BY c.relname`,
    [schema],
  );
  return z
    .array(row)
    .parse(rows)
    .map(({ kind, definition, column_comments: columnComments, ...rest }) => ({
      ...rest,
      columnComments,
      kind: kind === "r" || kind === "p" || kind === "v" ? KINDS[kind] : "other",
      plain: definition !== null && rest.sources.length === 1 && PLAIN.test(definition),
    }));
}
