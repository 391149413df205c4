import { z } from "zod";

const version = z.object({ key: z.string().min(1), versionId: z.string().min(1) }).strict();

/** The id of a restore, which is also the name of its record: "0003-5f1c2d3e4a5b". */
export const restoreId = z.string().regex(/^[0-9]{4,}-[0-9a-f]{12}$/);

/** The state that a bucket should be brought to. */
export const restoreTarget = z.union([
  /** What was visible then: ISO 8601 in UTC, in whole seconds. All that happened in that second has happened. */
  z.object({ time: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) }).strict(),
  /** Single objects: the key, or its path in the site. All others stay as they are. */
  z.object({ versions: z.array(version).min(1) }).strict(),
  /** What the objects that an earlier restore changed were before it. */
  z.object({ before: restoreId }).strict(),
]);

/** See {@link restoreTarget}. */
export type RestoreTarget = z.infer<typeof restoreTarget>;

/** What restoring wants. */
export const restoreIntent = z
  .object({
    frontend: z.string(),
    target: restoreTarget,
    /** Restore also what holds an address that a contract had before. */
    acceptOldAddress: z.boolean(),
    /** Go on where a lifecycle rule may have removed what was visible: these objects stay as they are. */
    acceptExpired: z.boolean(),
    /**
     * Leave files whose name holds their hash, and which are new since then, where they are: pages that
     * are open in browsers still ask for them.
     */
    keepNew: z.boolean(),
  })
  .strict();

/** See {@link restoreIntent}. */
export type RestoreIntent = z.infer<typeof restoreIntent>;
