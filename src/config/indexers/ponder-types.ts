import type { SensitiveString } from "hardhat/types/config";

import type { Secret } from "../sensitive.js";

/** A Ponder app on Postgres, whose readers go through views. */
export interface EmergencyPonderUserConfig {
  /** The connection string of somebody who owns the views: "postgresql://…", or better configVariable("…"). */
  readonly database: SensitiveString;
  /** The schema with the views that readers use (Ponder's `--views-schema`). */
  readonly views: string;
  /** Where the next deployment answers: then its `/ready` is asked as well. */
  readonly url?: string;
  /** By how many blocks a deployment may be behind the one that readers see; default: 5. */
  readonly maxBehind?: number;
}

/** A Ponder app with its defaults filled in. */
export interface EmergencyPonderConfig {
  readonly database: Secret;
  readonly views: string;
  readonly url: string | undefined;
  readonly maxBehind: number;
}
