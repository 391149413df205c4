import { z } from "zod";

import type { Workload } from "./objects.js";

/**
 * What a rollback leaves on the workload, so that whoever comes next, this plugin included, sees it in the
 * cluster itself and on no particular machine.
 */
export const MARK_ANNOTATION = "hardhat-emergency/rolled-back";

const markSchema = z.object({
  /** The revision that was left. */
  from: z.number().int(),
  /** `versionHash` of what was gone back to. The mark speaks of this version only. */
  to: z.string(),
  /** ISO 8601. */
  at: z.string(),
  by: z.string(),
});

/** See {@link MARK_ANNOTATION}. */
export type Mark = z.infer<typeof markSchema>;

/** The mark on a workload; null when it has none that can be read. */
export function readMark({ metadata }: Workload): Mark | null {
  const text = metadata.annotations[MARK_ANNOTATION];
  if (text === undefined) {
    return null;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const result = markSchema.safeParse(value);
  return result.success ? result.data : null;
}

/** The annotation's text. */
export function writeMark(mark: Mark): string {
  return JSON.stringify(mark);
}
