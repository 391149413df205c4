import type { ConfigHooks } from "hardhat/types/hooks";

import { resolveEmergencyConfig } from "./resolve.js";
import { emergencyUserConfigSchema } from "./schema.js";
import { secretsOf } from "./sensitive.js";

/** Hardhat's hooks for the `emergency` part of the configuration. */
export default async function configHooks(): Promise<Partial<ConfigHooks>> {
  return await Promise.resolve({
    async validateUserConfig(userConfig) {
      const result = emergencyUserConfigSchema.optional().safeParse(userConfig.emergency);
      const errors = result.success
        ? []
        : result.error.issues.map(({ path, message }) => ({
            path: ["emergency", ...path],
            message,
          }));
      return await Promise.resolve(errors);
    },
    async resolveUserConfig(userConfig, resolveConfigurationVariable, next) {
      const resolved = await next(userConfig, resolveConfigurationVariable);
      const secrets = secretsOf(resolveConfigurationVariable);
      return { ...resolved, emergency: resolveEmergencyConfig(userConfig.emergency, secrets) };
    },
  });
}
