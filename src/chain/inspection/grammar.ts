import {
  FLAGS,
  SET_VERBS,
  START_VERBS,
  STATES,
  STOP_VERBS,
  type TOGGLE_VERBS,
} from "./stopping-words.js";

/** What is stopped, most often, with the plural that is used. */
const USUAL_OBJECTS = [
  ...[
    "",
    "All",
    "Contract",
    "System",
    "Protocol",
    "Market",
    "Pool",
    "Vault",
    "Trading",
    "Deposits",
  ],
  ...[
    "Deposit",
    "Withdrawals",
    "Withdrawal",
    "Withdraw",
    "Transfers",
    "Transfer",
    "Minting",
    "Mint",
  ],
  ...["Borrow", "Borrowing", "Swap", "Swaps", "Staking", "Token", "Account", "Bridge"],
];

const OTHER_OBJECTS = [
  ...["Contracts", "Markets", "Pools", "Vaults", "Trade", "Trades", "Withdraws", "Mints", "Burn"],
  ...["Burning", "Redeem", "Redeems", "Redeeming", "Redemption", "Redemptions", "Borrows", "Lend"],
  ...[
    "Lending",
    "Supply",
    "Swapping",
    "Stake",
    "Unstake",
    "Unstaking",
    "Claim",
    "Claims",
    "Claiming",
  ],
  ...[
    "Liquidation",
    "Liquidations",
    "Liquidate",
    "Bridging",
    "Exchange",
    "Tokens",
    "Address",
    "User",
  ],
  ...["Sale", "Sales", "Presale", "PublicSale", "Auction", "Auctions", "Bidding", "Buy", "Buying"],
  ...["Sell", "Selling", "Listing", "Listings", "Marketplace", "Repay", "Seize", "Execution"],
  ...[
    "Messages",
    "Messaging",
    "Proposals",
    "Voting",
    "Registration",
    "Issuance",
    "Issuing",
    "Reserve",
  ],
  ...[
    "Asset",
    "Assets",
    "Strategy",
    "Strategies",
    "Rewards",
    "Operations",
    "Functions",
    "Function",
  ],
  ...["Module", "Gateway", "Relay", "Inbound", "Outbound", "Exit", "Flashloan", "FlashLoan"],
  ...["FlashLoans", "Invest", "Harvest", "Rollup", "Chain", "Router", "Factory", "Oracle", "Synth"],
  ...["Synths", "Collateral", "Orders", "Order", "Game", "Round", "Entries", "Migration", "Mode"],
  ...[
    "Emergency",
    "EmergencyMode",
    "Actions",
    "Action",
    "Access",
    "Activity",
    "Feature",
    "Features",
  ],
  ...[
    "Rebase",
    "Purchase",
    "Purchases",
    "Payments",
    "Payouts",
    "Refunds",
    "Fulfillment",
    "Sending",
  ],
  ...["Receiving", "Routes", "Route", "Path", "Subnet", "Channel", "Lane", "Everything", "Now"],
];

const VERBS = [...STOP_VERBS, ...START_VERBS];
const USUAL_VERBS = [
  ...["pause", "unpause", "stop", "start", "resume", "freeze", "unfreeze", "disable", "enable"],
  ...["suspend", "halt", "lock", "unlock", "close", "open", "activate", "deactivate", "kill"],
];
const USUAL_FLAGS = [
  "paused",
  "enabled",
  "status",
  "active",
  "disabled",
  "frozen",
  "pause",
  "state",
];

const PLAIN = ["()"];
const FEW = ["()", "(bool)", "(address)", "(uint256)"];
const MANY = [
  ...FEW,
  ...["(address,bool)", "(uint256,bool)", "(uint8)", "(uint8,bool)", "(bytes32)", "(bytes32,bool)"],
  ...["(address[])", "(address[],bool)", "(uint256[])", "(bytes32[])", "(string)", "(bytes4)"],
  ...[
    "(bytes4,bool)",
    "(bytes4[])",
    "(uint16)",
    "(uint32)",
    "(uint64)",
    "(uint128)",
    "(address,uint256)",
  ],
  ...["(address,uint8)", "(address,bytes4)", "(uint256,address)", "(address,address)", "(bytes)"],
  ...[
    "(address,bytes32)",
    "(uint256,uint256)",
    "(address,uint256,bool)",
    "(uint16,bool)",
    "(string,bool)",
  ],
];
const ACTING = [...FEW, "(address,bool)", "(bytes32)", "(address[])", "(uint8)"];
const SETTING = ["(bool)", "(address,bool)", "(uint256,bool)", "(uint256)", "(uint8)"];
const MANY_SETTING = MANY.filter(
  (shape) => !["()", "(address)", "(address[])", "(bytes)"].includes(shape),
);
const READING = ["()", "(address)", "(uint256)", "(bytes32)", "(uint8)"];

/** Names that no rule makes: of well-known projects, and of idioms of their own. */
const MORE_NAMES: readonly (readonly [name: string, shapes: readonly string[]])[] = [
  ["pauseFor", ["(uint256)", "(uint64)", "(address,uint256)", "(uint32)"]],
  ["pauseUntil", ["(uint256)", "(uint64)", "(uint32)"]],
  ["pauseFor24Hours", PLAIN],
  ["pauseWithSig", ["(uint256,bytes)"]],
  ["setActionsPaused", ["(address[],uint8[],bool)"]],
  ["setActionPaused", ["(address,uint8,bool)", "(uint8,bool)"]],
  ["setPoolPause", ["(bool)", "(bool,uint40)"]],
  ["setReservePause", ["(address,bool)", "(address,bool,uint40)"]],
  ["setReserveFreeze", ["(address,bool)"]],
  ["setReserveActive", ["(address,bool)"]],
  [
    "pause",
    ["(bool,bool,bool,bool,bool)", "(uint256,string)", "(address,string)", "(string,address)"],
  ],
  ["suspendSection", ["(bytes32,uint256)"]],
  ["setPausedState", ["(bool)", "(address,bool)"]],
  ["setEmergencyShutdown", ["(bool)"]],
  ["setEmergencyMode", ["(bool)"]],
  ["emergencyMode", ["()", "(bool)"]],
  ["emergency", ["()", "(bool)"]],
  ["emergencyExit", PLAIN],
  ["escapeHatch", PLAIN],
  ["cage", ["()", "(bytes32)"]],
  ["uncage", PLAIN],
  ["kill_me", PLAIN],
  ["unkill_me", PLAIN],
  ["set_killed", ["(bool)", "(address,bool)"]],
  ["set_paused", ["(bool)", "(uint256)"]],
  ["setPaused", ["(bool,bool)", "(address,bool,bool)", "(bytes32,bool)"]],
  ["freezeDiamond", ["()", "(bytes)"]],
  ["unfreezeDiamond", PLAIN],
  ["setHalt", ["(bool)"]],
  ["setBreaker", ["(bool)"]],
  ["tripBreaker", PLAIN],
  ["resetBreaker", PLAIN],
  ["setCircuitBreaker", ["(bool)", "(address,bool)"]],
  ["killSwitch", PLAIN],
  ["setKillSwitch", ["(bool)"]],
  ["toggleKillSwitch", PLAIN],
  ["setFeatureFlag", ["(bytes32,bool)", "(uint256,bool)"]],
  ["setContractState", ["(uint8)", "(bool)"]],
  ["setTradingOpen", ["(bool)"]],
  ["openTrading", PLAIN],
  ["setSwapEnabled", ["(bool)"]],
  ["removePause", PLAIN],
  ["endPause", PLAIN],
  ["liftPause", PLAIN],
  ["enterRecoveryMode", PLAIN],
  ["enableRecoveryMode", ["()", "(bytes32)", "(address)"]],
  ["disableRecoveryMode", ["()", "(bytes32)", "(address)"]],
  ["_setTransferPaused", ["(bool)"]],
  ["_setSeizePaused", ["(bool)"]],
  ["_setProtocolPaused", ["(bool)"]],
];

/** Getters that no rule makes. */
const MORE_GETTERS = [
  ...[
    "emergencyShutdown()",
    "shutdown()",
    "isShutdown()",
    "is_killed()",
    "is_shutdown()",
    "cancelled()",
  ],
  ...["mintGuardianPaused(address)", "borrowGuardianPaused(address)", "transferGuardianPaused()"],
  ...[
    "seizeGuardianPaused()",
    "protocolPaused()",
    "isPausedOrFrozen()",
    "getPaused()",
    "inEmergency()",
  ],
  ...[
    "getPausedState()",
    "getPausedStates()",
    "emergencyMode()",
    "isEmergency()",
    "isInEmergency()",
  ],
  ...[
    "emergencyState()",
    "isRecoveryMode()",
    "inRecoveryMode()",
    "isSupplyPaused()",
    "pauseStatus()",
  ],
  ...[
    "isTransferPaused()",
    "isWithdrawPaused()",
    "isAbsorbPaused()",
    "isBuyPaused()",
    "pauseState()",
  ],
  ...[
    "actionPaused(address,uint8)",
    "isStopped()",
    "contractPaused()",
    "globalPaused()",
    "systemPaused()",
  ],
  ...[
    "isAlive()",
    "isRunning()",
    "isDead()",
    "dead()",
    "alive()",
    "isClosed()",
    "isOpen()",
    "opened()",
  ],
  ...[
    "breaker()",
    "killSwitch()",
    "circuitBreaker()",
    "isDiamondStorageFrozen()",
    "status()",
    "state()",
  ],
  ...[
    "getResumeSinceTimestamp()",
    "isPausedFor(address)",
    "isTargetClosed(address)",
    "frozenAccount(address)",
  ],
  ...["is_paused()", "is_active()", "is_frozen()", "is_stopped()", "is_live()", "is_enabled()"],
];

/**
 * Signatures of functions that stop, start, or tell which it is: the likely ones first. Words crossed
 * with what they are about and with the usual arguments.
 */
export function* grammar(): Generator<string> {
  const seen = new Set<string>();
  for (const signature of all()) {
    if (!seen.has(signature)) {
      seen.add(signature);
      yield signature;
    }
  }
}

function* all(): Generator<string> {
  yield* crossed(["paused", "isPaused"], READING);
  for (const [name, shapes] of MORE_NAMES) {
    yield* crossed([name], shapes);
  }
  yield* MORE_GETTERS;
  for (const object of USUAL_OBJECTS) {
    const alone = object === "";
    const acts = acting(VERBS, object);
    const sets = setting(object, [...STATES, ...FLAGS]);
    const reads = reading(object);
    yield* crossed(acts, alone ? MANY : ACTING);
    yield* crossed(toggling("toggle", object), alone ? MANY : FEW);
    yield* crossed([...toggling("flip", object), ...toggling("switch", object)], PLAIN);
    yield* crossed(sets, alone ? MANY_SETTING : SETTING.slice(0, 4));
    yield* crossed(reads, alone ? READING : READING.slice(0, 3));
    yield* crossed([...acts, ...sets].map(snakeCase), FEW.slice(0, 3));
    yield* crossed(reads.map(snakeCase), PLAIN);
    const usual = [...acting(USUAL_VERBS, object), ...setting(object, USUAL_FLAGS)];
    yield* crossed(
      usual.map((name) => `_${name}`),
      ["()", "(bool)", "(address,bool)", "(address)"],
    );
    yield* crossed(emergency(object), PLAIN.concat("(address)"));
  }
  for (const object of OTHER_OBJECTS) {
    yield* crossed(acting(USUAL_VERBS, object), FEW.slice(0, 3));
    yield* crossed(toggling("toggle", object), PLAIN);
    yield* crossed(setting(object, USUAL_FLAGS), SETTING.slice(0, 2));
    yield* crossed([`_set${object}Paused`, `_pause${object}`], ["(bool)", "(address,bool)", "()"]);
    yield* crossed(reading(object).slice(0, STATES.length), PLAIN);
  }
}

function acting(verbs: readonly string[], object: string): readonly string[] {
  return verbs.flatMap((verb) =>
    verb === "shutdown" ? [`shutdown${object}`, `shutDown${object}`] : [`${verb}${object}`],
  );
}

function toggling(verb: (typeof TOGGLE_VERBS)[number], object: string): readonly string[] {
  const ends = ["", "Paused", "Pause", "Enabled", "Status", "Active", "State", "Freeze"];
  return ends.map((end) => `${verb}${object}${end}`);
}

function setting(object: string, flags: readonly string[]): readonly string[] {
  const [set, update, change] = SET_VERBS;
  const words = flags.map(capital);
  const before = ["Pause", "Paused", "Is"].map((word) => `${set}${word}${object}`);
  return [
    ...words.map((word) => `${set}${object}${word}`),
    ...before,
    ...(object === ""
      ? []
      : ["Enable", "Disable", "Freeze"].map((word) => `${set}${word}${object}`)),
    ...["Status", "State", "Paused"].flatMap((word) => [
      `${update}${object}${word}`,
      `${change}${object}${word}`,
    ]),
  ];
}

function reading(object: string): readonly string[] {
  const small = object.charAt(0).toLowerCase() + object.slice(1);
  const plain = STATES.map((state) => (small === "" ? state : `${small}${capital(state)}`));
  return [
    ...plain,
    ...STATES.flatMap((state) => [`is${object}${capital(state)}`, `${state}${object}`]),
    ...["paused", "status", "state"].map((word) => `get${object}${capital(word)}`),
    ...["are"].map((word) => `${word}${object}Paused`),
  ];
}

function emergency(object: string): readonly string[] {
  const verbs = [
    "pause",
    "unpause",
    "stop",
    "resume",
    "shutdown",
    "freeze",
    "halt",
    "lock",
    "disable",
    "close",
  ];
  return ["emergency", "guardian", "admin", "force"].flatMap((word) =>
    verbs.map((verb) => `${word}${capital(verb)}${object}`),
  );
}

function* crossed(names: readonly string[], shapes: readonly string[]): Generator<string> {
  for (const shape of shapes) {
    for (const name of names) {
      yield `${name}${shape}`;
    }
  }
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
