import type { ConfigurationVariableResolver, SensitiveString } from "hardhat/types/config";
import { z } from "zod";

/** A value that nobody may see, read when it is first needed. */
export interface Secret {
  /** @throws when the configuration variable is not set; the error never holds the value. */
  get(): Promise<string>;
}

/** Reads what a configuration says is secret. */
export type SecretResolver = (value: SensitiveString) => Secret;

/** A string, or what `configVariable("NAME")` returns. */
export const sensitiveString = z.union([
  z.string().min(1),
  z.object({
    _type: z.literal("ConfigurationVariable"),
    name: z.string().min(1),
    format: z.string().optional(),
  }),
]);

/** Hardhat's own resolver, as far as secrets go. */
export function secretsOf(resolve: ConfigurationVariableResolver): SecretResolver {
  return (value) => resolve(value);
}

/** Reads what is written in the configuration itself; for where there is no Hardhat. */
export const plainSecrets: SecretResolver = (value) => ({
  async get() {
    if (typeof value !== "string") {
      throw new TypeError(`${value.name} can only be read by Hardhat`);
    }
    return await Promise.resolve(value);
  },
});
