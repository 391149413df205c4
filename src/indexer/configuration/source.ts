import { z } from "zod";

import { EmergencyError, messageOf } from "../../errors.js";
import { isRecord, type Json, type JsonObject } from "../../json.js";
import type { Facts } from "../../step.js";
import type { Cluster } from "../kubernetes/cluster.js";
import { contentOfManifest, type Content } from "./content.js";
import { fromSecretsManager, secretIntent } from "./managed-secrets.js";
import type { ConfigurationPlaces, Manifests } from "./places.js";
import {
  titleOf,
  type ConfigurationKind,
  type ConfigurationName,
  type ConfigurationReference,
} from "./references.js";
import { readCopy, type Original } from "./copies.js";
import { snapshotFor, type Snapshot } from "./snapshots.js";

/** Where a configuration is to come from. */
export const sourceSchema = z.discriminatedUnion("from", [
  /** A snapshot of the revision if there is one; otherwise everything stays. */
  z.object({ from: z.literal("auto") }).strict(),
  z.object({ from: z.literal("keep") }).strict(),
  z
    .object({ from: z.literal("snapshot"), number: z.number().int().positive().optional() })
    .strict(),
  z.object({ from: z.literal("manifest"), file: z.string().min(1) }).strict(),
  z
    .object({
      from: z.literal("git"),
      /** A folder in the repository. */
      around: z.string().min(1),
      ref: z.string().min(1),
      path: z.string().min(1),
    })
    .strict(),
  z
    .object({ from: z.literal("secrets-manager"), secrets: z.array(secretIntent).nonempty() })
    .strict(),
]);

/** See {@link sourceSchema}. */
export type SourceIntent = z.infer<typeof sourceSchema>;

/** What a ConfigMap or Secret should be. */
export interface SourceObject extends ConfigurationName {
  readonly content: Content;
  /** Those that the source speaks of. */
  readonly keys: readonly string[] | "all";
  /** What it was besides, for the case that it has to be made again. */
  readonly original: Original | null;
}

/** What was found in a source. */
export interface FoundSource {
  /** For people: "in snapshot 3"; null where everything stays. */
  readonly origin: string | null;
  readonly snapshot: Snapshot | null;
  readonly objects: readonly SourceObject[];
  readonly notes: readonly string[];
  /** What the source is, so that a plan is not performed from another one. */
  readonly facts: Facts;
}

/** What is asked of a source. */
export interface SourceQuestion {
  readonly cluster: Pick<Cluster, "namespace" | "object">;
  /** "Deployment api". */
  readonly title: string;
  /** For people: "revision 3". */
  readonly revision: string;
  /** `versionHash` of its template. */
  readonly template: string;
  readonly references: readonly ConfigurationReference[];
  readonly snapshots: readonly Snapshot[];
}

const WAYS =
  "snapshot:<number>, <file>, git:<ref>:<path> or secrets-manager (--configuration of indexer rollback, --from of indexer configure)";

/**
 * Reads what a configuration should be.
 * @throws EmergencyError UNKNOWN_SNAPSHOT, BAD_CONFIGURATION, and what the places throw.
 */
export async function readSource(
  source: SourceIntent,
  question: SourceQuestion,
  places: ConfigurationPlaces,
): Promise<FoundSource> {
  switch (source.from) {
    case "keep":
      return nothing([]);
    case "auto":
    case "snapshot":
      return await fromSnapshot(source, question);
    case "manifest":
      return fromManifests(await places.manifests(source.file), question);
    case "git": {
      const { around, ref, path } = source;
      return fromManifests(await places.manifestsAt(around, ref, path), question);
    }
    case "secrets-manager":
      return await fromSecretsManager(source.secrets, places);
  }
}

function nothing(notes: readonly string[]): FoundSource {
  return { origin: null, snapshot: null, objects: [], notes, facts: {} };
}

async function fromSnapshot(
  source: Extract<SourceIntent, { from: "auto" | "snapshot" }>,
  { cluster, title, revision, template, references, snapshots }: SourceQuestion,
): Promise<FoundSource> {
  const number = source.from === "auto" ? undefined : source.number;
  const snapshot =
    number === undefined
      ? snapshotFor(snapshots, template)
      : snapshots.find((each) => each.number === number);
  const names = references.map(titleOf).join(", ");
  if (snapshot === undefined) {
    if (source.from === "auto") {
      return nothing([
        `which configuration ${revision} used is not known, because no snapshot was taken of it: ${names} stay as they are (or name a source: ${WAYS})`,
      ]);
    }
    const known = snapshots.map(
      (each) => `${each.number} (revision ${each.revision}, ${each.why}, ${each.at})`,
    );
    throw new EmergencyError(
      "UNKNOWN_SNAPSHOT",
      number === undefined
        ? `no snapshot was taken of the configuration of ${title} at ${revision}`
        : `${title} has no snapshot ${number}`,
      known.length === 0
        ? `name another source: ${WAYS}; after the next deploy, npx hardhat indexer snapshot takes one`
        : `name one of these, as snapshot:<number>: ${known.join("; ")}; or another source: ${WAYS}`,
    );
  }
  const wanted = snapshot.objects.filter(
    ({ kind, name }) =>
      number !== undefined || references.some((each) => each.kind === kind && each.name === name),
  );
  const objects = await Promise.all(
    wanted.flatMap(({ kind, name, copy }) =>
      copy === null
        ? []
        : [
            readCopy(cluster, snapshot, { kind, name, copy }).then((held): SourceObject => {
              return { kind, name, keys: "all", ...held };
            }),
          ],
    ),
  );
  const absent = wanted.filter(({ copy }) => copy === null).map(titleOf);
  return {
    origin: `in snapshot ${snapshot.number}`,
    snapshot,
    objects,
    notes: [
      `snapshot ${snapshot.number} was taken at ${snapshot.at} by ${snapshot.by === "" ? "somebody" : snapshot.by}, of revision ${snapshot.revision}`,
      ...(absent.length === 0
        ? []
        : [
            `${absent.join(", ")} did not exist then. What exists of it now stays: remove it by hand if it does harm`,
          ]),
    ],
    facts: { snapshot: snapshot.number },
  };
}

function fromManifests(
  { what, version, objects }: Manifests,
  { cluster, references, revision }: SourceQuestion,
): FoundSource {
  const found = objects.flatMap((object): readonly (ConfigurationName & { json: JsonObject })[] => {
    const { kind, metadata } = object;
    const name = isRecord(metadata) ? metadata.name : undefined;
    const namespace = isRecord(metadata) ? metadata.namespace : undefined;
    return isKind(kind) &&
      object.apiVersion === "v1" &&
      typeof name === "string" &&
      (namespace === undefined || namespace === cluster.namespace)
      ? [{ kind, name, json: object }]
      : [];
  });
  const used = found.filter(({ kind, name }) =>
    references.some((each) => each.kind === kind && each.name === name),
  );
  for (const [index, each] of used.entries()) {
    if (used.findIndex((other) => titleOf(other) === titleOf(each)) !== index) {
      throw unusable(`${what} has ${titleOf(each)} twice`, "take one of them out");
    }
  }
  if (used.length === 0) {
    const there = found.map(titleOf);
    throw unusable(
      `${what} has none of what ${revision} reads in namespace ${cluster.namespace} (${references.map(titleOf).join(", ")})`,
      there.length === 0
        ? "name the manifest or overlay that has them"
        : `it has ${there.join(", ")}. Names that end in a hash of the content belong to a revision: roll back to the revision that reads them, npx hardhat indexer rollback --to …`,
    );
  }
  const missing = references.filter(
    (reference) => !used.some((each) => titleOf(each) === titleOf(reference)),
  );
  return {
    origin: `in ${what}`,
    snapshot: null,
    objects: used.map(({ kind, name, json }) => ({
      kind,
      name,
      keys: "all",
      content: contentIn(what, { kind, name }, json),
      original: originalOf(json),
    })),
    notes:
      missing.length === 0
        ? []
        : [`${what} has no ${missing.map(titleOf).join(", ")}: that stays as it is`],
    facts: { source: `${what}, ${version}` },
  };
}

function contentIn(what: string, name: ConfigurationName, json: JsonObject): Content {
  try {
    return contentOfManifest(name.kind, json);
  } catch (error) {
    throw unusable(`${titleOf(name)} in ${what} cannot be used: ${messageOf(error)}`, "correct it");
  }
}

function originalOf({ metadata, immutable }: JsonObject): Original {
  const { labels, annotations } = isRecord(metadata) ? metadata : {};
  return { immutable: immutable === true, labels: texts(labels), annotations: texts(annotations) };
}

function texts(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(isRecord(value) ? value : {}).flatMap(([key, text]) =>
      typeof text === "string" ? [[key, text]] : [],
    ),
  );
}

function isKind(kind: Json | undefined): kind is ConfigurationKind {
  return kind === "ConfigMap" || kind === "Secret";
}

function unusable(what: string, next: string): EmergencyError {
  return new EmergencyError("BAD_CONFIGURATION", `${what}. Nothing was written`, next);
}
