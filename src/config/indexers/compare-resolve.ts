import type { SecretResolver } from "../sensitive.js";
import type {
  EmergencyComparisonConfig,
  EmergencyComparisonUserConfig,
  EmergencyRowsConfig,
  EmergencyRowsUserConfig,
} from "./compare-types.js";

/** Fills in the defaults of a comparison. */
export function resolveComparison(
  user: EmergencyComparisonUserConfig,
  secret: SecretResolver,
): EmergencyComparisonConfig {
  const { chain } = user;
  const key = typeof user.key === "string" ? [user.key] : user.key;
  return {
    name: user.name,
    old: user.old === undefined ? undefined : resolveRows(user.old, secret),
    new: resolveRows(user.new, secret),
    key,
    columns: user.columns,
    chain:
      chain === undefined
        ? undefined
        : {
            contract: chain.contract,
            function: chain.function,
            args: chain.args ?? key.map((name) => `$${name}`),
            // The schema has seen to it that there is one.
            column: chain.column ?? user.columns[0] ?? "",
            total: chain.total ?? null,
          },
  };
}

function resolveRows(user: EmergencyRowsUserConfig, secret: SecretResolver): EmergencyRowsConfig {
  if ("graphql" in user) {
    const { graphql, kind, field } = user;
    return { graphql: secret(graphql), kind: kind ?? "ponder", field };
  }
  const { database, schema, table } = user;
  return { database: database === undefined ? undefined : secret(database), schema, table };
}
