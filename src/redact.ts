/**
 * Values that must never be shown: RPC URLs with a key in them, private keys, mnemonics. They are
 * registered where they are read, and taken out of every text that is printed or written.
 */
const secrets = new Set<string>();

/** Shorter values would blank out ordinary words. */
const SHORTEST_SECRET = 6;

/** From now on this value is replaced wherever it would be shown. */
export function registerSecret(value: string): void {
  if (value.length < SHORTEST_SECRET) {
    return;
  }
  secrets.add(value);
  // A key is often quoted without its prefix, or percent-encoded by an HTTP library.
  if (value.startsWith("0x")) {
    secrets.add(value.slice(2));
  }
  secrets.add(encodeURIComponent(value));
}

/**
 * Registers what is secret in an RPC URL: the whole of it, its credentials, and each part of its
 * path and query. Providers put their keys there. A plain `http://127.0.0.1:8545` has nothing to hide.
 */
export function registerSecretUrl(text: string): void {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    registerSecret(text);
    return;
  }
  const segments = url.pathname.split("/").filter((segment) => segment.length >= 16);
  const parameters = [...url.searchParams.values()];
  const parts = [url.username, url.password, ...segments, ...parameters].filter(
    (part) => part !== "",
  );
  if (parts.length > 0) {
    registerSecret(text);
    registerSecret(url.href);
  }
  for (const part of parts) {
    registerSecret(part);
  }
}

/**
 * Registers the values of HTTP headers that carry a key: `Authorization`, `x-api-key` and their like.
 * The others are ordinary words.
 */
export function registerSecretHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (/auth|key|token|secret|cookie/i.test(name)) {
      registerSecret(value);
      // "Bearer …": what stands in front is no secret, and may be left out where it is quoted.
      registerSecret(value.slice(value.lastIndexOf(" ") + 1));
    }
  }
}

/** The text with every registered secret replaced by `[secret]`. */
export function redact(text: string): string {
  let safe = text;
  // The longest first, so that a URL goes as a whole and not only the key inside it.
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    safe = safe.split(secret).join("[secret]");
  }
  return safe;
}
