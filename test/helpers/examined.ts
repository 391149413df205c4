import type { Address } from "../../src/chain/address.js";
import type { ProjectWishes, TestChain } from "./chain.js";
import { fieldOf, listOf, onlyDocument } from "./refusal.js";

/** What `verify-pausable --json` says of contracts, in their order. */
export async function examined(
  chain: TestChain,
  contracts: readonly Address[],
  wishes: ProjectWishes = {},
): Promise<readonly Record<string, unknown>[]> {
  const project = await chain.project(wishes);
  const outcome = await project.run("verify-pausable", {
    contract: contracts.join(","),
    json: true,
  });
  return listOf(onlyDocument(outcome), "contracts");
}

/** The same of one contract. */
export async function examinedOne(
  chain: TestChain,
  contract: Address,
  wishes: ProjectWishes = {},
): Promise<Record<string, unknown>> {
  const [report] = await examined(chain, [contract], wishes);
  if (report === undefined) {
    throw new Error("the document holds no contract");
  }
  return report;
}

/** All that might have been a way to stop a contract: those that do first, then those that do not. */
export function waysOf(report: Record<string, unknown>): readonly Record<string, unknown>[] {
  return [...listOf(report, "mechanisms"), ...listOf(report, "rejected")];
}

/** The best way to stop a contract, of its report. */
export function bestOf(report: Record<string, unknown>): Record<string, unknown> {
  const [best] = waysOf(report);
  if (best === undefined) {
    throw new Error(`no way to stop it: ${JSON.stringify(report)}`);
  }
  return best;
}

/** A call as people write it: "setPaused(bool) true". Undefined where there is none. */
export function callOf(
  mechanism: Record<string, unknown>,
  field: "call" | "inverse",
): string | undefined {
  if (mechanism[field] === null) {
    return undefined;
  }
  const { signature, args } = fieldOf(mechanism, field);
  const shown: readonly unknown[] = Array.isArray(args) ? args : [];
  return [signature, ...shown].join(" ");
}

/** What the pause did to each function: "blocked", and "guarded" where it was seen at work. */
export function effectsOf(mechanism: Record<string, unknown>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    listOf(mechanism, "functions").map(({ signature, selector, verdict, guarded }) => [
      String(signature ?? selector),
      guarded === true ? `${String(verdict)}, guarded` : String(verdict),
    ]),
  );
}

/** Whoever was proved to be able to make the call. */
export function provedCallers(mechanism: Record<string, unknown>): readonly unknown[] {
  return listOf(mechanism, "callers")
    .filter(({ proved }) => proved === true)
    .map(({ address }) => address);
}
