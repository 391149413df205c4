import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { Indexer } from "../indexer.js";
import type { Workload } from "../kubernetes/objects.js";
import {
  configObject,
  nameOf,
  objectKey,
  type ConfigObject,
  type ObjectRef,
} from "./config-object.js";
import { valuesIn } from "./file.js";
import type { FollowedIn } from "./intent.js";
import { baseName } from "./kustomize-name.js";
import { locate, namesOf, objectsNeeded, objectsOf, type Spot } from "./places.js";

/** Where an indexer has a contract's address from, as it is now. */
export interface Seen {
  readonly workload: Workload;
  /** By `objectKey`: those that were looked into. */
  readonly objects: ReadonlyMap<string, ConfigObject>;
  readonly spots: readonly Spot[];
  readonly notes: readonly string[];
}

/**
 * Looks where an indexer's variables, or the values in its file, are.
 * @throws EmergencyError UNKNOWN_VARIABLE, CANNOT_REPOINT, and what every question to a cluster throws.
 */
export async function lookAtSpots(indexer: Indexer, where: FollowedIn): Promise<Seen> {
  const workload = await indexer.cluster.workload(indexer.workload);
  return where.file === undefined
    ? await lookAtVariables(indexer, workload, where)
    : await lookAtFile(indexer, workload, where, where.file);
}

function titleOf({ workload: { kind, name } }: Indexer): string {
  return `${kind} ${name}`;
}

async function lookAtVariables(
  indexer: Indexer,
  workload: Workload,
  where: FollowedIn,
): Promise<Seen> {
  const { template } = workload.spec;
  const names = namesOf(where).map(([, name]) => name);
  const denied: EmergencyError[] = [];
  const objects = new Map<string, ConfigObject>();
  await Promise.all(
    objectsNeeded(template, names).map(async (ref) => {
      try {
        const found = await readObject(indexer, ref);
        if (found !== null) {
          objects.set(objectKey(ref), found);
        }
      } catch (error) {
        // Whoever may not read Secrets needs no Secret, if the address is elsewhere.
        if (!(error instanceof EmergencyError) || error.code !== "CLUSTER_DENIED") {
          throw error;
        }
        denied.push(error);
      }
    }),
  );
  try {
    const spots = locate(titleOf(indexer), template, where, objects);
    const notes = denied.map(
      ({ what }) => `${what}; if the variables are there as well, those count`,
    );
    return { workload, objects, spots, notes };
  } catch (error) {
    throw error instanceof EmergencyError && error.code === "UNKNOWN_VARIABLE"
      ? (denied[0] ?? error)
      : error;
  }
}

async function lookAtFile(
  indexer: Indexer,
  workload: Workload,
  where: FollowedIn,
  { configMap, key, format }: NonNullable<FollowedIn["file"]>,
): Promise<Seen> {
  const title = titleOf(indexer);
  const maps = objectsOf(workload.spec.template).filter(({ kind }) => kind === "ConfigMap");
  const exact = maps.filter(({ name }) => name === configMap);
  const found = exact.length > 0 ? exact : maps.filter(({ name }) => baseName(name) === configMap);
  const [ref] = found;
  if (ref === undefined || found.length > 1) {
    throw new EmergencyError(
      "UNKNOWN_VARIABLE",
      ref === undefined
        ? `${title} reads no ConfigMap ${configMap}. Nothing was written`
        : `${title} reads ${found.length} ConfigMaps that ${configMap} may be: ${found.map(({ name }) => name).join(", ")}. Nothing was written`,
      `correct its name in hardhat.config.ts (contracts.….file.configMap); it reads: ${maps.map(({ name }) => name).join(", ") || "none"}`,
    );
  }
  const object = await readObject(indexer, ref);
  const text = object?.data[key];
  if (object === null || text === undefined) {
    throw new EmergencyError(
      "UNKNOWN_VARIABLE",
      `ConfigMap ${ref.name} ${object === null ? "does not exist" : `has no key ${key}`}. Nothing was written`,
      `correct it in hardhat.config.ts (contracts.….file.key); it has: ${Object.keys(object?.data ?? {}).join(", ") || "none"}`,
    );
  }
  const names = namesOf(where).filter(([role]) => role !== "schema");
  const file = `${key} in ConfigMap ${ref.name}`;
  const values = await valuesIn(
    file,
    format,
    text,
    names.map(([, name]) => name),
  );
  const place = { in: "file", object: ref, key } as const;
  const spots = names.map(([role, name], index): Spot => {
    const value = values[index] ?? null;
    if (value === null && !role.startsWith("previous")) {
      throw new EmergencyError(
        "UNKNOWN_VARIABLE",
        `there is nothing at ${name} in ${file}. Nothing was written`,
        "correct the path in hardhat.config.ts: emergency.indexers.….contracts",
      );
    }
    return { role, name, place, value };
  });
  const schema =
    where.schema === undefined ? [] : await schemaSpots(indexer, workload, where.schema);
  const objects = new Map([[objectKey(ref), object]]);
  for (const { object: other } of schema) {
    if (other !== undefined) {
      objects.set(objectKey(other.ref), other);
    }
  }
  return { workload, objects, spots: [...spots, ...schema.map(({ spot }) => spot)], notes: [] };
}

/** The schema is a variable also where the addresses are in a file. */
async function schemaSpots(
  indexer: Indexer,
  workload: Workload,
  variable: string,
): Promise<readonly { readonly spot: Spot; readonly object: ConfigObject | undefined }[]> {
  const seen = await lookAtVariables(indexer, workload, { address: variable });
  return seen.spots.map((spot) => ({
    spot: { ...spot, role: "schema" },
    object:
      spot.place.in === "container" ? undefined : seen.objects.get(objectKey(spot.place.object)),
  }));
}

async function readObject({ cluster }: Indexer, ref: ObjectRef): Promise<ConfigObject | null> {
  const found = await cluster.object(nameOf(ref));
  return found === null ? null : configObject(ref, found);
}

const managed = z.object({
  managedFields: z
    .array(z.object({ time: z.string().optional(), fieldsV1: z.record(z.unknown()).optional() }))
    .default([]),
});

/** When somebody has last changed what an object holds, in milliseconds; undefined when that is not known. */
function dataChangedMs({ json }: ConfigObject): number | undefined {
  const { managedFields } = managed.parse(json.metadata);
  const times = managedFields.flatMap(({ time, fieldsV1 }) =>
    time !== undefined && fieldsV1 !== undefined && "f:data" in fieldsV1 ? [Date.parse(time)] : [],
  );
  return times.length === 0 ? undefined : Math.max(...times);
}

/** Whether all pods have started after the last change of what they read. */
export async function podsHaveRead(
  { cluster }: Indexer,
  workload: Workload,
  objects: readonly ConfigObject[],
): Promise<boolean> {
  const changes = objects.map(dataChangedMs);
  const pods = await cluster.pods(workload);
  return changes.every(
    (changed) =>
      changed !== undefined &&
      pods.every(({ metadata }) => Date.parse(metadata.creationTimestamp) > changed),
  );
}
