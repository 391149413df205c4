import { isRecord } from "../../json.js";
import type { Address, Hex } from "../address.js";
import type { Fork } from "../chain.js";
import { isHex, quantity } from "../reads.js";
import { invalid, type RpcFailure } from "../rpc.js";

/** A call that is tried on a fork, as somebody. */
export interface TrialCall {
  readonly from: Address;
  readonly to: Address;
  readonly data: Hex;
  readonly valueWei?: bigint;
}

/** One call inside a call, in the order in which they were made. All addresses in lower case. */
export interface Frame {
  /** CALL, STATICCALL, DELEGATECALL, CREATE… as the tracer names them. */
  readonly type: string;
  readonly from: string;
  readonly to: string;
  readonly input: string;
  readonly valueWei: bigint;
  readonly output: string;
  readonly failed: boolean;
  readonly depth: number;
}

/** An event of a call that succeeded. */
export interface TrialLog {
  /** In lower case. */
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
}

/** A storage word that a call changes. */
export interface SlotChange {
  /** In lower case. */
  readonly address: string;
  readonly slot: string;
  readonly before: bigint;
  readonly after: bigint;
}

/** An account's balance that a call changes, in wei. Gas is free in a trial. */
export interface BalanceChange {
  readonly address: string;
  readonly beforeWei: bigint;
  readonly afterWei: bigint;
}

/** What a call does, without doing it. */
export interface Trial {
  readonly ok: boolean;
  /** What it returned; or, when it failed, its revert data. */
  readonly output: Hex;
  /** In the simulator's words, when it failed. */
  readonly error: string | undefined;
  readonly gasUsed: number;
  readonly frames: readonly Frame[];
  readonly logs: readonly TrialLog[];
  readonly slots: readonly SlotChange[];
  readonly balances: readonly BalanceChange[];
}

/**
 * 8 million gas: more than what users do needs, and little enough for a loop without end to be over
 * in some tens of milliseconds.
 */
const TRIAL_GAS = 8_000_000;

/**
 * Tries a call on a fork, in the state in which the fork is now, and takes nothing over. Whoever
 * may be the sender; gas costs nothing, and the simulator lends a sender the value that it lacks.
 */
export async function tryCall(fork: Fork, call: TrialCall): Promise<Trial> {
  if (timesBurnt(fork, call) >= MOST_BURNT) {
    return refused({ code: 0, message: "not tried again: it burns all its gas" });
  }
  const trace = await traced(fork, call, CALLS);
  if (!trace.ok) {
    return refused(trace.failure);
  }
  const { result } = trace;
  if (typeof result.error === "string" && /out ?of ?gas/i.test(result.error)) {
    burnt(fork, call, Number(result.gasUsed));
  }
  const frames: Frame[] = [];
  const logs: TrialLog[] = [];
  collect(result, 0, frames, logs);
  const ok = result.error === undefined;
  // What it changes costs as much again to find out, and of most calls there is nothing to be found.
  const changes = ok ? await traced(fork, call, CHANGES) : undefined;
  return {
    ok,
    output: isHex(result.output) ? result.output : "0x",
    error: ok ? undefined : String(result.error),
    gasUsed: Number(result.gasUsed),
    frames,
    logs: ok ? logs : [],
    ...(changes?.ok === true ? changesIn(changes.result) : NO_CHANGES),
  };
}

/** A function that never ends is tried so often, as different people; more would only hold us up. */
const MOST_BURNT = 3;

/** How often each function of a fork has burnt all that a trial gives. */
const burntOn = new WeakMap<Fork, Map<string, number>>();

/** How often a call's function has run until its gas was used up. */
export function timesBurnt(fork: Fork, { to, data }: TrialCall): number {
  return burntOn.get(fork)?.get(functionKey(to, data)) ?? 0;
}

function burnt(fork: Fork, { to, data }: TrialCall, gasUsed: number): void {
  if (gasUsed < TRIAL_GAS) {
    return;
  }
  const counts = burntOn.get(fork) ?? new Map<string, number>();
  const key = functionKey(to, data);
  counts.set(key, (counts.get(key) ?? 0) + 1);
  burntOn.set(fork, counts);
}

function functionKey(to: Address, data: Hex): string {
  return `${to} ${data.slice(0, 10)}`.toLowerCase();
}

async function traced(
  fork: Fork,
  call: TrialCall,
  tracer: Readonly<Record<string, unknown>>,
): Promise<
  | { readonly ok: true; readonly result: Record<string, unknown> }
  | { readonly ok: false; readonly failure: RpcFailure }
> {
  const [reply] = await fork.rpc.batch([
    { method: "debug_traceCall", params: [callObject(call), "latest", tracer] },
  ]);
  if (reply?.ok !== true) {
    return { ok: false, failure: reply?.failure ?? { code: 0, message: "no answer" } };
  }
  if (!isRecord(reply.result)) {
    throw invalid(fork.network, "debug_traceCall gave no trace");
  }
  return { ok: true, result: reply.result };
}

/** Several, one after the other: the simulator works on one at a time anyway. */
export async function tryCalls(fork: Fork, calls: readonly TrialCall[]): Promise<readonly Trial[]> {
  const trials: Trial[] = [];
  for (const call of calls) {
    trials.push(await tryCall(fork, call));
  }
  return trials;
}

/** Whether a call did anything at all. */
export function hasEffect(trial: Trial): boolean {
  return trial.ok && (trial.slots.length > 0 || trial.logs.length > 0 || trial.balances.length > 0);
}

/**
 * Whether a call goes on for as long as it has gas: a loop, for all that one can tell. An invalid
 * instruction takes all gas as well, but no time.
 */
export function loops({ error, gasUsed }: Trial): boolean {
  return gasUsed >= TRIAL_GAS * 0.9 && (error === undefined || /gas/i.test(error));
}

/** A trial's call as JSON-RPC wants it. */
export function callObject({ from, to, data, valueWei }: TrialCall): Record<string, string> {
  return {
    from,
    to,
    data,
    gas: quantity(TRIAL_GAS),
    ...(valueWei === undefined ? {} : { value: quantity(valueWei) }),
  };
}

const CALLS = { tracer: "callTracer", tracerConfig: { withLog: true } };
const CHANGES = { tracer: "prestateTracer", tracerConfig: { diffMode: true } };

const NO_CHANGES = { slots: [], balances: [] };

/** The simulator would not even begin: the call is too long to be paid with the trial's gas, for instance. */
function refused(failure: RpcFailure): Trial {
  return {
    ok: false,
    output: isHex(failure.data) ? failure.data : "0x",
    error: failure.message,
    gasUsed: 0,
    frames: [],
    logs: [],
    ...NO_CHANGES,
  };
}

function collect(
  frame: Record<string, unknown>,
  depth: number,
  frames: Frame[],
  logs: TrialLog[],
): void {
  const text = (value: unknown): string => (typeof value === "string" ? value.toLowerCase() : "");
  const failed = frame.error !== undefined;
  frames.push({
    type: String(frame.type),
    from: text(frame.from),
    to: text(frame.to),
    input: text(frame.input),
    valueWei: wordOr(frame.value),
    output: text(frame.output),
    failed,
    depth,
  });
  if (Array.isArray(frame.logs) && !failed) {
    logs.push(
      ...frame.logs.filter(isRecord).map((log) => ({
        address: text(log.address),
        topics: Array.isArray(log.topics) ? log.topics.map(String) : [],
        data: String(log.data),
      })),
    );
  }
  if (Array.isArray(frame.calls)) {
    for (const inner of frame.calls.filter(isRecord)) {
      collect(inner, depth + 1, frames, failed ? [] : logs);
    }
  }
}

/**
 * The difference that the prestate tracer shows: what was before under `pre`, what is after under
 * `post`. A word that became zero is left out of `post`, and one that was zero out of `pre`.
 */
function changesIn(diff: unknown): Pick<Trial, "slots" | "balances"> {
  if (!isRecord(diff) || !isRecord(diff.pre) || !isRecord(diff.post)) {
    return NO_CHANGES;
  }
  const { pre, post } = diff;
  const slots: SlotChange[] = [];
  const balances: BalanceChange[] = [];
  for (const address of new Set([...Object.keys(pre), ...Object.keys(post)])) {
    const [old, now] = [recordOr(pre[address]), recordOr(post[address])];
    const [oldSlots, newSlots] = [recordOr(old.storage), recordOr(now.storage)];
    for (const slot of new Set([...Object.keys(oldSlots), ...Object.keys(newSlots)])) {
      const [before, after] = [wordOr(oldSlots[slot]), wordOr(newSlots[slot])];
      if (before !== after) {
        slots.push({ address: address.toLowerCase(), slot, before, after });
      }
    }
    if (now.balance !== undefined) {
      const [beforeWei, afterWei] = [wordOr(old.balance), wordOr(now.balance)];
      if (beforeWei !== afterWei) {
        balances.push({ address: address.toLowerCase(), beforeWei, afterWei });
      }
    }
  }
  return { slots, balances };
}

function recordOr(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function wordOr(value: unknown): bigint {
  return isHex(value) && value !== "0x" ? BigInt(value) : 0n;
}
