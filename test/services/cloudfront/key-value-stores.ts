import { randomUUID } from "node:crypto";

import { z } from "zod";

import { jsonAnswer, jsonError, xmlAnswer, xmlError, type Answer, type Asked } from "./answers.js";
import { NAMESPACE, inside } from "./cloudfront-xml.js";

const update = z.object({
  Puts: z.array(z.object({ Key: z.string(), Value: z.string() })).optional(),
  Deletes: z.array(z.object({ Key: z.string() })).optional(),
});

interface Store {
  readonly name: string;
  readonly arn: string;
  etag: string;
  readonly values: Map<string, string>;
}

/** CloudFront's key value stores: making them, and reading and writing what is in them. In memory. */
export class KeyValueStores {
  readonly #byName = new Map<string, Store>();

  /** What a function sees of a store. */
  valuesOf(arn: string): ReadonlyMap<string, string> {
    const store = [...this.#byName.values()].find((each) => each.arn === arn);
    if (store === undefined) {
      throw new Error(`there is no key value store ${arn}`);
    }
    return store.values;
  }

  /** Requests of the CloudFront API itself; undefined when it is none of these. */
  control({ method, path, body }: Asked): Answer | undefined {
    const name = /^\/2020-05-31\/key-value-store(?:\/([^/]+))?$/.exec(path);
    if (name === null) {
      return undefined;
    }
    if (method === "POST") {
      const wanted = inside(body.toString(), "Name") ?? "";
      const store: Store = {
        name: wanted,
        arn: `arn:aws:cloudfront::123456789012:key-value-store/${randomUUID()}`,
        etag: etag(),
        values: new Map(),
      };
      this.#byName.set(wanted, store);
      return xmlAnswer(201, describe(store), store.etag);
    }
    const store = this.#byName.get(name[1] ?? "");
    return store === undefined
      ? xmlError(404, "EntityNotFound", "There is no such key value store.")
      : xmlAnswer(200, describe(store), store.etag);
  }

  /** Requests of the key value store API; undefined when it is none of these. */
  data({ method, path, headers, body }: Asked): Answer | undefined {
    const [, rawArn, part, rawKey] =
      /^\/key-value-stores\/([^/]+)(?:\/(keys)(?:\/([^/]+))?)?$/.exec(path) ?? [];
    if (rawArn === undefined) {
      return undefined;
    }
    // The service takes no other signature, and clients do not send it by themselves.
    if (headers.authorization?.startsWith("AWS4-ECDSA-P256-SHA256 ") !== true) {
      return jsonError(403, "AccessDeniedException", "The request is not signed with SigV4A.");
    }
    const arn = decodeURIComponent(rawArn);
    const store = [...this.#byName.values()].find((each) => each.arn === arn);
    if (store === undefined) {
      return jsonError(404, "ResourceNotFoundException", "Key value store was not found.");
    }
    if (method === "GET" && part === undefined) {
      return jsonAnswer(200, { ...sizes(store), KvsARN: store.arn, Created: 0 }, store.etag);
    }
    const key = rawKey === undefined ? undefined : decodeURIComponent(rawKey);
    if (method === "GET" && key !== undefined) {
      const value = store.values.get(key);
      return value === undefined
        ? jsonError(404, "ResourceNotFoundException", `Key ${key} was not found.`)
        : jsonAnswer(200, { ...sizes(store), Key: key, Value: value });
    }
    if (headers["if-match"] !== store.etag) {
      return jsonError(409, "ConflictException", "Resource is not in expected state.");
    }
    if (method === "POST" && key === undefined) {
      const { Puts = [], Deletes = [] } = update.parse(JSON.parse(body.toString()));
      for (const { Key } of Deletes) {
        store.values.delete(Key);
      }
      for (const { Key, Value } of Puts) {
        store.values.set(Key, Value);
      }
    } else if (method === "DELETE" && key !== undefined) {
      store.values.delete(key);
    } else {
      return jsonError(400, "ValidationException", `The test server knows no ${method} ${path}`);
    }
    store.etag = etag();
    return jsonAnswer(200, sizes(store), store.etag);
  }
}

function etag(): string {
  return `KV${randomUUID().slice(0, 8).toUpperCase()}`;
}

function sizes({ values }: Store): Record<string, unknown> {
  const bytes = [...values].reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return { ItemCount: values.size, TotalSizeInBytes: bytes };
}

function describe({ name, arn }: Store): string {
  return `<KeyValueStore ${NAMESPACE}><Name>${name}</Name><Id>${arn.slice(arn.lastIndexOf("/") + 1)}</Id><Comment></Comment><ARN>${arn}</ARN><Status>READY</Status><LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime></KeyValueStore>`;
}
