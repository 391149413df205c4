import { z } from "zod";

import type { Target } from "./choose-revision.js";

/** Where somebody wants to go back to, as it stands in an intent. */
export const targetSchema: z.ZodType<Target> = z.discriminatedUnion("to", [
  z.object({ to: z.literal("previous") }).strict(),
  z.object({ to: z.literal("healthy") }).strict(),
  z.object({ to: z.literal("revision"), revision: z.number().int().positive() }).strict(),
  z.object({ to: z.literal("image"), image: z.string().min(1) }).strict(),
]);
