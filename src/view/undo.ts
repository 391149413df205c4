import { isRecord, type Json, type JsonObject } from "../json.js";
import type { PlannedStep } from "../step.js";

type Command = (inverse: JsonObject, undone: PlannedStep) => string | undefined;

/** The command that is typed for a kind of step; undefined where the intent is not one of those that are typed. */
const COMMANDS: Readonly<Record<string, Command>> = {
  "frontend-rollback": ({ to }, undone) =>
    typeof to === "string"
      ? `npx hardhat frontend rollback --to ${to}${acceptingOldAddress(undone)}`
      : undefined,
  "frontend-restore": ({ target }, undone) =>
    isRecord(target) && typeof target.before === "string"
      ? `npx hardhat frontend rollback --undo ${target.before}${acceptingOldAddress(undone)}`
      : undefined,
  "indexer-rollback": rollbackTo,
  "indexer-helm-rollback": rollbackTo,
  "indexer-repoint": repointBack,
  "ponder-promote": ({ indexer, schema }) =>
    typeof indexer === "string" && typeof schema === "string"
      ? `npx hardhat indexer promote --indexer ${indexer} --to ${schema}`
      : undefined,
  "indexer-configuration": ({ indexer, source }) =>
    isRecord(source) && typeof source.number === "number" && typeof indexer === "string"
      ? `npx hardhat indexer configure --indexer ${indexer} --from snapshot:${source.number}`
      : undefined,
  "indexer-suspend": ({ indexer }) =>
    typeof indexer === "string" ? `npx hardhat indexer suspend --indexer ${indexer}` : undefined,
  "indexer-resume": ({ indexer }) =>
    typeof indexer === "string" ? `npx hardhat indexer resume --indexer ${indexer}` : undefined,
  "indexer-scale": ({ indexer, replicas, autoscaler }) => {
    const bounds =
      isRecord(autoscaler) &&
      typeof autoscaler.min === "number" &&
      typeof autoscaler.max === "number"
        ? ` --autoscaler ${autoscaler.min}..${autoscaler.max}`
        : "";
    return typeof indexer === "string" && typeof replicas === "number"
      ? `npx hardhat indexer scale --indexer ${indexer} --to ${replicas}${bounds}`
      : undefined;
  },
  "indexer-start": ({ indexer }) =>
    typeof indexer === "string" ? `npx hardhat indexer start --indexer ${indexer}` : undefined,
  "indexer-stop": ({ indexer }) =>
    typeof indexer === "string" ? `npx hardhat indexer stop --indexer ${indexer}` : undefined,
  "graph-node-pause": ({ indexer }) => typed("stop", { indexer }),
  "graph-node-resume": ({ indexer }) => typed("start", { indexer }),
  "graph-node-deploy": (intent) => typed("deploy", intent),
  "graph-node-remove": (intent) => typed("remove", intent),
  "graph-node-promote": (intent) => typed("promote", intent),
  "goldsky-promote": (intent) => typed("promote", intent),
  "alchemy-promote": (intent) => typed("promote", intent),
};

/** A command with an option for each text of an intent, under the same name. */
function typed(verb: string, intent: Readonly<Record<string, Json | undefined>>): string {
  const options = Object.entries(intent).flatMap(([name, value]) =>
    typeof value === "string" ? [`--${name} ${value}`] : [],
  );
  return `npx hardhat indexer ${verb} ${options.join(" ")}`;
}

/** With all that was there before: start block, schema and second source. */
function repointBack(inverse: JsonObject): string {
  const { second } = inverse;
  const options = [
    ["--indexer", inverse.indexer],
    ["--contract", inverse.contract],
    ["--to", inverse.to],
    ["--from", inverse.from],
    ["--start-block", inverse.startBlock],
    ["--schema", inverse.schema],
    ["--second", secondInWords(second)],
  ] as const;
  const typed = options.flatMap(([name, value]) =>
    typeof value === "string" || typeof value === "number" ? [`${name} ${value}`] : [],
  );
  return `npx hardhat indexer repoint ${typed.join(" ")}`;
}

function secondInWords(second: Json | undefined): string {
  if (!isRecord(second) || typeof second.address !== "string") {
    return "none";
  }
  const start = typeof second.startBlock === "number" ? `@${second.startBlock}` : "";
  const end = typeof second.endBlock === "number" ? `-${second.endBlock}` : "";
  return `${second.address}${start}${end}`;
}

function rollbackTo({ indexer, target }: JsonObject): string | undefined {
  return isRecord(target) && typeof target.revision === "number" && typeof indexer === "string"
    ? `npx hardhat indexer rollback --indexer ${indexer} --to ${target.revision}`
    : undefined;
}

/** How a person undoes a step, as a command where there is one. */
export function undoOf(step: PlannedStep): string {
  const { inverse } = step;
  return "none" in inverse
    ? inverse.none
    : (COMMANDS[inverse.kind]?.(inverse.intent, step) ?? inverse.kind);
}

/** Whoever undoes a change of addresses wants the old one back, and says so. */
function acceptingOldAddress({ kind, intent }: PlannedStep): string {
  const isChange = kind === "frontend-repoint" || intent.acceptOldAddress === true;
  return isChange ? " --accept-old-address" : "";
}
