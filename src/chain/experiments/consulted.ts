import { isRecord } from "../../json.js";
import { checksummed, type Address } from "../address.js";
import type { Fork } from "../chain.js";
import { callObject, timesBurnt, type TrialCall } from "./trial.js";

/** A storage word that a call looked at. */
export interface SlotRead {
  /** Whose storage, in lower case: the proxy's, where the code is behind one. */
  readonly address: string;
  readonly slot: string;
  readonly value: bigint;
}

/** What a call looked at before it ended. */
export interface Consulted {
  readonly slots: readonly SlotRead[];
  /**
   * Addresses that the code handled, in the order in which they first appeared: from its storage, its
   * immutables, or what other contracts answered. The caller and the contract itself are left out.
   */
  readonly addresses: readonly Address[];
  /** Contracts that were called, in the order of the calls, each once. */
  readonly contracts: readonly Address[];
  /** False when the call is too long for its every step to be looked at. */
  readonly whole: boolean;
}

/** A million gas is some 200,000 steps: a check of powers needs less than a hundredth of it. */
const TRACED_GAS = "0xf4240";

/** More addresses than this come from a list, not from a check. */
const MOST_ADDRESSES = 64;

/** Smaller numbers are amounts, times and offsets. No key and no contract has such an address. */
const LEAST_ADDRESS = 2n ** 80n;
const MOST_ADDRESS = 2n ** 160n - 1n;

/**
 * Follows a call step by step on a fork and says what it consulted: slots, immutables and other
 * contracts. Of a refused call this is where its refusal comes from.
 */
export async function consultedBy(fork: Fork, call: TrialCall): Promise<Consulted> {
  if (timesBurnt(fork, call) > 0) {
    // No check of powers is that long, and its steps are a hundred megabytes.
    return NOT_FOLLOWED;
  }
  const [reply] = await fork.rpc.batch([
    {
      method: "debug_traceCall",
      params: [
        { ...callObject(call), gas: TRACED_GAS },
        "latest",
        { disableMemory: true, enableMemory: false },
      ],
    },
  ]);
  const logs = reply?.ok === true && isRecord(reply.result) ? reply.result.structLogs : undefined;
  if (!Array.isArray(logs)) {
    return NOT_FOLLOWED;
  }
  return await follow(call, logs.filter(isRecord));
}

const NOT_FOLLOWED: Consulted = { slots: [], addresses: [], contracts: [], whole: false };

/** Stands for the address of a contract that the call creates. */
const CREATED = "";

async function follow(
  call: TrialCall,
  steps: readonly Record<string, unknown>[],
): Promise<Consulted> {
  const slots = new Map<string, SlotRead>();
  const addresses = new Set<bigint>();
  const contracts = new Set<bigint>();
  const own = new Set([BigInt(call.from), BigInt(call.to)]);
  // Whose storage is used at each depth; the tracer does not say.
  const contexts: string[] = [call.to.toLowerCase()];
  let last: { depth: number; op: string; stack: readonly unknown[] } | undefined;
  let outOfGas = false;
  for (const step of steps) {
    const depth = Number(step.depth);
    const op = String(step.op);
    const stack: readonly unknown[] = Array.isArray(step.stack) ? step.stack : [];
    if (last !== undefined && depth > last.depth) {
      const created = last.op.startsWith("CREATE");
      const target = created ? undefined : word(last.stack.at(-2));
      const context = contexts[last.depth - 1] ?? "";
      // The storage of what is only being created holds nothing to consult.
      contexts[depth - 1] =
        last.op === "DELEGATECALL" || last.op === "CALLCODE"
          ? context
          : target === undefined
            ? CREATED
            : hexAddress(target);
      if (target !== undefined) {
        contracts.add(target);
      }
    }
    contexts.length = depth;
    const address = contexts[depth - 1] ?? CREATED;
    if (last?.op === "SLOAD" && depth === last.depth && address !== CREATED) {
      const slot = word(last.stack.at(-1));
      const value = word(stack.at(-1));
      slots.set(`${address} ${slot}`, { address, slot: hexWord(slot), value });
    }
    const top = word(stack.at(-1));
    if (
      top >= LEAST_ADDRESS &&
      top < MOST_ADDRESS &&
      !own.has(top) &&
      addresses.size < MOST_ADDRESSES
    ) {
      addresses.add(top);
    }
    outOfGas ||= typeof step.error === "string" && /gas/i.test(step.error);
    last = { depth, op, stack };
  }
  const spelled = async (values: Iterable<bigint>): Promise<Address[]> =>
    await Promise.all([...values].map(async (value) => await checksummed(hexAddress(value))));
  return {
    slots: [...slots.values()],
    addresses: await spelled(addresses),
    contracts: await spelled([...contracts].filter((address) => !own.has(address))),
    whole: !outOfGas,
  };
}

function word(value: unknown): bigint {
  return typeof value === "string" && /^0x[0-9a-f]+$/i.test(value) ? BigInt(value) : 0n;
}

function hexAddress(value: bigint): string {
  return `0x${(value & MOST_ADDRESS).toString(16).padStart(40, "0")}`;
}

function hexWord(value: bigint): string {
  return `0x${value.toString(16).padStart(64, "0")}`;
}
