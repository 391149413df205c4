import { z } from "zod";

import type { Json, JsonObject } from "./json.js";

/** Any JSON value, as read from a file. */
export const jsonSchema: z.ZodType<Json> = z.lazy(() =>
  z.union([
    z.null(),
    z.boolean(),
    z.number(),
    z.string(),
    z.array(jsonSchema),
    z.record(jsonSchema),
  ]),
);

/** Any JSON object, as read from a file. */
export const jsonObjectSchema: z.ZodType<JsonObject> = z.record(jsonSchema);
