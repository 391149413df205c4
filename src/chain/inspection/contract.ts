import { EmergencyError } from "../../errors.js";
import { addressInWord, sameAddress, type Address, type Hex } from "../address.js";
import { look, lookAt, required, type Block, type Chain } from "../chain.js";
import { codeAt, hexResult, isHex, staticCall, type Read } from "../reads.js";
import { invalid, type RpcReply } from "../rpc.js";
import { codeHash } from "./bytecode.js";
import { canDelegate } from "./opcodes.js";
import {
  ERC1967,
  PROXY_READS,
  PROXY_WORDS,
  proxyReads,
  readProxySigns,
  type ProxyKind,
  type ProxySigns,
} from "./proxies.js";

/** `UPGRADE_INTERFACE_VERSION()`: "5.0.0" on OpenZeppelin 5's ProxyAdmin and UUPS contracts. */
const UPGRADE_INTERFACE_VERSION = "0xad3cb1cc";
/** `proxiableUUID()` of ERC-1822, which every UUPS implementation has. */
const PROXIABLE_UUID = "0x52d1902d";
/** `implementation()` of a beacon. */
const IMPLEMENTATION = "0x5c60da1b";

/** `facets()` of a diamond's loupe (ERC-2535): each facet with its selectors. */
const FACETS = "0x7a0ed627";

/** A proxy, as its code and storage show it. */
export interface Proxy {
  readonly kind: ProxyKind;
  /** Null for a diamond, whose facets are many, and where it is not known. */
  readonly implementation: Address | null;
  readonly admin: Address | null;
  readonly beacon: Address | null;
  /** Of a diamond, else empty. */
  readonly facets: readonly Address[];
  /** What `UPGRADE_INTERFACE_VERSION()` says, of the admin or the implementation; null where it has none. */
  readonly interfaceVersion: string | null;
}

/** Code that runs, and where it is. */
export interface CodeAt {
  readonly address: Address;
  readonly code: Hex;
}

/** A contract at one block. */
export interface InspectedContract {
  readonly address: Address;
  readonly code: Hex;
  readonly codeHash: Hex;
  readonly proxy: Proxy | null;
  /** Proxies behind the proxy, from the outside to the inside; empty as a rule. */
  readonly behind: readonly Proxy[];
  /**
   * Where the functions are: the innermost implementation, or the contract itself. Of a diamond, the
   * code of its facets, one after the other, at the diamond's own address.
   */
  readonly logic: { readonly address: Address; readonly code: Hex; readonly codeHash: Hex };
  /**
   * Every code that a call to the contract may run, from the outside to the inside: its own, that of
   * the proxies behind it, and that of the implementation or of each facet.
   */
  readonly codes: readonly CodeAt[];
  /** Of a diamond: what `facets()` of its loupe answers, where it has it. */
  readonly loupe?: Hex;
}

/** A contract, and the caller's own reads at the same block. */
export interface Inspection {
  readonly chainId: number;
  readonly block: Block;
  readonly contract: InspectedContract;
  readonly replies: readonly RpcReply[];
  readonly followUps: readonly RpcReply[];
}

/** Proxies behind proxies behind proxies: more than this is a loop, or a trap. */
const MOST_LAYERS = 4;

/**
 * Looks at a contract, all at one block, in as many round trips as it has layers: one for what is no
 * proxy, two behind a proxy, three behind a beacon or a second proxy.
 * @param reads what the caller wants to know as well, in the first round trip.
 * @param followUp what it wants to know after the first, in the second.
 * @param guess the implementation that an earlier look has found: read in the first round trip, and
 * used if it is still the one. That saves the second. The interface version is then not known for
 * proxies with an admin.
 * @param at the block to look at, where that is known; else the latest.
 * @throws EmergencyError NO_CODE when there is no contract, UNKNOWN_PROXY when proxies form a loop.
 */
export async function inspectContract(
  chain: Chain,
  address: Address,
  reads: readonly Read[] = [],
  followUp: (replies: readonly RpcReply[]) => Promise<readonly Read[]> = async () =>
    await Promise.resolve([]),
  guess?: Address,
  at?: Block,
): Promise<Inspection> {
  const guessed = guess === undefined ? [] : layerReads(guess, null);
  const first = [codeAt(address), ...proxyReads(address), ...guessed, ...reads];
  const seen =
    at === undefined
      ? await look(chain, first)
      : {
          chainId: await chain.chainId(),
          block: at,
          replies: await lookAt(chain, at.number, first),
        };
  const { chainId, block } = seen;
  const code = codeIn(chain, seen.replies[0]);
  if (code === "0x") {
    throw noCode(chain, address, block);
  }
  const replies = seen.replies.slice(1 + PROXY_READS + guessed.length);
  const signs = await readProxySigns(code, seen.replies.slice(1, 1 + PROXY_READS));
  if (signs === null && canDelegate(code)) {
    // Words that were not read are not empty: what may be a proxy must not pass for none.
    for (const reply of seen.replies.slice(1, 1 + PROXY_WORDS)) {
      required(chain.network, reply, "eth_getStorageAt");
    }
  }
  const own = { address, code, codeHash: await codeHash(code) };
  const further = await followUp(replies);
  if (signs === null || signs.kind === "unknown") {
    const followUps = further.length === 0 ? [] : await lookAt(chain, block.number, further);
    const proxy = signs === null ? null : { ...signs, interfaceVersion: null };
    return {
      chainId,
      block,
      replies,
      followUps,
      contract: { ...own, proxy, behind: [], logic: own, codes: [{ address, code }] },
    };
  }
  const early = seen.replies.slice(1 + PROXY_READS, 1 + PROXY_READS + guessed.length);
  const outer = seen.replies.slice(1, 1 + PROXY_READS);
  const layers = await readLayers(chain, own, signs, block.number, further, outer, {
    guess,
    early,
  });
  return {
    chainId,
    block,
    replies,
    followUps: layers.followUps,
    contract: {
      ...own,
      proxy: layers.proxies[0] ?? null,
      behind: layers.proxies.slice(1),
      logic: layers.logic,
      codes: [{ address, code }, ...layers.codes],
      ...(layers.loupe === undefined ? {} : { loupe: layers.loupe }),
    },
  };
}

interface Layers {
  readonly proxies: readonly Proxy[];
  readonly logic: InspectedContract["logic"];
  /** Of all that is behind the outermost proxy. */
  readonly codes: readonly CodeAt[];
  readonly loupe?: Hex | undefined;
  readonly followUps: readonly RpcReply[];
}

/** Follows a proxy to its code, one round trip a layer. The caller's reads go with the first. */
async function readLayers(
  chain: Chain,
  outermost: { readonly address: Address; readonly code: Hex },
  signs: ProxySigns,
  blockNumber: number,
  further: readonly Read[],
  outer: readonly RpcReply[],
  { guess, early }: { readonly guess: Address | undefined; readonly early: readonly RpcReply[] },
): Promise<Layers> {
  const proxies: Proxy[] = [];
  const inner: CodeAt[] = [];
  const visited = new Set<Address>([outermost.address]);
  let holder = outermost.address;
  let now: ProxySigns = signs;
  let pending = further;
  let followUps: readonly RpcReply[] = [];
  for (;;) {
    if (now.kind === "beacon" && now.beacon !== null) {
      const [reply, ...rest] = await lookAt(chain, blockNumber, [
        staticCall(now.beacon, IMPLEMENTATION),
        ...pending,
      ]);
      followUps = pending.length > 0 ? rest : followUps;
      pending = [];
      // The slot is there for whatever is behind as well, which may be able to run other code.
      visited.add(now.beacon);
      now = { ...now, implementation: (await addressInWord(hexResult(reply) ?? "")) ?? null };
    }
    const targets =
      now.kind === "diamond" ? now.facets : now.implementation === null ? [] : [now.implementation];
    const [target] = targets;
    if (target === undefined) {
      throw noImplementation(holder, now);
    }
    if (targets.some((next) => visited.has(next)) || proxies.length === MOST_LAYERS) {
      throw new EmergencyError(
        "UNKNOWN_PROXY",
        `${outermost.address} is a proxy that leads back to itself, or through more than ${MOST_LAYERS} others`,
        "check the address: nothing that it says about itself can be believed",
      );
    }
    const known = target === guess && pending.length === 0;
    const { admin } = now;
    const answers = known
      ? early
      : await lookAt(chain, blockNumber, [
          ...targets.flatMap((next) => layerReads(next, admin)),
          ...pending,
          ...(now.kind === "diamond" ? [staticCall(outermost.address, FACETS)] : []),
        ]);
    const pendingFrom = targets.length * LAYER_READS;
    followUps =
      pending.length > 0 ? answers.slice(pendingFrom, pendingFrom + pending.length) : followUps;
    pending = [];
    const codes = targets.map((_, index) => codeIn(chain, answers[index * LAYER_READS]));
    const [code] = codes;
    if (code === undefined || codes.includes("0x")) {
      throw noImplementation(holder, now);
    }
    inner.push(...targets.map((next, index) => ({ address: next, code: codes[index] ?? "0x" })));
    const [uuid, version] = answers.slice(1 + PROXY_READS, LAYER_READS);
    proxies.push({
      ...now,
      kind: now.kind === "erc1967" ? upgradeStyle(now.admin, hexResult(uuid)) : now.kind,
      interfaceVersion: shortString(hexResult(version)),
    });
    if (now.kind === "diamond") {
      const all: Hex = `0x${codes.map((facet) => facet.slice(2)).join("")}`;
      return {
        proxies,
        codes: inner,
        loupe: hexResult(answers.at(-1)),
        followUps,
        logic: { address: holder, code: all, codeHash: await codeHash(all) },
      };
    }
    visited.add(target);
    const next: ProxySigns | null =
      found(await readProxySigns(code, await unseen(outer, visited))) ??
      (await readProxySigns(code, answers.slice(1, 1 + PROXY_READS)));
    if (next === null || next.kind === "unknown") {
      return {
        proxies,
        codes: inner,
        followUps,
        logic: { address: target, code, codeHash: await codeHash(code) },
      };
    }
    holder = target;
    now = next;
  }
}

/**
 * What is behind runs in the storage of what is in front, so its slots are there. Those that have led
 * here already are left out.
 */
async function unseen(
  outer: readonly RpcReply[],
  visited: ReadonlySet<Address>,
): Promise<readonly RpcReply[]> {
  return await Promise.all(
    outer.map(async (reply): Promise<RpcReply> => {
      const address = await addressInWord(hexResult(reply) ?? "");
      return address !== undefined && visited.has(address) ? { ok: true, result: "0x" } : reply;
    }),
  );
}

function found(signs: ProxySigns | null): ProxySigns | undefined {
  return signs === null || signs.kind === "unknown" ? undefined : signs;
}

/** What is read of each implementation. It may be a proxy itself. */
function layerReads(implementation: Address, admin: Address | null): readonly Read[] {
  return [
    codeAt(implementation),
    ...proxyReads(implementation),
    staticCall(implementation, PROXIABLE_UUID),
    staticCall(admin ?? implementation, UPGRADE_INTERFACE_VERSION),
  ];
}

/** How many replies {@link layerReads} gives. */
const LAYER_READS = 1 + PROXY_READS + 2;

function upgradeStyle(admin: Address | null, uuid: Hex | undefined): ProxyKind {
  if (admin !== null) {
    return "transparent";
  }
  return uuid !== undefined && sameAddress(uuid, ERC1967.implementation) ? "uups" : "erc1967";
}

function codeIn(chain: Chain, reply: RpcReply | undefined): Hex {
  const code = required(chain.network, reply, "eth_getCode");
  if (!isHex(code)) {
    throw invalid(chain.network, "eth_getCode gave no code");
  }
  return code;
}

function noImplementation(address: Address, signs: ProxySigns): EmergencyError {
  const where =
    signs.implementation ?? (signs.beacon === null ? "nowhere" : `its beacon ${signs.beacon}`);
  return new EmergencyError(
    "NO_CODE",
    `${address} is a ${signs.kind} proxy, but there is no code behind it (${where})`,
    "check the address; if it is right, the implementation was destroyed and only an upgrade can help",
  );
}

/** An ABI-encoded string of at most 31 bytes, or null for anything else. */
function shortString(data: Hex | undefined): string | null {
  if (data?.length !== 2 + 3 * 64) {
    return null;
  }
  const length = Number.parseInt(data.slice(66, 130), 16);
  if (!(length > 0 && length < 32)) {
    return null;
  }
  return Buffer.from(data.slice(130, 130 + length * 2), "hex").toString("utf8");
}

function noCode(chain: Chain, address: Address, block: Block): EmergencyError {
  const hint =
    chain.kind === "simulated"
      ? `network "${chain.network}" is a simulation inside this process and starts empty: name the real one with --network`
      : "check the address and --network";
  return new EmergencyError(
    "NO_CODE",
    `there is no contract at ${address} on network "${chain.network}" (block ${block.number})`,
    hint,
  );
}

/** A contract in one line, for people. */
export function describeContract({ proxy, behind }: InspectedContract): string {
  if (proxy === null) {
    return "not a proxy";
  }
  const inner = behind.map((layer) => `, behind it a ${describeProxy(layer)}`);
  return `${describeProxy(proxy)}${inner.join("")}`;
}

function describeProxy(proxy: Proxy): string {
  if (proxy.kind === "unknown") {
    return "proxy of a kind that is not known";
  }
  const where =
    proxy.kind === "diamond"
      ? `${proxy.facets.length} facets`
      : `implementation ${proxy.implementation ?? "not known"}`;
  const admin = proxy.admin === null ? "" : `, admin ${proxy.admin}`;
  const beacon = proxy.beacon === null ? "" : `, beacon ${proxy.beacon}`;
  return `${proxy.kind} proxy, ${where}${admin}${beacon}`;
}
