import { encodeBySignature } from "../abi.js";
import { sameAddress, type Address, type Hex } from "../address.js";
import { findCallers } from "../authority/callers.js";
import type { Authority, Candidate } from "../authority/holders.js";
import type { Laboratory } from "../experiments/laboratory.js";
import type { Trial } from "../experiments/trial.js";
import type { InspectedContract, Proxy } from "../inspection/contract.js";
import type { ContractFunction } from "../inspection/functions.js";

/** Who may change a contract's code, as far as experiments show. */
export interface UpgradePower {
  readonly how: string | null;
  readonly to: Address | null;
  /** The call that was tried, with the present implementation; null where there is none to make. */
  readonly data: Hex | null;
  readonly authority: Authority;
}

/** A call that might change the code. */
interface Attempt {
  readonly to: Address;
  readonly signature: string;
  readonly data: Hex;
}

/** keccak256("Upgraded(address)"): every ERC-1967 proxy and beacon gives it, also for the same code again. */
const UPGRADED = "0xbc7cd75a20ee27fd9adebab32041f755214dbc6bffa90cc0225b39da2e5c2d3b";
/** keccak256("DiamondCut((address,uint8,bytes4[])[],address,bytes)"). */
const DIAMOND_CUT = "0x8faa70878671ccd212d20771b795c50af8fd3ff6cf27f4bde57e5d4de0aeb673";

/** Names by which proxies of all ages change their code, when the first argument is an address. */
const CHANGES_CODE =
  /^_?(upgrade|(set|change|update)\w*(implementation|mastercopy|singleton|logic|codeaddress|target))/i;

/** More functions than this are not tried. */
const MOST_ATTEMPTS = 6;

/**
 * Finds who may change the code of a proxy, by experiment: the upgrade is made on the fork to the very
 * code that runs now, so that nothing else can make it fail. Whoever's call makes the proxy, its beacon
 * or its diamond say that it was upgraded, or write the new address, holds the power.
 * @param functions those of the contract; where none are known, the usual ones are tried.
 * @param ours the network's own accounts, which are tried in any case.
 * @returns null where its code can never change, or where it is not known how.
 */
export async function upgradePower(
  laboratory: Laboratory,
  contract: InspectedContract,
  functions: readonly ContractFunction[],
  ours: readonly Address[],
): Promise<UpgradePower | null> {
  const { proxy, address } = contract;
  if (proxy === null) {
    return null;
  }
  if (proxy.kind === "safe") {
    return itself(address);
  }
  const attempts = await attemptsOn(contract, proxy, functions);
  const also: Candidate[] = [
    ...(proxy.admin === null ? [] : [{ address: proxy.admin, via: "its proxy's admin slot" }]),
    ...ours.map((account) => ({ address: account, via: "an account of this network" })),
  ];
  let first: UpgradePower | undefined;
  for (const { to, signature, data } of attempts.slice(0, MOST_ATTEMPTS)) {
    const authority = await laboratory.undone(
      async () =>
        await findCallers(laboratory, { to, data }, also, (trial) =>
          changesCode(trial, contract, proxy),
        ),
    );
    const power = { how: signature, to, data, authority };
    if (authority.holders.some(({ proved }) => proved)) {
      return power;
    }
    first ??= power;
  }
  return first ?? null;
}

/** What slots alone say, where nothing can be tried: its admin, or its beacon, has a part in it. */
export function slotPower({ address, proxy }: InspectedContract): UpgradePower | null {
  if (proxy?.kind === "safe") {
    return itself(address);
  }
  const holder = proxy?.admin ?? proxy?.beacon;
  if (holder === undefined || holder === null) {
    return null;
  }
  const via = proxy?.admin === null ? "its beacon" : "its proxy's admin slot";
  return {
    how: null,
    to: holder,
    data: null,
    authority: {
      needs: "not tried: there is no fork",
      holders: [{ address: holder, via, kind: "contract", proved: false }],
      unknown: ["it was not tried on a fork"],
    },
  };
}

/** What a Safe runs, only the Safe itself changes: its owners sign a delegate call that writes slot 0. */
function itself(safe: Address): UpgradePower {
  return {
    how: null,
    to: safe,
    data: null,
    authority: {
      needs: "a delegate call that the owners of the Safe sign",
      holders: [
        { address: safe, via: "a Safe rules its own code", kind: "contract", proved: false },
      ],
      unknown: [],
    },
  };
}

async function attemptsOn(
  { address, logic }: InspectedContract,
  { kind, implementation, admin, beacon, interfaceVersion }: Proxy,
  functions: readonly ContractFunction[],
): Promise<readonly Attempt[]> {
  const present = implementation ?? logic.address;
  const call = async (
    to: Address,
    signature: string,
    args: readonly unknown[],
  ): Promise<Attempt> => ({ to, signature, data: await encodeBySignature(signature, args) });
  switch (kind) {
    case "minimal":
    case "eip7702":
    case "forwarder":
    case "call-forwarder":
    case "resolved":
    case "safe":
    case "unknown":
      return [];
    case "diamond":
      return [
        await call(address, "diamondCut((address,uint8,bytes4[])[],address,bytes)", [
          [],
          NOBODY,
          "0x",
        ]),
      ];
    case "beacon":
      return beacon === null ? [] : [await call(beacon, "upgradeTo(address)", [present])];
    case "unitroller":
      return [await call(address, "_setPendingImplementation(address)", [present])];
    case "transparent":
    case "uups":
    case "erc1967":
    case "zeppelinos":
    case "erc1822":
    case "plain-storage":
      break;
  }
  const byAdmin =
    admin === null
      ? []
      : await Promise.all([
          call(admin, "upgradeAndCall(address,address,bytes)", [address, present, "0x"]),
          ...(interfaceVersion === null
            ? [call(admin, "upgrade(address,address)", [address, present])]
            : []),
        ]);
  return [...byAdmin, ...(await onItself(address, present, functions))];
}

const NOBODY: Address = "0x0000000000000000000000000000000000000000";

/** The proxy's own functions. An address in place of the present code is tried where that says nothing. */
async function onItself(
  address: Address,
  present: Address,
  functions: readonly ContractFunction[],
): Promise<readonly Attempt[]> {
  const usual = ["upgradeToAndCall(address,bytes)", "upgradeTo(address)"];
  const own = functions.flatMap(({ signature, mutability }) =>
    signature !== undefined &&
    mutability !== "view" &&
    CHANGES_CODE.test(signature) &&
    !usual.includes(signature)
      ? [signature]
      : [],
  );
  const known = functions.map(({ signature }) => signature);
  const there = usual.filter((signature) => known.includes(signature));
  const signatures = [...(there.length === 0 ? usual : there), ...own];
  const attempts: Attempt[] = [];
  for (const implementation of [present, address]) {
    for (const signature of signatures) {
      const args = argumentsFor(signature, implementation);
      // What every proxy of ERC-1967 has says that it was upgraded, also to the same code.
      if (args !== undefined && (implementation === present || !usual.includes(signature))) {
        const data = await encodeBySignature(signature, args);
        attempts.push({ to: address, signature, data });
      }
    }
  }
  return attempts;
}

function argumentsFor(signature: string, implementation: Address): readonly unknown[] | undefined {
  const [first, ...rest] = signature.slice(signature.indexOf("(") + 1, -1).split(",");
  const neutral: Readonly<Record<string, unknown>> = { bytes: "0x", bool: false, uint256: 0n };
  return first === "address" && rest.every((type) => type in neutral)
    ? [implementation, ...rest.map((type) => neutral[type])]
    : undefined;
}

/** Whether the contract said that its code was changed, or another address went where its code's was. */
function changesCode(
  trial: Trial,
  { address, logic }: InspectedContract,
  { kind, beacon, implementation }: Proxy,
): boolean {
  const places = beacon === null ? [address] : [address, beacon];
  const isHere = (place: string): boolean => places.some((one) => sameAddress(one, place));
  const present = digitsOf(implementation ?? logic.address);
  const said = trial.logs.some(
    (log) => isHere(log.address) && (log.topics[0] === UPGRADED || log.topics[0] === DIAMOND_CUT),
  );
  const written = trial.slots.some(
    ({ address: place, before, after }) =>
      isHere(place) &&
      (kind === "unitroller"
        ? holds(after, present)
        : holds(before, present) && holds(after, digitsOf(address))),
  );
  return trial.ok && (said || written);
}

function digitsOf(address: Address): string {
  return address.slice(2).toLowerCase();
}

function holds(word: bigint, digits: string): boolean {
  return word.toString(16).padStart(64, "0").includes(digits);
}
