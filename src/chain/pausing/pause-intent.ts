import { z } from "zod";

import { addressSchema } from "../intent.js";

/** Which way: stop, or start again. */
export type PauseDirection = "pause" | "unpause";

/** What a pause step does, as a plan holds it. */
export const pauseIntentSchema = z
  .object({
    /** The contract to stop or start. */
    contract: addressSchema,
    /** How the person named it. */
    label: z.string(),
    /** Who must sign; any account that may, when it is not given. */
    from: addressSchema.optional(),
    /** Stop it even where that cannot be undone. */
    irreversible: z.boolean().optional(),
  })
  .strict();

/** What a pause step does. */
export type PauseIntent = z.infer<typeof pauseIntentSchema>;
