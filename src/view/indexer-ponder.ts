import type { DeploymentList } from "../indexer/ponder/choose-deployment.js";
import { ago, describeCheckpoints } from "../indexer/ponder/progress.js";
import { withCommas } from "../numbers.js";
import { printDocument } from "./json.js";
import { emphasise, type Print } from "./output.js";

/** Prints the deployments of a Ponder app, and which of them readers see. */
export function printDeployments(
  print: Print,
  json: boolean,
  indexer: string,
  list: DeploymentList,
  nowMs: number,
): void {
  if (json) {
    printDocument(print, { schema: "hardhat-emergency/indexer-deployments@1", indexer, ...list });
    return;
  }
  const { place, views, served, mark, deployments, closed } = list;
  print(`Indexer ${indexer}, views "${views}" in ${place}`);
  if (deployments.length === 0) {
    print("  no deployment of a Ponder app");
  }
  for (const deployment of deployments) {
    const { schema, buildId, ready, running, heartbeatMs, tables, estimatedRows } = deployment;
    const state = ready ? emphasise("good", "has caught up") : emphasise("warning", "catches up");
    const life = running
      ? "running"
      : emphasise("warning", `not running, last sign of life ${ago(nowMs - heartbeatMs)}`);
    const read = served.includes(schema) ? emphasise("good", "* readers see it") : "";
    print(`  ${schema}  ${state}, ${describeCheckpoints(deployment)}, ${life}  ${read}`.trimEnd());
    const rows = estimatedRows === null ? "" : `, about ${withCommas(BigInt(estimatedRows))} rows`;
    print(`     ${emphasise("quiet", `build ${buildId}, ${tables.length} tables${rows}`)}`);
  }
  for (const schema of closed) {
    print(`  ${schema}  ${emphasise("warning", "this login may not look into it")}`);
  }
  if (served.length > 1) {
    print(emphasise("bad", `  the views read from several: ${served.join(", ")}`));
  }
  if (mark !== undefined && served.includes(mark.to)) {
    const from = mark.from === null ? "" : ` from "${mark.from}"`;
    print(`  moved${from} to "${mark.to}" at ${mark.at} by ${mark.by}`);
  }
}
