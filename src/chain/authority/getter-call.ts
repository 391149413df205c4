import { isRecord } from "../../json.js";
import type { Address, Hex } from "../address.js";
import type { Read } from "../reads.js";

/**
 * A call of a getter that tells about authority. It gets a million gas: a list of fifty owners behind two
 * proxies takes 200,000. Dozens of these are asked at once, and what a hostile contract may answer or burn
 * in each of them is bounded by its gas.
 */
export function getterCall(to: Address, data: Hex): Read {
  return (block) => ({ method: "eth_call", params: [{ to, data, gas: MILLION }, block] });
}

/** The same bound for a call that another module has made; every other read stays as it is. */
export function withinGas(read: Read): Read {
  return (block) => {
    const { method, params } = read(block);
    const [call, ...rest] = params;
    return method === "eth_call" && isRecord(call)
      ? { method, params: [{ ...call, gas: MILLION }, ...rest] }
      : { method, params };
  };
}

const MILLION = "0xf4240";
