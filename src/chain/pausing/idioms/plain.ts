import type { Hex } from "../../address.js";
import { strictBool } from "../mechanism.js";
import {
  CONTRACT,
  call,
  inverted,
  type CallTemplate,
  type Idiom,
  type StateTemplate,
} from "./idiom.js";

/** Getters of one flag. The name says what true means. */
const PAUSED = flag("paused()", "0x5c975abb");
const IS_PAUSED = flag("isPaused()", "0xb187bd26");
const IS_PAUSED_VYPER = flag("is_paused()", "0x9d4f8aa9");
const CONTRACT_PAUSED = flag("contractPaused()", "0x8a67456a");
const EMERGENCY_PAUSED = flag("emergencyPaused()", "0x27c830a9");
const STOPPED = flag("stopped()", "0x75f12b21");
const IS_STOPPED = flag("isStopped()", "0x3f683b6a");
const EMERGENCY_STOPPED = flag("emergencyStopped()", "0xe2749c96");
const HALTED = flag("halted()", "0xb9b8af0b");
const IS_HALTED = flag("isHalted()", "0xc7ff1584");
const FROZEN = flag("frozen()", "0x054f7d9c");
const IS_FROZEN = flag("isFrozen()", "0x33eeb147");
const DISABLED = flag("disabled()", "0xee070805");
const IS_SHUTDOWN = flag("isShutdown()", "0xbf86d690");
const IS_KILLED = flag("is_killed()", "0x9c868ac0");
const ENABLED = running("enabled()", "0x238dafe0");
const IS_ENABLED = running("isEnabled()", "0x6aa633b6");
const ACTIVE = running("active()", "0x02fb0c5e");
const IS_ACTIVE = running("isActive()", "0x22f3e2d4");

const CHECKED = "it stops only the functions that check the flag";
const DEPOSITS_ONLY = "it stops deposits; users may still withdraw";

/**
 * Ways to stop that are three functions of the contract itself, and are not common enough to be asked
 * for before the code is known.
 */
export const PLAIN_IDIOMS: readonly Idiom[] = [
  pair("pause-unpause", calls("pause()", "0x8456cb59", "unpause()", "0x3f4ba83a"), [IS_PAUSED]),
  pair("pause-resume", calls("pause()", "0x8456cb59", "resume()", "0x046f7da2"), [
    PAUSED,
    IS_PAUSED,
  ]),
  pair(
    "pause-contract",
    calls("pauseContract()", "0x439766ce", "unpauseContract()", "0xb33712c5"),
    [PAUSED, IS_PAUSED, CONTRACT_PAUSED],
  ),
  pair("pause-all", calls("pauseAll()", "0x595c6a67", "unpauseAll()", "0x8a2ddd03"), [
    PAUSED,
    IS_PAUSED,
  ]),
  pair(
    "emergency-pause",
    calls("emergencyPause()", "0x51858e27", "emergencyUnpause()", "0x4a4e3bd5"),
    [EMERGENCY_PAUSED, PAUSED, IS_PAUSED],
  ),
  pair("pause-resume-vault", calls("pause()", "0x8456cb59", "resume()", "0x046f7da2"), [
    flag("vaultPaused()", "0x73d025d6"),
  ]),
  pair(
    "pause-funds-transfer",
    calls("pauseFundsTransfer()", "0x5a38f84d", "resumeFundsTransfer()", "0xbc2f7dc3"),
    [PAUSED],
  ),
  part(
    "pause-auctions",
    calls("pauseAuctions()", "0x91f8e694", "resumeAuctions()", "0x5be3fe1b"),
    flag("auctionsPaused()", "0xa23926e1"),
    "it stops auctions; other functions go on",
  ),
  part(
    "pause-withdrawals",
    calls("pauseWithdrawals()", "0x56bb54a7", "unpauseWithdrawals()", "0xe4c4be58"),
    flag("withdrawalsPaused()", "0xe9f2838e"),
    "it stops withdrawals; other functions go on",
  ),
  part(
    "pause-deposits",
    calls("pauseDeposits()", "0x02191980", "unpauseDeposits()", "0x63d8882a"),
    flag("depositsPaused()", "0x60da3e83"),
    "it stops deposits; other functions go on",
  ),
  pair("pause-send-tokens", setter("pauseSendTokens(bool)", "0xf1878922"), [PAUSED]),
  pair("set-pause", setter("setPause(bool)", "0xbedb86fb"), [PAUSED, IS_PAUSED]),
  pair("set-is-paused", setter("setIsPaused(bool)", "0x240976bf"), [IS_PAUSED]),
  pair("set-pause-status", setter("setPauseStatus(bool)", "0xc38bb537"), [PAUSED, IS_PAUSED]),
  pair("pause-bool", setter("pause(bool)", "0x02329a29"), [PAUSED, IS_PAUSED]),
  pair("set-paused-vyper", setter("set_paused(bool)", "0x0ff5ce72"), [PAUSED, IS_PAUSED_VYPER]),
  pair("toggle-pause", calls("togglePause()", "0xc4ae3168", "togglePause()", "0xc4ae3168"), [
    PAUSED,
    IS_PAUSED,
  ]),
  pair("toggle-paused", calls("togglePaused()", "0x36566f06", "togglePaused()", "0x36566f06"), [
    PAUSED,
    IS_PAUSED,
  ]),
  pair("stop-resume", calls("stop()", "0x07da68f5", "resume()", "0x046f7da2"), [
    STOPPED,
    IS_STOPPED,
  ]),
  pair("stop-start", calls("stop()", "0x07da68f5", "start()", "0xbe9a6555"), [IS_STOPPED]),
  pair("halt-unhalt", calls("halt()", "0x5ed7ca5b", "unhalt()", "0xcb3e64fd"), [HALTED, IS_HALTED]),
  pair("halt-resume", calls("halt()", "0x5ed7ca5b", "resume()", "0x046f7da2"), [HALTED, IS_HALTED]),
  pair(
    "emergency-stop",
    calls("emergencyStop()", "0x63a599a4", "emergencyResume()", "0x93c87f03"),
    [EMERGENCY_STOPPED, STOPPED, IS_STOPPED, PAUSED],
  ),
  pair("emergency-stop-resume", calls("emergencyStop()", "0x63a599a4", "resume()", "0x046f7da2"), [
    EMERGENCY_STOPPED,
    STOPPED,
    IS_STOPPED,
    PAUSED,
  ]),
  pair("freeze-unfreeze", calls("freeze()", "0x62a5af3b", "unfreeze()", "0x6a28f000"), [
    FROZEN,
    IS_FROZEN,
  ]),
  pair("set-frozen", setter("setFrozen(bool)", "0x7e932d32"), [FROZEN, IS_FROZEN]),
  pair("disable-enable", calls("disable()", "0x2f2770db", "enable()", "0xa3907d71"), [
    DISABLED,
    ENABLED,
    IS_ENABLED,
  ]),
  pair("set-enabled", enabler("setEnabled(bool)", "0x328d8f72"), [ENABLED, IS_ENABLED]),
  pair("set-active", enabler("setActive(bool)", "0xacec338a"), [ACTIVE, IS_ACTIVE]),
  {
    ...pair("set-trading-enabled", enabler("setTradingEnabled(bool)", "0xc2e5ec04"), [
      running("tradingEnabled()", "0x4ada218b"),
    ]),
    limits: "it stops trading, as the contract understands it; other functions go on",
  },
  {
    ...pair("set-transfers-enabled", enabler("setTransfersEnabled(bool)", "0x26b9ce13"), [
      running("transfersEnabled()", "0xbef97c87"),
    ]),
    limits: "it stops transfers; other functions go on",
  },
  {
    ...pair("enable-transfers", enabler("enableTransfers(bool)", "0xf41e60c5"), [
      running("transfersEnabled()", "0xbef97c87"),
    ]),
    limits: "it stops transfers; other functions go on",
  },
  {
    ...pair("allow-new-deposits", enabler("setAllowNewDeposits(bool)", "0x6d0207f4"), [
      running("getAllowNewDeposits()", "0x0d7eb1c4"),
    ]),
    limits: DEPOSITS_ONLY,
  },
  {
    ...pair(
      "tbtc-deposits",
      calls("emergencyPauseNewDeposits()", "0x80f04b8c", "resumeNewDeposits()", "0x7c33fc05"),
      [running("getAllowNewDeposits()", "0x0d7eb1c4")],
    ),
    title: "tBTC's pause of new deposits",
    limits: "it stops new deposits only, and can be used once; anybody may end it after ten days",
  },
  {
    ...pair("swap-enabled", enabler("setIsSwapEnabled(bool)", "0x30455ede"), [
      running("isSwapEnabled()", "0x351a964d"),
    ]),
    limits: "it stops swaps; other functions go on",
    section: true,
  },
  {
    ...pair("leverage-enabled", enabler("setIsLeverageEnabled(bool)", "0x7c2eb9f7"), [
      running("isLeverageEnabled()", "0x3e72a262"),
    ]),
    limits: "it stops leveraged positions; other functions go on",
    section: true,
  },
  {
    ...pair("across-deposits", setter("pauseDeposits(bool)", "0x738b62e5"), [
      flag("pausedDeposits()", "0x6068d6cb"),
    ]),
    title: "Across: deposits",
    limits: "it stops deposits; fills are stopped by pauseFills(bool)",
    section: true,
  },
  {
    ...pair("across-fills", setter("pauseFills(bool)", "0x99cc2968"), [
      flag("pausedFills()", "0xdda52113"),
    ]),
    title: "Across: fills",
    limits: "it stops fills; deposits are stopped by pauseDeposits(bool)",
    section: true,
  },
  {
    ...pair(
      "pause-capital",
      calls("pauseCapital()", "0x3dbc911f", "unpauseCapital()", "0x94828ffd"),
      [flag("capitalPaused()", "0xe6cc5432")],
    ),
    limits: "it stops deposits and withdrawals of capital; rebases go on",
  },
  {
    ...pair(
      "polygon-emergency",
      calls("activateEmergencyState()", "0x2072f6c5", "deactivateEmergencyState()", "0xdbc16976"),
      [flag("isEmergencyState()", "0x15064c96")],
    ),
    title: "Polygon's emergency state",
  },
  {
    ...pair(
      "zksync-freeze",
      calls("freezeDiamond()", "0x27ae4c16", "unfreezeDiamond()", "0x17338945"),
      [flag("isDiamondStorageFrozen()", "0x29b98c67")],
    ),
    title: "ZKsync's diamond freeze",
    limits: "it stops the facets that are freezable",
  },
  {
    ...pair("curve-kill", calls("kill_me()", "0xe3698853", "unkill_me()", "0x3046f972"), [
      IS_KILLED,
    ]),
    title: "Curve's kill switch",
    limits: "balanced withdrawals (remove_liquidity) go on; it may have a deadline",
  },
  {
    ...pair("set-killed", setter("set_killed(bool)", "0x90b22997"), [IS_KILLED]),
    title: "Curve's gauge kill switch",
    limits: "it stops emissions; withdrawals go on",
  },
  forEver("yearn-strategy", call("shutdownStrategy()", "0xbe8f1668"), [IS_SHUTDOWN], DEPOSITS_ONLY),
  forEver("shutdown-system", call("shutdownSystem()", "0x354af919"), [IS_SHUTDOWN], DEPOSITS_ONLY),
  forEver("maker-cage", call("cage()", "0x69245009"), [running("live()", "0x957aa58c")], CHECKED),
];

function flag(signature: string, selector: Hex): StateTemplate {
  return { reads: [{ of: CONTRACT, call: call(signature, selector) }], decode: strictBool };
}

/** A getter that is true while nothing is stopped. */
function running(signature: string, selector: Hex): StateTemplate {
  return { reads: [{ of: CONTRACT, call: call(signature, selector) }], decode: inverted };
}

interface Pair {
  readonly pause: CallTemplate;
  readonly unpause: CallTemplate | null;
}

function calls(on: string, onSelector: Hex, off: string, offSelector: Hex): Pair {
  return { pause: call(on, onSelector), unpause: call(off, offSelector) };
}

/** One function that takes what the flag becomes. */
function setter(signature: string, selector: Hex): Pair {
  return { pause: call(signature, selector, [true]), unpause: call(signature, selector, [false]) };
}

/** One function that takes whether it runs. */
function enabler(signature: string, selector: Hex): Pair {
  return { pause: call(signature, selector, [false]), unpause: call(signature, selector, [true]) };
}

function pair(id: string, { pause, unpause }: Pair, readBacks: readonly StateTemplate[]): Idiom {
  const title = pause.signature;
  return { id, title, to: CONTRACT, pause, unpause, readBacks, limits: CHECKED };
}

/** One of several sections of a contract. */
function part(id: string, calls: Pair, readBack: StateTemplate, limits: string): Idiom {
  return { ...pair(id, calls, [readBack]), limits, section: true };
}

function forEver(
  id: string,
  pause: CallTemplate,
  readBacks: readonly StateTemplate[],
  limits: string,
): Idiom {
  return { ...pair(id, { pause, unpause: null }, readBacks), limits };
}
