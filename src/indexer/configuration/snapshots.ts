import { createHash, randomBytes } from "node:crypto";

import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import { canonicalJson, type JsonObject } from "../../json.js";
import type { Indexer } from "../indexer.js";
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

/*
 * A snapshot is a small ConfigMap that lists what a workload used, and immutable copies beside it.
 *
 * It is not an annotation on the ReplicaSet or the ControllerRevision: the Deployment controller writes the
 * Deployment's own annotations over those of its present ReplicaSet, and `kubectl rollout undo` writes those of a
 * ReplicaSet over the Deployment's, so what stands there would sooner or later speak of another revision. It
 * is found by the workload's uid and speaks of one template.
 *
 * Copies of Secrets are Secrets: whoever may not read the one may not read the other. Their names do not come
 * from their content, because names stand in lists, events and logs; and their hash has a key that lies in the
 * copy itself, because `kubectl describe` shows annotations and no values.
 */

/** The workload's uid, on a snapshot. */
export const SNAPSHOT_LABEL = "hardhat-emergency/snapshot-of";
/** The workload's uid, on a copy. */
export const COPY_LABEL = "hardhat-emergency/copy-for";
/** "Secret db", on a copy. */
const OF_ANNOTATION = "hardhat-emergency/copy-of";
const HASH_ANNOTATION = "hardhat-emergency/hash";
/** What the object was besides its content: labels, annotations, whether it was immutable. */
const ORIGINAL_ANNOTATION = "hardhat-emergency/original";
const BY_ANNOTATION = "hardhat-emergency/by";
/** A copy of another type would be filled, or refused, by Kubernetes itself. */
const COPY_TYPE = "hardhat-emergency/copy";
/** In the copy of a Secret: the key of its hash. */
const KEY = ".hardhat-emergency.key";
const FIELD = "snapshot";

/**
 * Why a snapshot was taken:
 * - `deploy`: somebody asked for it, after a deploy
 * - `left`: a rollback leaves this template
 * - `restored`: the configuration was just brought back from elsewhere, and this is what it is now
 * - `before`: the configuration is about to change under the same template. It only serves to undo that.
 */
export type Why = (typeof WHYS)[number];

const WHYS = ["deploy", "left", "restored", "before"] as const;

/** One object of a snapshot. */
export interface SnapshotObject extends ConfigurationName {
  /** The copy's name; null when there was no such object. */
  readonly copy: string | null;
}

/** What a workload used while it had a template. */
export interface Snapshot {
  /** Counted from 1 for each workload. */
  readonly number: number;
  /** `versionHash` of its template: a restart is no other configuration. */
  readonly template: string;
  /** The number that the revision had then. */
  readonly revision: number;
  readonly why: Why;
  /** ISO 8601, of the API server. */
  readonly at: string;
  readonly by: string;
  /** Sorted. */
  readonly objects: readonly SnapshotObject[];
  readonly record: ClusterObject;
}

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

/** What a snapshot will hold. */
export interface NewSnapshot {
  readonly number: number;
  readonly template: string;
  readonly revision: number;
  readonly why: Why;
  /** With the object that was copied; null where an earlier copy holds the same, or there is no object. */
  readonly objects: readonly (SnapshotObject & { readonly source: ClusterObject | null })[];
}

const recordShape = z.object({
  template: z.string(),
  revision: z.number().int(),
  why: z.enum(WHYS),
  objects: z.array(
    z.object({
      kind: z.enum(["ConfigMap", "Secret"]),
      name: z.string(),
      copy: z.string().nullable(),
    }),
  ),
});

const originalShape = z.object({
  immutable: z.boolean(),
  labels: z.record(z.string()),
  annotations: z.record(z.string()),
  type: z.string().nullable(),
});

/** All snapshots of a workload, oldest first. What cannot be read as one is none. */
export async function readSnapshots(
  cluster: Cluster,
  workload: Workload,
): Promise<readonly Snapshot[]> {
  const records = await cluster.objects(
    { apiVersion: "v1", plural: "configmaps" },
    `${SNAPSHOT_LABEL}=${workload.metadata.uid}`,
  );
  return records.flatMap(snapshotOf).sort((a, b) => a.number - b.number);
}

function snapshotOf(record: ClusterObject): readonly Snapshot[] {
  const number = Number(/-(\d+)$/.exec(record.metadata.name)?.[1]);
  const { data } = contentOf("ConfigMap", record);
  let value: unknown;
  try {
    value = JSON.parse(data[FIELD] ?? "");
  } catch {
    return [];
  }
  const parsed = recordShape.safeParse(value);
  return parsed.success && Number.isSafeInteger(number)
    ? [
        {
          ...parsed.data,
          number,
          at: record.metadata.creationTimestamp,
          by: record.metadata.annotations[BY_ANNOTATION] ?? "",
          record,
        },
      ]
    : [];
}

/** The snapshot that says what a template used last; see {@link Why}. Pure. */
export function snapshotFor(
  snapshots: readonly Snapshot[],
  template: string,
): Snapshot | undefined {
  return snapshots.findLast((each) => each.template === template && each.why !== "before");
}

/**
 * Reads a copy.
 * @throws EmergencyError UNKNOWN_SNAPSHOT when it is gone, or is not what was copied.
 */
export async function readCopy(
  cluster: Cluster,
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

/**
 * What a new snapshot would hold. Reads the newest copies, so that what has not changed is not copied again.
 * @param present what there is now; null where there is nothing.
 */
export async function planSnapshot(
  cluster: Cluster,
  workload: Workload,
  snapshots: readonly Snapshot[],
  about: Pick<NewSnapshot, "template" | "revision" | "why">,
  present: readonly (ConfigurationName & { readonly object: ClusterObject | null })[],
): Promise<NewSnapshot> {
  const objects = await Promise.all(
    present.map(async ({ kind, name, object }): Promise<NewSnapshot["objects"][number]> => {
      if (object === null) {
        return { kind, name, copy: null, source: null };
      }
      const newest = snapshots
        .flatMap((snapshot) =>
          snapshot.objects
            .filter((each) => each.kind === kind && each.name === name)
            .flatMap(({ copy }) => (copy === null ? [] : [{ snapshot, copy }])),
        )
        .at(-1);
      const known =
        newest === undefined
          ? undefined
          : await readCopy(cluster, newest.snapshot, { kind, name, copy: newest.copy }).catch(
              () => undefined,
            );
      return newest !== undefined &&
        known !== undefined &&
        sameContent(known.content, contentOf(kind, object))
        ? { kind, name, copy: newest.copy, source: null }
        : { kind, name, copy: copyName(workload, kind, object), source: object };
    }),
  );
  const number = (snapshots.at(-1)?.number ?? 0) + 1;
  return { ...about, number, objects };
}

/** An object has the same content as long as it has the same version. */
function copyName(
  workload: Workload,
  kind: ConfigurationKind,
  { metadata }: ClusterObject,
): string {
  const version = [workload.metadata.uid, kind, metadata.uid, metadata.resourceVersion];
  const digest = createHash("sha256").update(canonicalJson(version)).digest("hex").slice(0, 20);
  return `${metadata.name.slice(0, 100)}-copy-${digest}`;
}

/**
 * Writes a snapshot: the copies first, so that a list never names what is not there. Whatever is there already
 * is not written again.
 * @throws EmergencyError PRIOR_STATE_CHANGED when somebody else has taken one of the same number meanwhile.
 */
export async function writeSnapshot(
  { cluster, workload: { kind }, by }: Pick<Indexer, "cluster" | "workload" | "by">,
  workload: Workload,
  snapshot: NewSnapshot,
): Promise<void> {
  const owner = {
    apiVersion: "apps/v1",
    kind,
    name: workload.metadata.name,
    uid: workload.metadata.uid,
  };
  for (const { kind: own, name, copy, source } of snapshot.objects) {
    if (copy === null || source === null) {
      continue;
    }
    const body = copyBody(own, name, copy, source, owner);
    const written = await cluster.create(objectNameOf({ kind: own, name: copy }), body);
    // A copy of the same version of the object holds the same.
    if ("refused" in written) {
      await readCopy(cluster, snapshot, { kind: own, name, copy });
    }
  }
  const name = recordName(workload, snapshot.number);
  const { template, revision, why } = snapshot;
  const text = canonicalJson({
    ...{ template, revision, why },
    objects: snapshot.objects.map(({ source: _source, ...object }) => object),
  });
  const written = await cluster.create(
    { apiVersion: "v1", plural: "configmaps" },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name,
        labels: { [SNAPSHOT_LABEL]: workload.metadata.uid },
        annotations: { [BY_ANNOTATION]: by },
        ownerReferences: [owner],
      },
      immutable: true,
      data: { [FIELD]: text },
    },
  );
  if ("refused" in written) {
    const there = await cluster.object({ apiVersion: "v1", plural: "configmaps", name });
    if (there === null || contentOf("ConfigMap", there).data[FIELD] !== text) {
      throw new EmergencyError(
        "PRIOR_STATE_CHANGED",
        `somebody else has taken snapshot ${snapshot.number} of ${kind} ${workload.metadata.name} in the same moment (${written.refused}). Nothing of the configuration was changed`,
        "type the command again: it looks at what there is now",
      );
    }
  }
}

/** Whether a snapshot is in the cluster. */
export async function hasSnapshot(
  cluster: Cluster,
  workload: Workload,
  number: number,
): Promise<boolean> {
  const name = recordName(workload, number);
  return (await cluster.object({ apiVersion: "v1", plural: "configmaps", name })) !== null;
}

function recordName({ metadata: { name, uid } }: Workload, number: number): string {
  return `${name.slice(0, 100)}-snapshot-${uid.slice(0, 8)}-${number}`;
}

function copyBody(
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

/** So many snapshots of one revision are kept: whoever needs an older one has to say so in time. */
const KEPT = 5;

/** Snapshots that nobody can need any more: of revisions that are gone, and older ones of the others. Pure. */
export function outdated(
  snapshots: readonly Snapshot[],
  templates: ReadonlySet<string>,
): readonly Snapshot[] {
  return snapshots.filter((snapshot) => {
    const own = snapshots.filter(({ template }) => template === snapshot.template);
    const best = snapshotFor(snapshots, snapshot.template);
    return (
      !templates.has(snapshot.template) ||
      (!own.slice(-KEPT).includes(snapshot) && snapshot !== best)
    );
  });
}

/**
 * Removes snapshots, and the copies that no other one names. The copies first: a kill leaves a list that is
 * removed the next time.
 * @param also copies that must stay besides.
 */
export async function removeSnapshots(
  cluster: Cluster,
  snapshots: readonly Snapshot[],
  gone: readonly Snapshot[],
  also: readonly string[] = [],
): Promise<void> {
  const needed = new Set<string | null>([
    ...also,
    ...snapshots
      .filter((snapshot) => !gone.includes(snapshot))
      .flatMap(({ objects }) => objects.map(({ copy }) => copy)),
  ]);
  for (const { objects, record } of gone) {
    for (const { kind, copy } of objects) {
      if (copy !== null && !needed.has(copy)) {
        const name = objectNameOf({ kind, name: copy });
        const looked = await cluster.object(name);
        if (looked !== null) {
          await cluster.remove(name, looked);
        }
      }
    }
    await cluster.remove(
      { apiVersion: "v1", plural: "configmaps", name: record.metadata.name },
      record,
    );
  }
}
