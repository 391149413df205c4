import type { Protocol } from "../case.js";
import { aaveV3 } from "./aave-v3.js";
import { acrossBridge } from "./across.js";
import { circleUsdc } from "./circle.js";
import { lookalikes } from "./lookalikes.js";
import { openzeppelin } from "./openzeppelin.js";
import { optimism } from "./optimism.js";
import { arbitrumTokens, axelar, keep, setProtocol, thirdweb } from "./small.js";
import { stargateV1 } from "./stargate-v1.js";
import { trexTokens } from "./t-rex.js";
import { theGraph } from "./the-graph.js";

/** Every protocol of the corpus. */
export const protocols: readonly Protocol[] = [
  openzeppelin,
  circleUsdc,
  aaveV3,
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
