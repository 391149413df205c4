import { EmergencyError } from "../../errors.js";
import { listValue, type ListWish } from "./list-value.js";
import type { RepointIntent, SecondSource } from "./intent.js";
import { spotKey, type Role, type Spot } from "./places.js";

/** A value that should be another one. */
export interface ValueChange {
  readonly spot: Spot;
  /** Null: it is taken away. */
  readonly value: string | null;
}

/** What repointing comes to. */
export interface Decided {
  /** Empty when all is so already. */
  readonly changes: readonly ValueChange[];
  /** What every place should hold afterwards, those that do already included. */
  readonly wanted: readonly ValueChange[];
  /** The contract that was followed; null when that is not known any more, because all is done. */
  readonly from: string | null;
  /** What the second source was; null: there was none. */
  readonly secondBefore: SecondSource | null;
  readonly startBlockBefore: number | null;
  readonly notes: readonly string[];
}

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/**
 * Which values an indexer must have to follow another contract, and to keep the old one for its history. Pure.
 * @param title for people: "indexer market".
 * @throws EmergencyError OTHER_ADDRESS, HISTORY_LOST, CANNOT_REPOINT
 */
export function decideValues(
  title: string,
  spots: readonly Spot[],
  intent: RepointIntent,
): Decided {
  const { to, where, contract } = intent;
  const of = (role: Role): readonly Spot[] => spots.filter((spot) => spot.role === role);
  const addresses = of("address");
  const startBlocks = of("start block");
  const notes: string[] = [];

  const lists = where.list === undefined ? undefined : { separator: where.list };
  const now = addresses.flatMap((spot) => splitAddresses(title, spot, lists?.separator));
  const others = distinct(now).filter((one) => !same(one, to));
  const leads = distinct(
    addresses.flatMap((spot) => splitAddresses(title, spot, lists?.separator).slice(0, 1)),
  ).filter((one) => !same(one, to));
  const from = oldAddress(title, intent, leads);
  if (others.length > 0 && intent.from === null && from !== null && !known(intent, from)) {
    notes.push(`it follows ${from} now, which hardhat.config.ts does not name`);
  }
  const switching = leads.length > 0;

  const wanted: ValueChange[] = [];
  const want = (role: Role, value: string | null): void => {
    wanted.push(...of(role).map((spot) => ({ spot, value: spelled(spot, value) })));
  };

  if (lists !== undefined) {
    wanted.push(...listWishes(title, addresses, startBlocks, intent, lists, from));
  } else {
    want("address", to);
    if (intent.startBlock !== null) {
      want("start block", String(intent.startBlock));
    }
  }
  if (where.startBlock === undefined) {
    notes.push(
      "no start block is configured: the new contract is read from the block that the indexer itself says",
    );
  }
  want("schema", intent.schema);

  const secondBefore = secondOf(title, of);
  const oldStart = lists === undefined ? oldStartBlock(title, startBlocks, intent) : null;
  if (where.previous !== undefined) {
    const second = secondWanted(intent, { switching, from, secondBefore, oldStart });
    if (second !== "as it is") {
      checkLost(title, intent, secondBefore, second, from);
      want("previous address", second?.address ?? null);
      want("previous start block", blockText(second?.startBlock ?? null));
      want("previous end block", blockText(second?.endBlock ?? null));
      if (
        second !== null &&
        second.startBlock === null &&
        where.previous.startBlock !== undefined
      ) {
        notes.push(`the start block of ${second.address} is not known: it is left as it is`);
      }
    }
  } else if (lists === undefined && switching && intent.second === "old") {
    const lost = `the history of ${from ?? "the old contract"} (${contract}) will be gone from ${title} when it indexes again: the configuration names no place for a second source`;
    if (!intent.forgetOld) {
      throw new EmergencyError(
        "HISTORY_LOST",
        `${lost}. Nothing was written`,
        "name one in hardhat.config.ts: contracts.….previous = { address, startBlock } or contracts.….list; or add --forget-old",
      );
    }
    notes.push(lost);
  }
  const real = wanted.filter(
    ({ spot, value }) =>
      !(value === null && (spot.value === null || spot.value === "")) &&
      !(spot.role === "previous start block" && value === null && intent.second !== null),
  );
  return {
    changes: real.filter(({ spot, value }) => (spot.value ?? "") !== (value ?? "")),
    wanted: real,
    from,
    secondBefore,
    startBlockBefore: lists === undefined ? oldStart : null,
    notes,
  };
}

/** The addresses in a value. @throws EmergencyError CANNOT_REPOINT when it is something else. */
function splitAddresses(
  title: string,
  { name, value, place }: Spot,
  separator: string | undefined,
): readonly string[] {
  const parts = separator === undefined ? [value ?? ""] : (value ?? "").split(separator);
  const addresses = parts.map((part) => part.trim()).filter((part) => part !== "");
  const wrong = addresses.find((part) => !ADDRESS.test(part));
  if (wrong !== undefined || addresses.length === 0) {
    // What it is stays unsaid: it may be secret.
    throw new EmergencyError(
      "CANNOT_REPOINT",
      `${spotKey({ name, place })} of ${title} holds ${addresses.length === 0 ? "nothing" : separator === undefined ? "something that is no address" : "something else than addresses"}. Nothing was written`,
      "correct hardhat.config.ts: emergency.indexers.….contracts",
    );
  }
  return addresses;
}

/**
 * The address that is left. What is there must be the one that was named, or that is configured.
 * @throws EmergencyError OTHER_ADDRESS
 */
function oldAddress(
  title: string,
  { contract, to, from, configured }: RepointIntent,
  leads: readonly string[],
): string | null {
  const expected =
    from ?? (configured !== null && !same(configured, to) ? configured : (leads[0] ?? null));
  const strange = leads.filter((one) => expected === null || !same(one, expected));
  if (strange.length > 0) {
    throw new EmergencyError(
      "OTHER_ADDRESS",
      `${title} follows ${strange.join(" and ")} as ${contract}, and not ${expected ?? "one address"}: somebody has changed it. Nothing was written`,
      strange.length === 1
        ? `if that is the address to replace, add --from ${strange[0] ?? ""}`
        : "give all its containers the same address first",
    );
  }
  return leads[0] ?? expected;
}

function known({ configured, from }: RepointIntent, address: string): boolean {
  return [configured, from].some((one) => one !== null && same(one, address));
}

/** The start block of the contract that is left; null when it is not known. */
function oldStartBlock(
  title: string,
  spots: readonly Spot[],
  { startBlock }: RepointIntent,
): number | null {
  const blocks = spots.flatMap((spot) => {
    const number = blockOf(title, spot);
    return number === null ? [] : [number];
  });
  const others = blocks.filter((block) => block !== startBlock);
  // Of several the first one: no history is lost by reading too much.
  return others.length > 0 ? Math.min(...others) : null;
}

/** @throws EmergencyError CANNOT_REPOINT when there is something else. */
function blockOf(title: string, { name, place, value }: Spot): number | null {
  const text = (value ?? "").trim();
  if (text === "") {
    return null;
  }
  const number = Number(text);
  if (!/^(\d+|0x[0-9a-f]+)$/i.test(text) || !Number.isSafeInteger(number)) {
    throw new EmergencyError(
      "CANNOT_REPOINT",
      `${spotKey({ name, place })} of ${title} holds something that is no block. Nothing was written`,
      "correct hardhat.config.ts: emergency.indexers.….contracts",
    );
  }
  return number;
}

/** What is the second source now. */
function secondOf(title: string, of: (role: Role) => readonly Spot[]): SecondSource | null {
  const [spot] = of("previous address").filter(({ value }) => (value ?? "").trim() !== "");
  if (spot === undefined) {
    return null;
  }
  const [address = ""] = splitAddresses(title, spot, undefined);
  const [start, end] = (["previous start block", "previous end block"] as const).map((role) => {
    const [first] = of(role);
    return first === undefined ? null : blockOf(title, first);
  });
  return /^0x0{40}$/.test(address)
    ? null
    : { address, startBlock: start ?? null, endBlock: end ?? null };
}

function secondWanted(
  intent: RepointIntent,
  found: {
    readonly switching: boolean;
    readonly from: string | null;
    readonly secondBefore: SecondSource | null;
    readonly oldStart: number | null;
  },
): SecondSource | null | "as it is" {
  const { second, endBlock, startBlock, to } = intent;
  const { switching, from, secondBefore, oldStart } = found;
  if (second !== "old") {
    return second;
  }
  if (from === null || same(from, to)) {
    return "as it is";
  }
  const isThere = secondBefore !== null && same(secondBefore.address, from);
  if (!switching && secondBefore !== null) {
    // Done already, whoever has done it; a start block that came later is filled in.
    return isThere
      ? { ...secondBefore, startBlock: oldStart ?? secondBefore.startBlock }
      : "as it is";
  }
  // A run that was killed in between has written down the start block of then.
  const then = isThere ? secondBefore.startBlock : null;
  return {
    address: from,
    startBlock: oldStart ?? then ?? (switching ? startBlock : null),
    endBlock: (isThere ? secondBefore.endBlock : null) ?? endBlock,
  };
}

/** A second source that makes room for another one is lost. */
function checkLost(
  title: string,
  { to, forgetOld, second: wish }: RepointIntent,
  before: SecondSource | null,
  after: SecondSource | null,
  from: string | null,
): void {
  const kept =
    before === null ||
    same(before.address, to) ||
    (after !== null && same(before.address, after.address)) ||
    // Whoever goes back takes the second source away on purpose.
    (wish !== "old" && from !== null);
  if (!kept && !forgetOld) {
    throw new EmergencyError(
      "HISTORY_LOST",
      `${title} keeps ${before.address} as its second source, and has place for one only: its history would be lost. Nothing was written`,
      "let it keep a list of addresses (contracts.….list in hardhat.config.ts), or add --forget-old",
    );
  }
}

function listWishes(
  title: string,
  addresses: readonly Spot[],
  startBlocks: readonly Spot[],
  { to, startBlock, forgetOld, second }: RepointIntent,
  { separator }: { readonly separator: string },
  from: string | null,
): readonly ValueChange[] {
  const lists = addresses.map((spot) => splitAddresses(title, spot, separator));
  const [longest = []] = [...lists].sort((a, b) => b.length - a.length);
  const drop = second === "old" ? (forgetOld ? from : null) : from;
  const wish: ListWish = { to, startBlock, drop, separator };
  return [
    ...addresses.map((spot) => ({
      spot,
      value: listValue.addresses(spot.value ?? "", wish),
    })),
    ...startBlocks.map((spot) => {
      const value = listValue.startBlocks(spot.value ?? "", longest, wish);
      if (value === undefined) {
        throw new EmergencyError(
          "CANNOT_REPOINT",
          `${spotKey(spot)} of ${title} holds another number of start blocks than there are addresses, or something else. Nothing was written`,
          "give each address a start block, in the same order",
        );
      }
      return { spot, value };
    }),
  ];
}

/** An address in lower case where the one before it was. */
function spelled({ value: before }: Spot, value: string | null): string | null {
  if (value === null || !ADDRESS.test(value)) {
    return value;
  }
  if (before !== null && same(before, value)) {
    return before;
  }
  return before !== null && ADDRESS.test(before) && before === before.toLowerCase()
    ? value.toLowerCase()
    : value;
}

function blockText(block: number | null): string | null {
  return block === null ? null : String(block);
}

/** Each once; in lower case where one of its spellings is: whoever reads that may take nothing else. */
function distinct(addresses: readonly string[]): readonly string[] {
  return addresses
    .filter((one, index) => addresses.findIndex((other) => same(other, one)) === index)
    .map((one) => addresses.find((other) => other === one.toLowerCase()) ?? one);
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
