import { z } from "zod";

import { jsonObjectSchema } from "../../json-schema.js";
import type { ClusterObject } from "../kubernetes/objects.js";

/**
 * What stays on an owner that was told to leave a workload alone: who did it, when, and all that is needed to
 * undo it, on any machine.
 */
export const SUSPENDED = "hardhat-emergency/suspended";

const markSchema = z.object({
  by: z.string(),
  /** ISO 8601. */
  at: z.string(),
  /** "Deployment market/api": the workload for whose sake it was done, the first one. */
  for: z.string(),
  /** What was there, in the form of the owner's kind. */
  was: jsonObjectSchema,
  /**
   * Present where Flux was told to leave the owner alone as well: what the annotation for that held before;
   * null when there was none.
   */
  reconcile: z.string().nullable().optional(),
});

/** See {@link SUSPENDED}. */
export type SuspendedMark = z.infer<typeof markSchema>;

/** The mark on an owner; null when it has none that can be read. */
export function readSuspended({ metadata }: ClusterObject): SuspendedMark | null {
  const text = metadata.annotations[SUSPENDED];
  if (text === undefined) {
    return null;
  }
  try {
    const result = markSchema.safeParse(JSON.parse(text));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}
