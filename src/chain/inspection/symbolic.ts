/**
 * Values of a program that runs without knowing its input. Only what a dispatcher does with a
 * selector is followed exactly; all else is {@link UNKNOWN}.
 */
export type Value =
  | { readonly kind: "constant"; readonly value: bigint }
  /** The first word of the calldata, as it is. */
  | { readonly kind: "word" }
  /** The selector, this many bits to the left; all other bits are zero. */
  | { readonly kind: "selector"; readonly shift: number }
  /** Computed from the selector, so that it is the same for the same selector. */
  | { readonly kind: "mixed" }
  /**
   * With `equal`: not zero only if the selector is this one (and, with `unpaid`, no ETH was sent).
   * Without: zero only then.
   */
  | {
      readonly kind: "compared";
      readonly selector: bigint;
      readonly equal: boolean;
      readonly unpaid?: boolean;
    }
  /** Zero only if no ETH was sent; with `alone`, exactly then. */
  | { readonly kind: "callvalue"; readonly alone: boolean }
  /** Not zero only if no ETH was sent; with `alone`, exactly then. */
  | { readonly kind: "no-callvalue"; readonly alone: boolean }
  | { readonly kind: "unknown" };

export const UNKNOWN: Value = { kind: "unknown" };
const MIXED: Value = { kind: "mixed" };

const SIZE = 256n;
const MASK = (1n << SIZE) - 1n;
const SELECTOR = 0xffffffffn;
/** How far to the left a selector is in the calldata's first word. */
const LEFT = 224;

/** A number, cut to a word. */
export function constant(value: bigint): Value {
  return { kind: "constant", value: BigInt.asUintN(256, value) };
}

/** What an operation with two operands gives; the first is the top of the stack. */
export function binary(opcode: number, a: Value, b: Value): Value {
  if (a.kind === "constant" && b.kind === "constant") {
    const value = compute(opcode, a.value, b.value);
    return value === undefined ? UNKNOWN : constant(value);
  }
  return (
    onSelector(opcode, a, b) ??
    onComparison(opcode, a, b) ??
    onCallvalue(opcode, a, b) ??
    (dependsOnSelector(a) || dependsOnSelector(b) ? mixed(a, b) : UNKNOWN)
  );
}

/** What ISZERO gives. */
export function isZero(a: Value): Value {
  switch (a.kind) {
    case "constant":
      return constant(a.value === 0n ? 1n : 0n);
    case "compared":
      return { ...a, equal: !a.equal };
    case "selector":
      return { kind: "compared", selector: 0n, equal: true };
    case "callvalue":
      return { ...a, kind: "no-callvalue" };
    case "no-callvalue":
      return { ...a, kind: "callvalue" };
    case "word":
    case "mixed":
    case "unknown":
      return UNKNOWN;
  }
}

/** What NOT gives. */
export function not(a: Value): Value {
  return a.kind === "constant" ? constant(~a.value) : UNKNOWN;
}

/** The values that an operation can give which makes a hash table's index of the selector; undefined for any other. */
export function entries(opcode: number, a: Value, b: Value): readonly Value[] | undefined {
  const [value, bound] = opcode === 0x06 ? [a, b] : a.kind === "constant" ? [b, a] : [a, b];
  if (bound.kind !== "constant" || !dependsOnSelector(value)) {
    return undefined;
  }
  const count = opcode === 0x06 ? bound.value : bound.value + 1n;
  const isTable = opcode === 0x06 || (opcode === 0x16 && (bound.value & count) === 0n);
  if (!isTable || count < 1n || count > 512n) {
    return undefined;
  }
  return Array.from({ length: Number(count) }, (_, index) => constant(BigInt(index)));
}

function dependsOnSelector({ kind }: Value): boolean {
  return kind === "word" || kind === "selector" || kind === "mixed";
}

function mixed(a: Value, b: Value): Value {
  const exact = [a, b].every((one) => one.kind === "constant" || dependsOnSelector(one));
  return exact ? MIXED : UNKNOWN;
}

/** Operations that cut the selector out, move it, or compare it. */
function onSelector(opcode: number, a: Value, b: Value): Value | undefined {
  switch (opcode) {
    case 0x1c: // SHR: the shift is on top
      return a.kind === "constant" ? movedRight(b, Number(a.value)) : undefined;
    case 0x1b: // SHL
      return a.kind === "constant" && b.kind === "selector"
        ? moved(b.shift + Number(a.value))
        : undefined;
    case 0x04: // DIV, before there was SHR
      return b.kind === "constant" && isPowerOf2(b.value)
        ? movedRight(a, log2(b.value))
        : undefined;
    case 0x02: {
      // MUL
      const [value, factor] = a.kind === "constant" ? [b, a] : [a, b];
      return value.kind === "selector" && factor.kind === "constant" && isPowerOf2(factor.value)
        ? moved(value.shift + log2(factor.value))
        : undefined;
    }
    case 0x16: // AND
      return a.kind === "constant"
        ? cut(b, a.value)
        : b.kind === "constant"
          ? cut(a, b.value)
          : undefined;
    case 0x01: // ADD of what makes it zero: how solc compares where that takes fewer bytes
      return b.kind === "constant"
        ? compared(a, constant(-b.value), false)
        : a.kind === "constant"
          ? compared(b, constant(-a.value), false)
          : undefined;
    case 0x03: // SUB
    case 0x18: // XOR
      return compared(a, b, false);
    case 0x14: // EQ
      return compared(a, b, true);
    default:
      return undefined;
  }
}

function movedRight(value: Value, bits: number): Value | undefined {
  if (value.kind === "word") {
    return bits === LEFT ? moved(0) : undefined;
  }
  return value.kind === "selector" ? moved(value.shift - bits) : undefined;
}

function moved(shift: number): Value | undefined {
  return shift >= 0 && shift <= LEFT ? { kind: "selector", shift } : undefined;
}

/** The selector alone, if that is what the mask leaves. */
function cut(value: Value, mask: bigint): Value | undefined {
  const shift = value.kind === "word" ? LEFT : value.kind === "selector" ? value.shift : undefined;
  if (shift === undefined) {
    return undefined;
  }
  const place = SELECTOR << BigInt(shift);
  const exact = value.kind === "word" ? mask === place : (mask & place) === place;
  return exact ? { kind: "selector", shift } : undefined;
}

function compared(a: Value, b: Value, equal: boolean): Value | undefined {
  const [value, other] = a.kind === "constant" ? [b, a] : [a, b];
  if (value.kind !== "selector" || other.kind !== "constant") {
    return undefined;
  }
  const selector = other.value >> BigInt(value.shift);
  const fits = selector <= SELECTOR && selector << BigInt(value.shift) === other.value;
  // What never is equal is computed for another reason.
  return fits ? { kind: "compared", selector, equal } : undefined;
}

/** A comparison together with other conditions still says something: Vyper checks all at once. */
function onComparison(opcode: number, a: Value, b: Value): Value | undefined {
  const [value, other] = a.kind === "compared" ? [a, b] : [b, a];
  if (value.kind !== "compared") {
    return undefined;
  }
  if ((opcode === 0x16 && value.equal) || (opcode === 0x17 && !value.equal)) {
    const unpaid = other.kind === (value.equal ? "no-callvalue" : "callvalue");
    return unpaid ? { ...value, unpaid } : value;
  }
  // EQ or XOR with zero, and the like.
  if (opcode === 0x14 && other.kind === "constant" && other.value === 0n) {
    return isZero(value);
  }
  return undefined;
}

/** Whether ETH was sent, together with other conditions, or times a flag of a table. */
function onCallvalue(opcode: number, a: Value, b: Value): Value | undefined {
  const [value, other] = a.kind === "callvalue" || a.kind === "no-callvalue" ? [a, b] : [b, a];
  if (value.kind === "callvalue" && opcode === 0x02 && other.kind === "constant") {
    return other.value === 0n ? constant(0n) : value;
  }
  const joined =
    (value.kind === "callvalue" && opcode === 0x17) ||
    (value.kind === "no-callvalue" && opcode === 0x16);
  return joined ? { ...value, alone: false } : undefined;
}

function compute(opcode: number, a: bigint, b: bigint): bigint | undefined {
  switch (opcode) {
    case 0x01:
      return a + b;
    case 0x02:
      return a * b;
    case 0x03:
      return a - b;
    case 0x04:
      return b === 0n ? 0n : a / b;
    case 0x06:
      return b === 0n ? 0n : a % b;
    case 0x0a:
      // Only powers that are a shift in disguise.
      return b > SIZE ? undefined : BigInt.asUintN(256, a ** b);
    case 0x0b:
      return a > 31n ? b : BigInt.asIntN(Number(a + 1n) * 8, b);
    case 0x10:
      return a < b ? 1n : 0n;
    case 0x11:
      return a > b ? 1n : 0n;
    case 0x12:
      return BigInt.asIntN(256, a) < BigInt.asIntN(256, b) ? 1n : 0n;
    case 0x13:
      return BigInt.asIntN(256, a) > BigInt.asIntN(256, b) ? 1n : 0n;
    case 0x14:
      return a === b ? 1n : 0n;
    case 0x16:
      return a & b;
    case 0x17:
      return a | b;
    case 0x18:
      return a ^ b;
    case 0x1a:
      return a > 31n ? 0n : (b >> (8n * (31n - a))) & 0xffn;
    case 0x1b:
      return a >= SIZE ? 0n : (b << a) & MASK;
    case 0x1c:
      return a >= SIZE ? 0n : b >> a;
    default:
      return undefined;
  }
}

function isPowerOf2(value: bigint): boolean {
  return value > 0n && (value & (value - 1n)) === 0n;
}

function log2(value: bigint): number {
  return value.toString(2).length - 1;
}
