import { z } from "zod";

import { sensitiveString } from "../sensitive.js";

/** What a user may write about a Ponder app. */
export const ponder = z
  .object({
    database: sensitiveString,
    // As many characters as Ponder allows: it makes names of triggers and channels from it.
    views: z.string().min(1).max(45),
    url: z
      .string()
      .regex(/^https?:\/\/[^\s]+$/i, "must be a URL that begins with http:// or https://")
      .optional(),
    maxBehind: z.number().int().nonnegative().optional(),
  })
  .strict();
