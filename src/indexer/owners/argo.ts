import { canonicalJson, type Json, type JsonObject } from "../../json.js";
import type { PatchOperation } from "../kubernetes/cluster.js";
import type { Brake } from "./brake.js";
import { SUSPENDED } from "./owner-mark.js";
import { at, isObject, listAt, textAt } from "./paths.js";

/** Argo CD leaves an Application alone that bears this; it takes what Go's ParseBool takes. */
const SKIP = "argocd.argoproj.io/skip-reconcile";
const TRUE = new Set(["1", "t", "T", "true", "TRUE", "True"]);

/**
 * Argo CD's Application. Its controller syncs by itself where `spec.syncPolicy.automated` is there and not
 * `enabled: false` (types.go, IsAutomatedSyncEnabled). All of it is taken out: without `selfHeal` alone, the
 * next commit to anything in its repository would still put everything back; and versions before 3.1 do not
 * know `enabled`, and would go on. A sync that has begun goes on to its end, its retries included, and is
 * waited for.
 */
export const applicationBrake: Brake = {
  tool: "Argo CD",
  how: "its automated sync is taken out (spec.syncPolicy.automated)",
  whenBusy: "end it: argocd app terminate-op",
  active(owner) {
    const automated = at(owner, "spec", "syncPolicy", "automated");
    const isOn = isObject(automated) && automated.enabled !== false;
    return isOn && !TRUE.has(textAt(owner, "metadata", "annotations", SKIP)) ? { automated } : null;
  },
  heals: (owner) =>
    at(owner, "spec", "syncPolicy", "automated", "selfHeal") === true
      ? "at once"
      : "with its next change",
  busy(owner) {
    if (TRUE.has(textAt(owner, "metadata", "annotations", SKIP))) {
      return null;
    }
    const phase = textAt(owner, "status", "operationState", "phase");
    return isObject(at(owner, "operation")) || phase === "Running" || phase === "Terminating"
      ? `it is in the middle of a sync${phase === "" ? "" : ` (${phase})`}`
      : null;
  },
  suspend: () => ({
    spec: [{ op: "remove", path: "/spec/syncPolicy/automated" }],
    annotations: {},
  }),
  resume(owner, { automated }) {
    if (automated === undefined || this.active(owner) !== null) {
      return { spec: [], annotations: {} };
    }
    const policy = at(owner, "spec", "syncPolicy");
    return {
      spec: [
        isObject(policy)
          ? { op: "add", path: "/spec/syncPolicy/automated", value: automated }
          : { op: "add", path: "/spec/syncPolicy", value: { automated } },
      ],
      annotations: {},
    };
  },
  keep: (was) => was,
  left: () => null,
  kept: ({ was }) => was,
  seen: () => null,
};

/** Taken from Argo CD's own guidance on "temporarily toggling auto-sync" for what an ApplicationSet makes. */
const POLICY = "/spec/syncPolicy";
const COVERS = new Set([POLICY, `${POLICY}/automated`, "/spec"]);

/**
 * Argo CD's ApplicationSet, as far as one of its Applications goes: it writes the sync policy back when it
 * next looks, and takes all annotations away that its template does not have (createOrUpdateInCluster). It is
 * told to ignore that policy of this one Application, and to keep our mark. `syncPolicy.applicationsSync` is
 * not used: its controller may have been started to disregard it.
 */
export function applicationSetBrake(application: string): Brake {
  const rule = { name: application, jsonPointers: [POLICY] };
  const isOurs = (each: Json): boolean => canonicalJson(each) === canonicalJson(rule);
  const covers = (each: Json): boolean =>
    ["", application].includes(textAt(each, "name")) &&
    listAt(each, "jsonPointers").some(
      (pointer) => typeof pointer === "string" && COVERS.has(pointer),
    );
  const rulesIn = (owner: JsonObject): readonly Json[] =>
    listAt(owner, "spec", "ignoreApplicationDifferences");
  const preservedIn = (owner: JsonObject): readonly Json[] =>
    listAt(owner, "spec", "preservedFields", "annotations");
  /** Those that it was told of, and of them those whose rule is ours. */
  const applicationsOf = (was: JsonObject): readonly Json[] => listAt(was, "applications");
  const rulesOf = (was: JsonObject): readonly Json[] => listAt(was, "rules");
  const union = (a: readonly Json[], b: readonly Json[]): readonly Json[] => [
    ...new Set([...a, ...b]),
  ];
  const others = (all: readonly Json[]): readonly Json[] =>
    all.filter((each) => each !== application);

  return {
    tool: "Argo CD",
    how: `it is told to ignore the sync policy of Application ${application} (spec.ignoreApplicationDifferences)`,
    whenBusy: "look at it again in a minute",
    active(owner) {
      const isCovered = rulesIn(owner).some(covers);
      return isCovered && preservedIn(owner).includes(SUSPENDED)
        ? null
        : { applications: [application], rules: isCovered ? [] : [application] };
    },
    heals: () => "at once",
    busy: () => null,
    suspend(owner) {
      const spec: PatchOperation[] = [];
      if (!rulesIn(owner).some(covers)) {
        spec.push(
          rulesIn(owner).length === 0
            ? { op: "add", path: "/spec/ignoreApplicationDifferences", value: [rule] }
            : { op: "add", path: "/spec/ignoreApplicationDifferences/-", value: rule },
        );
      }
      if (!preservedIn(owner).includes(SUSPENDED)) {
        const path = "/spec/preservedFields";
        spec.push(
          !isObject(at(owner, "spec", "preservedFields"))
            ? { op: "add", path, value: { annotations: [SUSPENDED] } }
            : preservedIn(owner).length === 0
              ? { op: "add", path: `${path}/annotations`, value: [SUSPENDED] }
              : { op: "add", path: `${path}/annotations/-`, value: SUSPENDED },
        );
      }
      return { spec, annotations: {} };
    },
    resume(owner, was) {
      const spec: PatchOperation[] = [];
      const rules = rulesIn(owner);
      const index = rules.findIndex(isOurs);
      if (index !== -1 && rulesOf(was).includes(application)) {
        const path = "/spec/ignoreApplicationDifferences";
        spec.push({ op: "remove", path: rules.length === 1 ? path : `${path}/${index}` });
      }
      const isLast = others(applicationsOf(was)).length === 0;
      const preserved = preservedIn(owner).indexOf(SUSPENDED);
      if (isLast && preserved !== -1) {
        const fields = at(owner, "spec", "preservedFields");
        const path = "/spec/preservedFields";
        const isAlone = preservedIn(owner).length === 1;
        const isOnly = isAlone && isObject(fields) && Object.keys(fields).length === 1;
        spec.push({
          op: "remove",
          path: isOnly
            ? path
            : isAlone
              ? `${path}/annotations`
              : `${path}/annotations/${preserved}`,
        });
      }
      return { spec, annotations: {} };
    },
    keep: (was, mark) => ({
      applications: union(applicationsOf(mark?.was ?? {}), applicationsOf(was)),
      rules: union(rulesOf(mark?.was ?? {}), rulesOf(was)),
    }),
    left(_was, { was }) {
      const applications = others(applicationsOf(was));
      return applications.length === 0 ? null : { applications, rules: others(rulesOf(was)) };
    },
    kept: ({ was }) => (applicationsOf(was).includes(application) ? was : null),
    seen: () => null,
  };
}
