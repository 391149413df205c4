import { z } from "zod";

import type { Query } from "./graphql.js";
import type { Deployment, Served, Versions } from "./graph-node.js";

// What the queries ask for is in graph-node's sources: server/index-node/src/schema.graphql, and
// graph/src/schema/meta.graphql for `_meta`. A BigInt comes as a string, and where graph-node takes a shortcut
// as a number; a block in an error has null fields where it is not known.

const blockNumber = z
  .union([z.string().regex(/^\d+$/), z.number().int().nonnegative()])
  .transform(Number);

const block = z.object({ number: blockNumber, hash: z.string() }).nullish();

const status = z
  .object({
    subgraph: z.string(),
    synced: z.boolean(),
    health: z.enum(["healthy", "unhealthy", "failed"]),
    node: z.string().nullish(),
    paused: z.boolean().nullish(),
    fatalError: z
      .object({
        message: z.string(),
        handler: z.string().nullish(),
        block: z.object({ number: blockNumber.nullish() }).nullish(),
      })
      .nullish(),
    chains: z.array(
      z.object({
        network: z.string(),
        chainHeadBlock: block,
        earliestBlock: z.object({ number: blockNumber }).nullish(),
        latestBlock: block,
      }),
    ),
  })
  .transform(({ subgraph, synced, health, node, paused, fatalError, chains }): Deployment => {
    const [chain] = chains;
    return {
      deployment: subgraph,
      synced,
      health,
      paused: paused ?? null,
      assigned: typeof node === "string",
      network: chain?.network ?? null,
      head: chain?.chainHeadBlock?.number ?? null,
      earliest: chain?.earliestBlock?.number ?? 0,
      latest: chain?.latestBlock ?? null,
      fatalError:
        fatalError === null || fatalError === undefined
          ? null
          : {
              message: fatalError.message,
              block: fatalError.block?.number ?? null,
              handler: fatalError.handler ?? null,
            },
    };
  });

const FIELDS = `{
    subgraph
    synced
    health
    node
    paused
    fatalError { message handler block { number } }
    chains {
      network
      chainHeadBlock { number hash }
      earliestBlock { number }
      latestBlock { number hash }
    }
  }`;

/** How one deployment is; null when the node has none of it. */
export function deploymentQuery(hash: string): Query<Deployment | null> {
  return {
    text: `query Deployment($hash: String!) {
  indexingStatuses(subgraphs: [$hash]) ${FIELDS}
}`,
    variables: { hash },
    data: z
      .object({ indexingStatuses: z.array(status) })
      .transform(({ indexingStatuses: [first] }) => first ?? null),
  };
}

/** The versions of a name. */
export function versionsQuery(name: string): Query<Versions> {
  return {
    text: `query Versions($name: String!) {
  current: indexingStatusForCurrentVersion(subgraphName: $name) ${FIELDS}
  pending: indexingStatusForPendingVersion(subgraphName: $name) ${FIELDS}
}`,
    variables: { name },
    data: z
      .object({ current: status.nullish(), pending: status.nullish() })
      .transform(({ current, pending }) => ({
        current: current ?? null,
        pending: pending ?? null,
      })),
  };
}

/** The hash of a block as the node has it. */
export function blockHashQuery(network: string, number: number): Query<string | null> {
  return {
    text: `query BlockHash($network: String!, $number: Int!) {
  blockHashFromNumber(network: $network, blockNumber: $number)
}`,
    variables: { network, number },
    data: z
      .object({ blockHashFromNumber: z.string().nullish() })
      .transform(({ blockHashFromNumber }) => blockHashFromNumber ?? null),
  };
}

/** What queries are answered from. */
export const META_QUERY: Query<Served> = {
  text: `query Meta {
  _meta { deployment hasIndexingErrors block { number } }
}`,
  variables: {},
  data: z
    .object({
      _meta: z.object({
        deployment: z.string(),
        hasIndexingErrors: z.boolean(),
        block: z.object({ number: blockNumber }),
      }),
    })
    .transform(({ _meta }) => ({
      deployment: _meta.deployment,
      block: _meta.block.number,
      hasErrors: _meta.hasIndexingErrors,
    })),
};
