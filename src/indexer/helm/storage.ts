import { EmergencyError, messageOf } from "../../errors.js";
import type { Cluster, ObjectKind, ObjectName } from "../kubernetes/cluster.js";
import type { ClusterObject } from "../kubernetes/objects.js";
import { isJsonObject } from "../kubernetes/template.js";
import { parseRelease, unpackRelease, type Release } from "./release.js";
import { registerSecretsOf } from "./release-secrets.js";

/** Where helm keeps its releases. */
export type Driver = "secrets" | "configmaps";

/** A release's record, as the cluster has it. */
export interface StoredRelease extends Release {
  readonly object: ObjectName;
  readonly resourceVersion: string;
  /** When the API server last took a change of the record, in milliseconds. */
  readonly changedMs: number;
  /** The record's JSON text. May hold secrets. */
  readonly json: string;
}

/** A record that nobody can make sense of. */
export interface UnreadableRelease {
  readonly number: number;
  readonly object: ObjectName;
  /** "it is not base64". */
  readonly why: string;
}

/** All that helm knows of a release, oldest first. */
export interface ReleaseHistory {
  readonly releases: readonly StoredRelease[];
  readonly unreadable: readonly UnreadableRelease[];
}

/**
 * Where helm keeps its releases, by its own variable.
 * @param wanted the value of `HELM_DRIVER`.
 * @throws EmergencyError BAD_CONFIG for drivers whose records are not in the cluster.
 */
export function driverOf(wanted: string | undefined): Driver {
  switch (wanted ?? "") {
    case "":
    case "secret":
    case "secrets":
      return "secrets";
    case "configmap":
    case "configmaps":
      return "configmaps";
    default:
      throw new EmergencyError(
        "BAD_CONFIG",
        `HELM_DRIVER is "${wanted ?? ""}": such releases are not in the cluster, and cannot be read`,
        "take the revision from helm history, and type helm rollback by hand; or unset HELM_DRIVER when the releases are in Secrets",
      );
  }
}

/**
 * Reads all revisions of a release. Every secret value in them is registered, so that it is never shown.
 * @throws EmergencyError UNKNOWN_HELM_RELEASE, and what every question to a cluster throws.
 */
export async function readReleases(
  cluster: Cluster,
  name: string,
  driver: Driver,
): Promise<ReleaseHistory> {
  const kind: ObjectKind = { apiVersion: "v1", plural: driver };
  const objects = await cluster.objects(kind, `owner=helm,name=${name}`);
  const releases: StoredRelease[] = [];
  const unreadable: UnreadableRelease[] = [];
  for (const found of objects) {
    const number = numberIn(found, name);
    if (number === undefined) {
      continue;
    }
    const object = { ...kind, name: found.metadata.name };
    try {
      const release = decode(found, driver, object);
      if (release.number !== number) {
        throw new Error(`it is of revision ${release.number}`);
      }
      releases.push(release);
    } catch (error) {
      unreadable.push({ number, object, why: messageOf(error) });
    }
  }
  if (releases.length === 0 && unreadable.length === 0) {
    throw await unknown(cluster, name, kind);
  }
  const inOrder = (a: { readonly number: number }, b: { readonly number: number }): number =>
    a.number - b.number;
  await registerSecretsOf(releases);
  return { releases: releases.sort(inOrder), unreadable: unreadable.sort(inOrder) };
}

/** What the record of a revision is called. */
export function recordName(release: string, number: number): string {
  return `sh.helm.release.v1.${release}.v${number}`;
}

/** The number in a record's name; undefined when it is no record of that release. */
function numberIn({ metadata }: ClusterObject, release: string): number | undefined {
  const digits = /\.v(\d{1,9})$/.exec(metadata.name)?.[1];
  const number = Number(digits);
  return digits !== undefined && metadata.name === recordName(release, number) ? number : undefined;
}

function decode(found: ClusterObject, driver: Driver, object: ObjectName): StoredRelease {
  const { data } = found.json;
  const kept = isJsonObject(data) ? data.release : undefined;
  if (typeof kept !== "string") {
    throw new Error("it has no data.release");
  }
  // A Secret's data is base64 itself.
  const packed = driver === "secrets" ? Buffer.from(kept, "base64").toString("latin1") : kept;
  const json = unpackRelease(packed);
  const { resourceVersion, creationTimestamp } = found.metadata;
  const changed = [creationTimestamp, ...managedAt(found)].map((time) => Date.parse(time));
  return {
    ...parseRelease(json),
    object,
    resourceVersion,
    changedMs: Math.max(...changed.filter(Number.isFinite)),
    json,
  };
}

/** When each manager has last changed an object, by the API server's clock. */
function managedAt({ json: { metadata } }: ClusterObject): readonly string[] {
  const fields = isJsonObject(metadata) ? metadata.managedFields : undefined;
  return Array.isArray(fields)
    ? fields.flatMap((field: unknown) =>
        typeof field === "object" && field !== null && "time" in field ? [String(field.time)] : [],
      )
    : [];
}

async function unknown(cluster: Cluster, name: string, kind: ObjectKind): Promise<EmergencyError> {
  // Whoever may not look everywhere is not told where it is.
  const elsewhere = await cluster
    .objects({ ...kind, namespace: null }, `owner=helm,name=${name}`)
    .catch(() => []);
  const namespaces = new Set(
    elsewhere.flatMap(({ json: { metadata } }) =>
      isJsonObject(metadata) && typeof metadata.namespace === "string" ? [metadata.namespace] : [],
    ),
  );
  return new EmergencyError(
    "UNKNOWN_HELM_RELEASE",
    `there is no Helm release "${name}" in ${cluster.place}`,
    namespaces.size === 0
      ? "correct release, namespace or context in hardhat.config.ts; see what there is: helm list --all-namespaces"
      : `it is in namespace ${[...namespaces].join(", ")}: correct the namespace in hardhat.config.ts`,
  );
}
