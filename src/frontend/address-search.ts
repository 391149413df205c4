import { isText, byteText, type SiteFiles } from "./site-files.js";

/** An address in the spellings that software writes: each of 40 hexadecimal digits, without 0x. */
export interface Spellings {
  /** EIP-55. */
  readonly checksum: string;
  readonly lower: string;
  readonly upper: string;
}

/** Where an address stands in a file, written as an address. */
export interface PlainOccurrence {
  /** Of the first of the 40 digits, in bytes. */
  readonly offset: number;
  readonly spelling: keyof Spellings;
}

/** Where an address stands in a form that cannot be replaced with confidence. */
export interface UnexplainedOccurrence {
  /** In bytes. */
  readonly offset: number;
  /** What it is: "inside a longer hexadecimal number". */
  readonly why: string;
}

/** Everything that was found of an address in one file. */
export interface Occurrences {
  readonly plain: readonly PlainOccurrence[];
  readonly unexplained: readonly UnexplainedOccurrence[];
}

/** Finds one address in many files. Made once an address, as it prepares what to look for. */
export interface AddressSearch {
  in(bytes: Buffer): Occurrences;
}

/** The spellings of an address. @param address checksummed, with 0x. */
export function spellingsOf(address: string): Spellings {
  const checksum = address.slice(2);
  return { checksum, lower: checksum.toLowerCase(), upper: checksum.toUpperCase() };
}

/** Digits in a row that belong to one address and to nothing else: 16^12 is 2.8e14. */
const TELLING_DIGITS = 12;

const DIGITS = 40;

/**
 * A search for an address in every form that is known to occur in built sites. What it calls plain
 * is 40 digits in one of the three spellings, with nothing hexadecimal directly before or after.
 * Everything else that gives the address away is unexplained.
 * @param address checksummed, with 0x.
 */
export function addressSearch(address: string): AddressSearch {
  const spellings = spellingsOf(address);
  const raw = Buffer.from(spellings.lower, "hex");
  const windows = windowsOf(spellings.lower);
  const encoded = new RegExp(spellings.lower.replace(/./g, encodedDigit), "gi");
  const numbers = byteList(raw);
  const decimal = BigInt(`0x${spellings.lower}`).toString();
  const base64 = base64Fragments(spellings, raw);

  return {
    in(bytes) {
      const text = byteText(bytes);
      const found = hexRuns(text, spellings, windows);
      const unexplained = [...found.unexplained];
      for (const match of text.matchAll(encoded)) {
        if (match[0].length !== DIGITS) {
          unexplained.push({ offset: match.index, why: "with encoded characters" });
        }
      }
      for (const match of text.matchAll(numbers)) {
        unexplained.push({ offset: match.index, why: "as a list of bytes" });
      }
      for (const offset of offsets(text, decimal)) {
        unexplained.push({ offset, why: "as a decimal number" });
      }
      for (const fragment of base64) {
        for (const offset of offsets(text, fragment)) {
          unexplained.push({ offset, why: "in base64" });
        }
      }
      for (const offset of offsets(text, byteText(raw))) {
        unexplained.push({ offset, why: "as 20 raw bytes" });
      }
      if (!isText(bytes)) {
        const why = "in a binary file";
        return {
          plain: [],
          unexplained: [...found.plain.map(({ offset }) => ({ offset, why })), ...unexplained],
        };
      }
      return { plain: found.plain, unexplained };
    },
  };
}

/** What an address has where in a site. Files without it are left out. */
export function searchFiles(
  search: AddressSearch,
  files: SiteFiles,
): ReadonlyMap<string, Occurrences> {
  const found = new Map<string, Occurrences>();
  for (const [path, bytes] of files) {
    const occurrences = search.in(bytes);
    if (occurrences.plain.length + occurrences.unexplained.length > 0) {
      found.set(path, occurrences);
    }
  }
  return found;
}

/** Every run of digits long enough to hold a telling part of the address. */
function hexRuns(text: string, spellings: Spellings, windows: Windows): Occurrences {
  const plain: PlainOccurrence[] = [];
  const unexplained: UnexplainedOccurrence[] = [];
  for (const [index, run] of longRuns(text)) {
    const lower = run.toLowerCase();
    const at = lower.indexOf(spellings.lower);
    if (at < 0) {
      const part = windowIn(lower, windows);
      if (part !== undefined) {
        unexplained.push({ offset: index + part, why: "in pieces" });
      }
      continue;
    }
    if (run.length > DIGITS) {
      unexplained.push({ offset: index + at, why: "inside a longer hexadecimal number" });
      continue;
    }
    const spelling = SPELLINGS.find((name) => spellings[name] === run);
    if (spelling === undefined) {
      unexplained.push({ offset: index, why: "with capitals that are not those of its checksum" });
    } else {
      plain.push({ offset: index, spelling });
    }
  }
  return { plain, unexplained };
}

const IS_DIGIT = Array.from({ length: 256 }, (_, code) =>
  /[0-9a-f]/i.test(String.fromCharCode(code)),
);

/**
 * Every unbroken run of at least {@link TELLING_DIGITS} hexadecimal digits, and where it begins. Such a
 * run covers one of every so many characters, and only these are looked at: ten times as fast as a
 * regular expression, and sites have millions of characters.
 * @param text one character a byte.
 */
export function* longRuns(text: string): Generator<readonly [index: number, run: string]> {
  const isDigit = (at: number): boolean => IS_DIGIT[text.charCodeAt(at)] === true;
  for (let at = TELLING_DIGITS - 1; at < text.length; at += TELLING_DIGITS) {
    if (isDigit(at)) {
      let start = at;
      let end = at + 1;
      while (isDigit(start - 1)) {
        start--;
      }
      while (isDigit(end)) {
        end++;
      }
      if (end - start >= TELLING_DIGITS) {
        yield [start, text.slice(start, end)];
      }
      // The next one begins behind what has ended this one.
      at = end;
    }
  }
}

const SPELLINGS = ["checksum", "lower", "upper"] as const;

/** Parts of an address that tell that it is meant. */
interface Windows {
  readonly all: ReadonlySet<string>;
  /** Whatever holds one of `all` has one of these at a multiple of their length. */
  readonly blocks: ReadonlySet<string>;
}

/** In any 12 digits in a row there are 6 that begin at a multiple of 6. */
const BLOCK = TELLING_DIGITS / 2;

function windowsOf(lower: string): Windows {
  const windows = new Set<string>();
  for (let start = 0; start + TELLING_DIGITS <= lower.length; start++) {
    const window = lower.slice(start, start + TELLING_DIGITS);
    // Addresses with many leading zeros exist on purpose, and zeros tell nothing.
    if (new Set(window).size > 2) {
      windows.add(window);
    }
  }
  const blocks = Array.from({ length: DIGITS - BLOCK + 1 }, (_, start) =>
    lower.slice(start, start + BLOCK),
  );
  return { all: windows, blocks: new Set(blocks) };
}

function windowIn(run: string, { all, blocks }: Windows): number | undefined {
  // Built sites are full of hashes: of each only every sixth position is looked at.
  for (let block = 0; block + BLOCK <= run.length; block += BLOCK) {
    if (!blocks.has(run.slice(block, block + BLOCK))) {
      continue;
    }
    for (let start = Math.max(0, block - BLOCK); start <= block; start++) {
      if (all.has(run.slice(start, start + TELLING_DIGITS))) {
        return start;
      }
    }
  }
  return undefined;
}

/** One digit as itself, percent-encoded, as a JavaScript or HTML escape, or in UTF-16. */
function encodedDigit(digit: string): string {
  const codes = [...new Set([digit.toLowerCase(), digit.toUpperCase()])].map((character) =>
    character.charCodeAt(0),
  );
  const hex = codes.map((code) => code.toString(16)).join("|");
  const decimal = codes.join("|");
  return `(?:${digit}\\0?|\\0${digit}|%(?:25)?(?:${hex})|\\\\+x(?:${hex})|\\\\+u(?:00(?:${hex})|\\{0*(?:${hex})\\})|&#x0*(?:${hex});|&#0*(?:${decimal});)`;
}

/** The 20 bytes as numbers in a list, decimal or hexadecimal: "[171, 205, …" or "0xab,0xcd,…". */
function byteList(raw: Buffer): RegExp {
  const numbers = [...raw].map((byte) => `(?:${byte}|0x0?${byte.toString(16)})`);
  return new RegExp(`(?<![0-9a-fx])${numbers.join("\\s*,\\s*")}(?![0-9a-f])`, "gi");
}

/**
 * What base64 makes of the address wherever it begins: of three alignments the part that does not
 * depend on the neighbours, as text in each spelling and as raw bytes, in both alphabets.
 */
function base64Fragments(spellings: Spellings, raw: Buffer): readonly string[] {
  const contents = [...SPELLINGS.map((name) => Buffer.from(spellings[name])), raw];
  const fragments = new Set<string>();
  for (const content of contents) {
    for (const before of [0, 1, 2]) {
      const encoded = Buffer.concat([Buffer.alloc(before), content]).toString("base64");
      const start = before === 0 ? 0 : before + 1;
      const end = Math.floor(((before + content.length) * 8) / 6);
      const fragment = encoded.slice(start, end);
      fragments.add(fragment);
      fragments.add(fragment.replaceAll("+", "-").replaceAll("/", "_"));
    }
  }
  return [...fragments];
}

function* offsets(text: string, needle: string): Generator<number> {
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) {
    yield at;
  }
}
