import { movesFunds, type FunctionEffect } from "./effect.js";
import type { EffectSummary } from "./report.js";

/** Counts what a pause did. */
export function summarise(effects: readonly FunctionEffect[]): EffectSummary {
  const count = (verdict: FunctionEffect["verdict"]): number =>
    effects.filter((effect) => effect.verdict === verdict).length;
  return {
    exercised: count("blocked") + count("open"),
    blocked: count("blocked"),
    open: count("open"),
    failing: count("fails"),
    notExercised: count("not-exercised"),
    openMovingFunds: effects
      .filter(movesFunds)
      .map(({ signature, selector }) => signature ?? selector),
  };
}

/** "14 of 17 exercised functions are blocked; still open and moving funds: emergencyExit(uint256)". */
export function describeSummary(summary: EffectSummary): string {
  const { exercised, blocked, open, failing, notExercised, openMovingFunds } = summary;
  const parts = [
    exercised === 0
      ? "no function could be exercised"
      : `${blocked} of ${exercised} exercised functions are blocked`,
    ...(openMovingFunds.length > 0
      ? [`still open and moving funds: ${openMovingFunds.join(", ")}`]
      : open > 0
        ? [`${open} still open, none of them moves funds`]
        : []),
    ...(failing > 0 ? [`${failing} fail either way`] : []),
    ...(notExercised > 0 ? [`${notExercised} not exercised`] : []),
  ];
  return parts.join("; ");
}
