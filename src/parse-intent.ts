import type { z } from "zod";

import { EmergencyError } from "./errors.js";
import type { JsonObject } from "./json.js";

/**
 * An intent in its right form: it may come from a plan file.
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
