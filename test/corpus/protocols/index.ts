import type { Protocol } from "../case.js";
import { aaveV3 } from "./aave-v3.js";
import { aaveV2 } from "./aave-v2.js";
import { acrossBridge } from "./across.js";
import { arbitrum } from "./arbitrum.js";
import { balancerV2 } from "./balancer.js";
import { circleUsdc } from "./circle.js";
import { connextBridge } from "./connext.js";
import { lookalikes } from "./lookalikes.js";
import { openzeppelin } from "./openzeppelin.js";
import { optimism } from "./optimism.js";
import { pendleMarkets } from "./pendle.js";
import { arbitrumTokens, axelar, keep, setProtocol, thirdweb } from "./small.js";
import { stargateV1 } from "./stargate-v1.js";
import { synthetix } from "./synthetix.js";
import { trexTokens } from "./t-rex.js";
import { theGraph } from "./the-graph.js";
import { tokens } from "./tokens.js";
import { venus } from "./venus.js";

/** Every protocol of the corpus. */
export const protocols: readonly Protocol[] = [
  openzeppelin,
  circleUsdc,
  aaveV3,
  aaveV2,
  venus,
  tokens,
  balancerV2,
  synthetix,
  arbitrum,
  connextBridge,
  pendleMarkets,
  acrossBridge,
  theGraph,
  optimism,
  stargateV1,
  setProtocol,
  keep,
  thirdweb,
  arbitrumTokens,
  axelar,
  trexTokens,
  lookalikes,
];
