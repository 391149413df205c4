import { z } from "zod";

/** What was done to the views last, by this plugin. */
export interface Mark {
  /** The schema that they read from before; null when there were none, or they read from several. */
  readonly from: string | null;
  readonly to: string;
  /** ISO 8601. */
  readonly at: string;
  readonly by: string;
  /** Another one each time, so that a lost answer can be told from somebody else's doing. */
  readonly run: string;
}

const shape: z.ZodType<Mark> = z.object({
  from: z.string().nullable(),
  to: z.string(),
  at: z.string(),
  by: z.string(),
  run: z.string(),
});

/** Begins the line that is ours. */
const PREFIX = "hardhat-emergency: ";

/**
 * The mark in the comment of a view. Whoever drops the view and creates it anew, as `ponder db create-views` does,
 * takes the mark away with it, so that there is one only where the views are as we have left them.
 */
export function readMark(comment: string | null): Mark | undefined {
  const line = (comment ?? "").split("\n").find((each) => each.startsWith(PREFIX));
  if (line === undefined) {
    return undefined;
  }
  try {
    const parsed = shape.safeParse(JSON.parse(line.slice(PREFIX.length)));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The comment with this mark in it, and whatever else somebody has written there. */
export function writeMark(comment: string | null, mark: Mark): string {
  const kept = (comment ?? "")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith(PREFIX));
  return [...kept, PREFIX + JSON.stringify(mark)].join("\n");
}
