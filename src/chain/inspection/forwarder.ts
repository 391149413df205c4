import { checksummed, sameAddress, type Address } from "../address.js";
import { STRANGER } from "../authority/holders.js";
import { consultedBy } from "../experiments/consulted.js";
import type { Laboratory } from "../experiments/laboratory.js";
import { tryCall } from "../experiments/trial.js";
import { codeAt, hexResult } from "../reads.js";
import { inspectContract, type InspectedContract, type Proxy } from "./contract.js";

/**
 * The first four bytes of keccak256("hardhat-emergency.unheard-of()"), which no contract has as a
 * function, and a word of arguments: whoever hands this on hands everything on.
 */
const UNHEARD_OF = `0x5c3f1a9e${"0".repeat(64)}` as const;

/**
 * Where the functions of a forwarder are that no slot and no getter gives away: a call that it cannot
 * know is made on a fork, and one watches where it goes. Contracts that hand nothing on are given
 * back as they are.
 */
export async function followForwarder(
  laboratory: Laboratory,
  contract: InspectedContract,
): Promise<InspectedContract> {
  if (contract.proxy !== null && contract.proxy.kind !== "unknown") {
    return contract;
  }
  const call = { from: STRANGER, to: contract.address, data: UNHEARD_OF };
  const { frames } = await tryCall(laboratory.fork, call);
  const handedOn = frames.find(
    ({ depth, type, input, from }) =>
      depth === 1 &&
      (type === "DELEGATECALL" || type === "CALL") &&
      input === UNHEARD_OF &&
      sameAddress(from, contract.address),
  );
  if (handedOn === undefined || sameAddress(handedOn.to, contract.address)) {
    return contract;
  }
  const implementation = await checksummed(handedOn.to);
  const proxy: Proxy = {
    kind:
      handedOn.type === "CALL" ? "call-forwarder" : await kindOf(laboratory, call, implementation),
    implementation,
    admin: null,
    beacon: null,
    facets: [],
    interfaceVersion: null,
  };
  const [code] = await laboratory.fork.rpc.batch([codeAt(implementation)("latest")]);
  if ((hexResult(code) ?? "0x") === "0x") {
    // Not set up yet, or its implementation was destroyed: it has no functions but its own.
    return { ...contract, proxy };
  }
  // On the fork: it stands at the same block.
  const { contract: logic } = await inspectContract(laboratory.fork, implementation);
  return {
    ...contract,
    proxy,
    behind: logic.proxy === null ? [] : [logic.proxy, ...logic.behind],
    logic: logic.logic,
    codes: [...contract.codes, ...logic.codes],
  };
}

async function kindOf(
  laboratory: Laboratory,
  call: { readonly from: Address; readonly to: Address; readonly data: `0x${string}` },
  implementation: Address,
): Promise<"plain-storage" | "resolved" | "forwarder"> {
  const { slots } = await consultedBy(laboratory.fork, call);
  const found = slots.find(({ value }) => (value & (2n ** 160n - 1n)) === BigInt(implementation));
  if (found === undefined) {
    return "forwarder";
  }
  return sameAddress(found.address, call.to) ? "plain-storage" : "resolved";
}
