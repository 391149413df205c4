import type { Step } from "../../step.js";
import type { HostedBook } from "./hosted.js";
import { hostedPromoteStep } from "./promote-step.js";

/** The kinds of steps on hosted subgraphs. */
export const HOSTED_STEPS = ["goldsky-promote", "alchemy-promote"] as const;

/** The steps on hosted subgraphs. */
export function hostedSteps(book: HostedBook): readonly Step[] {
  return [hostedPromoteStep("goldsky", book), hostedPromoteStep("alchemy", book)];
}
