import { EmergencyError } from "../../errors.js";
import { FIELD_MANAGER } from "../kubernetes/api-cluster.js";
import type { Cluster, KnownKind, ObjectName } from "../kubernetes/cluster.js";
import { titleOf, type ManifestObject } from "./manifest.js";

/** Who helm says it is, in `metadata.managedFields`. */
const HELM = "helm";

/** The annotation that keeps an object when its release has it no more. */
export const RESOURCE_POLICY = "helm.sh/resource-policy";

/** What came of trying to apply objects. */
export interface Tried {
  /** "Job migrate: spec.template: … field is immutable". */
  readonly refused: readonly string[];
  /** Fields that somebody else has set since, as the API server tells it. */
  readonly conflicts: readonly string[];
  /** Such that this plugin itself has set: a writer that was stopped has no pods. */
  readonly ownConflicts: readonly string[];
}

/** Asks for each kind once where it is. */
export class KindBook {
  readonly #cluster: Cluster;
  readonly #known = new Map<string, Promise<readonly KnownKind[]>>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Where an object is; null when the cluster does not know its kind. */
  async nameOf({ apiVersion, kind, namespace, name }: ManifestObject): Promise<ObjectName | null> {
    const asked = this.#known.get(apiVersion) ?? this.#cluster.kinds(apiVersion);
    this.#known.set(apiVersion, asked);
    const known = (await asked).find((one) => one.kind === kind);
    return known === undefined
      ? null
      : {
          apiVersion,
          plural: known.plural,
          namespace: known.namespaced ? (namespace ?? this.#cluster.namespace) : null,
          name,
        };
  }
}

/**
 * Lets the API server try every object of a manifest, and keep nothing. helm's own dry run of a rollback looks at
 * none of them, and the real one stops in the midst of them at the first refusal.
 *
 * Where helm merges by itself (releases that Helm 3 made), this is the nearest thing: the same validation of what
 * nearly is the same result.
 * @param serverSide whether helm will apply them in the server.
 */
export async function tryObjects(
  cluster: Cluster,
  kinds: KindBook,
  objects: readonly ManifestObject[],
  serverSide: boolean,
): Promise<Tried> {
  const refused: string[] = [];
  const conflicts: string[] = [];
  const ownConflicts: string[] = [];
  const tryOne = async (object: ManifestObject): Promise<void> => {
    const title = titleOf(object);
    const name = await kinds.nameOf(object);
    if (name === null) {
      refused.push(
        `${title}: the cluster does not know the kind ${object.kind} of ${object.apiVersion}`,
      );
      return;
    }
    const apply = async (force: boolean): Promise<string | null> => {
      try {
        const tried = await cluster.tryApply(name, object.text, { manager: HELM, force });
        return "object" in tried ? null : tried.refused;
      } catch (error) {
        if (error instanceof EmergencyError && error.code === "CLUSTER_REFUSED") {
          refused.push(`${title}: ${withoutValues(error.what)}`);
          return null;
        }
        throw error;
      }
    };
    const first = await apply(!serverSide);
    if (first === null) {
      return;
    }
    if (/conflict/i.test(first)) {
      (isOwn(first) ? ownConflicts : conflicts).push(`${title}: ${withoutValues(first)}`);
      const forced = await apply(true);
      if (forced === null) {
        return;
      }
    }
    refused.push(`${title}: ${withoutValues(first)}`);
  };
  await Promise.all(objects.map(tryOne));
  return { refused: refused.sort(), conflicts: conflicts.sort(), ownConflicts };
}

/** Whether a conflict is with nobody but us, or with helm itself as it was before it let the server merge. */
function isOwn(conflict: string): boolean {
  const managers = [...conflict.matchAll(/with "([^"]*)"/g)].map(([, manager]) => manager);
  return (
    managers.length > 0 &&
    managers.every((manager) => manager === FIELD_MANAGER || manager === HELM)
  );
}

/**
 * A refusal without the values that it quotes: of a pod template that may not change, API servers and helm quote
 * all of it, variables included.
 */
export function withoutValues(message: string): string {
  return message
    .replace(/(Invalid value|Duplicate value|Unsupported value): .*: /gs, "$1 (not shown): ")
    .replace(/(Invalid value|Duplicate value|Unsupported value): [^(].*$/gs, "$1 (not shown)")
    .slice(0, 600);
}
