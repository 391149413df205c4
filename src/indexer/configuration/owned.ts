import { isRecord } from "../../json.js";
import type { ClusterObject } from "../kubernetes/objects.js";

/** Annotations and labels by which those who keep a ConfigMap or Secret mark it. */
const MARKS: readonly (readonly [mark: RegExp, by: string])[] = [
  [/^reconcile\.external-secrets\.io\/(managed|data-hash)$/, "External Secrets"],
  [/^cert-manager\.io\/certificate-name$/, "cert-manager"],
  [/^reflector\.v1\.k8s\.emberstack\.com\/(reflects|auto-reflects)$/, "Reflector"],
  [/^replicator\.v1\.mittwald\.de\/(replicate-from|replicated-at)$/, "Kubernetes Replicator"],
  [/^secrets\.hashicorp\.com\//, "the Vault Secrets Operator"],
  [/^sealedsecrets\.bitnami\.com\/managed$/, "Sealed Secrets"],
];

/**
 * Who keeps an object as it wants it, and would put it back within seconds: "SealedSecret db"; null when
 * nobody is known. Pure.
 */
export function keeperOf({
  json,
  metadata: { labels, annotations },
}: ClusterObject): string | null {
  const { ownerReferences } = isRecord(json.metadata) ? json.metadata : {};
  const owners: readonly unknown[] = Array.isArray(ownerReferences) ? ownerReferences : [];
  const controller = owners.filter(isRecord).find((owner) => owner.controller === true);
  if (controller !== undefined) {
    return `${String(controller.kind)} ${String(controller.name)}`;
  }
  const keys = [...Object.keys(labels), ...Object.keys(annotations)];
  return MARKS.find(([mark]) => keys.some((key) => mark.test(key)))?.[1] ?? null;
}
