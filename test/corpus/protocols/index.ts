import type { Protocol } from "../case.js";
import { aaveV3 } from "./aave-v3.js";
import { circleUsdc } from "./circle.js";
import { lookalikes } from "./lookalikes.js";
import { openzeppelin } from "./openzeppelin.js";

/** Every protocol of the corpus. */
export const protocols: readonly Protocol[] = [openzeppelin, circleUsdc, aaveV3, lookalikes];
