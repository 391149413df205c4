import type { EmergencyIndexerConfig } from "../config/types.js";

/** What indexers are rehearsed on, for people. */
export interface CopyInWords {
  /** "dry run of the API server" */
  readonly copy: string;
  readonly untouched: string;
}

const CLUSTER: CopyInWords = {
  copy: "dry run of the API server",
  untouched: "The cluster was not written to.",
};

const LOOK: CopyInWords = {
  copy: "look that sends nothing",
  untouched: "Nothing was sent: such a server has no dry run.",
};

const TRANSACTION: CopyInWords = {
  copy: "transaction that is rolled back",
  untouched: "Nothing of it was kept.",
};

/**
 * What the indexers of a command are rehearsed on.
 * @param typed their names, separated by commas; undefined: all there are.
 */
export function copyInWords(
  command: string,
  indexers: Readonly<Record<string, EmergencyIndexerConfig>>,
  typed: string | undefined,
): CopyInWords {
  const names = typed?.split(",").map((name) => name.trim()) ?? Object.keys(indexers);
  const found = names.flatMap((name) => indexers[name] ?? []);
  const areSubgraphs = ({ graphNode, hosted }: EmergencyIndexerConfig): boolean =>
    graphNode !== undefined || hosted !== undefined;
  if (found.length > 0 && found.every(areSubgraphs)) {
    return LOOK;
  }
  const areApps =
    command === "indexer promote" && found.every(({ ponder }) => ponder !== undefined);
  return areApps ? TRANSACTION : CLUSTER;
}
