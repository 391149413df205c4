import { z } from "zod";

import { jsonSchema } from "../json-schema.js";
import type { Json } from "../json.js";
import type { Address } from "./address.js";

/** A checksummed address in an intent. Intents also come from plan files, so they are checked. */
export const addressSchema = z.custom<Address>(
  (value) => typeof value === "string" && /^0x[0-9a-fA-F]{40}$/.test(value),
  "must be an address",
);

/** A list of function arguments in an intent. */
export const jsonListSchema: z.ZodType<readonly Json[]> = z.array(jsonSchema);
