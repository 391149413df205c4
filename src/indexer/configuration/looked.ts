import type { ClusterObject } from "../kubernetes/objects.js";
import { ACCOUNT_TOKEN, type Content } from "./content.js";
import type { ConfigurationName, ConfigurationReference } from "./references.js";
import type { Restore } from "./restore.js";

/** A ConfigMap or Secret as it is, and as it should be. */
export interface Looked extends ConfigurationName {
  readonly object: ClusterObject | null;
  readonly present: Content | null;
  /** Null where it stays as it is. */
  readonly wanted: Content | null;
  readonly restore: Restore | null;
}

/** A revision, as far as its configuration goes. */
export interface Side {
  readonly number: number;
  readonly template: string;
  readonly references: readonly ConfigurationReference[];
}

/** Whether two names are of one object. */
export function isSame(a: ConfigurationName, b: ConfigurationName): boolean {
  return a.kind === b.kind && a.name === b.name;
}

/** Whether its values belong to Kubernetes itself. */
export function isToken({ present }: Looked): boolean {
  return present?.type === ACCOUNT_TOKEN;
}
