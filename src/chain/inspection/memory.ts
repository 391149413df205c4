import { UNKNOWN, constant, type Value } from "./symbolic.js";

/** A byte: a number, the selector's first to fourth byte (as -1 to -4), or not known. */
type Byte = number | undefined;

const WORD = 32;
/** Beyond this nothing is kept: dispatchers use the scratch space, or a little more. */
const MOST = 0x1000;

/**
 * The beginning of a program's memory, as far as it is known. Every change makes a new one, so that
 * paths can share it. What is written nobody knows where is taken to be written behind the free memory
 * pointer, out of a dispatcher's sight.
 */
export class Memory {
  readonly #bytes: ReadonlyMap<number, Byte>;
  #digest: string | undefined;

  private constructor(bytes: ReadonlyMap<number, Byte>) {
    this.#bytes = bytes;
  }

  static empty(): Memory {
    return new Memory(new Map());
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
  copy(offset: Value, bytes: readonly Byte[]): Memory {
    const at = place(offset);
    if (at === undefined) {
      return this;
    }
    const next = new Map(this.#bytes);
    bytes.forEach((byte, index) => next.set(at + index, byte));
    return new Memory(next);
  }

  #byte(at: number): Byte {
    return this.#bytes.has(at) ? this.#bytes.get(at) : 0;
  }
}

/** A number that is small enough to be a place in memory that is kept, or a length. */
export function place(offset: Value): number | undefined {
  return offset.kind === "constant" && offset.value < BigInt(MOST)
    ? Number(offset.value)
    : undefined;
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
