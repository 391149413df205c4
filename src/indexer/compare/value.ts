/** A value of a row, as text; null for none. */
export type Value = string | null;

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?$/i;
const HEX = /^0x[0-9a-f]*$/i;

/**
 * The one text of a value, so that values from different sources can be compared: whole numbers and decimals
 * without what does not count, to all their digits; hexadecimal in lower case. Pure.
 */
export function canonical(value: unknown): Value {
  if (value === null || value === undefined) {
    return null;
  }
  if (typeof value === "bigint" || typeof value === "boolean") {
    return String(value);
  }
  if (typeof value === "number") {
    return decimal(String(value)) ?? String(value);
  }
  if (typeof value === "string") {
    return HEX.test(value) ? value.toLowerCase() : (decimal(value) ?? value);
  }
  return JSON.stringify(value);
}

/** "1.50e3" as "1500"; undefined for what is no number. */
function decimal(text: string): string | undefined {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = DECIMAL.exec(text) ?? [];
  if (whole === "") {
    return undefined;
  }
  const shift = Number(exponent);
  const digits = whole + fraction;
  const point = whole.length + shift;
  const padded = point <= 0 ? "0".repeat(1 - point) + digits : digits.padEnd(point, "0");
  const at = point <= 0 ? 1 : point;
  const integer = padded.slice(0, at).replace(/^0+(?=\d)/, "");
  const rest = padded.slice(at).replace(/0+$/, "");
  const plain = rest === "" ? integer : `${integer}.${rest}`;
  return sign === "-" && plain !== "0" ? `-${plain}` : plain;
}

/**
 * Whether two canonical values mean the same: a number in hexadecimal is the same as in decimal digits. Two
 * texts in hexadecimal are only the same when they are as long: bytes are no numbers. Pure.
 */
export function sameValue(a: Value, b: Value): boolean {
  if (a === b || a === null || b === null) {
    return a === b;
  }
  const [hexA, hexB] = [isNumberInHex(a), isNumberInHex(b)];
  return hexA !== hexB && isWhole(a) && isWhole(b) && BigInt(a) === BigInt(b);
}

/** An address is no number, though it looks like one. */
function isNumberInHex(value: string): boolean {
  return value.startsWith("0x") && value.length > 2 && value.length !== 42;
}

function isWhole(value: string): boolean {
  return isNumberInHex(value) || /^-?\d+$/.test(value);
}

/** A row's key: the canonical values of its key columns. */
export type Key = readonly string[];

/**
 * Which of two keys comes first: whole numbers by their size, all else by its characters, as Postgres orders
 * with the collation "C". Pure.
 */
export function compareKeys(a: Key, b: Key): number {
  for (const [index, left] of a.entries()) {
    const right = b[index] ?? "";
    if (left !== right) {
      return isPlain(left) && isPlain(right)
        ? BigInt(left) < BigInt(right)
          ? -1
          : 1
        : Buffer.compare(Buffer.from(left), Buffer.from(right));
    }
  }
  return 0;
}

function isPlain(value: string): boolean {
  return /^-?\d+$/.test(value);
}
