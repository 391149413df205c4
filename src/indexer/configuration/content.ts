import { createHash, createHmac } from "node:crypto";

import { z } from "zod";

import { canonicalJson, isRecord, type JsonObject } from "../../json.js";
import { registerSecret } from "../../redact.js";
import type { ObjectName } from "../kubernetes/cluster.js";
import type { ClusterObject } from "../kubernetes/objects.js";
import type { ConfigurationKind, ConfigurationName } from "./references.js";

/** What a ConfigMap or Secret holds. */
export interface Content {
  /** By key: text in a ConfigMap, base64 in a Secret. */
  readonly data: Readonly<Record<string, string>>;
  /** By key, base64; empty in a Secret. */
  readonly binaryData: Readonly<Record<string, string>>;
  /** Of a Secret: "Opaque"; null for a ConfigMap. */
  readonly type: string | null;
}

const OPAQUE = "Opaque";

/** The type of Secrets whose values belong to Kubernetes itself, which makes them anew. */
export const ACCOUNT_TOKEN = "kubernetes.io/service-account-token";

const shape = z.object({
  data: z.record(z.string()).nullish(),
  binaryData: z.record(z.string()).nullish(),
  type: z.string().nullish(),
});

/** Where it is, for the API server. */
export function objectNameOf({ kind, name }: ConfigurationName): ObjectName {
  return { apiVersion: "v1", plural: kind === "ConfigMap" ? "configmaps" : "secrets", name };
}

/**
 * What an object of the API server holds. From now on the values of a Secret are shown nowhere.
 */
export function contentOf(kind: ConfigurationKind, { json }: ClusterObject): Content {
  const { data, binaryData, type } = shape.parse(json);
  const content: Content =
    kind === "ConfigMap"
      ? { data: data ?? {}, binaryData: binaryData ?? {}, type: null }
      : { data: inOneForm(data ?? {}), binaryData: {}, type: type ?? OPAQUE };
  hide(kind, content);
  return content;
}

/** Whether an object can no longer be changed, only made again. */
export function isImmutable({ json }: ClusterObject): boolean {
  return json.immutable === true;
}

/** Takes the values of a Secret out of everything that is printed or written from now on. */
export function hide(kind: ConfigurationKind, { data }: Content): void {
  if (kind === "ConfigMap") {
    return;
  }
  for (const value of Object.values(data)) {
    registerSecret(value);
    const text = Buffer.from(value, "base64").toString("utf8");
    registerSecret(text);
    registerSecret(text.trim());
    // In a file of several lines each may stand alone: "password: hunter2".
    for (const line of text.split("\n")) {
      if (line.length >= LONG_LINE) {
        registerSecret(line.trim());
      }
    }
  }
}

/** Shorter lines of a file are words such as "[default]". */
const LONG_LINE = 16;

/** Whether two hold the same. */
export function sameContent(a: Content | null, b: Content | null): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

/**
 * sha256 of what a ConfigMap holds. Not for Secrets: whoever sees the hash could try all short passwords.
 */
export function hashOf(content: Content): string {
  return createHash("sha256").update(canonicalJson(content)).digest("hex");
}

/**
 * The same for a Secret, with a key that only those know who may read the Secret anyway.
 * @param key base64.
 */
export function keyedHashOf(content: Content, key: string): string {
  return createHmac("sha256", Buffer.from(key, "base64"))
    .update(canonicalJson(content))
    .digest("hex");
}

/**
 * What an object should hold when some of its keys come from elsewhere and the others stay. Pure.
 * @param keys those that the workload reads; "all": then keys that the source does not have go.
 */
export function mergedContent(
  present: Content | null,
  source: Content,
  keys: readonly string[] | "all",
): Content {
  if (keys === "all" || present === null) {
    return source;
  }
  const merged = (part: "data" | "binaryData"): Readonly<Record<string, string>> => ({
    ...Object.fromEntries(Object.entries(present[part]).filter(([key]) => !keys.includes(key))),
    ...Object.fromEntries(Object.entries(source[part]).filter(([key]) => keys.includes(key))),
  });
  return { data: merged("data"), binaryData: merged("binaryData"), type: present.type };
}

/** The fields of an object that holds this. */
export function fieldsOf({ data, binaryData, type }: Content): JsonObject {
  return {
    ...(Object.keys(data).length === 0 ? {} : { data }),
    ...(Object.keys(binaryData).length === 0 ? {} : { binaryData }),
    ...(type === null ? {} : { type }),
  };
}

/**
 * What a manifest of a ConfigMap or Secret holds.
 * @throws TypeError when a value is no text, without the value.
 */
export function contentOfManifest(kind: ConfigurationKind, manifest: JsonObject): Content {
  const data = textsOf(manifest.data, "data");
  if (kind === "ConfigMap") {
    return { data, binaryData: textsOf(manifest.binaryData, "binaryData"), type: null };
  }
  const plain = Object.entries(textsOf(manifest.stringData, "stringData")).map(
    ([key, value]) => [key, Buffer.from(value, "utf8").toString("base64")] as const,
  );
  const type = typeof manifest.type === "string" ? manifest.type : OPAQUE;
  const content = {
    data: { ...inOneForm(data), ...Object.fromEntries(plain) },
    binaryData: {},
    type,
  };
  hide(kind, content);
  return content;
}

function textsOf(value: unknown, field: string): Readonly<Record<string, string>> {
  if (value === undefined || value === null) {
    return {};
  }
  if (!isRecord(value)) {
    throw new TypeError(`${field} is no map`);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => {
      if (typeof text !== "string") {
        throw new TypeError(`${field}.${key} is no text: put it in quotes`);
      }
      return [key, text];
    }),
  );
}

/** base64 may have line breaks in it, and be right all the same. */
function inOneForm(data: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      Buffer.from(value, "base64").toString("base64"),
    ]),
  );
}
