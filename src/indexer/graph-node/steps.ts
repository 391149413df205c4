import type { Step } from "../../step.js";
import { graphNodeDeployStep, graphNodeRemoveStep } from "./deploy-step.js";
import type { GraphNodeBook } from "./graph-node.js";
import { graphNodePauseStep } from "./pause-step.js";
import { graphNodePromoteStep } from "./promote-step.js";
import { graphNodeRewindStep } from "./rewind-step.js";

/** The kinds of steps on subgraphs of a graph-node. */
export const GRAPH_NODE_STEPS = [
  "graph-node-pause",
  "graph-node-resume",
  "graph-node-rewind",
  "graph-node-deploy",
  "graph-node-remove",
  "graph-node-promote",
] as const;

/** The steps on subgraphs of a graph-node. */
export function graphNodeSteps(book: GraphNodeBook): readonly Step[] {
  return [
    graphNodePauseStep("pause", book),
    graphNodePauseStep("resume", book),
    graphNodeRewindStep(book),
    graphNodeDeployStep(book),
    graphNodeRemoveStep(book),
    graphNodePromoteStep(book),
  ];
}
