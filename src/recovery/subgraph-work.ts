import { EmergencyError } from "../errors.js";
import { DEPLOYMENT_HASH, VERSION_LABEL } from "../indexer/graph-node/graph-node.js";
import { VERSION_NAME } from "../indexer/hosted/hosted.js";
import type { JsonObject } from "../json.js";
import type { StepRequest } from "../step.js";
import type { IndexerWork } from "./indexer-order.js";
import type { Indexers } from "./indexer-place.js";

/** What is typed about a version beside the one that readers get. */
export interface TypedVersion {
  readonly deployment: string | undefined;
  readonly label: string | undefined;
}

type WorkOf = (name: string, indexers: Pick<Indexers, "config">) => IndexerWork;

/**
 * Takes a subgraph on a graph-node back to a block.
 * @param typed the last block that is kept.
 * @throws EmergencyError BAD_ARGUMENTS
 */
export function rewindWork(typed: string | undefined): WorkOf {
  return (name, indexers) => {
    const block = Number(typed);
    if (typed === undefined || !/^\d+$/.test(typed) || !Number.isSafeInteger(block)) {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        typed === undefined ? "--block is missing" : `"${typed}" is not the number of a block`,
        "name the last block that is kept, the one before what went wrong: --block 19000000",
      );
    }
    return graphNodeWork("rewind", name, indexers, { block });
  };
}

/**
 * Deploys a version of a subgraph on a graph-node beside the one that readers get, or removes it.
 * @throws EmergencyError BAD_ARGUMENTS
 */
export function versionWork(
  verb: "deploy" | "remove",
  { deployment = "", label = "" }: TypedVersion,
): WorkOf {
  return (name, indexers) => {
    if (!DEPLOYMENT_HASH.test(deployment)) {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        deployment === "" ? "--deployment is missing" : `"${deployment}" is no IPFS hash`,
        "give the one that graph build --ipfs has printed: --deployment Qm…",
      );
    }
    if (!VERSION_LABEL.test(label)) {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        label === "" ? "--label is missing" : `"${label}" is no label that graph-node would take`,
        'give letters, digits, "-" and "_", with a letter among them: --label v2',
      );
    }
    return graphNodeWork(verb, name, indexers, { deployment, label });
  };
}

function graphNodeWork(
  verb: "rewind" | "deploy" | "remove",
  name: string,
  { config }: Pick<Indexers, "config">,
  intent: JsonObject,
): IndexerWork {
  if (config(name).graphNode === undefined) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `indexer "${name}" is no subgraph on a graph-node: there is nothing to ${verb}`,
      verb === "rewind"
        ? "let readers get an earlier version: npx hardhat indexer promote, or rollback"
        : "deploy as you do otherwise, and let readers get it: npx hardhat indexer promote",
    );
  }
  const kind = `graph-node-${verb}`;
  return { main: [{ id: `${verb} ${name}`, kind, intent: { indexer: name, ...intent } }] };
}

/**
 * Lets readers of a subgraph get another version; undefined where the indexer is no subgraph.
 * @param to its label, its IPFS hash, or the name that it has at a host.
 * @param from the version that is live, where the host does not say which it is.
 * @throws EmergencyError BAD_ARGUMENTS
 */
export function subgraphPromotion(
  name: string,
  { config }: Pick<Indexers, "config">,
  to: string | undefined,
  from: string | undefined,
): Omit<StepRequest, "id"> | undefined {
  const { graphNode, hosted } = config(name);
  if (graphNode === undefined && hosted === undefined) {
    return undefined;
  }
  const form = graphNode === undefined ? VERSION_NAME : LABEL_OR_HASH;
  for (const [option, typed] of [
    ["--to", to],
    ["--from", from],
  ] as const) {
    if ((option === "--to" && typed === undefined) || (typed !== undefined && !form.test(typed))) {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        typed === undefined ? "--to is missing" : `"${typed}" is the name of no version`,
        graphNode === undefined
          ? `give the version's name: ${option} 1.0.1`
          : `give the label that it was deployed under, or its IPFS hash: ${option} v2`,
      );
    }
  }
  if (hosted?.host !== "alchemy" && from !== undefined) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      "--from is for Alchemy, which does not say which version is live",
      "leave --from out",
    );
  }
  const kind = hosted === undefined ? "graph-node-promote" : `${hosted.host}-promote`;
  const intent = { indexer: name, to: to ?? "", ...(from === undefined ? {} : { from }) };
  return { kind, intent };
}

const LABEL_OR_HASH = new RegExp(`${VERSION_LABEL.source}|${DEPLOYMENT_HASH.source}`);

/**
 * The kind of step that stops or starts an indexer: pods in a cluster, or a deployment of a graph-node.
 * @throws EmergencyError BAD_ARGUMENTS when it is hosted.
 */
export function stopKind(
  verb: "stop" | "start",
  name: string,
  { config }: Pick<Indexers, "config">,
): string {
  const { graphNode, hosted } = config(name);
  if (hosted !== undefined) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `indexer "${name}" is hosted, and cannot be told to ${verb} from here`,
      "use the host's own command line",
    );
  }
  const pausing = { stop: "graph-node-pause", start: "graph-node-resume" } as const;
  return graphNode === undefined ? `indexer-${verb}` : pausing[verb];
}
