import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";

import { buildSchema, graphql, type GraphQLSchema } from "graphql";
import { z } from "zod";

import type { EmergencyGraphNodeUserConfig } from "../../../src/config/types.js";
import type { Graphman, GraphmanRun } from "../../../src/indexer/graph-node/graphman.js";
import { isRecord } from "../../../src/json.js";
import { repository } from "../../helpers/repository.js";
import { GraphNodeModel, NETWORK, Refusal, type ModelDeployment } from "./model.js";
import { CONTROL_SCHEMA, META_SCHEMA, STATUS_SCHEMA } from "./schemas.js";

/** Which interface a request went to. */
export type Interface = "status" | "query" | "admin" | "control" | "graphman";

/** A request, as it came. */
export interface StandInRequest {
  /** From 1. */
  readonly number: number;
  readonly to: Interface;
  readonly text: string;
  readonly authorization: string | undefined;
}

/**
 * What becomes of a request in place of an answer.
 * - `drop`: it never arrived
 * - `lose`: it did, and its answer never came back
 */
export type Trouble = "drop" | "lose" | { readonly status: number; readonly body?: string };

/** A stand-in of graph-node: strict where the real one is, and where the real one is lenient as well. */
export interface GraphNodeStandIn {
  readonly model: GraphNodeModel;
  /** What a project writes to use it. */
  readonly config: Required<
    Pick<EmergencyGraphNodeUserConfig, "status" | "query" | "admin" | "control">
  > &
    EmergencyGraphNodeUserConfig;
  /** graphman without a process. */
  readonly graphman: Graphman;
  readonly requests: readonly StandInRequest[];
  /** What the schema does not allow, or the JSON-RPC interface does not know. Must stay empty. */
  readonly refusals: readonly string[];
  /** Asked for every request. */
  trouble: (request: StandInRequest) => Trouble | undefined;
  stop(): Promise<void>;
}

export const TOKEN = "stand-in-graphman-token";

export const SUBGRAPH = "org/market";

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Respond = (text: string, request: IncomingMessage) => Promise<Answer>;

/** Starts one on free ports of this computer. */
export async function startGraphNode(): Promise<GraphNodeStandIn> {
  const model = new GraphNodeModel();
  const requests: StandInRequest[] = [];
  const refusals: string[] = [];
  const state = { trouble: (_: StandInRequest): Trouble | undefined => undefined };
  const servers: Server[] = [];

  async function listen(to: Interface, respond: Respond): Promise<string> {
    const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
      const text = await bodyOf(incoming);
      const { authorization } = incoming.headers;
      const request = { number: requests.length + 1, to, text, authorization };
      requests.push(request);
      const trouble = state.trouble(request);
      if (trouble === "drop") {
        incoming.socket.destroy();
        return;
      }
      if (typeof trouble === "object") {
        outgoing.writeHead(trouble.status).end(trouble.body ?? "");
        return;
      }
      model.tick();
      const { status, body } = await respond(text, incoming);
      if (trouble === "lose") {
        incoming.socket.destroy();
        return;
      }
      outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    const server = createServer((incoming, outgoing) => {
      handle(incoming, outgoing).catch((error: unknown) => {
        refusals.push(String(error));
        outgoing.writeHead(500).end();
      });
    });
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") {
      throw new TypeError("it listens on a port");
    }
    return `http://127.0.0.1:${address.port}`;
  }

  const asked = (schema: GraphQLSchema, text: string, root: object): Promise<Answer> =>
    executed(schema, text, root, refusals);
  const status = await listen("status", async (text, { url, method }) =>
    url === "/graphql" && method === "POST"
      ? await asked(statusSchema, text, statusRoot(model))
      : unknownPath(refusals, url),
  );
  const query = await listen("query", async (text, { url = "" }) => {
    const [, by, target = ""] = /^\/subgraphs\/(name|id)\/(.+)$/.exec(url) ?? [];
    if (by === undefined) {
      return unknownPath(refusals, url);
    }
    const hash = by === "id" ? target : (model.names.get(target)?.current ?? undefined);
    const found = hash === undefined ? undefined : model.deployments.get(hash);
    if (found === undefined || found.latest === null) {
      return { status: 200, body: { errors: [{ message: `subgraph \`${target}\` not found` }] } };
    }
    const answer = await asked(metaSchema, text, { _meta: metaOf(found) });
    return found.health === "healthy" || !isRecord(answer.body)
      ? answer
      : { ...answer, body: { ...answer.body, errors: [{ message: "indexing_error" }] } };
  });
  const admin = await listen("admin", async (text, { url, method }) =>
    url === "/" && method === "POST"
      ? await Promise.resolve(jsonRpc(model, text, refusals))
      : unknownPath(refusals, url),
  );
  const control = await listen("control", async (text, { url, method, headers }) => {
    if (url !== "/" || method !== "POST") {
      return unknownPath(refusals, url);
    }
    if (headers.authorization !== `Bearer ${TOKEN}`) {
      const message = "You are not authorized to access this resource";
      const errors = [{ message, extensions: { code: "UNAUTHORIZED" } }];
      return { status: 200, body: { errors, data: null } };
    }
    return await asked(controlSchema, text, controlRoot(model));
  });
  const graphman = await listen(
    "graphman",
    async (text) => await Promise.resolve(runGraphman(model, text, refusals)),
  );

  return {
    model,
    config: {
      subgraph: SUBGRAPH,
      status: `${status}/graphql`,
      query,
      admin,
      control,
      token: TOKEN,
      graphman: [
        process.execPath,
        join(repository, "test/indexer/graph-node/graphman-stand-in.mjs"),
        graphman,
      ],
      settleSeconds: 0.05,
    },
    graphman: { command: "graphman", run: async (args) => await graphmanAt(graphman, args) },
    requests,
    refusals,
    get trouble() {
      return state.trouble;
    },
    set trouble(trouble) {
      state.trouble = trouble;
    },
    async stop() {
      await Promise.all(
        servers.map(async (server) => {
          server.closeAllConnections();
          server.close();
          await once(server, "close");
        }),
      );
    },
  };
}

const statusSchema = buildSchema(STATUS_SCHEMA);
const controlSchema = buildSchema(CONTROL_SCHEMA);
const metaSchema = buildSchema(META_SCHEMA);

function unknownPath(refusals: string[], url: string | undefined): Answer {
  refusals.push(`no such path: ${url ?? ""}`);
  return { status: 404, body: "Not found" };
}

/** A query that the schema does not allow is refused, and remembered: no test may send one. */
async function executed(
  schema: GraphQLSchema,
  text: string,
  rootValue: object,
  refusals: string[],
): Promise<Answer> {
  const request: unknown = JSON.parse(text);
  if (!isRecord(request) || typeof request.query !== "string" || !isRecord(request.variables)) {
    refusals.push(`no GraphQL request: ${text}`);
    return { status: 400, body: { errors: [{ message: "not a GraphQL request" }] } };
  }
  const { query: source, variables } = request;
  for (const name of Object.keys(variables)) {
    if (!source.includes(`$${name}:`)) {
      refusals.push(`the query has no variable ${name}`);
    }
  }
  const result = await graphql({ schema, source, rootValue, variableValues: variables });
  for (const { message, originalError } of result.errors ?? []) {
    if (!(originalError instanceof Refusal)) {
      refusals.push(message);
    }
  }
  const body: unknown = JSON.parse(JSON.stringify(result));
  return { status: 200, body };
}

function statusOf(model: GraphNodeModel, deployment: ModelDeployment | undefined): unknown {
  if (deployment === undefined) {
    return null;
  }
  const { hash, synced, health, node, paused, fatalError, earliest, latest } = deployment;
  const block = (number: number) => ({ number: String(number), hash: model.blockHash(number) });
  return {
    subgraph: hash,
    synced,
    health,
    node,
    paused: node === null ? null : paused,
    fatalError:
      fatalError === null
        ? null
        : { ...fatalError, block: block(fatalError.block), deterministic: true },
    nonFatalErrors: [],
    entityCount: "0",
    historyBlocks: 2_147_483_647,
    chains: [
      {
        __typename: "EthereumIndexingStatus",
        network: NETWORK,
        chainHeadBlock: block(model.head),
        earliestBlock: { number: earliest, hash: "0x0" },
        latestBlock: latest === null ? null : block(latest),
      },
    ],
  };
}

function statusRoot(model: GraphNodeModel): object {
  const find = (hash: string | null | undefined): ModelDeployment | undefined =>
    typeof hash === "string" ? model.deployments.get(hash) : undefined;
  return {
    indexingStatuses: ({ subgraphs }: { subgraphs?: readonly string[] }) =>
      // An empty list means all of them.
      (subgraphs === undefined || subgraphs.length === 0
        ? [...model.deployments.keys()]
        : subgraphs
      )
        .flatMap((hash) => find(hash) ?? [])
        .map((found) => statusOf(model, found)),
    indexingStatusForCurrentVersion: ({ subgraphName }: { subgraphName: string }) =>
      statusOf(model, find(model.names.get(subgraphName)?.current)),
    indexingStatusForPendingVersion: ({ subgraphName }: { subgraphName: string }) =>
      statusOf(model, find(model.names.get(subgraphName)?.pending)),
    blockHashFromNumber: ({ network, blockNumber }: { network: string; blockNumber: number }) =>
      network === NETWORK && blockNumber <= model.head ? model.blockHash(blockNumber) : null,
  };
}

function metaOf({ hash, latest, health }: ModelDeployment): unknown {
  return { deployment: hash, block: { number: latest }, hasIndexingErrors: health !== "healthy" };
}

function controlRoot(model: GraphNodeModel): object {
  const one = (selector: Readonly<Record<string, string | undefined>>): string => {
    const given = Object.keys(selector).filter((key) => selector[key] !== undefined);
    if (given.length !== 1 || selector.hash === undefined) {
      throw new Refusal("selector can not be empty");
    }
    return selector.hash;
  };
  interface Selected {
    readonly deployment: Readonly<Record<string, string | undefined>>;
  }
  return {
    deployment: {
      pause: ({ deployment }: Selected) => {
        model.pause(one(deployment));
        return { success: true };
      },
      resume: ({ deployment }: Selected) => {
        const hash = one(deployment);
        if (model.deployments.get(hash)?.paused === false) {
          throw new Refusal(`deployment '${hash}[1]' is not paused`);
        }
        model.resume(hash);
        return { success: true };
      },
    },
  };
}

/** The code of each method's own errors, and the parameters that it takes: required, optional. */
const METHODS: Readonly<Record<string, readonly [number, readonly string[], readonly string[]]>> = {
  subgraph_create: [2, ["name"], []],
  subgraph_deploy: [0, ["name", "ipfs_hash"], ["node_id", "debug_fork", "history_blocks"]],
  subgraph_remove: [1, ["name"], []],
  subgraph_reassign: [3, ["ipfs_hash", "node_id"], []],
  subgraph_pause: [4, ["deployment"], []],
  subgraph_resume: [5, ["deployment"], []],
};

/** Unlike the real one it refuses parameters that it does not know. */
function jsonRpc(model: GraphNodeModel, text: string, refusals: string[]): Answer {
  const request: unknown = JSON.parse(text);
  const fail = (code: number, message: string, id: unknown = null): Answer => ({
    status: 200,
    body: { jsonrpc: "2.0", error: { code, message }, id },
  });
  if (!isRecord(request) || request.jsonrpc !== "2.0" || typeof request.method !== "string") {
    refusals.push(`no JSON-RPC request: ${text}`);
    return fail(-32600, "Invalid Request");
  }
  const { id, method, params } = request;
  const known = METHODS[method];
  if (known === undefined || typeof id !== "number") {
    refusals.push(`no such method: ${method}`);
    return fail(-32601, "Method not found", id);
  }
  const [code, required, optional] = known;
  const given = isRecord(params) ? params : {};
  const isGood =
    required.every((name) => typeof given[name] === "string") &&
    Object.keys(given).every((name) => required.includes(name) || optional.includes(name));
  if (!isGood) {
    refusals.push(`${method} does not take ${JSON.stringify(params)}`);
    return fail(-32602, "Invalid params", id);
  }
  try {
    order(model, method, (name) => String(given[name]));
  } catch (error) {
    if (error instanceof Refusal) {
      return fail(code, error.message, id);
    }
    throw error;
  }
  const result =
    method === "subgraph_deploy" ? { playground: ":8000/x", queries: ":8000/x" } : null;
  return { status: 200, body: { jsonrpc: "2.0", result, id } };
}

function order(model: GraphNodeModel, method: string, param: (name: string) => string): void {
  switch (method) {
    case "subgraph_create":
      model.create(param("name"));
      break;
    case "subgraph_deploy":
      model.deploy(param("name"), param("ipfs_hash"));
      break;
    case "subgraph_remove":
      model.remove(param("name"));
      break;
    case "subgraph_pause":
      model.pause(param("deployment"));
      break;
    case "subgraph_resume":
      model.resume(param("deployment"));
      break;
    default:
      throw new Refusal(`${method} is not modelled`);
  }
}

/** What the program prints and how it ends; it takes exactly the options that we give. */
function runGraphman(model: GraphNodeModel, text: string, refusals: string[]): Answer {
  const args: unknown = JSON.parse(text);
  const line = Array.isArray(args) ? args.join(" ") : "";
  const info = /^info (Qm\w+)$/.exec(line);
  const rewind =
    /^rewind --sleep \d+ --block-hash (0x[0-9a-f]{64}) --block-number (\d+) (Qm\w+)$/.exec(line);
  try {
    if (info?.[1] !== undefined) {
      const found = model.deployments.has(info[1]);
      return program(found ? 0 : 1, [found ? `id | ${info[1]}` : "No matches"]);
    }
    if (rewind !== null) {
      const [, hash = "", number = "", deployment = ""] = rewind;
      return program(0, model.rewind(deployment, hash, Number(number)));
    }
  } catch (error) {
    if (error instanceof Refusal) {
      return program(1, [`Error: ${error.message} (postgresql://graph:let-me-in@db/graph)`]);
    }
    throw error;
  }
  refusals.push(`graphman does not take: ${line}`);
  return program(2, ["error: unexpected argument"]);
}

/** As the program does; see graphman-stand-in.mjs. */
async function graphmanAt(url: string, args: readonly string[]): Promise<GraphmanRun> {
  const run = z.object({ code: z.number(), lines: z.array(z.string()) });
  try {
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(args) });
    return run.parse(await answer.json());
  } catch (error) {
    return { code: 1, lines: [`Error: store error: ${String(error)}`] };
  }
}

function program(code: number, lines: readonly string[]): Answer {
  return { status: 200, body: { code, lines } };
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
