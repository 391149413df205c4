import { strictBool } from "../mechanism.js";
import {
  CONTRACT,
  call,
  valueOf,
  type CallTemplate,
  type Idiom,
  type StateTemplate,
} from "./idiom.js";

/*
 * A contract with a pause of its own that only a helper contract may call: people call the helper.
 */

const PAUSED: StateTemplate = {
  reads: [{ of: CONTRACT, call: call("paused()", "0x5c975abb") }],
  decode: strictBool,
};

/** Ronin's bridge: sentries pause it through an enforcer. */
export const roninEnforcer: Idiom = {
  id: "ronin-enforcer",
  title: "Ronin's PauseEnforcer",
  values: {
    enforcer: { paths: [[call("emergencyPauser()", "0x065b3adf")]] },
    target: { from: "enforcer", paths: [[call("target()", "0xd4b83992")]] },
  },
  same: [["target", CONTRACT]],
  to: "enforcer",
  pause: call("triggerPause()", "0x6833f60d"),
  unpause: call("triggerUnpause()", "0xb9f3163b"),
  readBacks: [PAUSED],
  limits: "it stops only the functions that check the flag (whenNotPaused)",
};

/** Pendle: guardians pause through the governance proxy that owns the contract; only the owner starts it again. */
export const pendleGuardian: Idiom = {
  id: "pendle-guardian",
  title: "Pendle's governance proxy",
  marks: ["0x8456cb59"],
  values: { governance: { paths: [[call("owner()", "0x8da5cb5b")]] } },
  to: "governance",
  unpauseTo: CONTRACT,
  pause: call("pause(address[])", "0x9755c6a7", [[valueOf(CONTRACT)]]),
  unpause: call("unpause()", "0x3f4ba83a"),
  readBacks: [PAUSED],
  limits: "it stops only the functions that check the flag (whenNotPaused)",
};

/** Polygon's bridge: its rollup manager puts both into the emergency state. */
export const polygonBridge: Idiom = {
  id: "polygon-bridge",
  title: "Polygon's rollup manager",
  values: { manager: { paths: [[call("polygonRollupManager()", "0x8ed7e3f2")]] } },
  to: "manager",
  pause: call("activateEmergencyState()", "0x2072f6c5"),
  unpause: call("deactivateEmergencyState()", "0xdbc16976"),
  readBacks: [
    {
      reads: [{ of: CONTRACT, call: call("isEmergencyState()", "0x15064c96") }],
      decode: strictBool,
    },
  ],
  limits: "it stops the bridge and every rollup of the manager",
};

/** Maple: the protocol's globals hold a flag for each contract. */
export const mapleContract: Idiom = {
  id: "maple-contract",
  title: "Maple's globals, this contract",
  values: { globals: { paths: [[call("globals()", "0xc3124525")]] } },
  to: "globals",
  pause: call("setContractPause(address,bool)", "0x4df70d2b", [valueOf(CONTRACT), true]),
  unpause: call("setContractPause(address,bool)", "0x4df70d2b", [valueOf(CONTRACT), false]),
  readBacks: [
    {
      reads: [
        {
          of: "globals",
          call: call("isContractPaused(address)", "0xb0f008eb", [valueOf(CONTRACT)]),
        },
      ],
      decode: strictBool,
    },
  ],
  limits: "functions that are unpaused one by one in the globals go on",
};

/** A ZKsync chain: its chain type manager freezes it. */
export const zksyncChain: Idiom = {
  id: "zksync-chain",
  title: "ZKsync's chain type manager",
  values: {
    manager: {
      paths: [
        [call("getChainTypeManager()", "0x946ebad1")],
        [call("getStateTransitionManager()", "0x5518c73b")],
      ],
    },
    chain: { paths: [[call("getChainId()", "0x3408e470")]], kind: "number" },
  },
  to: "manager",
  pause: call("freezeChain(uint256)", "0xaccdd16c", [valueOf("chain")]),
  unpause: call("unfreezeChain(uint256)", "0x51d218f7", [valueOf("chain")]),
  readBacks: [
    {
      reads: [{ of: CONTRACT, call: call("isDiamondStorageFrozen()", "0x29b98c67") }],
      decode: strictBool,
    },
  ],
  limits: "it stops the facets that are freezable",
};

/**
 * The Graph: contracts ask their controller. Most functions stop at a partial pause, rewards and
 * slashing only at a full one.
 */
export const THE_GRAPH: readonly Idiom[] = [
  controller(
    "the-graph-partial",
    "The Graph's controller, partial pause",
    call("setPartialPaused(bool)", "0x56371bd8", [true]),
    call("setPartialPaused(bool)", "0x56371bd8", [false]),
    call("partialPaused()", "0x2e292fc7"),
  ),
  controller(
    "the-graph-full",
    "The Graph's controller, full pause",
    call("setPaused(bool)", "0x16c38b3c", [true]),
    call("setPaused(bool)", "0x16c38b3c", [false]),
    call("paused()", "0x5c975abb"),
  ),
];

/** The contract must ask the controller for the flag. */
function controller(
  id: string,
  title: string,
  pause: CallTemplate,
  unpause: CallTemplate,
  getter: CallTemplate,
): Idiom {
  return {
    id,
    title,
    marks: [getter.selector],
    values: { controller: { paths: [[call("controller()", "0xf77c4791")]] } },
    to: "controller",
    pause,
    unpause,
    readBacks: [{ reads: [{ of: "controller", call: getter }], decode: strictBool }],
    limits: "it stops every contract of this controller, as far as it asks for this flag",
  };
}

/** Stargate v1: the router stops a pool's swaps. */
export const stargatePool: Idiom = {
  id: "stargate-v1-pool",
  title: "Stargate v1's router, swaps of this pool",
  values: {
    router: { paths: [[call("router()", "0xf887ea40")]] },
    pool: { paths: [[call("poolId()", "0x3e0dc34e")]], kind: "number" },
  },
  to: "router",
  pause: call("setSwapStop(uint256,bool)", "0x98e391a1", [valueOf("pool"), true]),
  unpause: call("setSwapStop(uint256,bool)", "0x98e391a1", [valueOf("pool"), false]),
  readBacks: [
    { reads: [{ of: CONTRACT, call: call("stopSwap()", "0xb633b364") }], decode: strictBool },
  ],
  limits: "it stops swaps to other chains; liquidity can still be added and taken out",
};

/** Set Protocol's Core: a state of operation, of which 1 is shut down. */
export const setProtocolCore: Idiom = {
  id: "set-protocol-core",
  title: "Set Protocol's state of operation",
  to: CONTRACT,
  pause: call("setOperationState(uint8)", "0x539f70d8", [1n]),
  unpause: call("setOperationState(uint8)", "0x539f70d8", [0n]),
  readBacks: [
    {
      reads: [{ of: CONTRACT, call: call("operationState()", "0x72bedcee") }],
      decode: strictBool,
    },
  ],
  limits: "redeeming and withdrawing go on",
};

/** Linea's PauseManager, type 1: general. */
export const linea: Idiom = {
  id: "linea-general",
  title: "Linea's PauseManager, general",
  to: CONTRACT,
  pause: call("pauseByType(uint8)", "0xe196fb5d", [1n]),
  unpause: call("unPauseByType(uint8)", "0x1065a399", [1n]),
  readBacks: [
    {
      reads: [{ of: CONTRACT, call: call("isPaused(uint8)", "0xbc61e733", [1n]) }],
      decode: strictBool,
    },
  ],
  limits:
    "it stops the functions of the general type; a pause by others than the security council may end by itself",
};
