import { isRecord } from "../../json.js";

/** A JSON-RPC call that a page makes. */
export interface PageCall {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

/**
 * How a call uses an address:
 * - `called`: it is the contract that is called
 * - `through a multicall`: a call inside another one goes to it
 * - `asked about`: its logs, code, storage or balance
 * - `named`: it is somewhere in what is asked: an argument, or a query of another service
 */
export type UseKind = "called" | "through a multicall" | "asked about" | "named";

/** An address in a call. */
export interface Use {
  /** In small letters. */
  readonly address: string;
  readonly kind: UseKind;
}

/** The calls in the body of a request or in a frame; undefined for what is no JSON-RPC. */
export function callsIn(payload: string): readonly PageCall[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return undefined;
  }
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  const calls = entries.flatMap((entry): PageCall[] => {
    if (!isRecord(entry) || typeof entry.method !== "string" || !isMethod(entry)) {
      return [];
    }
    const params: readonly unknown[] = Array.isArray(entry.params) ? entry.params : [];
    return [{ id: entry.id, method: entry.method, params }];
  });
  return calls.length === 0 ? undefined : calls;
}

/** GraphQL and other services have a `method`, too. */
function isMethod(entry: Readonly<Record<string, unknown>>): boolean {
  return (
    "jsonrpc" in entry ||
    /^(?:eth|net|web3|wallet|debug|trace|personal)_/.test(String(entry.method))
  );
}

/** The answers in a body or in a frame, by the ids of their calls. */
export function answersIn(payload: string): ReadonlyMap<unknown, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return new Map();
  }
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  return new Map(
    entries
      .filter(isRecord)
      .flatMap((entry) =>
        "result" in entry || "error" in entry ? [[entry.id, entry.result] as const] : [],
      ),
  );
}

/** A chain id as `eth_chainId` (hexadecimal) or `net_version` (decimal) give it. */
export function chainIdIn(result: unknown): number | undefined {
  const number =
    typeof result === "string" && /^(?:0x[0-9a-f]+|\d+)$/i.test(result) ? Number(result) : result;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : undefined;
}

/** Methods whose first parameter is a call. */
const CALLING = new Set([
  "eth_call",
  "eth_estimateGas",
  "eth_sendTransaction",
  "eth_signTransaction",
  "eth_createAccessList",
  "debug_traceCall",
  "trace_call",
]);

/** Methods whose first parameter is the address that is asked about. */
const ASKING = new Set([
  "eth_getCode",
  "eth_getBalance",
  "eth_getStorageAt",
  "eth_getTransactionCount",
  "eth_getProof",
]);

/** Methods whose first parameter is a filter. */
const FILTERING = new Set(["eth_getLogs", "eth_newFilter"]);

/**
 * The addresses that a call uses.
 * @param watched addresses that are looked for everywhere in it, in small letters.
 */
export async function usesIn(
  { method, params }: PageCall,
  watched: readonly string[],
): Promise<readonly Use[]> {
  const uses: Use[] = [];
  const [first] = params;
  if (CALLING.has(method)) {
    uses.push(...(await ofCall(first)));
  } else if (ASKING.has(method)) {
    uses.push(...addresses(first).map((address): Use => ({ address, kind: "asked about" })));
  } else if (FILTERING.has(method)) {
    uses.push(...ofFilter(first));
  } else if (method === "eth_subscribe") {
    uses.push(...ofFilter(params[1]));
  } else if (method === "eth_simulateV1" && isRecord(first)) {
    for (const block of list(first.blockStateCalls)) {
      for (const call of isRecord(block) ? list(block.calls) : []) {
        uses.push(...(await ofCall(call)));
      }
    }
  } else if (method === "wallet_sendCalls" && isRecord(first)) {
    for (const call of list(first.calls)) {
      uses.push(...(await ofCall(call)));
    }
  }
  const known = new Set(uses.map(({ address }) => address));
  return [
    ...uses,
    ...namedIn(JSON.stringify(params), watched).filter(({ address }) => !known.has(address)),
  ];
}

/** The watched addresses that stand somewhere in a text: an argument, a query. */
export function namedIn(text: string, watched: readonly string[]): readonly Use[] {
  const lower = text.toLowerCase();
  return watched
    .filter((address) => lower.includes(address.slice(2)))
    .map((address) => ({ address, kind: "named" }));
}

async function ofCall(call: unknown): Promise<readonly Use[]> {
  if (!isRecord(call)) {
    return [];
  }
  const data = call.input ?? call.data;
  const inner = typeof data === "string" ? await innerTargets(data, 0) : [];
  return [
    ...addresses(call.to).map((address): Use => ({ address, kind: "called" })),
    ...inner.map((address): Use => ({ address, kind: "through a multicall" })),
  ];
}

function ofFilter(filter: unknown): readonly Use[] {
  return isRecord(filter)
    ? [filter.address]
        .flat()
        .flatMap((value) => addresses(value))
        .map((address) => ({ address, kind: "asked about" }))
    : [];
}

/**
 * What the usual multicall contracts are asked to call: Multicall, Multicall2, Multicall3
 * (https://www.multicall3.com) and Uniswap's interface multicall.
 */
const MULTICALLS: Readonly<Record<string, string>> = {
  "0x82ad56cb": "tuple(address,bool,bytes)[]",
  "0x174dea71": "tuple(address,bool,uint256,bytes)[]",
  "0x252dba42": "tuple(address,bytes)[]",
  "0xc3077fa9": "tuple(address,bytes)[]",
  "0xbce38bd7": "bool,tuple(address,bytes)[]",
  "0x399542e9": "bool,tuple(address,bytes)[]",
  "0x1749e1e3": "tuple(address,uint256,bytes)[]",
};

/** A multicall in a multicall in a multicall: more than this is no page's doing. */
const MOST_LAYERS = 3;

async function innerTargets(data: string, depth: number): Promise<readonly string[]> {
  const types = MULTICALLS[data.slice(0, 10).toLowerCase()];
  if (types === undefined || depth === MOST_LAYERS) {
    return [];
  }
  const { AbiCoder } = await import("ethers");
  let values: readonly unknown[];
  try {
    values = AbiCoder.defaultAbiCoder()
      .decode(split(types), `0x${data.slice(10)}`)
      .toArray();
  } catch {
    // Other functions have the same four bytes: what is named in it is found in another way.
    return [];
  }
  const targets: string[] = [];
  for (const call of list(values.at(-1))) {
    const [target, ...rest] = list(call);
    targets.push(...addresses(target));
    const inner = rest.at(-1);
    if (typeof inner === "string") {
      targets.push(...(await innerTargets(inner, depth + 1)));
    }
  }
  return targets;
}

/** "bool,tuple(address,bytes)[]" as two types. */
function split(types: string): readonly string[] {
  return types.startsWith("bool,") ? ["bool", types.slice("bool,".length)] : [types];
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function addresses(value: unknown): readonly string[] {
  return typeof value === "string" && /^0x[0-9a-f]{40}$/i.test(value) ? [value.toLowerCase()] : [];
}
