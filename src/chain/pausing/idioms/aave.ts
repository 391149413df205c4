import type { Hex } from "../../address.js";
import { strictBool } from "../mechanism.js";
import {
  CONTRACT,
  ITEM,
  call,
  valueOf,
  words,
  type Idiom,
  type Lookup,
  type StateTemplate,
} from "./idiom.js";

/** Bit 60 of a reserve's configuration: paused (Aave v3's ReserveConfiguration). */
const PAUSED_BIT = 60n;

function reservePaused(answer: Hex): boolean | undefined {
  const [configuration] = words(answer, 1) ?? [];
  return configuration === undefined ? undefined : ((configuration >> PAUSED_BIT) & 1n) === 1n;
}

const ADDRESSES_PROVIDER = call("ADDRESSES_PROVIDER()", "0x0542975c");
const POOL_CONFIGURATOR = call("getPoolConfigurator()", "0x631adfca");
const POOL = call("POOL()", "0x7535d246");

function everyReserve(pool: string): StateTemplate {
  return {
    reads: [{ of: pool, call: call("getConfiguration(address)", "0xc44b11f7", [valueOf(ITEM)]) }],
    each: "reserves",
    decode: reservePaused,
  };
}

/** An Aave v3 pool, every reserve of it. */
export const aaveV3Pool: Idiom = {
  id: "aave-v3-pool",
  title: "Aave v3 pool pause",
  values: {
    configurator: { paths: [[ADDRESSES_PROVIDER, POOL_CONFIGURATOR]] },
    reserves: { paths: [[call("getReservesList()", "0xd1946dbc")]], kind: "list" },
  },
  to: "configurator",
  pause: call("setPoolPause(bool)", "0x7641f3d9", [true]),
  unpause: call("setPoolPause(bool)", "0x7641f3d9", [false]),
  readBacks: [everyReserve(CONTRACT)],
  limits: "it stops every reserve of the pool; its tokens can still be approved",
};

/** The reserve that an Aave v3 aToken or debt token belongs to. */
export const aaveV3Reserve: Idiom = {
  id: "aave-v3-reserve",
  title: "Aave v3 reserve pause",
  values: {
    pool: { paths: [[POOL]] },
    asset: { paths: [[call("UNDERLYING_ASSET_ADDRESS()", "0xb16a19de")]] },
    configurator: { from: "pool", paths: [[ADDRESSES_PROVIDER, POOL_CONFIGURATOR]] },
  },
  to: "configurator",
  pause: call("setReservePause(address,bool)", "0x48d9fba9", [valueOf("asset"), true]),
  unpause: call("setReservePause(address,bool)", "0x48d9fba9", [valueOf("asset"), false]),
  readBacks: [
    {
      reads: [
        { of: "pool", call: call("getConfiguration(address)", "0xc44b11f7", [valueOf("asset")]) },
      ],
      decode: reservePaused,
    },
  ],
  limits: "it stops the whole reserve of this token, and no other reserve",
};

const V2_CONFIGURATOR = [
  call("getAddressesProvider()", "0xfe65acfe"),
  call("getLendingPoolConfigurator()", "0x85c858b1"),
];

function aaveV2(id: string, pool: string, values: Readonly<Record<string, Lookup>>): Idiom {
  return {
    id,
    title: "Aave v2 pool pause",
    values: { ...values, configurator: { from: pool, paths: [V2_CONFIGURATOR] } },
    to: "configurator",
    pause: call("setPoolPause(bool)", "0x7641f3d9", [true]),
    unpause: call("setPoolPause(bool)", "0x7641f3d9", [false]),
    readBacks: [
      { reads: [{ of: pool, call: call("paused()", "0x5c975abb") }], decode: strictBool },
    ],
    limits: "it stops the whole pool, with all its reserves",
  };
}

/** An Aave v2 lending pool. */
export const aaveV2Pool = aaveV2("aave-v2-pool", CONTRACT, {});

/** An Aave v2 aToken: there is no smaller stop than that of its pool. */
export const aaveV2Token = aaveV2("aave-v2-token", "pool", { pool: { paths: [[POOL]] } });
