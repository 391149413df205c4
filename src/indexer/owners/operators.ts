import type { JsonObject } from "../../json.js";
import { WHOLE, type Brake } from "./brake.js";
import { groupOf } from "./owned-object.js";
import { at } from "./paths.js";

interface Pause {
  /** Of the object that the operator was told with; its subgroups count. */
  readonly group: string;
  readonly tool: string;
  readonly annotation: string;
  readonly value: string;
}

/** Operators that document how they are told to leave one of their objects alone. */
const PAUSES: readonly Pause[] = [
  {
    group: "kafka.strimzi.io",
    tool: "Strimzi",
    annotation: "strimzi.io/pause-reconciliation",
    value: "true",
  },
  {
    group: "k8s.elastic.co",
    tool: "Elastic's operator",
    annotation: "eck.k8s.elastic.co/managed",
    value: "false",
  },
];

/** How the operator of a kind is told to stop; undefined for all that do not document it. */
export function operatorBrake(apiVersion: string): Brake | undefined {
  const group = groupOf(apiVersion);
  const pause = PAUSES.find((each) => group === each.group || group.endsWith(`.${each.group}`));
  if (pause === undefined) {
    return undefined;
  }
  const { tool, annotation, value } = pause;
  const present = (owner: JsonObject) => at(owner, "metadata", "annotations", annotation);
  return {
    ...WHOLE,
    tool,
    how: `it is told to leave it alone (${annotation}: ${value})`,
    whenBusy: "look at it again in a minute",
    active: (owner) => (present(owner) === value ? null : { annotation: present(owner) ?? null }),
    heals: () => "at once",
    busy: () => null,
    suspend: () => ({ spec: [], annotations: { [annotation]: value } }),
    resume: (owner, { annotation: was = null }) => ({
      spec: [],
      annotations:
        present(owner) === value && (was === null || typeof was === "string")
          ? { [annotation]: was }
          : {},
    }),
    seen: () => null,
  };
}
