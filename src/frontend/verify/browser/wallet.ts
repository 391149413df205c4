import { redact } from "../../../redact.js";

/** What a node says to one call. */
export type NodeAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: number; readonly message: string };

/** A chain that can be read. */
export interface ReadableChain {
  readonly chainId: number;
  /** Makes a call that changes nothing. Throws when the node does not answer. */
  readonly ask: (method: string, params: readonly unknown[]) => Promise<NodeAnswer>;
}

/** What a wallet gives back to the page. */
export type WalletAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string } };

/** Nobody has the key of this address: tokens are sent there to be burnt. */
export const NOBODY = "0x000000000000000000000000000000000000dEaD";

/** What is handed on to the node. Everything else is answered here, or refused. */
const READS = new Set([
  "eth_blockNumber",
  "eth_call",
  "eth_estimateGas",
  "eth_feeHistory",
  "eth_gasPrice",
  "eth_getBalance",
  "eth_getBlockByHash",
  "eth_getBlockByNumber",
  "eth_getCode",
  "eth_getLogs",
  "eth_getProof",
  "eth_getStorageAt",
  "eth_getTransactionByHash",
  "eth_getTransactionCount",
  "eth_getTransactionReceipt",
  "eth_maxPriorityFeePerGas",
  "web3_clientVersion",
]);

/** EIP-1193: the user refused. */
const REFUSED = { code: 4001, message: "User rejected the request." };

/** What {@link answerAsWallet} gave for a method that would have asked the user. */
export function isRefusal(answer: WalletAnswer): boolean {
  return "error" in answer && answer.error.code === REFUSED.code;
}

/**
 * Answers as the wallet of a person who looks and signs nothing.
 * @param account the address that the page is shown.
 */
export async function answerAsWallet(
  { chainId, ask }: ReadableChain,
  account: string,
  method: string,
  params: readonly unknown[],
): Promise<WalletAnswer> {
  switch (method) {
    case "eth_chainId":
      return { result: `0x${chainId.toString(16)}` };
    case "net_version":
      return { result: String(chainId) };
    case "eth_accounts":
    case "eth_requestAccounts":
      return { result: [account] };
    case "wallet_getPermissions":
    case "wallet_requestPermissions":
      return { result: [{ parentCapability: "eth_accounts" }] };
    case "wallet_getCapabilities":
      return { result: {} };
    case "wallet_switchEthereumChain":
    case "wallet_addEthereumChain":
      return Number(chainIn(params)) === chainId ? { result: null } : { error: REFUSED };
    default:
      break;
  }
  if (!READS.has(method)) {
    const asksUser = /^(?:eth_send|eth_sign|personal_|wallet_)/.test(method);
    return asksUser
      ? { error: REFUSED }
      : { error: { code: 4200, message: `The wallet does not support ${method}.` } };
  }
  try {
    const answer = await ask(method, params);
    // What a node says may hold its URL, and the page is somebody else's program.
    return answer.ok
      ? { result: answer.result }
      : { error: { code: answer.code, message: redact(answer.message) } };
  } catch {
    return { error: { code: -32603, message: "The node cannot be reached." } };
  }
}

/** The chain that a page asks a wallet to change to. */
export function chainIn(params: readonly unknown[]): string | undefined {
  const [first] = params;
  return typeof first === "object" &&
    first !== null &&
    "chainId" in first &&
    typeof first.chainId === "string"
    ? first.chainId
    : undefined;
}

/** The name under which the page reaches {@link answerAsWallet}. */
export const WALLET_BINDING = "__hardhatEmergencyWallet";

/**
 * Runs in the page before its own scripts: a provider as EIP-1193 describes it, at `window.ethereum` and
 * announced as EIP-6963 describes it.
 * @param chainId of the chain that it is connected to.
 */
export function walletScript(chainId: number, account: string): string {
  const setup = JSON.stringify({
    chainId: `0x${chainId.toString(16)}`,
    networkVersion: String(chainId),
    account: account.toLowerCase(),
    binding: WALLET_BINDING,
  });
  return `(() => {
  const setup = ${setup};
  const ask = window[setup.binding];
  if (typeof ask !== "function" || window.ethereum) return;
  const listeners = new Map();
  const request = async ({ method, params } = {}) => {
    const answer = await ask({ method: String(method), params: Array.isArray(params) ? params : params === undefined ? [] : [params] });
    if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
    return answer.result;
  };
  const provider = {
    isMetaMask: true,
    chainId: setup.chainId,
    networkVersion: setup.networkVersion,
    selectedAddress: setup.account,
    isConnected: () => true,
    request,
    enable: () => request({ method: "eth_requestAccounts" }),
    send: (method, params) => typeof method === "string" ? request({ method, params }) : provider.sendAsync(method, params),
    sendAsync: (call, done) => {
      request(call).then(
        (result) => done(null, { id: call.id, jsonrpc: "2.0", result }),
        (error) => done(error, { id: call.id, jsonrpc: "2.0", error: { code: error.code, message: error.message } }),
      );
    },
    on: (name, listener) => { listeners.set(name, [...(listeners.get(name) ?? []), listener]); return provider; },
    removeListener: (name, listener) => { listeners.set(name, (listeners.get(name) ?? []).filter((one) => one !== listener)); return provider; },
    removeAllListeners: (name) => { listeners.delete(name); return provider; },
  };
  provider.addListener = provider.on;
  provider.once = provider.on;
  provider.off = provider.removeListener;
  Object.defineProperty(window, "ethereum", { value: provider, configurable: true, writable: true });
  const info = { uuid: "5b0f1c3e-7d0b-4a53-9f2e-6f6a1d2c8e11", name: "hardhat-emergency", rdns: "hardhat.emergency",
    icon: "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>" };
  const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
  window.dispatchEvent(new Event("ethereum#initialized"));
})();`;
}
