import { sameAddress, type Address, type Hex } from "../../address.js";
import { lookAt } from "../../chain.js";
import { codeHash } from "../../inspection/bytecode.js";
import { codeAt, hexResult, storageAt, type Read } from "../../reads.js";
import type { Answers } from "../contracts.js";
import { getterCall } from "../getter-call.js";
import { counted, lead, type Finding } from "../node.js";
import {
  addressAt,
  addressIn,
  addressesIn,
  countIn,
  encodeCall,
  textIn,
  wordOf,
} from "../words.js";
import { GET_OWNERS } from "./getters.js";
import { finding, getter, present, type View } from "./kind.js";
import { linkSlots, readLinks } from "./linked-list.js";
import { publishedSafe } from "./safe-releases.js";

const GET_THRESHOLD = getter("getThreshold()", "0xe75235b8");
const VERSION = getter("VERSION()", "0xffa1ad74");

/** What recognising a Safe asks of every contract. */
export const SAFE_GETTERS = [GET_OWNERS, GET_THRESHOLD, VERSION] as const;

/** `getModulesPaginated(address,uint256)` of 1.1.0 and later; `getModules()` before. */
const GET_MODULES_PAGINATED = "0xcc2f8452";
const GET_MODULES = "0xb2494df3";
/** Where the linked lists of owners and modules begin and end. */
const SENTINEL: Address = "0x0000000000000000000000000000000000000001";

/**
 * Storage of every Safe from 1.0.0 to 1.5.0, behind slot 0, which holds the singleton. The last three
 * are keccak256 of "guard_manager.guard.address" (1.3.0), "module_manager.module_guard.address"
 * (1.5.0) and "fallback_manager.handler.address" (1.1.0).
 */
const SLOTS = {
  modules: 1n,
  owners: 2n,
  ownerCount: 3n,
  threshold: 4n,
  nonce: 5n,
  guard: 0x4a204f620c8c5ccdca3fd54d003badd85ba500436a431f0cbda4f558c93c34c8n,
  moduleGuard: 0xb104e0b93118902c651344349b610029d694cfdec91c589c91ebafbcd0289947n,
  fallbackHandler: 0x6c9a6c4a39284e37ed1cf53d337577d14212a4870fb976a4366c693b939918d5n,
} as const;

/** More owners or modules than this are not read. */
const MOST = 200;

/** What a Safe says of itself. */
interface Claim {
  readonly threshold: number;
  readonly owners: readonly Address[];
  readonly version: string | undefined;
}

/** What its storage says. */
interface Stored {
  readonly words: Readonly<
    Record<Exclude<keyof typeof SLOTS, "modules" | "owners">, Hex | undefined>
  >;
  /** Where the list of owners leads: from its beginning, and from each owner. */
  readonly owners: readonly (Address | undefined)[];
  readonly modules: Modules;
  /** Undefined where it has no proxy. */
  readonly singleton: Address | undefined;
  readonly codeHash: Hex;
}

interface Modules {
  readonly list: readonly Address[];
  readonly unknown: readonly string[];
}

/**
 * A Safe, of any version. Its getters are compared with its storage: the owners must be the linked
 * list in slot 2, and their number and the threshold must be in slots 3 and 4. Who only pretends to be a
 * Safe is told from that.
 * @returns undefined when it does not even pretend.
 */
export async function readSafe(answers: Answers, view: View): Promise<Finding | undefined> {
  const threshold = countIn(answers.raw(GET_THRESHOLD));
  const owners = await addressesIn(answers.raw(GET_OWNERS), MOST);
  if (threshold === undefined || owners === undefined) {
    return undefined;
  }
  const claim: Claim = { threshold, owners, version: textIn(answers.raw(VERSION)) };
  const stored = await readStorage(answers, owners, view);
  const disagreement = whatDisagrees(claim, stored);
  return disagreement === undefined
    ? await describeSafe(claim, stored)
    : pretender(claim, disagreement);
}

async function readStorage(
  { address, proxy }: Answers,
  owners: readonly Address[],
  view: View,
): Promise<Stored> {
  const { chain, blockNumber } = view;
  const behind = proxy?.implementation ?? undefined;
  const [ownerLinks, moduleLinks] = await Promise.all([
    linkSlots(SLOTS.owners, [SENTINEL, ...owners]),
    linkSlots(SLOTS.modules, [SENTINEL]),
  ]);
  const at = (slot: bigint): Read => storageAt(address, `0x${wordOf(slot)}`);
  const [ownerCount, threshold, nonce, guard, moduleGuard, fallbackHandler, slot0, ...rest] =
    await lookAt(chain, blockNumber, [
      at(SLOTS.ownerCount),
      at(SLOTS.threshold),
      at(SLOTS.nonce),
      at(SLOTS.guard),
      at(SLOTS.moduleGuard),
      at(SLOTS.fallbackHandler),
      at(0n),
      codeAt(behind ?? address),
      getterCall(address, encodeCall(GET_MODULES_PAGINATED, SENTINEL, BigInt(MOST))),
      getterCall(address, GET_MODULES),
      ...[...moduleLinks, ...ownerLinks].map((slot) => storageAt(address, slot)),
    ]);
  const [code, paginated, all, firstModule, ...links] = rest;
  // The proxies of 1.0.0 do not answer `masterCopy()`, and so their singleton is only known from slot 0.
  const inSlot0 = proxy === null ? undefined : await addressIn(hexResult(slot0));
  const runs =
    behind === undefined && inSlot0 !== undefined
      ? (await lookAt(chain, blockNumber, [codeAt(inSlot0)]))[0]
      : code;
  return {
    words: {
      ownerCount: hexResult(ownerCount),
      threshold: hexResult(threshold),
      nonce: hexResult(nonce),
      guard: hexResult(guard),
      moduleGuard: hexResult(moduleGuard),
      fallbackHandler: hexResult(fallbackHandler),
    },
    owners: await readLinks(links),
    modules: await readModules([firstModule, paginated, all].map(hexResult)),
    singleton: behind ?? inSlot0,
    codeHash: await codeHash(hexResult(runs) ?? "0x"),
  };
}

async function describeSafe(
  { threshold, owners, version }: Claim,
  { words, modules, singleton, codeHash: hash }: Stored,
): Promise<Finding> {
  const published = publishedSafe(hash);
  const [guard, moduleGuard, fallbackHandler] = await Promise.all(
    [words.guard, words.moduleGuard, words.fallbackHandler].map(addressIn),
  );
  const nonce = countIn(words.nonce) ?? 0;
  const about = [
    `Safe ${published ?? version ?? "of an unknown version"}`,
    `${threshold} of ${counted(owners.length, "owner")}`,
    `nonce ${nonce}`,
    ...(modules.list.length > 0 ? [counted(modules.list.length, "module")] : []),
    ...(guard === undefined ? [] : [`guard ${guard}`]),
    ...(moduleGuard === undefined ? [] : [`module guard ${moduleGuard}`]),
  ];
  return finding({
    kind: "safe",
    about: about.join(", "),
    facts: {
      version: version ?? null,
      threshold,
      owners,
      nonce,
      modules: modules.list,
      guard: guard ?? null,
      moduleGuard: moduleGuard ?? null,
      fallbackHandler: fallbackHandler ?? null,
      singleton: singleton ?? null,
      publishedCode: published ?? null,
    },
    needed: threshold,
    leads: present([
      ...owners.map((owner) => lead(owner, "owner of the Safe")),
      ...modules.list.map((each) => lead(each, "module: may act without the owners", "alone")),
      guard && lead(guard, "guard: may refuse any transaction of the owners", "aside"),
      moduleGuard && lead(moduleGuard, "module guard: may refuse any call of a module", "aside"),
    ]),
    known: [
      "storage slots 2 to 5 and getOwners(), getThreshold(), which agree",
      ...(published === undefined ? [] : [`code of the published Safe ${published}, by its hash`]),
    ],
    unknown: [
      ...modules.unknown,
      ...(threshold === 0
        ? ["its threshold is 0: it was never set up, and anybody may do that"]
        : []),
      ...(published === undefined
        ? [
            `its code (hash ${hash}) is that of no published Safe: whether it obeys only its owners is not known`,
          ]
        : []),
    ],
  });
}

function pretender({ owners, threshold }: Claim, disagreement: string): Finding {
  return finding({
    kind: "contract",
    about: `a contract that answers like a Safe (${threshold} of ${counted(owners.length, "owner")}) and is none: ${disagreement}`,
    facts: { pretendsToBe: "safe", threshold, owners },
    leads: owners.map((owner) =>
      lead(owner, "named by getOwners(), which proves nothing", "aside"),
    ),
    known: ["storage slots 2 to 4 and getOwners(), getThreshold(), which do not agree"],
    unknown: ["what this contract obeys"],
  });
}

function whatDisagrees(
  { owners, threshold }: Claim,
  { words, owners: list }: Stored,
): string | undefined {
  if (countIn(words.threshold) !== threshold) {
    return `getThreshold() says ${threshold}, storage slot 4 does not`;
  }
  if (countIn(words.ownerCount) !== owners.length) {
    return `getOwners() names ${owners.length}, storage slot 3 does not`;
  }
  // A Safe that was never set up has an empty list, without its sentinel.
  const expected = owners.length === 0 ? [] : [...owners, SENTINEL];
  const linked = expected.every((owner, index) => {
    const next = list[index];
    return next !== undefined && sameAddress(next, owner);
  });
  return linked ? undefined : "getOwners() is not the list in its storage";
}

/** @param answers where the list in storage begins, `getModulesPaginated`, `getModules`. */
async function readModules(answers: readonly (Hex | undefined)[]): Promise<Modules> {
  const [first, paginated, all] = answers;
  const head = await addressIn(first);
  if (head === undefined || sameAddress(head, SENTINEL)) {
    return { list: [], unknown: [] };
  }
  const page = await addressesIn(paginated, MOST);
  const list = page ?? (await addressesIn(all, MOST));
  if (list?.[0] === undefined || !sameAddress(list[0], head)) {
    return { list: [head], unknown: ["it has modules, but only the first could be read"] };
  }
  const next = page === undefined ? undefined : await addressAt(paginated, 1);
  const more = next !== undefined && !sameAddress(next, SENTINEL);
  return { list, unknown: more ? [`it has more than ${MOST} modules`] : [] };
}
