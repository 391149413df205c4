import { lookup as lookUp } from "node:dns/promises";
import http from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";
import { promisify } from "node:util";
import * as zlib from "node:zlib";

import { registerSecret } from "../../redact.js";

/**
 * How something is asked for:
 * - `visitor`: as a browser does that may be answered from any cache on the way
 * - `past-caches`: caches are asked not to answer, and nothing may be compressed
 * - `past-caches-compressed`: the same, compressed as for a browser
 * - `new-query`: as a visitor, with a query that no cache has seen
 */
export type Manner = "visitor" | "past-caches" | "past-caches-compressed" | "new-query";

/** What is asked for, and how. */
export interface Wanted {
  readonly url: string;
  readonly manner: Manner;
  /** Whether a page is expected, as when a person types the address. */
  readonly page?: boolean;
  /** Over a connection of its own, so that a load balancer chooses anew. */
  readonly fresh?: boolean;
  /** The IP address to connect to, one of those that the name stands for. */
  readonly at?: string | undefined;
}

/** What a server answered. */
export interface Answer {
  /** As asked. */
  readonly url: string;
  /** After redirects. */
  readonly finalUrl: string;
  readonly status: number;
  /** By names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  /** Unpacked. */
  readonly bytes: Buffer;
}

/**
 * Asks a web server.
 * @throws the connection's error when there is no answer.
 */
export type Get = (wanted: Wanted) => Promise<Answer>;

/** A user's name and password, from the URL of a site that is not for everybody yet. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** A server that does not answer must not hold up the whole check. */
const TIMEOUT_MS = 15_000;

/** Larger than any file of a website that holds an address. */
const MOST_BYTES = 256 * 1024 * 1024;

/** As many as browsers follow (Fetch standard, 4.3). */
const MOST_REDIRECTS = 20;

/** Some servers answer only what looks like a browser. */
const USER_AGENT =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 hardhat-emergency";

/** The connections of one check; closed when nobody asks any more. */
export interface Client {
  readonly get: Get;
  close(): void;
}

/**
 * A client for one site. Not `fetch`: that hides which server is asked and reuses its connections.
 * @param credentials sent to the site's own origin only.
 */
export function httpClient(site: { readonly origin: string }, credentials?: Credentials): Client {
  const agents = {
    "http:": new http.Agent({ keepAlive: true }),
    "https:": new https.Agent({ keepAlive: true }),
  };
  const authorization = credentials === undefined ? undefined : basic(credentials);

  async function exchange(url: URL, wanted: Wanted): Promise<Omit<Answer, "url" | "finalUrl">> {
    const { protocol } = url;
    if (protocol !== "http:" && protocol !== "https:") {
      throw new Error(`${protocol} is no address of the web`);
    }
    const { request } = protocol === "https:" ? https : http;
    const own = url.origin === site.origin;
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const outgoing = request(
        url,
        {
          agent: wanted.fresh === true ? false : agents[protocol],
          signal: AbortSignal.timeout(TIMEOUT_MS),
          headers: {
            ...headersFor(wanted),
            ...(own && authorization !== undefined ? { authorization } : {}),
          },
          ...(wanted.at === undefined ? {} : { lookup: always(wanted.at) }),
        },
        resolve,
      );
      outgoing.once("error", reject);
      outgoing.end();
    });
    const packed = await bodyOf(response);
    return {
      status: response.statusCode ?? 0,
      headers: plain(response.headers),
      bytes: await unpacked(packed, response.headers["content-encoding"]),
    };
  }

  return {
    async get(wanted) {
      let url = new URL(wanted.url);
      if (wanted.manner === "new-query") {
        url.searchParams.set("hardhat-emergency", String(performance.now()));
      }
      for (let redirects = 0; ; redirects++) {
        // A redirect may lead to another host, which is another machine.
        const answer = await exchange(url, redirects === 0 ? wanted : { ...wanted, at: undefined });
        const { location } = answer.headers;
        if (answer.status < 300 || answer.status >= 400 || location === undefined) {
          return { ...answer, url: wanted.url, finalUrl: url.href };
        }
        if (redirects === MOST_REDIRECTS) {
          throw new Error(`more than ${MOST_REDIRECTS} redirects`);
        }
        url = new URL(location, url);
      }
    },
    close() {
      agents["http:"].destroy();
      agents["https:"].destroy();
    },
  };
}

/** Takes the user's name and password out of a URL, so that they are shown nowhere. */
export function withoutCredentials(text: string): {
  readonly url: string;
  readonly credentials: Credentials | undefined;
} {
  const url = new URL(text);
  url.hash = "";
  if (url.username === "" && url.password === "") {
    return { url: url.href, credentials: undefined };
  }
  const credentials = {
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
  registerSecret(credentials.password);
  registerSecret(basic(credentials).slice("Basic ".length));
  url.username = "";
  url.password = "";
  return { url: url.href, credentials };
}

/** The IP addresses that a URL's host stands for; empty where they cannot be told. */
export async function addressesOf(url: string): Promise<readonly string[]> {
  try {
    const all = await lookUp(new URL(url).hostname, { all: true });
    return [...new Set(all.map(({ address }) => address))];
  } catch {
    return [];
  }
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function headersFor({ manner, page }: Wanted): Readonly<Record<string, string>> {
  const past = manner === "past-caches" || manner === "past-caches-compressed";
  return {
    "user-agent": USER_AGENT,
    accept: page === true ? "text/html,application/xhtml+xml,*/*;q=0.8" : "*/*",
    "accept-encoding": manner === "past-caches" ? "identity" : "gzip, deflate, br",
    ...(past ? { "cache-control": "no-cache", pragma: "no-cache" } : {}),
  };
}

/** A look-up that always gives the one IP address. */
function always(address: string): LookupFunction {
  const family = address.includes(":") ? 6 : 4;
  return (_hostname, options, callback) => {
    if (options.all === true) {
      callback(null, [{ address, family }]);
    } else {
      callback(null, address, family);
    }
  };
}

async function bodyOf(response: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > MOST_BYTES) {
      response.destroy();
      throw new Error(`more than ${MOST_BYTES} bytes`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

const gunzip = promisify(zlib.gunzip);
const inflate = promisify(zlib.inflate);
const brotli = promisify(zlib.brotliDecompress);

async function unpacked(bytes: Buffer, encoding: string | undefined): Promise<Buffer> {
  if (bytes.length === 0) {
    return bytes;
  }
  switch (encoding?.trim().toLowerCase()) {
    case "gzip":
    case "x-gzip":
      return await gunzip(bytes);
    case "deflate":
      return await inflate(bytes);
    case "br":
      return await brotli(bytes);
    default:
      return bytes;
  }
}

function plain(headers: http.IncomingHttpHeaders): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value] as const],
    ),
  );
}
