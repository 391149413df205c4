import { createHash, randomBytes } from "node:crypto";

import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import { canonicalJson, type JsonObject } from "../../json.js";
import type { Cluster } from "../kubernetes/cluster.js";
import type { ClusterObject, Workload } from "../kubernetes/objects.js";
import { LAST_APPLIED } from "../kubernetes/template-patch.js";
import {
  contentOf,
  fieldsOf,
  hashOf,
  keyedHashOf,
  objectNameOf,
  sameContent,
  type Content,
} from "./content.js";
import { titleOf, type ConfigurationKind, type ConfigurationName } from "./references.js";
import type { Snapshot } from "./snapshots.js";

/*
 * Copies of Secrets are Secrets: whoever may not read the one may not read the other. Their names do not come
 * from their content, because names stand in lists, events and logs; and their hash has a key that lies in the
 * copy itself, because `kubectl describe` shows annotations and no values.
 */

/** The workload's uid, on a copy. */
export const COPY_LABEL = "hardhat-emergency/copy-for";
/** "Secret db", on a copy. */
const OF_ANNOTATION = "hardhat-emergency/copy-of";
const HASH_ANNOTATION = "hardhat-emergency/hash";
/** What the object was besides its content: labels, annotations, whether it was immutable. */
const ORIGINAL_ANNOTATION = "hardhat-emergency/original";

/** A copy of another type would be filled, or refused, by Kubernetes itself. */
const COPY_TYPE = "hardhat-emergency/copy";
/** In the copy of a Secret: the key of its hash. */
const KEY = ".hardhat-emergency.key";

/** What an object was besides its content. */
export interface Original {
  readonly immutable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A copy, read back. */
export interface Copy {
  readonly content: Content;
  readonly original: Original;
}

const originalShape = z.object({
  immutable: z.boolean(),
  labels: z.record(z.string()),
  annotations: z.record(z.string()),
  type: z.string().nullable(),
});

/**
 * Reads a copy.
 * @throws EmergencyError UNKNOWN_SNAPSHOT when it is gone, or is not what was copied.
 */
export async function readCopy(
  cluster: Pick<Cluster, "object">,
  snapshot: Pick<Snapshot, "number">,
  { kind, name, copy }: ConfigurationName & { readonly copy: string },
): Promise<Copy> {
  const object = await cluster.object(objectNameOf({ kind, name: copy }));
  const found = object === null ? undefined : copyOf(kind, object);
  if (found === undefined) {
    throw new EmergencyError(
      "UNKNOWN_SNAPSHOT",
      `snapshot ${snapshot.number} cannot be used: its copy of ${titleOf({ kind, name })} (${copy}) ${object === null ? "is gone" : "was changed"}. Nothing was written`,
      "name another source with --configuration: another snapshot, a manifest, git:<ref>:<path>, secrets-manager or keep",
    );
  }
  return found;
}

/** What a snapshot holds of an object: null for none, undefined when its copy cannot be used. */
export async function heldContent(
  cluster: Cluster,
  snapshot: Snapshot,
  wanted: ConfigurationName,
): Promise<Content | null | undefined> {
  const held = snapshot.objects.find(
    ({ kind, name }) => kind === wanted.kind && name === wanted.name,
  );
  if (held === undefined || held.copy === null) {
    return held === undefined ? undefined : null;
  }
  try {
    return (await readCopy(cluster, snapshot, { ...held, copy: held.copy })).content;
  } catch (error) {
    if (error instanceof EmergencyError && error.code === "UNKNOWN_SNAPSHOT") {
      return undefined;
    }
    throw error;
  }
}

/** Whether a snapshot holds exactly this of each of some objects. */
export async function holdsAll(
  cluster: Cluster,
  snapshot: Snapshot,
  objects: readonly (ConfigurationName & { readonly present: Content | null })[],
): Promise<boolean> {
  const answers = await Promise.all(
    objects.map(async (each) => {
      const held = await heldContent(cluster, snapshot, each);
      return held !== undefined && sameContent(held, each.present);
    }),
  );
  return answers.every(Boolean);
}

function copyOf(kind: ConfigurationKind, object: ClusterObject): Copy | undefined {
  const { [ORIGINAL_ANNOTATION]: text, [HASH_ANNOTATION]: hash } = object.metadata.annotations;
  let value: unknown;
  try {
    value = JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
  const original = originalShape.safeParse(value);
  if (!original.success) {
    return undefined;
  }
  const { type, ...rest } = original.data;
  const held = contentOf(kind, object);
  const { [KEY]: key = "", ...data } = held.data;
  const content = kind === "ConfigMap" ? held : { ...held, data, type };
  return hash === hashText(kind, content, key) ? { content, original: rest } : undefined;
}

function hashText(kind: ConfigurationKind, content: Content, key: string): string {
  return kind === "ConfigMap"
    ? `sha256:${hashOf(content)}`
    : `hmac-sha256:${keyedHashOf(content, key)}`;
}

export /** An object has the same content as long as it has the same version. */
function copyName(
  workload: Workload,
  kind: ConfigurationKind,
  { metadata }: ClusterObject,
): string {
  const version = [workload.metadata.uid, kind, metadata.uid, metadata.resourceVersion];
  const digest = createHash("sha256").update(canonicalJson(version)).digest("hex").slice(0, 20);
  return `${metadata.name.slice(0, 100)}-copy-${digest}`;
}

/** A copy, as it is made. @param owner with whom it goes: an owner reference. */
export function copyBody(
  kind: ConfigurationKind,
  name: string,
  copy: string,
  source: ClusterObject,
  owner: JsonObject,
): JsonObject {
  const content = contentOf(kind, source);
  const key = randomBytes(32).toString("base64");
  const { uid } = owner;
  // Of a Secret it holds all values.
  const kept = Object.entries(source.metadata.annotations).filter(([key]) => key !== LAST_APPLIED);
  const original = {
    immutable: source.json.immutable === true,
    labels: source.metadata.labels,
    annotations: Object.fromEntries(kept),
    type: content.type,
  };
  return {
    apiVersion: "v1",
    kind,
    metadata: {
      name: copy,
      labels: { [COPY_LABEL]: uid ?? "" },
      annotations: {
        [OF_ANNOTATION]: titleOf({ kind, name }),
        [HASH_ANNOTATION]: hashText(kind, content, key),
        [ORIGINAL_ANNOTATION]: canonicalJson(original),
      },
      ownerReferences: [owner],
    },
    immutable: true,
    ...fieldsOf(
      kind === "ConfigMap"
        ? content
        : { ...content, data: { ...content.data, [KEY]: key }, type: COPY_TYPE },
    ),
  };
}
