import { isRecord, type JsonObject } from "../../json.js";

/** The kinds of objects that hold configuration. */
export type ConfigurationKind = "ConfigMap" | "Secret";

/** A ConfigMap or Secret, in the namespace of the workload. */
export interface ConfigurationName {
  readonly kind: ConfigurationKind;
  readonly name: string;
}

/**
 * How pods get at it. Only what is mounted as a whole volume follows a change by itself, about a minute later;
 * the rest is read when a container starts.
 */
export type Use = "env" | "envFrom" | "volume" | "subPath";

/** What a pod template says of a ConfigMap or Secret that its containers read. */
export interface ConfigurationReference extends ConfigurationName {
  /** Sorted; "all" where the whole of it is read. */
  readonly keys: readonly string[] | "all";
  /** Whether pods start without it. */
  readonly optional: boolean;
  /** Sorted. */
  readonly uses: readonly Use[];
  /** What is put before its keys to name environment variables; sorted, without the empty one. */
  readonly prefixes: readonly string[];
}

/** "ConfigMap env", for people and as a key. */
export function titleOf({ kind, name }: ConfigurationName): string {
  return `${kind} ${name}`;
}

/** One place in a template that names a ConfigMap or Secret. */
interface Mention {
  readonly kind: ConfigurationKind;
  readonly name: unknown;
  readonly keys: readonly string[] | "all";
  readonly optional: unknown;
  readonly use: Use;
  readonly prefix?: unknown;
}

/** Kubernetes puts it into every namespace, and keeps it as it is. */
const KUBERNETES_OWN = "kube-root-ca.crt";

/**
 * The ConfigMaps and Secrets that the containers of a pod template read, init containers included, by kind and
 * name. Pure. What the kubelet alone needs, to pull images or to mount somebody's storage, is no configuration
 * of the program.
 */
export function referencesOf(template: JsonObject): readonly ConfigurationReference[] {
  const spec = recordOf(template.spec);
  const containers = [...recordsOf(spec.initContainers), ...recordsOf(spec.containers)];
  const bySubPath = new Set(
    containers
      .flatMap(({ volumeMounts }) => recordsOf(volumeMounts))
      .filter(({ subPath, subPathExpr }) => isFilled(subPath) || isFilled(subPathExpr))
      .map(({ name }) => name),
  );
  const mentions = [
    ...containers.flatMap(ofEnvironment),
    ...recordsOf(spec.volumes).flatMap((volume) =>
      ofVolume(volume).flatMap((mention): readonly Mention[] =>
        bySubPath.has(volume.name) ? [mention, { ...mention, use: "subPath" }] : [mention],
      ),
    ),
  ];
  const references = new Map<string, ConfigurationReference>();
  for (const { kind, name, keys, optional, use, prefix } of mentions) {
    if (typeof name !== "string" || name === "" || name === KUBERNETES_OWN) {
      continue;
    }
    const known = references.get(titleOf({ kind, name }));
    references.set(titleOf({ kind, name }), {
      kind,
      name,
      keys: bothKeys(known?.keys ?? [], keys),
      // Pods need it as soon as one of the places does.
      optional: (known?.optional ?? true) && optional === true,
      uses: sorted([...(known?.uses ?? []), use]),
      prefixes: sorted([...(known?.prefixes ?? []), ...(isFilled(prefix) ? [prefix] : [])]),
    });
  }
  return [...references.values()].sort((a, b) => (titleOf(a) < titleOf(b) ? -1 : 1));
}

/** What any of several templates reads. Pure. */
export function allReferences(
  ...lists: readonly (readonly ConfigurationReference[])[]
): readonly ConfigurationReference[] {
  const all = new Map<string, ConfigurationReference>();
  for (const reference of lists.flat()) {
    const known = all.get(titleOf(reference));
    all.set(
      titleOf(reference),
      known === undefined
        ? reference
        : {
            ...reference,
            keys: bothKeys(known.keys, reference.keys),
            optional: known.optional && reference.optional,
            uses: sorted([...known.uses, ...reference.uses]),
            prefixes: sorted([...known.prefixes, ...reference.prefixes]),
          },
    );
  }
  return [...all.values()].sort((a, b) => (titleOf(a) < titleOf(b) ? -1 : 1));
}

function ofEnvironment({ env, envFrom }: Record<string, unknown>): readonly Mention[] {
  const single = recordsOf(env).flatMap(({ valueFrom }): readonly Mention[] => {
    const from = recordOf(valueFrom);
    return [
      ...mentionOfKey("ConfigMap", from.configMapKeyRef),
      ...mentionOfKey("Secret", from.secretKeyRef),
    ];
  });
  const whole = recordsOf(envFrom).flatMap(({ configMapRef, secretRef, prefix }) =>
    [
      { kind: "ConfigMap" as const, reference: recordOf(configMapRef) },
      { kind: "Secret" as const, reference: recordOf(secretRef) },
    ].map(({ kind, reference: { name, optional } }): Mention => {
      return { kind, name, keys: "all", optional, use: "envFrom", prefix };
    }),
  );
  return [...single, ...whole];
}

function mentionOfKey(kind: ConfigurationKind, reference: unknown): readonly Mention[] {
  const { name, key, optional } = recordOf(reference);
  return typeof key === "string" ? [{ kind, name, keys: [key], optional, use: "env" }] : [];
}

function ofVolume({ configMap, secret, projected }: Record<string, unknown>): readonly Mention[] {
  const own = recordOf(secret);
  return [
    mentionOfFiles("ConfigMap", configMap),
    mentionOfFiles("Secret", { ...own, name: own.secretName }),
    ...recordsOf(recordOf(projected).sources).flatMap((source) => [
      mentionOfFiles("ConfigMap", source.configMap),
      mentionOfFiles("Secret", source.secret),
    ]),
  ];
}

function mentionOfFiles(kind: ConfigurationKind, source: unknown): Mention {
  const { name, items, optional } = recordOf(source);
  const chosen = recordsOf(items).flatMap(({ key }) => (typeof key === "string" ? [key] : []));
  return { kind, name, keys: chosen.length === 0 ? "all" : chosen, optional, use: "volume" };
}

function bothKeys(
  a: readonly string[] | "all",
  b: readonly string[] | "all",
): readonly string[] | "all" {
  return a === "all" || b === "all" ? "all" : sorted([...a, ...b]);
}

function sorted<T extends string>(values: readonly T[]): readonly T[] {
  return [...new Set(values)].sort();
}

function isFilled(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function recordsOf(value: unknown): readonly Record<string, unknown>[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [];
  return all.filter(isRecord);
}
