import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import { excerpt, parseJson, refused, type Http, type HttpServer } from "../http.js";
import type { GraphNode } from "./graph-node.js";
import { query } from "./graphql.js";
import { blockHashQuery, deploymentQuery, META_QUERY, versionsQuery } from "./status-api.js";

/** Where the interfaces of one graph-node are. What is not configured is undefined. */
export interface GraphNodeServers {
  /** Holds no secret. */
  readonly place: string;
  readonly status: HttpServer;
  readonly query: HttpServer | undefined;
  readonly admin: HttpServer | undefined;
  /** With its token, read when it is first needed. */
  readonly control: (() => Promise<HttpServer>) | undefined;
}

/** A deployment's manifest, schema and mappings are fetched over IPFS while we wait. */
const DEPLOY_TIMEOUT_MS = 180_000;

const ADMIN_TIMEOUT_MS = 30_000;

const succeeded = z.object({ success: z.literal(true) });

/** A graph-node over its interfaces: status, queries, JSON-RPC admin, and graphman's GraphQL. */
export function apiGraphNode(http: Http, servers: GraphNodeServers): GraphNode {
  const { place, status, query: queries, admin, control } = servers;

  async function switchPause(what: "pause" | "resume", hash: string): Promise<void> {
    if (control === undefined) {
      await call(http, needed(admin), `subgraph_${what}`, { deployment: hash });
      return;
    }
    const order = {
      text: `mutation Switch($hash: String!) {
  deployment { ${what}(deployment: { hash: $hash }) { success } }
}`,
      variables: { hash },
      data: z.object({ deployment: z.object({ [what]: succeeded }) }),
    };
    try {
      await query(http, await control(), order, { asks: false });
    } catch (error) {
      // A pause of what is paused is no error, but a resumption of what runs is one.
      if (!isRefusal(error, /is not paused/)) {
        throw error;
      }
    }
  }

  return {
    place,
    canQuery: queries !== undefined,
    lacks(what) {
      const found = what === "pause" ? (control ?? admin) : admin;
      return found === undefined ? MISSING[what] : undefined;
    },
    deployment: async (hash) => await query(http, status, deploymentQuery(hash)),
    versions: async (name) => await query(http, status, versionsQuery(name)),
    blockHash: async (network, number) =>
      await query(http, status, blockHashQuery(network, number)),
    async served(target) {
      if (queries === undefined) {
        return null;
      }
      const path =
        "name" in target ? `/subgraphs/name/${target.name}` : `/subgraphs/id/${target.hash}`;
      try {
        return await query(http, queries, META_QUERY, { path });
      } catch (error) {
        if (isRefusal(error, /not found|does not exist|not started/i)) {
          return null;
        }
        throw error;
      }
    },
    pause: async (hash) => {
      await switchPause("pause", hash);
    },
    resume: async (hash) => {
      await switchPause("resume", hash);
    },
    async create(name) {
      try {
        await call(http, needed(admin), "subgraph_create", { name });
      } catch (error) {
        // Newer versions of graph-node do not mind, older ones do.
        if (!isRefusal(error, /already exists/)) {
          throw error;
        }
      }
    },
    async deploy(name, hash) {
      const params = { name, ipfs_hash: hash };
      await call(http, needed(admin), "subgraph_deploy", params, DEPLOY_TIMEOUT_MS);
    },
    async remove(name) {
      await call(http, needed(admin), "subgraph_remove", { name });
    },
  };
}

const MISSING = {
  pause: new EmergencyError(
    "BAD_CONFIG",
    "the graph-node cannot be told to pause or resume: neither control nor admin is configured",
    'add graphNode.control and token, or graphNode.admin ("http://graph-node:8020"), in hardhat.config.ts',
  ),
  deploy: new EmergencyError(
    "BAD_CONFIG",
    "nothing can be deployed on the graph-node: its admin API is not configured",
    'add graphNode.admin ("http://graph-node:8020") in hardhat.config.ts',
  ),
};

function needed(server: HttpServer | undefined): HttpServer {
  if (server === undefined) {
    throw MISSING.deploy;
  }
  return server;
}

function isRefusal(error: unknown, why: RegExp): boolean {
  return (
    error instanceof EmergencyError && error.code === "INDEXER_REFUSED" && why.test(error.what)
  );
}

/** graph-node leaves `result` out where a method has none. */
const answer = z.object({
  jsonrpc: z.literal("2.0"),
  error: z.object({ code: z.number(), message: z.string() }).optional(),
});

/** One order to the admin API. It is sent once. */
async function call(
  http: Http,
  server: HttpServer,
  method: string,
  params: Readonly<Record<string, string>>,
  timeoutMs = ADMIN_TIMEOUT_MS,
): Promise<void> {
  const { status, text } = await http.send(server, {
    method: "POST",
    path: "",
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    asks: false,
    timeoutMs,
  });
  const parsed = answer.safeParse(parseJson(text));
  if (!parsed.success) {
    throw refused(server, `it answers HTTP ${status} and no JSON-RPC: ${excerpt(text)}`);
  }
  const { error } = parsed.data;
  if (error !== undefined) {
    throw refused(server, `${method}: ${excerpt(error.message)}`);
  }
}
