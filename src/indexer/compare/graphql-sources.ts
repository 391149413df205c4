import { z } from "zod";

import { query } from "../graph-node/graphql.js";
import type { Http, HttpServer } from "../http.js";
import { rowOf, type Columns, type CompareRow, type RowSource } from "./rows.js";

/** A table behind a GraphQL API. */
export interface GraphqlTable extends Columns {
  readonly title: string;
  readonly http: Http;
  readonly server: HttpServer;
  /** The field of `Query` that lists its rows: "accounts". */
  readonly field: string;
}

/** The most that Ponder and graph-node give at once. */
const PAGE = 1000;

const records = z.array(z.record(z.unknown()));

const ponderPage = z.object({
  rows: z.object({
    items: records,
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }),
  }),
});

const ponderStatus = z.object({
  _meta: z.object({
    status: z.record(
      z.object({
        id: z.number().optional(),
        block: z.object({ number: z.coerce.number() }).nullish(),
      }),
    ),
  }),
});

/**
 * A table behind Ponder's GraphQL API. It tells how things are now, page by page, so that its rows only belong
 * to one block when no block came while they were read.
 * @param chainId of the chain whose block counts; null: there is only one.
 */
export function ponderTable(table: GraphqlTable, chainId: number | null): RowSource {
  const { title, http, server } = table;
  const newest = async (): Promise<number | null> => {
    const answer = await query(http, server, {
      text: "{ _meta { status } }",
      variables: {},
      data: ponderStatus,
    });
    const chains = Object.values(answer._meta.status);
    const own = chains.filter(({ id }) => chainId === null || id === undefined || id === chainId);
    const [only] = own;
    return own.length === 1 ? (only?.block?.number ?? null) : null;
  };
  return {
    title,
    pins: false,
    newest,
    async read(_at, use) {
      const block = await newest();
      return await use({
        block,
        rows: ponderRows(table),
        async moved() {
          const now = await newest();
          return now === block
            ? undefined
            : `${title} went from block ${block ?? "?"} to ${now ?? "?"} while it was read: compare when no block comes, or by its database`;
        },
      });
    },
  };
}

async function* ponderRows(table: GraphqlTable): AsyncGenerator<CompareRow> {
  const { title, http, server, field, key, columns } = table;
  const [first = ""] = key;
  let after: string | null = null;
  for (;;) {
    const cursor: string = after === null ? "" : `, after: ${JSON.stringify(after)}`;
    const { rows } = await query(http, server, {
      text: `{ rows: ${field}(orderBy: ${JSON.stringify(first)}, orderDirection: "asc", limit: ${PAGE}${cursor}) { items { ${[...key, ...columns].join(" ")} } pageInfo { hasNextPage endCursor } } }`,
      variables: {},
      data: ponderPage,
    });
    for (const item of rows.items) {
      yield rowOf(title, table, item);
    }
    after = rows.pageInfo.endCursor ?? null;
    if (!rows.pageInfo.hasNextPage || after === null) {
      return;
    }
  }
}

const graphPage = z.object({ rows: records });

const graphMeta = z.object({
  _meta: z.object({ block: z.object({ number: z.number() }) }).nullable(),
});

/** A table of a subgraph on graph-node. It tells how things were at any block that it has kept. */
export function graphNodeTable(table: GraphqlTable): RowSource {
  const { title, http, server } = table;
  const newest = async (): Promise<number | null> => {
    const { _meta } = await query(http, server, {
      text: "{ _meta { block { number } } }",
      variables: {},
      data: graphMeta,
    });
    return _meta?.block.number ?? null;
  };
  return {
    title,
    pins: true,
    newest,
    async read(at, use) {
      const block = at ?? (await newest());
      return await use({
        block,
        rows: graphRows(table, block),
        moved: async () => await Promise.resolve<string | undefined>(undefined),
      });
    },
  };
}

async function* graphRows(table: GraphqlTable, block: number | null): AsyncGenerator<CompareRow> {
  const { title, http, server, field, key, columns } = table;
  const [first = "id"] = key;
  const pinned = block === null ? "" : `, block: { number: ${block} }`;
  let last: string | undefined;
  for (;;) {
    const where: string =
      last === undefined ? "" : `, where: { ${first}_gt: ${JSON.stringify(last)} }`;
    const { rows } = await query(http, server, {
      text: `{ rows: ${field}(first: ${PAGE}, orderBy: ${first}, orderDirection: asc${where}${pinned}) { ${[...key, ...columns].join(" ")} } }`,
      variables: {},
      data: graphPage,
    });
    for (const item of rows) {
      yield rowOf(title, table, item);
    }
    const end = rows.at(-1)?.[first];
    if (rows.length < PAGE || (typeof end !== "string" && typeof end !== "number")) {
      return;
    }
    last = String(end);
  }
}
