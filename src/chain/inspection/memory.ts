import { UNKNOWN, constant, type Value } from "./symbolic.js";

/** A byte: a number, the selector's first to fourth byte (as -1 to -4), or not known. */
type Byte = number | undefined;

const WORD = 32;
/** Beyond this nothing is kept: dispatchers use the scratch space, or a little more. */
const MOST = 0x200;
/**
 * Where solc's free memory begins. Below it, what was never written is zero. Above it nothing counts as
 * zero, and a write nobody knows where may have been to any place.
 */
const FREE = 0x80;

/**
 * The beginning of a program's memory, as far as it is known. Every change makes a new one, so that
 * paths can share it.
 */
export class Memory {
  /** As far as something was written; a hole was not. */
  readonly #bytes: readonly (Byte | null)[];
  #digest: string | undefined;

  private constructor(bytes: readonly (Byte | null)[]) {
    this.#bytes = bytes;
  }

  static empty(): Memory {
    return new Memory([]);
  }

  /** Tells two memories apart by their scratch space, which is all that a dispatcher goes by. */
  get digest(): string {
    this.#digest ??= Array.from({ length: 2 * WORD }, (_, at) => this.#byte(at) ?? "?").join(".");
    return this.#digest;
  }

  load(offset: Value): Value {
    const at = place(offset);
    if (at === undefined) {
      return UNKNOWN;
    }
    const bytes = Array.from({ length: WORD }, (_, index) => this.#byte(at + index));
    if (bytes.every((byte) => byte !== undefined && byte >= 0)) {
      return constant(bytes.reduce((value, byte) => (value << 8n) | BigInt(byte ?? 0), 0n));
    }
    const before = bytes.findIndex((byte) => byte !== 0);
    const isSelector = bytes.every((byte, index) =>
      index >= before && index < before + 4 ? byte === before - index - 1 : byte === 0,
    );
    if (isSelector) {
      return { kind: "selector", shift: 8 * (WORD - 4 - before) };
    }
    return [0, 1, 2, 3].every((index) => bytes[index] === -1 - index) ? { kind: "word" } : UNKNOWN;
  }

  store(offset: Value, value: Value): Memory {
    return this.copy(offset, bytesOf(value));
  }

  storeByte(offset: Value, value: Value): Memory {
    return this.copy(offset, [value.kind === "constant" ? Number(value.value & 0xffn) : undefined]);
  }

  /** Calldata is copied here, from its beginning. */
  copyCalldata(offset: Value, length: Value): Memory {
    return this.copy(offset, selectorAndMore(place(length) ?? WORD));
  }

  /** Bytes are copied here; they need not be known. */
  copy(to: Value, bytes: readonly Byte[]): Memory {
    const at = place(to);
    if (at === undefined) {
      return new Memory(this.#bytes.slice(0, FREE));
    }
    const next = this.#bytes.slice();
    while (next.length < at) {
      next.push(null);
    }
    for (const [index, byte] of bytes.entries()) {
      next[at + index] = byte;
    }
    return new Memory(next);
  }

  #byte(at: number): Byte {
    const byte = at < this.#bytes.length ? this.#bytes[at] : null;
    return byte === null ? (at < FREE ? 0 : undefined) : byte;
  }
}

/** A number that is small enough to be a place in memory that is kept, or a length. */
export function place(offset: Value): number | undefined {
  return offset.kind === "constant" && offset.value < BigInt(MOST)
    ? Number(offset.value)
    : undefined;
}

/** Bytes that are not known, as many as a copy has, or as are kept. */
export function unknownBytes(length: Value): readonly undefined[] {
  return Array.from({ length: place(length) ?? MOST }, () => undefined);
}

function selectorAndMore(length: number): readonly Byte[] {
  return Array.from({ length }, (_, index) => (index < 4 ? -1 - index : undefined));
}

function bytesOf(value: Value): readonly Byte[] {
  if (value.kind === "constant") {
    return [...Buffer.from(value.value.toString(16).padStart(2 * WORD, "0"), "hex")];
  }
  if (value.kind === "word") {
    return selectorAndMore(WORD);
  }
  if (value.kind === "selector" && value.shift % 8 === 0) {
    const first = WORD - 4 - value.shift / 8;
    return Array.from({ length: WORD }, (_, index) =>
      index >= first && index < first + 4 ? first - index - 1 : 0,
    );
  }
  return Array.from({ length: WORD }, () => undefined);
}
