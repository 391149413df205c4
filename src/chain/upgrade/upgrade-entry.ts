import { EmergencyError } from "../../errors.js";
import { encodeBySignature } from "../abi.js";
import type { Address, Hex } from "../address.js";
import { lookAt, type Chain } from "../chain.js";
import type { InspectedContract } from "../inspection/contract.js";
import { codeAt, hexResult } from "../reads.js";

/** The function that upgrades a proxy, and where it is. */
export interface UpgradeEntry {
  readonly to: Address;
  /** For people: "the ProxyAdmin 0x…". */
  readonly describe: string;
  readonly signature: string;
  /** The call that puts `implementation` in place and then calls it with `data` ("0x" for no call). */
  encode(implementation: Address, data: Hex): Promise<Hex>;
}

/**
 * How a proxy is upgraded. OpenZeppelin 5 has one function (`upgradeToAndCall`, `upgradeAndCall`)
 * and says so with `UPGRADE_INTERFACE_VERSION()`; version 4 has one without a call as well.
 */
export async function upgradeEntry(
  chain: Chain,
  contract: InspectedContract,
  blockNumber: number,
): Promise<UpgradeEntry> {
  const { proxy, address } = contract;
  if (proxy === null) {
    throw new EmergencyError("UNKNOWN_PROXY", `${address} is not a proxy`, "check the address");
  }
  const isVersion5 = proxy.interfaceVersion !== null;
  const { admin } = proxy;
  if (admin === null) {
    return onProxy(address, "the proxy itself", isVersion5);
  }
  const [reply] = await lookAt(chain, blockNumber, [codeAt(admin)]);
  const adminIsAccount = (hexResult(reply) ?? "0x") === "0x";
  return adminIsAccount
    ? onProxy(address, `the proxy, whose admin is the account ${admin}`, isVersion5)
    : onProxyAdmin(address, admin, isVersion5);
}

function onProxy(proxy: Address, describe: string, isVersion5: boolean): UpgradeEntry {
  return {
    to: proxy,
    describe,
    signature: "upgradeToAndCall(address,bytes)",
    async encode(implementation, data) {
      return data === "0x" && !isVersion5
        ? await encodeBySignature("upgradeTo(address)", [implementation])
        : await encodeBySignature("upgradeToAndCall(address,bytes)", [implementation, data]);
    },
  };
}

function onProxyAdmin(proxy: Address, admin: Address, isVersion5: boolean): UpgradeEntry {
  return {
    to: admin,
    describe: `the ProxyAdmin ${admin}`,
    signature: "upgradeAndCall(address,address,bytes)",
    async encode(implementation, data) {
      return data === "0x" && !isVersion5
        ? await encodeBySignature("upgrade(address,address)", [proxy, implementation])
        : await encodeBySignature("upgradeAndCall(address,address,bytes)", [
            proxy,
            implementation,
            data,
          ]);
    },
  };
}
