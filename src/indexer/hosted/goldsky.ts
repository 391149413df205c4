import { z } from "zod";

import {
  excerpt,
  parseJson,
  refused,
  type Http,
  type HttpAnswer,
  type HttpServer,
} from "../http.js";
import type { Host, HostedVersion } from "./hosted.js";

// What is asked, and the form of the answers, is as in Goldsky's own command line (@goldskycom/cli 13.4.0,
// `goldsky subgraph list` and `goldsky subgraph tag create`). Goldsky documents the commands, not the requests.

const progress = z.object({ chain_head_block: z.number(), deployment_head_block: z.number() });

const entry = z.object({
  name: z.string(),
  version: z.string(),
  /** There when the entry is a tag. */
  tag: z.object({ target_version: z.string().nullish() }).nullish(),
  health: z.string(),
  synced: z.boolean(),
  status: z.string().nullish(),
  deployments: z.array(
    z.object({
      deployment_id: z.string(),
      health: z.string(),
      synced: z.boolean(),
      fatal_error: z.string().nullish(),
      indexing_progress: progress.nullish(),
    }),
  ),
});

type Entry = z.infer<typeof entry>;

const list = z.object({ data: z.array(entry) });

const TIMEOUT_MS = 30_000;

/**
 * A tag of a subgraph at Goldsky.
 * @param server with its token.
 */
export function goldsky(
  http: Http,
  server: () => Promise<HttpServer>,
  subgraph: string,
  tag: string,
): Host {
  const base = `/api/admin/subgraph/v1/subgraphs/${subgraph}`;

  async function entries(): Promise<readonly Entry[]> {
    const at = await server();
    const answer = await http.send(at, {
      method: "GET",
      path: base,
      asks: true,
      timeoutMs: TIMEOUT_MS,
    });
    if (answer.status === 404) {
      return [];
    }
    const parsed = list.safeParse(judged(at, answer));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw refused(
        at,
        `its list of versions is of another form than its own command line reads: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
      );
    }
    return parsed.data.data.filter(({ name }) => name === subgraph);
  }

  async function version(name: string): Promise<HostedVersion | null> {
    const found = (await entries()).find((each) => each.version === name && isVersion(each));
    return found === undefined ? null : stateOf(found);
  }

  return {
    kind: "goldsky",
    place: `Goldsky, ${subgraph}/${tag}`,
    version,
    async served() {
      const all = await entries();
      const target = all.find((each) => each.version === tag && !isVersion(each))?.tag
        ?.target_version;
      const found = all.find((each) => each.version === target && isVersion(each));
      return found === undefined ? null : stateOf(found);
    },
    async serve(name) {
      const at = await server();
      judged(
        at,
        await http.send(at, {
          method: "PUT",
          path: `${base}/tags/${tag}`,
          body: JSON.stringify({ target_version: name }),
          asks: false,
          timeoutMs: TIMEOUT_MS,
        }),
      );
    },
  };
}

function isVersion({ tag }: Entry): boolean {
  return tag === null || tag === undefined;
}

function judged(server: HttpServer, { status, text }: HttpAnswer): unknown {
  const document = parseJson(text);
  if (status >= 300 || document === undefined) {
    const told = z.object({ message: z.string() }).safeParse(document);
    throw refused(server, `HTTP ${status}: ${excerpt(told.success ? told.data.message : text)}`);
  }
  return document;
}

function stateOf({ version, health, synced, status, deployments }: Entry): HostedVersion {
  const [newest] = deployments;
  const indexed = newest?.indexing_progress ?? null;
  const fatal = newest?.fatal_error ?? null;
  return {
    version,
    deployment: newest?.deployment_id ?? null,
    health: healthOf(newest?.health ?? health, fatal),
    synced: newest?.synced ?? synced,
    paused: status === null || status === undefined ? null : status === "Paused",
    assigned: newest !== undefined,
    latest: indexed === null ? null : { number: indexed.deployment_head_block, hash: null },
    head: indexed?.chain_head_block ?? null,
    fatalError: fatal === null ? null : { message: fatal, block: null, handler: null },
  };
}

/** Only "healthy" is good; Goldsky does not say which other words there are. */
function healthOf(health: string, fatal: string | null): HostedVersion["health"] {
  if (health === "healthy" && fatal === null) {
    return "healthy";
  }
  return health === "failed" || fatal !== null ? "failed" : "unhealthy";
}
