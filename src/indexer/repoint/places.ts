import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import type { FollowedIn } from "./intent.js";
import { objectKey, type ConfigObject, type ObjectRef } from "./config-object.js";

/** What a value is for. */
export type Role =
  | "address"
  | "start block"
  | "previous address"
  | "previous start block"
  | "previous end block"
  | "schema";

/** A container of a pod template. */
export interface ContainerName {
  readonly list: "initContainers" | "containers";
  readonly name: string;
}

/** Where a value is kept. */
export type Place =
  /** In the template itself. */
  | { readonly in: "container"; readonly container: ContainerName }
  /** The whole value of a key of a ConfigMap or Secret. */
  | {
      readonly in: "object";
      readonly object: ObjectRef;
      readonly key: string;
      /** The container reads all its keys, and names none: one may be missing. */
      readonly whole: boolean;
    }
  /** In a file that is the value of a key. */
  | { readonly in: "file"; readonly object: ObjectRef; readonly key: string };

/** A value and where it is kept. */
export interface Spot {
  readonly role: Role;
  /** The variable, or the path in the file. */
  readonly name: string;
  readonly place: Place;
  /** Null where there is none yet. */
  readonly value: string | null;
}

const reference = z.object({ name: z.string(), key: z.string() });

const container = z.object({
  name: z.string(),
  env: z
    .array(
      z.object({
        name: z.string(),
        value: z.string().default(""),
        valueFrom: z
          .object({ configMapKeyRef: reference.optional(), secretKeyRef: reference.optional() })
          .optional(),
      }),
    )
    .nullish(),
  envFrom: z
    .array(
      z.object({
        prefix: z.string().default(""),
        configMapRef: z.object({ name: z.string() }).optional(),
        secretRef: z.object({ name: z.string() }).optional(),
      }),
    )
    .nullish(),
});

const source = z.object({ name: z.string() });

const podTemplate = z.object({
  spec: z.object({
    initContainers: z.array(container).nullish(),
    containers: z.array(container),
    volumes: z
      .array(
        z.object({
          configMap: source.optional(),
          secret: z.object({ secretName: z.string() }).optional(),
          projected: z
            .object({
              sources: z.array(
                z.object({ configMap: source.optional(), secret: source.optional() }),
              ),
            })
            .optional(),
        }),
      )
      .nullish(),
  }),
});

type Container = z.infer<typeof container> & Pick<ContainerName, "list">;

function containersOf(template: JsonObject): readonly Container[] {
  const { spec } = podTemplate.parse(template);
  return [
    ...(spec.initContainers ?? []).map((one) => ({ ...one, list: "initContainers" as const })),
    ...spec.containers.map((one) => ({ ...one, list: "containers" as const })),
  ];
}

/** Every ConfigMap and Secret that the pods of a template read, each once. */
export function objectsOf(template: JsonObject): readonly ObjectRef[] {
  const { spec } = podTemplate.parse(template);
  const ofContainers = containersOf(template).flatMap(({ env, envFrom }) => [
    ...(env ?? []).flatMap(({ valueFrom }) => [
      ...named("ConfigMap", valueFrom?.configMapKeyRef?.name),
      ...named("Secret", valueFrom?.secretKeyRef?.name),
    ]),
    ...(envFrom ?? []).flatMap(fromOf),
  ]);
  const ofVolumes = (spec.volumes ?? []).flatMap(({ configMap, secret, projected }) => [
    ...named("ConfigMap", configMap?.name),
    ...named("Secret", secret?.secretName),
    ...(projected?.sources ?? []).flatMap((one) => [
      ...named("ConfigMap", one.configMap?.name),
      ...named("Secret", one.secret?.name),
    ]),
  ]);
  return unique([...ofContainers, ...ofVolumes]);
}

/** Those that must be read to know where the variables have their values from. */
export function objectsNeeded(
  template: JsonObject,
  names: readonly string[],
): readonly ObjectRef[] {
  return unique(
    containersOf(template).flatMap(({ env, envFrom }) => {
      const own = (env ?? []).filter(({ name }) => names.includes(name));
      return [
        ...own.flatMap(({ valueFrom }) => [
          ...named("ConfigMap", valueFrom?.configMapKeyRef?.name),
          ...named("Secret", valueFrom?.secretKeyRef?.name),
        ]),
        ...(names.every((name) => own.some((one) => one.name === name))
          ? []
          : (envFrom ?? []).flatMap(fromOf)),
      ];
    }),
  );
}

/** The variables that a contract is followed by, by what they are for. */
export function namesOf(where: FollowedIn): readonly (readonly [Role, string])[] {
  const { address, startBlock, previous } = where;
  const all: readonly (readonly [Role, string | undefined])[] = [
    ["address", address],
    ["start block", startBlock],
    ["previous address", previous?.address],
    ["previous start block", previous?.startBlock],
    ["previous end block", previous?.endBlock],
    ["schema", where.schema],
  ];
  return all.flatMap(([role, name]) => (name === undefined ? [] : [[role, name] as const]));
}

/**
 * Where the variables of a workload have their values from, in all its containers. Those for the previous
 * contract need not be there yet: they are put where the address is. Pure.
 * @param title of the workload, for people.
 * @param objects by `objectKey`.
 * @throws EmergencyError UNKNOWN_VARIABLE naming those that there are; CANNOT_REPOINT when a value is made when
 * the pod starts.
 */
export function locate(
  title: string,
  template: JsonObject,
  where: FollowedIn,
  objects: ReadonlyMap<string, ConfigObject>,
): readonly Spot[] {
  const containers = containersOf(template);
  const spots: Spot[] = [];
  const addressOf = new Map<Container, Found>();
  for (const [role, name] of namesOf(where)) {
    let anywhere = false;
    for (const one of containers) {
      const found = look(title, one, name, objects);
      if (found !== undefined) {
        anywhere = true;
        spots.push({ role, name, place: found.place, value: found.value });
        if (role === "address") {
          addressOf.set(one, found);
        }
      }
    }
    if (anywhere) {
      continue;
    }
    if (!role.startsWith("previous")) {
      throw unknownVariable(title, name, containers, objects);
    }
    for (const [one, found] of addressOf) {
      spots.push({ role, name, place: besides(one, found, name), value: null });
    }
  }
  return onlyFirst(spots);
}

interface Found {
  readonly place: Place;
  readonly value: string;
  /** Of `envFrom`: what stands before the key in the variable's name. */
  readonly prefix?: string;
}

function look(
  title: string,
  one: Container,
  name: string,
  objects: ReadonlyMap<string, ConfigObject>,
): Found | undefined {
  // Of several of one name the last one counts, and `env` goes over `envFrom`.
  const own = (one.env ?? []).filter((variable) => variable.name === name).at(-1);
  if (own !== undefined) {
    const { configMapKeyRef, secretKeyRef } = own.valueFrom ?? {};
    const ref = configMapKeyRef ?? secretKeyRef;
    if (ref !== undefined) {
      const kind = configMapKeyRef === undefined ? "Secret" : "ConfigMap";
      const object = { kind, name: ref.name } as const;
      const value = objects.get(objectKey(object))?.data[ref.key];
      return value === undefined
        ? undefined
        : { place: { in: "object", object, key: ref.key, whole: false }, value };
    }
    if (own.valueFrom !== undefined) {
      throw new EmergencyError(
        "CANNOT_REPOINT",
        `${name} of container ${one.name} in ${title} is not in the template, a ConfigMap or a Secret: it is made when a pod starts. Nothing was written`,
        "name the variable that holds the address in hardhat.config.ts",
      );
    }
    const { list } = one;
    return { place: { in: "container", container: { list, name: one.name } }, value: own.value };
  }
  for (const from of [...(one.envFrom ?? [])].reverse()) {
    const { prefix } = from;
    const [object] = fromOf(from);
    const key = name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
    const value =
      object === undefined || key === undefined
        ? undefined
        : objects.get(objectKey(object))?.data[key];
    if (object !== undefined && key !== undefined && value !== undefined) {
      return { place: { in: "object", object, key, whole: true }, value, prefix };
    }
  }
  return undefined;
}

/** Where a new variable goes: to that of the address. */
function besides(
  { list, name: container }: Container,
  { place, prefix }: Found,
  name: string,
): Place {
  return place.in === "object" && prefix !== undefined && name.startsWith(prefix)
    ? { ...place, key: name.slice(prefix.length) }
    : { in: "container", container: { list, name: container } };
}

function unknownVariable(
  title: string,
  name: string,
  containers: readonly Container[],
  objects: ReadonlyMap<string, ConfigObject>,
): EmergencyError {
  // Names only: what they hold may be secret.
  const names = containers.flatMap(({ env, envFrom }) => [
    ...(env ?? []).map((variable) => variable.name),
    ...(envFrom ?? []).flatMap((from) =>
      fromOf(from).flatMap((object) =>
        Object.keys(objects.get(objectKey(object))?.data ?? {}).map((key) => from.prefix + key),
      ),
    ),
  ]);
  return new EmergencyError(
    "UNKNOWN_VARIABLE",
    `no container of ${title} has a variable ${name}. Nothing was written`,
    names.length === 0
      ? "it has no variables at all; if a file holds the address, name that in hardhat.config.ts: contracts.….file"
      : `correct its name in hardhat.config.ts; there are: ${[...new Set(names)].sort().join(", ")}`,
  );
}

function fromOf({
  configMapRef,
  secretRef,
}: {
  readonly configMapRef?: { readonly name: string } | undefined;
  readonly secretRef?: { readonly name: string } | undefined;
}): readonly ObjectRef[] {
  return [...named("ConfigMap", configMapRef?.name), ...named("Secret", secretRef?.name)];
}

function named(kind: ObjectRef["kind"], name: string | undefined): readonly ObjectRef[] {
  return name === undefined ? [] : [{ kind, name }];
}

function unique(refs: readonly ObjectRef[]): readonly ObjectRef[] {
  return [...new Map(refs.map((ref) => [objectKey(ref), ref])).values()];
}

/** Containers that share a ConfigMap share its values; one that names a key needs it. */
function onlyFirst(spots: readonly Spot[]): readonly Spot[] {
  const named = spots.filter(({ place }) => place.in !== "object" || !place.whole);
  return [...new Map([...spots, ...named].map((spot) => [spotKey(spot), spot])).values()];
}

/** Tells spots apart. */
export function spotKey({ name, place }: Pick<Spot, "name" | "place">): string {
  return `${name} in ${placeInWords(place)}`;
}

/** For people: "ConfigMap api-env", "container api". */
export function placeInWords(place: Place): string {
  switch (place.in) {
    case "container":
      return `container ${place.container.name}`;
    case "object":
      return `${place.object.kind} ${place.object.name}, ${place.key}`;
    case "file":
      return `${place.key} in ${place.object.kind} ${place.object.name}`;
  }
}
