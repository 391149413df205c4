import type { SecretResolver } from "../sensitive.js";
import type {
  EmergencyAlchemyUserConfig,
  EmergencyGoldskyUserConfig,
  EmergencyGraphNodeConfig,
  EmergencyGraphNodeUserConfig,
  EmergencyHostedConfig,
} from "./subgraph-types.js";

/** graph-node's ETHEREUM_REORG_THRESHOLD, where nobody has set it. */
const REORG_THRESHOLD_BLOCKS = 250;

/** As long as `graphman rewind` and `graphman restart` wait after a pause. */
const SETTLE_SECONDS = 20;

/** Fills in the defaults of a subgraph on a graph-node. */
export function resolveGraphNode(
  user: EmergencyGraphNodeUserConfig,
  secret: SecretResolver,
): EmergencyGraphNodeConfig {
  return {
    subgraph: user.subgraph,
    status: user.status,
    query: user.query,
    admin: user.admin,
    control: user.control,
    token: user.token === undefined ? undefined : secret(user.token),
    graphman: user.graphman,
    reorgThreshold: user.reorgThreshold ?? REORG_THRESHOLD_BLOCKS,
    settleSeconds: user.settleSeconds ?? SETTLE_SECONDS,
  };
}

/** Fills in the defaults of a subgraph that is hosted, if it is. */
export function resolveHosted(
  {
    goldsky,
    alchemy,
  }: {
    readonly goldsky?: EmergencyGoldskyUserConfig;
    readonly alchemy?: EmergencyAlchemyUserConfig;
  },
  secret: SecretResolver,
): EmergencyHostedConfig | undefined {
  if (goldsky !== undefined) {
    const { subgraph, tag, token, api = "https://api.goldsky.com" } = goldsky;
    return { host: "goldsky", subgraph, tag, token: secret(token), api };
  }
  if (alchemy !== undefined) {
    const {
      team,
      subgraph,
      api = "https://subgraphs.alchemy.com",
      query = "https://subgraph.satsuma-prod.com",
    } = alchemy;
    const deployKey = secret(alchemy.deployKey);
    const queryKey = secret(alchemy.queryKey);
    return { host: "alchemy", team, subgraph, deployKey, queryKey, api, query };
  }
  return undefined;
}
