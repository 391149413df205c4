import type { Step } from "../../step.js";
import { graphNodeDeployStep, graphNodeRemoveStep } from "./deploy-step.js";
import type { GraphNodeBook } from "./graph-node.js";
import type { GraphNodeStepKind } from "./kinds.js";
import { graphNodePauseStep } from "./pause-step.js";
import { graphNodePromoteStep } from "./promote-step.js";
import { graphNodeRewindStep } from "./rewind-step.js";

/** The step of a kind, on subgraphs of a graph-node. */
export function graphNodeStep(kind: GraphNodeStepKind, book: GraphNodeBook): Step {
  switch (kind) {
    case "graph-node-pause":
      return graphNodePauseStep("pause", book);
    case "graph-node-resume":
      return graphNodePauseStep("resume", book);
    case "graph-node-rewind":
      return graphNodeRewindStep(book);
    case "graph-node-deploy":
      return graphNodeDeployStep(book);
    case "graph-node-remove":
      return graphNodeRemoveStep(book);
    case "graph-node-promote":
      return graphNodePromoteStep(book);
  }
}
