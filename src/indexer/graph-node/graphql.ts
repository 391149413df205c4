import { z } from "zod";

import { denied, excerpt, parseJson, refused, type Http, type HttpServer } from "../http.js";

/** A question to a GraphQL API, and the form of what it answers. */
export interface Query<T> {
  readonly text: string;
  readonly variables: Readonly<Record<string, string | number>>;
  readonly data: z.ZodType<T, z.ZodTypeDef, unknown>;
}

const envelope = z.object({
  data: z.unknown(),
  errors: z
    .array(
      z.object({
        message: z.string(),
        extensions: z.object({ code: z.string().optional() }).nullish(),
      }),
    )
    .nullish(),
});

/** An answer of a node with a large database takes seconds. */
const TIMEOUT_MS = 30_000;

/**
 * Asks a GraphQL API, or tells it to do something.
 * @param asks false for a mutation: it is sent once.
 * @param path behind the server's URL.
 * @throws EmergencyError INDEXER_UNREACHABLE, INDEXER_DENIED, INDEXER_REFUSED
 */
export async function query<T>(
  http: Http,
  server: HttpServer,
  { text, variables, data }: Query<T>,
  { asks = true, path = "" } = {},
): Promise<T> {
  const { status, text: answer } = await http.send(server, {
    method: "POST",
    path,
    body: JSON.stringify({ query: text, variables }),
    asks,
    timeoutMs: TIMEOUT_MS,
  });
  const parsed = envelope.safeParse(parseJson(answer));
  const errors = parsed.success ? (parsed.data.errors ?? []) : [];
  if (!parsed.success || (status >= 400 && errors.length === 0)) {
    throw refused(
      server,
      `it answers HTTP ${status} and something that is no GraphQL: ${excerpt(answer)}`,
    );
  }
  const form = data.safeParse(parsed.data.data);
  // A subgraph with errors answers `_meta` and an error beside it.
  if (form.success) {
    return form.data;
  }
  if (errors.some(({ extensions }) => extensions?.code === "UNAUTHORIZED")) {
    throw denied(server, "UNAUTHORIZED");
  }
  if (errors.length > 0) {
    throw refused(server, excerpt(errors.map(({ message }) => message).join("; ")));
  }
  const [issue] = form.error.issues;
  throw refused(
    server,
    `its answer is of another form than the sources of graph-node say: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
  );
}
