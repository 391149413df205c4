import { strictBool } from "../mechanism.js";
import { CONTRACT, ITEM, call, valueOf, type Idiom, type Lookup } from "./idiom.js";
import type { Hex } from "../../address.js";

/**
 * Venus' actions: mint, redeem, borrow, repay, seize, liquidate, transfer, enter market, exit market
 * (the enum Action of its Comptroller).
 */
const ACTIONS = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n] as const;

const ISOLATED = "setActionsPaused(address[],uint8[],bool)";

const COMPTROLLER: Readonly<Record<string, Lookup>> = {
  comptroller: { paths: [[call("comptroller()", "0x5fe3b567")]] },
};

function market(id: string, title: string, signature: string, selector: Hex): Idiom {
  return {
    id,
    title,
    values: COMPTROLLER,
    to: "comptroller",
    pause: call(signature, selector, [[valueOf(CONTRACT)], ACTIONS, true]),
    unpause: call(signature, selector, [[valueOf(CONTRACT)], ACTIONS, false]),
    readBacks: [
      {
        reads: ACTIONS.map((action) => ({
          of: "comptroller",
          call: call("actionPaused(address,uint8)", "0xe85a2960", [valueOf(CONTRACT), action]),
        })),
        decode: strictBool,
      },
    ],
    limits: "it stops every action of this market, and no other market",
  };
}

/** A market of Venus' core pool. */
export const venusCoreMarket = market(
  "venus-core-market",
  "Venus core market, all actions",
  "_setActionsPaused(address[],uint8[],bool)",
  "0x2b5d790c",
);

/** A market of one of Venus' isolated pools. */
export const venusIsolatedMarket = market(
  "venus-isolated-market",
  "Venus isolated market, all actions",
  ISOLATED,
  "0x24aaa220",
);

/** A pool of Venus' isolated pools: every action of every market. */
export const venusIsolatedPool: Idiom = {
  id: "venus-isolated-pool",
  title: "Venus isolated pool, all markets and actions",
  values: { markets: { paths: [[call("getAllMarkets()", "0xb0772d0b")]], kind: "list" } },
  to: CONTRACT,
  pause: call(ISOLATED, "0x24aaa220", [valueOf("markets"), ACTIONS, true]),
  unpause: call(ISOLATED, "0x24aaa220", [valueOf("markets"), ACTIONS, false]),
  readBacks: [
    {
      reads: ACTIONS.map((action) => ({
        of: CONTRACT,
        call: call("actionPaused(address,uint8)", "0xe85a2960", [valueOf(ITEM), action]),
      })),
      each: "markets",
      decode: strictBool,
    },
  ],
  limits: "it stops every market of this pool, and no other pool",
};

/** Venus' core Comptroller: everything. */
export const venusProtocol: Idiom = {
  id: "venus-protocol",
  title: "Venus protocol pause",
  to: CONTRACT,
  pause: call("_setProtocolPaused(bool)", "0x2a6a6065", [true]),
  unpause: call("_setProtocolPaused(bool)", "0x2a6a6065", [false]),
  readBacks: [
    { reads: [{ of: CONTRACT, call: call("protocolPaused()", "0x425fad58") }], decode: strictBool },
  ],
  limits: "it stops every market of the core pool",
};
