/** The kinds of steps on subgraphs of a graph-node. */
export const GRAPH_NODE_STEPS = [
  "graph-node-pause",
  "graph-node-resume",
  "graph-node-rewind",
  "graph-node-deploy",
  "graph-node-remove",
  "graph-node-promote",
] as const;

/** One of {@link GRAPH_NODE_STEPS}. */
export type GraphNodeStepKind = (typeof GRAPH_NODE_STEPS)[number];
