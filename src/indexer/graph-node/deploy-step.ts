import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import type { Verification } from "../../step.js";
import { mayHaveHappened } from "../lost-answer.js";
import {
  nothingToDo,
  SubgraphStep,
  textIn,
  type SubgraphChange,
  type Tell,
} from "../subgraph-step.js";
import { failureOf, progressOf } from "../version-state.js";
import {
  DEPLOYMENT_HASH,
  nameOfLabel,
  VERSION_LABEL,
  type GraphNode,
  type GraphNodeBook,
  type GraphNodeIndexer,
  type Versions,
} from "./graph-node.js";
import { deploymentOf, pollMs } from "./settle.js";

const deployIntent = z
  .object({
    indexer: z.string(),
    deployment: z.string().regex(DEPLOYMENT_HASH, 'must be an IPFS hash: "Qm…"'),
    label: z.string().regex(VERSION_LABEL, 'must hold letters, digits, "-" and "_": v2'),
  })
  .strict();

type Intent = z.infer<typeof deployIntent>;

/** What a look has found at the label's name. */
interface Seen {
  readonly name: string;
  readonly versions: Versions;
}

/**
 * Deploys a version under a name of its own, where nobody reads it until it is promoted. Under the subgraph's
 * own name a graph-node would serve it at once, empty as it is.
 */
export function graphNodeDeployStep(
  book: GraphNodeBook,
): SubgraphStep<GraphNodeIndexer, Intent, Seen> {
  return new SubgraphStep(deploy, book);
}

/** Forgets the name that a version was deployed under. */
export function graphNodeRemoveStep(
  book: GraphNodeBook,
): SubgraphStep<GraphNodeIndexer, Intent, Seen> {
  return new SubgraphStep(remove, book);
}

async function look({ node, subgraph }: GraphNodeIndexer, { label }: Intent): Promise<Seen> {
  const name = nameOfLabel(subgraph, label);
  return { name, versions: await node.versions(name) };
}

function facts({ name, versions: { current, pending } }: Seen) {
  return {
    name,
    [`deployment of ${name}`]: current?.deployment ?? null,
    [`next deployment of ${name}`]: pending?.deployment ?? null,
  };
}

const deploy: SubgraphChange<GraphNodeIndexer, Intent, Seen> = {
  kind: "graph-node-deploy",
  intent: deployIntent,
  look,
  facts,
  decide({ node }, intent, { name, versions: { current, pending } }) {
    const { deployment, label } = intent;
    const there = current ?? pending;
    const outputs = { deployment, name, label };
    if (there?.deployment === deployment) {
      return {
        ...nothingToDo(`${deployment} is deployed as ${name}`, [`it ${progressOf(there)}`]),
        outputs,
      };
    }
    if (there !== null) {
      throw new EmergencyError(
        "VERSION_EXISTS",
        `"${name}" is another version: ${there.deployment}`,
        "choose a label that was never used",
      );
    }
    const lacking = node.lacks("deploy");
    if (lacking !== undefined) {
      throw lacking;
    }
    return {
      title: `deploy ${deployment} as ${name}`,
      actions: [
        {
          type: "graph-node-deploy",
          summary: `create the name ${name} and deploy ${deployment} under it`,
          name,
          deployment,
        },
      ],
      expected: [{ fact: `deployment of ${name}`, before: null, after: deployment }],
      outputs,
      inverse: { kind: "graph-node-remove", intent: { ...intent } },
      notes: [
        "readers go on with the version that they have; it is not changed",
        "the node fetches the version over IPFS, and checks what it is grafted on",
      ],
    };
  },
  act: async ({ node }, { name }, action) =>
    await deployUnder(node, name, textIn(action, "deployment")),
  async readBack(indexer, { deployment }, step, tell) {
    return await readBegun(indexer, deployment, step.outputs.name ?? "", tell);
  },
};

const remove: SubgraphChange<GraphNodeIndexer, Intent, Seen> = {
  kind: "graph-node-remove",
  intent: deployIntent,
  look,
  facts,
  decide({ node }, intent, { name, versions: { current, pending } }) {
    const { deployment } = intent;
    const there = current ?? pending;
    if (there === null) {
      return nothingToDo(`${name} is not there`);
    }
    if (there.deployment !== deployment) {
      throw new EmergencyError(
        "VERSION_EXISTS",
        `"${name}" is another version than ${deployment}: ${there.deployment}`,
        "see who has deployed it before it is removed",
      );
    }
    const lacking = node.lacks("deploy");
    if (lacking !== undefined) {
      throw lacking;
    }
    return {
      title: `remove ${name}`,
      actions: [{ type: "graph-node-remove", summary: `remove the name ${name}`, name }],
      expected: [{ fact: `deployment of ${name}`, before: deployment, after: null }],
      outputs: { deployment, name },
      inverse: { kind: "graph-node-deploy", intent: { ...intent } },
      notes: [
        "unless it has another name, the version is indexed no more, and graph-node deletes its rows after some hours",
      ],
    };
  },
  async act({ node }, { name }) {
    try {
      await node.remove(name);
    } catch (error) {
      if (!mayHaveHappened(error) || !isEmpty(await node.versions(name))) {
        throw error;
      }
    }
    return {};
  },
  async readBack({ node }, _intent, step) {
    const name = step.outputs.name ?? "";
    return name === "" || isEmpty(await node.versions(name))
      ? { verified: true, evidence: [`there is no ${name}`] }
      : { verified: false, evidence: [], problem: `somebody has deployed ${name} again` };
  },
};

function isEmpty({ current, pending }: Versions): boolean {
  return current === null && pending === null;
}

/**
 * Deploys under a name, which is made if need be. Orders are sent once; when an answer is lost, the node is asked
 * what became of it.
 */
export async function deployUnder(
  node: GraphNode,
  name: string,
  hash: string,
): Promise<JsonObject> {
  const isThere = async (): Promise<boolean> =>
    (await node.versions(name)).current?.deployment === hash;
  try {
    await node.create(name);
    await node.deploy(name, hash);
  } catch (error) {
    if (!mayHaveHappened(error) || !(await isThere())) {
      throw error;
    }
  }
  return { name, deployment: hash };
}

/** Waits until a new version has begun to index: how long it takes to the end nobody can tell. */
async function readBegun(
  indexer: GraphNodeIndexer,
  hash: string,
  name: string,
  tell: Tell,
): Promise<Verification> {
  const startedMs = indexer.now();
  const next = `when it is synced: npx hardhat indexer promote --indexer ${indexer.name} --to <label>`;
  const first = await deploymentOf(indexer, hash);
  for (let found = first; ; found = await deploymentOf(indexer, hash)) {
    const evidence = [`${hash} is deployed as ${name}, and ${progressOf(found)}; ${next}`];
    if (found.health === "failed") {
      return { verified: false, evidence: [], problem: failureOf(found) };
    }
    const moved = (found.latest?.number ?? -1) > (first.latest?.number ?? -1);
    if (found.assigned && (moved || found.synced)) {
      return { verified: true, evidence };
    }
    if (indexer.now() - startedMs >= indexer.waitMs) {
      const why = found.assigned ? "it has not begun to index" : "no node has taken it";
      return { verified: false, evidence, problem: `${why}: see in graph-node's log why` };
    }
    tell("until it begins to index");
    await indexer.wait(pollMs(indexer));
  }
}
