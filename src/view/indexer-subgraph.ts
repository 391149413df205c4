import type { SubgraphStatus, VersionInWords } from "../indexer/subgraph-status.js";
import { printDocument } from "./json.js";
import { emphasise, type Print } from "./output.js";

/** Prints how a subgraph is, and what keeps it from being up. */
export function printSubgraphStatus(print: Print, json: boolean, status: SubgraphStatus): void {
  if (json) {
    printDocument(print, {
      schema: "hardhat-emergency/subgraph-status@1",
      ok: status.up,
      ...status,
    });
    return;
  }
  const { indexer, subgraph, place, up, what, version, others } = status;
  print(`Indexer ${indexer}, ${subgraph === place ? place : `${subgraph} on ${place}`}`);
  print(emphasise(up ? "good" : "bad", `  ${up ? "is up" : "is not up"}: ${what}`));
  for (const each of [...(version === null ? [] : [version]), ...others]) {
    print(`  ${versionInWords(each)}`);
  }
}

function versionInWords(version: VersionInWords): string {
  const { label, deployment, latest, head, behind, synced, paused, assigned } = version;
  const words = [
    `block ${latest?.number ?? "none"}${head === null ? "" : ` of ${head}`}`,
    ...(behind === null ? [] : [`${behind} behind`]),
    synced ? "synced" : "not synced",
    version.health,
    ...(paused === true ? ["paused"] : []),
    ...(assigned ? [] : ["nobody indexes it"]),
  ];
  return `${label}  ${deployment ?? ""}  ${words.join(", ")}`;
}
