import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

import { buildSchema, graphql } from "graphql";

import type { EmergencyIndexerUserConfig } from "../../../src/config/types.js";
import { isRecord } from "../../../src/json.js";
import { META_SCHEMA } from "../graph-node/schemas.js";

/** A version at a host. */
export interface ModelVersion {
  readonly name: string;
  readonly deployment: string;
  health: string;
  synced: boolean;
  paused: boolean;
  block: number;
  fatalError?: string;
}

/** What becomes of a request in place of an answer. */
export type Trouble = "drop" | "lose" | { readonly status: number; readonly body?: string };

/** A stand-in of a host: it takes what is documented, or what the host's own command line sends, and nothing else. */
export interface HostStandIn {
  readonly config: EmergencyIndexerUserConfig;
  readonly versions: ModelVersion[];
  head: number;
  /** The name of the version that readers get. */
  live: string | null;
  readonly requests: readonly string[];
  /** What a real one would not know. Must stay empty. */
  readonly refusals: readonly string[];
  /** Asked for every request, which are counted from 1. */
  trouble: (number: number) => Trouble | undefined;
  stop(): Promise<void>;
}

/** The kinds of hosts that there are. */
export type HostKind = "goldsky" | "alchemy";

export const KEYS = {
  goldsky: "stand-in-goldsky-key",
  deploy: "stand-in-deploy-key",
  query: "stand-in-query-key",
};

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Two versions, both good; readers get the first one. */
export function twoVersions(): ModelVersion[] {
  const good = { health: "healthy", synced: true, paused: false, block: 9_998 };
  return [
    { name: "1.0.0", deployment: "QmOld", ...good },
    { name: "1.0.1", deployment: "QmNew", ...good },
  ];
}

/** Starts one on a free port of this computer. */
export async function startHost(kind: HostKind): Promise<HostStandIn> {
  const requests: string[] = [];
  const refusals: string[] = [];
  const state: Pick<HostStandIn, "versions" | "head" | "live" | "trouble"> = {
    live: "1.0.0",
    versions: twoVersions(),
    head: 10_000,

    trouble: () => undefined,
  };
  const respond = { goldsky, alchemy }[kind];

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const text = await bodyOf(incoming);
    requests.push(`${incoming.method ?? ""} ${incoming.url ?? ""} ${text}`);
    const trouble = state.trouble(requests.length);
    if (trouble === "drop") {
      incoming.socket.destroy();
      return;
    }
    if (typeof trouble === "object") {
      outgoing.writeHead(trouble.status).end(trouble.body ?? "");
      return;
    }
    const { status, body } = await respond(state, incoming, text, refusals);
    if (trouble === "lose") {
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const server: Server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch((error: unknown) => {
      refusals.push(String(error));
      outgoing.writeHead(500).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new TypeError("it listens on a port");
  }
  const url = `http://127.0.0.1:${address.port}`;
  return Object.assign(state, {
    config:
      kind === "goldsky"
        ? { goldsky: { subgraph: "market", tag: "prod", token: KEYS.goldsky, api: url } }
        : {
            alchemy: {
              team: "team-1",
              subgraph: "market",
              deployKey: KEYS.deploy,
              queryKey: KEYS.query,
              api: url,
              query: url,
            },
          },
    requests,
    refusals,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}

type Model = Pick<HostStandIn, "versions" | "head" | "live">;

/** As Goldsky's command line meets it: a list of versions and tags, and a tag that is put. */
async function goldsky(
  model: Model,
  { method, url = "", headers }: IncomingMessage,
  text: string,
  refusals: string[],
): Promise<Answer> {
  if (headers.authorization !== `Bearer ${KEYS.goldsky}`) {
    return { status: 401, body: { statusCode: 401, error: "Unauthorized", message: "bad key" } };
  }
  const base = "/api/admin/subgraph/v1/subgraphs/market";
  if (method === "GET" && url === base) {
    const versions = model.versions.map((version) => entryOf(model, version));
    const target = model.versions.find(({ name }) => name === model.live);
    const tag =
      target === undefined
        ? []
        : [{ ...entryOf(model, target), version: "prod", tag: { target_version: target.name } }];
    return await Promise.resolve({ status: 200, body: { data: [...versions, ...tag] } });
  }
  if (method === "PUT" && url === `${base}/tags/prod`) {
    const body: unknown = JSON.parse(text);
    const wanted = isRecord(body) && Object.keys(body).length === 1 ? body.target_version : null;
    const target = model.versions.find(({ name }) => name === wanted);
    if (target === undefined) {
      return { status: 404, body: { statusCode: 404, error: "Not Found", message: "no version" } };
    }
    model.live = target.name;
    return { status: 200, body: { data: { subgraph: entryOf(model, target) } } };
  }
  refusals.push(`${method ?? ""} ${url}`);
  return { status: 404, body: { statusCode: 404, error: "Not Found", message: "no such path" } };
}

function entryOf({ head }: Model, version: ModelVersion): Record<string, unknown> {
  const { name, deployment, health, synced, paused, block, fatalError } = version;
  return {
    name: "market",
    version: name,
    health,
    synced,
    status: paused ? "Paused" : "Active",
    graphql_endpoint: `/api/public/project_1/subgraphs/market/${name}/gn`,
    network: "mainnet",
    deployments: [
      {
        id: "1",
        created_at: 1,
        deployment_id: deployment,
        health,
        synced,
        ...(fatalError === undefined ? {} : { fatal_error: fatalError }),
        indexing_progress: {
          network: "mainnet",
          progress_percent: 99,
          chain_head_block: head,
          deployment_head_block: block,
          deployment_start_block: 1,
          synced,
        },
      },
    ],
  };
}

const metaSchema = buildSchema(META_SCHEMA);

/** As Alchemy documents it: queries behind the query key, and a promotion with the deploy key. */
async function alchemy(
  model: Model,
  { method, url = "", headers }: IncomingMessage,
  text: string,
  refusals: string[],
): Promise<Answer> {
  const promoted = /^\/api\/subgraphs\/team-1\/market\/([^/]+)\/promote-live$/.exec(url);
  if (method === "POST" && promoted !== null) {
    if (headers["x-api-key"] !== KEYS.deploy) {
      return { status: 401, body: { error: "bad key" } };
    }
    if (!model.versions.some(({ name }) => name === promoted[1])) {
      return { status: 404, body: { error: "no such version" } };
    }
    model.live = promoted[1] ?? null;
    return { status: 200, body: {} };
  }
  const queried = /^\/([^/]+)\/team-1\/market(?:\/version\/([^/]+))?\/api$/.exec(url);
  if (method === "POST" && queried !== null) {
    const [, key, name = model.live] = queried;
    if (key !== KEYS.query) {
      return { status: 403, body: { error: "bad key" } };
    }
    const found = model.versions.find((version) => version.name === name);
    if (found === undefined) {
      return { status: 404, body: { error: "not found" } };
    }
    const request: unknown = JSON.parse(text);
    const source = isRecord(request) && typeof request.query === "string" ? request.query : "";
    const { deployment, block, health } = found;
    const hasIndexingErrors = health !== "healthy";
    const rootValue = { _meta: { deployment, hasIndexingErrors, block: { number: block } } };
    const result = await graphql({ schema: metaSchema, source, rootValue });
    refusals.push(...(result.errors ?? []).map(({ message }) => message));
    const body: unknown = JSON.parse(JSON.stringify(result));
    return { status: 200, body };
  }
  refusals.push(`${method ?? ""} ${url}`);
  return { status: 404, body: { error: "no such path" } };
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) {
    if (Buffer.isBuffer(chunk)) {
      chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks).toString("utf8");
}
