import { isRecord, type JsonObject } from "../json.js";
import type { PlannedStep } from "../step.js";

type Command = (inverse: JsonObject, undone: PlannedStep) => string | undefined;

/** The command that is typed for a kind of step; undefined where the intent is not one of those that are typed. */
const COMMANDS: Readonly<Record<string, Command>> = {
  "frontend-rollback": ({ to, target }, undone) => {
    // Whoever undoes a change of addresses wants the old one back, and says so.
    const isChange = undone.kind === "frontend-repoint" || undone.intent.acceptOldAddress === true;
    const accept = isChange ? " --accept-old-address" : "";
    if (typeof to === "string") {
      return `npx hardhat frontend rollback --to ${to}${accept}`;
    }
    return isRecord(target) && typeof target.before === "string"
      ? `npx hardhat frontend rollback --undo ${target.before}${accept}`
      : undefined;
  },
  "indexer-rollback": rollbackTo,
  "indexer-helm-rollback": rollbackTo,
  "indexer-suspend": ({ indexer }) =>
    typeof indexer === "string" ? `npx hardhat indexer suspend --indexer ${indexer}` : undefined,
  "indexer-resume": ({ indexer }) =>
    typeof indexer === "string" ? `npx hardhat indexer resume --indexer ${indexer}` : undefined,
};

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
