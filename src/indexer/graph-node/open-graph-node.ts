import type { EmergencyGraphNodeConfig } from "../../config/indexers/subgraph-types.js";
import { registerSecret, registerSecretUrl } from "../../redact.js";
import { overHttp, serverAt, type HttpServer } from "../http.js";
import { apiGraphNode } from "./api-graph-node.js";
import type { GraphNodeIndexer } from "./graph-node.js";
import { graphmanProgram } from "./graphman.js";
import { rememberingNode } from "./remembering-node.js";

/** What an indexer has beside its place. */
export interface Waits {
  readonly waitMs: number;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/**
 * A subgraph on a graph-node, as it is configured. Nothing is asked yet.
 * @param root of the project; graphman runs there.
 */
export function openGraphNode(
  name: string,
  config: EmergencyGraphNodeConfig,
  root: string,
  { waitMs, wait }: Waits,
  dryRun: boolean,
): GraphNodeIndexer {
  const { subgraph, status, query, admin, control, token } = config;
  const { host } = serverAt(status);
  const node = apiGraphNode(overHttp(wait), {
    place: `graph-node at ${host}`,
    status: server("graph-node's status API", status),
    query: query === undefined ? undefined : server("graph-node's query port", query),
    admin: admin === undefined ? undefined : server("graph-node's admin API", admin),
    control:
      control === undefined || token === undefined
        ? undefined
        : async () => {
            const bearer = await token.get();
            registerSecret(bearer);
            const { headers, ...found } = server("graphman's API", control);
            return { ...found, headers: { ...headers, authorization: `Bearer ${bearer}` } };
          },
  });
  return {
    name,
    node: dryRun ? rememberingNode(node) : node,
    dryRun,
    subgraph,
    graphman: config.graphman === undefined ? undefined : graphmanProgram(config.graphman, root),
    reorgThreshold: config.reorgThreshold,
    settleMs: config.settleSeconds * 1000,
    waitMs,
    now: Date.now,
    wait,
  };
}

function server(name: string, url: string): HttpServer {
  registerSecretUrl(url);
  const { headers, ...place } = serverAt(url);
  for (const value of Object.values(headers)) {
    registerSecret(value.slice(value.lastIndexOf(" ") + 1));
  }
  return {
    name,
    url: place.url,
    headers,
    whenDenied:
      "check the token, or the credentials in the URL, in hardhat.config.ts; graphman's API takes the GRAPHMAN_SERVER_AUTH_TOKEN that graph-node was started with",
  };
}
