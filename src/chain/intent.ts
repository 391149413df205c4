import { z } from "zod";

import { EmergencyError } from "../errors.js";
import { jsonSchema } from "../json-schema.js";
import type { Json, JsonObject } from "../json.js";
import type { Address } from "./address.js";

/** A checksummed address in an intent. Intents also come from plan files, so they are checked. */
export const addressSchema = z.custom<Address>(
  (value) => typeof value === "string" && /^0x[0-9a-fA-F]{40}$/.test(value),
  "must be an address",
);

/**
 * An intent in its right form.
 * @throws EmergencyError BAD_PLAN naming the field.
 */
export function parseIntent<T>(
  kind: string,
  schema: z.ZodType<T, z.ZodTypeDef, unknown>,
  intent: JsonObject,
): T {
  const result = schema.safeParse(intent);
  if (result.success) {
    return result.data;
  }
  const [issue] = result.error.issues;
  throw new EmergencyError(
    "BAD_PLAN",
    `the ${kind} step's ${issue?.path.join(".") ?? "intent"} cannot be used: ${issue?.message ?? "invalid"}`,
    "make the plan again with --dry-run --save-plan",
  );
}

/** A list of function arguments in an intent. */
export const jsonListSchema: z.ZodType<readonly Json[]> = z.array(jsonSchema);
