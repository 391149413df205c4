/*
 * Where values stand in JSON, and in the scripts that sites use instead of it:
 * `window.__CONFIG__ = { … };`. Nothing is run. What is not understood is skipped, so that it is not
 * found rather than found wrongly.
 */

/** A value, and where it stands. */
export interface Value {
  /** "__CONFIG__", "contracts", "market": names and numbers from the outside to the inside. */
  readonly path: readonly string[];
  /** How many of the path's first names are those of a variable: `window.__CONFIG__` has two. */
  readonly variable: number;
  readonly kind: "string" | "number" | "other";
  /** Of a string what is in it, of a number its digits; undefined when it would have to be worked out. */
  readonly content: string | undefined;
  /** Where the content is in the text, without quotes. */
  readonly from: number;
  readonly to: number;
}

interface Token {
  readonly kind: "name" | "string" | "number" | "sign" | "end";
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

const TOKENS: readonly (readonly [Token["kind"] | "nothing", RegExp])[] = [
  ["nothing", /\s+|\/\/[^\n]*|\/\*[^]*?\*\//y],
  // The characters from 0x80 on are bytes of UTF-8.
  ["name", /[A-Za-z_$\x80-\xff][\w$\x80-\xff]*/y],
  ["number", /0[xX][0-9a-fA-F]+n?|\d[\w.]*/y],
  ["string", /"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|`(?:\\[^]|[^`\\])*`/y],
];

/** A regular expression may hold quotes and braces; after these a slash begins one. */
const BEFORE_EXPRESSION = /^[([{,;=:?!&|+*%~^<>-]$/;
const REGULAR_EXPRESSION = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/y;

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    const previous = tokens.at(-1)?.text ?? ";";
    const found = tokenAt(text, at, BEFORE_EXPRESSION.test(previous));
    if (found.kind !== "nothing") {
      tokens.push({ kind: found.kind, text: text.slice(at, found.to), from: at, to: found.to });
    }
    at = found.to;
  }
  return tokens;
}

function tokenAt(
  text: string,
  at: number,
  mayBeExpression: boolean,
): { readonly kind: Token["kind"] | "nothing"; readonly to: number } {
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = at;
    if (pattern.test(text)) {
      return { kind, to: pattern.lastIndex };
    }
  }
  REGULAR_EXPRESSION.lastIndex = at;
  if (mayBeExpression && REGULAR_EXPRESSION.test(text)) {
    return { kind: "sign", to: REGULAR_EXPRESSION.lastIndex };
  }
  return { kind: "sign", to: at + 1 };
}

/** @returns every value of a JSON text. */
export function valuesInJson(text: string): readonly Value[] {
  const reader = new Reader(text);
  reader.value({ path: [], variable: 0 });
  return reader.values;
}

/** @returns every value that a script assigns to something, or exports, or hands over. */
export function valuesInScript(text: string): readonly Value[] {
  const reader = new Reader(text);
  reader.script();
  return reader.values;
}

type Place = Pick<Value, "path" | "variable">;

class Reader {
  readonly values: Value[] = [];
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  script(): void {
    while (this.#peek().kind !== "end") {
      const start = this.#at;
      const path = this.#chain();
      if (path.length > 0 && this.#isAssignment()) {
        this.#at++;
        this.value({ path, variable: path.length });
      } else if (path.at(-1) === "default" && this.#is("{")) {
        this.value({ path: [], variable: 0 });
      } else {
        this.#at = Math.max(start + 1, this.#at);
      }
    }
  }

  /** Reads a value and all that is in it. */
  value(place: Place): void {
    const first = this.#peek();
    const start = this.#at;
    if (this.#is("{")) {
      this.#object(place);
    } else if (this.#is("[")) {
      this.#list(place);
    } else if (first.kind === "string" || first.kind === "number") {
      this.#at++;
      if (this.#isEnd(first)) {
        this.values.push({ ...place, ...plain(first) });
        return;
      }
    } else if (this.#chain().length > 0 && this.#is("(") && /^[{[]$/.test(this.#peek(1).text)) {
      // Object.freeze({ … })
      this.#at++;
      this.value(place);
      if (this.#is(")")) {
        this.#at++;
      }
      this.#skip();
      return;
    } else {
      this.#at = start;
    }
    this.#skip();
    const last = this.#tokens[this.#at - 1] ?? first;
    const { from } = first;
    this.values.push({ ...place, kind: "other", content: undefined, from, to: last.to });
  }

  #object({ path, variable }: Place): void {
    this.#at++;
    while (!this.#is("}") && this.#peek().kind !== "end") {
      const key = this.#peek();
      const name = plain(key).content;
      if (key.kind !== "sign" && name !== undefined && this.#peek(1).text === ":") {
        this.#at += 2;
        this.value({ path: [...path, name], variable });
      } else {
        this.#skip();
      }
      this.#pass("}");
    }
    this.#at++;
  }

  #list({ path, variable }: Place): void {
    this.#at++;
    for (let index = 0; !this.#is("]") && this.#peek().kind !== "end"; index++) {
      this.value({ path: [...path, String(index)], variable });
      this.#pass("]");
    }
    this.#at++;
  }

  /** Reads `window.__CONFIG__` or `window["env"]["MARKET"]`. */
  #chain(): readonly string[] {
    const names: string[] = [];
    while (this.#peek().kind === "name") {
      names.push(this.#peek().text);
      this.#at++;
      while (this.#is("[") && this.#peek(1).kind === "string" && this.#peek(2).text === "]") {
        names.push(plain(this.#peek(1)).content ?? "");
        this.#at += 3;
      }
      if (!this.#is(".") || this.#peek(1).kind !== "name") {
        break;
      }
      this.#at++;
    }
    return names;
  }

  /** To the end of an expression: a comma, a semicolon, or what closes what it is in. */
  #skip(): void {
    for (let depth = 0; this.#peek().kind !== "end"; this.#at++) {
      const { text, kind } = this.#peek();
      const closes = kind === "sign" && /^[)\]}]$/.test(text);
      if (depth === 0 && (closes || text === "," || text === ";")) {
        return;
      }
      depth += closes ? -1 : kind === "sign" && /^[([{]$/.test(text) ? 1 : 0;
      if (depth === 0 && this.#beginsStatement(1)) {
        this.#at++;
        return;
      }
    }
  }

  /** To the next entry of a list that ends with a sign. */
  #pass(end: string): void {
    if (!this.#is(end) && this.#peek().kind !== "end") {
      this.#at++;
    }
  }

  #isAssignment(): boolean {
    return this.#is("=") && !/^[=>]$/.test(this.#joined(1));
  }

  /** The sign directly behind the present one. */
  #joined(ahead: number): string {
    const [here, next] = [this.#peek(), this.#peek(ahead)];
    return next.from === here.to ? next.text : "";
  }

  #isEnd(literal: Token): boolean {
    const next = this.#peek();
    return (
      next.kind === "end" ||
      /^[,;)\]}]$/.test(next.text) ||
      (next.kind === "name" && this.#text.slice(literal.to, next.from).includes("\n"))
    );
  }

  /** A name on a new line, after something that may end a statement without a semicolon. */
  #beginsStatement(ahead: number): boolean {
    const [here, next] = [this.#peek(), this.#peek(ahead)];
    return (
      next.kind === "name" &&
      (here.kind !== "sign" || /^[)\]}]$/.test(here.text)) &&
      this.#text.slice(here.to, next.from).includes("\n")
    );
  }

  #is(text: string): boolean {
    const token = this.#peek();
    return token.kind === "sign" && token.text === text;
  }

  #peek(ahead = 0): Token {
    const { length } = this.#text;
    return this.#tokens[this.#at + ahead] ?? { kind: "end", text: "", from: length, to: length };
  }
}

/** What a name, a string or a number says. */
function plain({ kind, text, from, to }: Token): Omit<Value, keyof Place> {
  if (kind === "string") {
    const inside = text.slice(1, -1);
    const isPlain = !(text.startsWith("`") && inside.includes("${"));
    return {
      kind: "string",
      content: isPlain ? unescaped(inside) : undefined,
      from: from + 1,
      to: to - 1,
    };
  }
  return { kind: kind === "number" ? "number" : "other", content: text, from, to };
}

/** Undefined when it has escapes that JSON does not have. */
function unescaped(inside: string): string | undefined {
  if (!inside.includes("\\")) {
    return inside;
  }
  try {
    const value: unknown = JSON.parse(`"${inside}"`);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
