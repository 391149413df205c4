import { createHash } from "node:crypto";

import { addressSearch, type AddressSearch } from "../address-search.js";
import { isImmutable } from "../content-headers.js";
import { isText } from "../site-files.js";
import { cacheHeaders, type CacheHeaders, type FileKind } from "./caching.js";
import type { Answer } from "./http-get.js";
import { contentOf, type Content } from "./links.js";
import { isServiceWorker } from "./service-worker.js";

/** Where an address stands in a file. */
export interface AddressInFile {
  readonly address: string;
  /** Written as an address, so many times. */
  readonly plain: number;
  /** In other forms: "in base64". */
  readonly otherwise: readonly string[];
}

/** One content that a URL gave. */
export interface Variant {
  readonly sha256: string;
  readonly size: number;
  /** By whom it was got: "visitor", "past caches", "browser". */
  readonly to: readonly string[];
  readonly addresses: readonly AddressInFile[];
}

/** A file that is served. */
export interface ServedFile {
  readonly url: string;
  readonly kind: FileKind;
  readonly content: Content;
  readonly status: number;
  readonly contentType: string | null;
  /** The server's clock. */
  readonly date: string | null;
  readonly caching: CacheHeaders;
  readonly md5: string;
  readonly sha1: string;
  /** What a visitor got comes first. */
  readonly variants: readonly Variant[];
}

/** Keeps what is known of every file, and not its bytes: a site may be large. */
export class ServedFiles {
  readonly #searches: readonly { readonly address: string; readonly search: AddressSearch }[];
  readonly #configFiles: ReadonlySet<string>;
  readonly #files = new Map<string, ServedFile>();

  /**
   * @param watched addresses that are looked for in everything, checksummed.
   * @param configFiles URLs of the files that the site is known to read its addresses from.
   */
  constructor(watched: readonly string[], configFiles: Iterable<string>) {
    this.#searches = [...new Set(watched)].map((address) => ({
      address,
      search: addressSearch(address),
    }));
    this.#configFiles = new Set(configFiles);
  }

  /** Remembers what somebody was given. The first one to ask decides what the file is. */
  add(answer: Answer, to: string): ServedFile {
    const { url, bytes, headers, status } = answer;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const before = this.#files.get(url);
    const known = before?.variants.find((variant) => variant.sha256 === sha256);
    const variant: Variant = {
      sha256,
      size: bytes.length,
      to: known === undefined ? [to] : [...new Set([...known.to, to])],
      addresses: known?.addresses ?? this.#addressesIn(bytes),
    };
    const variants =
      known === undefined
        ? [...(before?.variants ?? []), variant]
        : (before?.variants ?? []).map((one) => (one === known ? variant : one));
    const content = contentOf(answer.finalUrl, headers["content-type"]);
    const file: ServedFile =
      before === undefined
        ? {
            url,
            content,
            kind: this.#kindOf(answer, content, variant),
            status,
            contentType: headers["content-type"] ?? null,
            date: headers.date ?? null,
            caching: cacheHeaders(headers),
            md5: createHash("md5").update(bytes).digest("hex"),
            sha1: createHash("sha1").update(bytes).digest("hex"),
            variants,
          }
        : { ...before, variants };
    this.#files.set(url, file);
    return file;
  }

  get(url: string): ServedFile | undefined {
    return this.#files.get(url);
  }

  all(): readonly ServedFile[] {
    return [...this.#files.values()];
  }

  #addressesIn(bytes: Buffer): readonly AddressInFile[] {
    return this.#searches.flatMap(({ address, search }) => {
      const { plain, unexplained } = search.in(bytes);
      const otherwise = [...new Set(unexplained.map(({ why }) => why))];
      return plain.length + otherwise.length === 0
        ? []
        : [{ address, plain: plain.length, otherwise }];
    });
  }

  #kindOf(answer: Answer, content: Content, { addresses }: Variant): FileKind {
    const { pathname } = new URL(answer.url);
    if (content === "page") {
      return "page";
    }
    if (
      content === "script" &&
      isText(answer.bytes) &&
      isServiceWorker(answer.bytes.toString("utf8"))
    ) {
      return "service-worker";
    }
    if (this.#configFiles.has(answer.url)) {
      return "config";
    }
    if (isImmutable(pathname)) {
      return "hashed";
    }
    // Whatever holds a contract's address under a name that stays changes when the contract does.
    return addresses.length > 0 && !pathname.endsWith(".map") ? "config" : "other";
  }
}
