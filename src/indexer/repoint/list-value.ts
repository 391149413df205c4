/** What a list of addresses should become. */
export interface ListWish {
  /** The address that stands first afterwards. */
  readonly to: string;
  /** Null: start blocks are kept nowhere. */
  readonly startBlock: number | null;
  /** The address that leaves the list; null: none does. */
  readonly drop: string | null;
  readonly separator: string;
}

/**
 * Values that hold several addresses, or their start blocks in the same order. The new address comes first;
 * one that is in the list already is moved there. What has been done is not done again. Pure.
 */
export const listValue = {
  /** @param value addresses, at least one. */
  addresses(value: string, wish: ListWish): string {
    const before = split(value, wish.separator);
    const after = arranged(before, wish);
    if (same(before, after)) {
      return value;
    }
    const lower = before.every((address) => address === address.toLowerCase());
    return joined(
      value,
      after.map((one) => (lower ? one.toLowerCase() : one)),
      wish.separator,
    );
  },

  /**
   * @param addresses those of now, with the new one or without it.
   * @returns undefined when it does not fit the addresses.
   */
  startBlocks(value: string, addresses: readonly string[], wish: ListWish): string | undefined {
    const blocks = split(value, wish.separator);
    if (wish.startBlock === null) {
      return value;
    }
    if (blocks.length === 0 || blocks.some((block) => !/^\d+$/.test(block))) {
      return undefined;
    }
    const after = arranged(addresses, wish);
    const isIn = addresses.some((one) => equal(one, wish.to));
    const others = addresses.filter((one) => !equal(one, wish.to));
    const fresh = String(wish.startBlock);
    if (
      blocks.length === after.length &&
      blocks[0] === fresh &&
      equal(addresses[0] ?? "", wish.to)
    ) {
      return value;
    }
    // The blocks of the others, whether the new address has one yet or not.
    let known: readonly string[];
    if (isIn && blocks.length === addresses.length) {
      known = blocks.filter((_, index) => !equal(addresses[index] ?? "", wish.to));
    } else if (blocks.length === others.length) {
      known = blocks;
    } else if (blocks.length === others.length + 1 && blocks[0] === fresh) {
      known = blocks.slice(1);
    } else {
      return undefined;
    }
    const kept = known.filter((_, index) => !equal(others[index] ?? "", wish.drop ?? ""));
    return joined(value, [fresh, ...kept], wish.separator);
  },
};

function arranged(addresses: readonly string[], { to, drop }: ListWish): readonly string[] {
  const there = addresses.find((one) => equal(one, to)) ?? to;
  return [there, ...addresses.filter((one) => !equal(one, to) && !equal(one, drop ?? ""))];
}

function split(value: string, separator: string): readonly string[] {
  return value
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** With a space behind the separator where there was one. */
function joined(before: string, parts: readonly string[], separator: string): string {
  return parts.join(before.includes(`${separator} `) ? `${separator} ` : separator);
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, index) => equal(one, b[index] ?? ""));
}

function equal(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
