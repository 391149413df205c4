/** What a function's name says: it stops, starts, does the one or the other, or tells which it is. */
export type Meaning = "stop" | "start" | "toggle" | "set" | "state";

export const STOP_VERBS = [
  ...["pause", "stop", "halt", "freeze", "shutdown", "kill", "disable", "suspend", "lock", "block"],
  ...["deactivate", "close", "cease", "panic", "terminate", "lockdown", "brake", "interrupt"],
] as const;

export const START_VERBS = [
  ...["unpause", "resume", "start", "restart", "unfreeze", "enable", "unlock", "unblock", "unhalt"],
  ...[
    "activate",
    "reactivate",
    "open",
    "reopen",
    "unsuspend",
    "unstop",
    "unkill",
    "thaw",
    "continue",
  ],
] as const;

export const TOGGLE_VERBS = ["toggle", "flip", "switch"] as const;

export const SET_VERBS = ["set", "update", "change", "configure", "modify"] as const;

/** Words for a state, as the last word of a getter or of what is set. */
export const STATES = [
  ...["paused", "enabled", "stopped", "frozen", "disabled", "active", "halted", "locked", "open"],
  ...["closed", "killed", "allowed", "suspended", "live"],
] as const;

/** Words that are set, or toggled, to stop something; they say less than {@link STATES} when they stand alone. */
export const FLAGS = [
  ...[
    "pause",
    "status",
    "state",
    "freeze",
    "shutdown",
    "halt",
    "stop",
    "lock",
    "enable",
    "disable",
  ],
  ...["emergency", "killswitch", "unpause"],
] as const;

/** What ends a name that speaks of who may stop, of when, or of how much, and not of stopping itself. */
const OTHER_SUBJECTS: ReadonlySet<string> = new Set([
  ...[
    "pauser",
    "pausers",
    "guardian",
    "guardians",
    "admin",
    "role",
    "owner",
    "manager",
    "operator",
  ],
  ...["registry", "authority", "controller", "address", "time", "timestamp", "date", "duration"],
  ...[
    "period",
    "window",
    "delay",
    "until",
    "at",
    "block",
    "number",
    "hash",
    "loss",
    "price",
    "fee",
  ],
  ...["id", "ids", "count", "length", "index", "rate", "threshold", "amount", "balance", "cap"],
  ...[
    "limit",
    "ratio",
    "days",
    "seconds",
    "expiry",
    "nonce",
    "root",
    "epoch",
    "by",
    "for",
    "position",
  ],
  ...[
    "positions",
    "list",
    "keys",
    "key",
    "interval",
    "cooldown",
    "deadline",
    "supply",
    "beneficiary",
  ],
]);

/** Verbs that say the same wherever they stand in a name. */
const PLAIN_STOPS: ReadonlySet<string> = new Set([
  "pause",
  "freeze",
  "halt",
  "shutdown",
  "suspend",
  "lockdown",
  "cage",
]);
const PLAIN_STARTS: ReadonlySet<string> = new Set([
  "unpause",
  "unfreeze",
  "unhalt",
  "resume",
  "unsuspend",
  "uncage",
]);

/** Who or how, in front of a verb: "emergencyPause", "guardianPause". */
const FOREWORDS: ReadonlySet<string> = new Set([
  ...["emergency", "force", "global", "admin", "guardian", "owner", "do", "execute", "protocol"],
  ...["fast", "instant", "temporarily", "permanently", "auto", "batch"],
]);

const ENDING_VERBS: ReadonlySet<string> = new Set([
  "end",
  "lift",
  "cancel",
  "remove",
  "clear",
  "exit",
]);
const BEGINNING_VERBS: ReadonlySet<string> = new Set([
  "enter",
  "begin",
  "trigger",
  "declare",
  "initiate",
]);
const ASKING_VERBS: ReadonlySet<string> = new Set([
  "is",
  "are",
  "has",
  "was",
  "get",
  "view",
  "check",
]);

/** Things that are on when a contract is stopped. */
const BRAKES: ReadonlySet<string> = new Set([
  ...["emergency", "pause", "paused", "shutdown", "freeze", "panic", "killswitch", "lockdown"],
  ...["halt", "recovery", "circuit", "breaker"],
]);

const stops = new Set<string>(STOP_VERBS);
const starts = new Set<string>(START_VERBS);
const toggles = new Set<string>(TOGGLE_VERBS);
const sets = new Set<string>(SET_VERBS);
const states = new Set<string>([...STATES, "inactive", "dead", "shut", "alive", "running"]);
const flags = new Set<string>([...FLAGS, ...STATES, ...STOP_VERBS, "inactive", "live", "switch"]);

/**
 * What a function's name says about stopping and starting. A name proves nothing; it only says what is
 * worth trying first.
 * @param signature "pauseDeposits(bool)", or the name alone; camelCase or snake_case.
 * @returns undefined where it speaks of something else.
 */
export function speaksOfStopping(signature: string): Meaning | undefined {
  const words = wordsOf(signature);
  const [first] = words;
  const last = words.at(-1);
  if (first === undefined || last === undefined) {
    return undefined;
  }
  if (OTHER_SUBJECTS.has(last) && words.length > 1) {
    return undefined;
  }
  const rest = words.slice(1);
  if (sets.has(first)) {
    return rest.some((word) => flags.has(word)) ? "set" : undefined;
  }
  if ((first === "turn" || first === "switch") && (last === "on" || last === "off")) {
    return last === "off" ? "stop" : "start";
  }
  if (toggles.has(first)) {
    return "toggle";
  }
  if (ASKING_VERBS.has(first)) {
    return rest.some((word) => flags.has(word)) ? "state" : undefined;
  }
  return verbs(words) ?? (states.has(last) ? "state" : plainVerb(words));
}

/** The words of a name, in small letters: "setMintPaused(bool)" is set, mint, paused. */
function wordsOf(signature: string): readonly string[] {
  const [name = ""] = signature.split("(");
  return name
    .replace(/([a-z\d])([A-Z])/g, "$1_$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .toLowerCase()
    .replace(/(^|_)shut_down/g, "$1shutdown")
    .replace(/(^|_)un_(pause|freeze|lock|halt)/g, "$1un$2")
    .replace(/(^|_)kill_switch/g, "$1killswitch")
    .split("_")
    .filter((word) => word !== "");
}

function verbs(words: readonly string[]): Meaning | undefined {
  const at = words.findIndex((word) => !FOREWORDS.has(word));
  const verb = words[at];
  if (verb === undefined) {
    return undefined;
  }
  const object = words.slice(at + 1);
  const ofBrake = object.some((word) => BRAKES.has(word));
  if (ENDING_VERBS.has(verb)) {
    return ofBrake ? "start" : undefined;
  }
  if (BEGINNING_VERBS.has(verb)) {
    return ofBrake || object.some((word) => stops.has(word)) ? "stop" : undefined;
  }
  // "disableEmergencyMode" starts, "activateShutdown" stops.
  if (stops.has(verb)) {
    return ofBrake && !PLAIN_STOPS.has(verb) ? "start" : "stop";
  }
  if (starts.has(verb)) {
    return ofBrake && !PLAIN_STARTS.has(verb) ? "stop" : "start";
  }
  return undefined;
}

function plainVerb(words: readonly string[]): Meaning | undefined {
  if (words.some((word) => PLAIN_STARTS.has(word))) {
    return "start";
  }
  return words.some((word) => PLAIN_STOPS.has(word)) ? "stop" : undefined;
}
