import { aaveV2Pool, aaveV2Token, aaveV3Pool, aaveV3Reserve } from "./aave.js";
import { accessManagerTarget } from "./access-manager.js";
import {
  balancerV2Pool,
  balancerV2SetPaused,
  balancerV3Pool,
  balancerV3Vault,
} from "./balancer.js";
import { comet } from "./comet.js";
import { COMPOUND_EVERYWHERE, COMPOUND_MARKET } from "./compound-v2.js";
import {
  THE_GRAPH,
  linea,
  mapleContract,
  pendleGuardian,
  polygonBridge,
  roninEnforcer,
  setProtocolCore,
  stargatePool,
  zksyncChain,
} from "./helpers.js";
import type { Idiom } from "./idiom.js";
import { makerClipper } from "./maker.js";
import { PLAIN_IDIOMS } from "./plain.js";
import {
  superchainConfig,
  superchainConfigText,
  superchainMember,
  superchainMemberText,
} from "./superchain.js";
import { synthetixMember, synthetixStatus } from "./synthetix.js";
import { venusCoreMarket, venusIsolatedMarket, venusIsolatedPool, venusProtocol } from "./venus.js";

/**
 * Every idiom that is looked for when the seven direct ones do not do: those of the contract itself,
 * then those of one contract's helpers, then those that stop a whole protocol.
 */
export const IDIOMS: readonly Idiom[] = [
  comet,
  balancerV2SetPaused,
  balancerV2Pool,
  balancerV3Vault,
  linea,
  makerClipper,
  setProtocolCore,
  superchainConfig,
  superchainConfigText,
  synthetixStatus,
  venusProtocol,
  venusIsolatedPool,
  ...PLAIN_IDIOMS,
  roninEnforcer,
  pendleGuardian,
  accessManagerTarget,
  aaveV3Reserve,
  aaveV3Pool,
  balancerV3Pool,
  mapleContract,
  stargatePool,
  venusCoreMarket,
  venusIsolatedMarket,
  ...COMPOUND_MARKET,
  ...COMPOUND_EVERYWHERE,
  zksyncChain,
  polygonBridge,
  aaveV2Pool,
  aaveV2Token,
  ...THE_GRAPH,
  synthetixMember,
  superchainMember,
  superchainMemberText,
];
