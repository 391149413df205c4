import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { Action, Verification } from "../../step.js";
import {
  nothingToDo,
  SubgraphStep,
  textIn,
  type SubgraphChange,
  type Tell,
} from "../subgraph-step.js";
import { failureOf, progressOf, unfitToServe } from "../version-state.js";
import { deployUnder } from "./deploy-step.js";
import {
  DEPLOYMENT_HASH,
  nameOfLabel,
  nameToKeep,
  type Deployment,
  type GraphNodeBook,
  type GraphNodeIndexer,
  type Versions,
} from "./graph-node.js";
import { deploymentOf, pollMs } from "./settle.js";

const promoteIntent = z
  .object({
    indexer: z.string(),
    /** The label that it was deployed under, or its IPFS hash. */
    to: z.string().min(1),
  })
  .strict();

type Intent = z.infer<typeof promoteIntent>;

/** What a look has found. */
interface Seen {
  readonly versions: Versions;
  readonly candidate: Deployment;
  /** The name that keeps the present version alive, and what it stands for now. */
  readonly kept: { readonly name: string; readonly deployment: string | null } | null;
  /** What queries to the candidate are answered from; null where they cannot be made, or are not answered. */
  readonly answers: { readonly deployment: string; readonly hasErrors: boolean } | null;
}

/**
 * Lets queries to the subgraph's name be answered by another deployment, once that is healthy and far enough.
 * graph-node switches in one transaction: a reader gets the old rows or the new ones.
 */
export function graphNodePromoteStep(
  book: GraphNodeBook,
): SubgraphStep<GraphNodeIndexer, Intent, Seen> {
  return new SubgraphStep(promote, book);
}

const promote: SubgraphChange<GraphNodeIndexer, Intent, Seen> = {
  kind: "graph-node-promote",
  intent: promoteIntent,
  async look(indexer, { to }) {
    const { node, subgraph } = indexer;
    const [versions, candidate] = await Promise.all([
      node.versions(subgraph),
      candidateOf(indexer, to),
    ]);
    const { current } = versions;
    const name = current === null ? null : nameToKeep(subgraph, current.deployment);
    const [kept, answers] = await Promise.all([
      name === null ? null : node.versions(name),
      node.served({ hash: candidate.deployment }),
    ]);
    return {
      versions,
      candidate,
      kept: name === null ? null : { name, deployment: kept?.current?.deployment ?? null },
      answers,
    };
  },
  facts: ({ versions, candidate, kept }) => ({
    "deployment that is served": versions.current?.deployment ?? null,
    "deployment to serve": candidate.deployment,
    "health of it": candidate.health,
    "synced once": candidate.synced,
    paused: candidate.paused,
    "kept as": kept?.deployment ?? null,
  }),
  decide,
  act: async ({ node }, _seen, action) =>
    await deployUnder(node, textIn(action, "name"), textIn(action, "deployment")),
  async readBack(indexer, _intent, step, tell) {
    return await readServed(indexer, step.outputs.deployment ?? "", tell);
  },
};

/**
 * The deployment that a label or a hash stands for.
 * @throws EmergencyError UNKNOWN_VERSION
 */
export async function candidateOf(indexer: GraphNodeIndexer, to: string): Promise<Deployment> {
  const { node, subgraph, name: indexerName } = indexer;
  if (DEPLOYMENT_HASH.test(to)) {
    return await deploymentOf(indexer, to);
  }
  const name = nameOfLabel(subgraph, to);
  const { current, pending } = await node.versions(name);
  const found = current ?? pending;
  if (found === null) {
    throw new EmergencyError(
      "UNKNOWN_VERSION",
      `${node.place} has no "${name}"`,
      `deploy it first: npx hardhat indexer deploy --indexer ${indexerName} --deployment <Qm…> --label ${to}; or name the deployment by its hash`,
    );
  }
  return found;
}

function decide(indexer: GraphNodeIndexer, { to }: Intent, seen: Seen) {
  const { name, subgraph, node } = indexer;
  const { versions, candidate, kept, answers } = seen;
  const { current, pending } = versions;
  const { deployment } = candidate;
  const outputs = { deployment, before: current?.deployment ?? "" };
  if (current?.deployment === deployment) {
    return {
      ...nothingToDo(`${subgraph} is served by ${deployment}`, [`it ${progressOf(candidate)}`]),
      outputs,
    };
  }
  const unfit =
    unfitToServe(candidate, current) ??
    (answers?.hasErrors === true ? "queries against it are answered with errors" : undefined) ??
    (node.canQuery && answers === null ? "queries against it are not answered" : undefined);
  if (unfit !== undefined) {
    throw new EmergencyError(
      "VERSION_NOT_READY",
      `${to} (${deployment}) cannot be served: ${unfit}`,
      "wait until it is healthy and synced, and type the same command again. Readers go on with the version that they have",
    );
  }
  const lacking = node.lacks("deploy");
  if (lacking !== undefined) {
    throw lacking;
  }
  if (kept !== null && kept.deployment !== null && kept.deployment !== current?.deployment) {
    throw new EmergencyError(
      "VERSION_EXISTS",
      `"${kept.name}" should keep the present version, and is another one: ${kept.deployment}`,
      "see who has deployed it, and remove that name",
    );
  }
  const keeps: readonly Action[] =
    kept === null || current === null || kept.deployment === current.deployment
      ? []
      : [
          {
            type: "graph-node-keep",
            summary: `keep ${current.deployment} alive as ${kept.name}`,
            name: kept.name,
            deployment: current.deployment,
          },
        ];
  return {
    title: `serve ${subgraph} from ${to}`,
    actions: [
      ...keeps,
      {
        type: "graph-node-promote",
        summary: `make ${deployment} the version of ${subgraph}`,
        name: subgraph,
        deployment,
      },
    ],
    expected: [
      {
        fact: "deployment that is served",
        before: current?.deployment ?? null,
        after: deployment,
      },
    ],
    outputs,
    inverse:
      current === null
        ? { none: "nothing was served before" }
        : {
            kind: "graph-node-promote",
            intent: { indexer: name, to: current.deployment },
          },
    notes: [
      `it ${progressOf(candidate)}${current === null ? "" : `; what is served now ${progressOf(current)}`}`,
      ...(keeps.length === 0
        ? []
        : [
            "without a name graph-node would stop indexing the old version, and delete it after some hours",
          ]),
      ...(pending === null || pending.deployment === deployment
        ? []
        : [
            `${pending.deployment} was waiting to become the version of ${subgraph}, and no longer will`,
          ]),
      ...(node.canQuery
        ? []
        : ["graphNode.query is not configured: that queries are answered is not looked at"]),
    ],
  };
}

/** Waits until the name, and where it can be asked the query port, give the new version. */
async function readServed(
  { node, subgraph, now, wait, waitMs, settleMs }: GraphNodeIndexer,
  hash: string,
  tell: Tell,
): Promise<Verification> {
  const startedMs = now();
  for (;;) {
    const { current } = await node.versions(subgraph);
    const served = await node.served({ name: subgraph });
    const isNamed = current?.deployment === hash;
    if (isNamed && (!node.canQuery || served?.deployment === hash)) {
      const evidence = [
        `${subgraph} is ${hash}, and ${progressOf(current)}`,
        ...(served === null
          ? []
          : [`a query to ${subgraph} is answered from block ${served.block} of it`]),
      ];
      return current.health === "healthy"
        ? { verified: true, evidence }
        : {
            verified: false,
            evidence,
            problem: current.health === "failed" ? failureOf(current) : "it has errors since",
          };
    }
    if (now() - startedMs >= Math.min(waitMs, PATIENCE_MS)) {
      const problem = isNamed
        ? `queries to ${subgraph} are still answered by ${served?.deployment ?? "nobody"}`
        : `${subgraph} is ${current?.deployment ?? "nothing"}: somebody else has changed it since`;
      return { verified: false, evidence: [], problem };
    }
    tell("until queries are answered by it");
    await wait(pollMs({ settleMs }));
  }
}

/** A query node takes some seconds to learn of a new version. */
const PATIENCE_MS = 30_000;
