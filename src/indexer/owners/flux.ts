import type { JsonObject } from "../../json.js";
import { WHOLE, type Brake } from "./brake.js";
import { at, listAt, textAt } from "./paths.js";

/** What both kinds of Flux have in common: `spec.suspend`, and the conditions that say what they do. */
const suspendable = {
  ...WHOLE,
  tool: "Flux",
  how: "it is suspended (spec.suspend)",
  active(owner: JsonObject): JsonObject | null {
    const suspend = at(owner, "spec", "suspend");
    return suspend === true ? null : { suspend: suspend ?? null };
  },
  suspend(owner: JsonObject) {
    const op = at(owner, "spec", "suspend") === undefined ? "add" : "replace";
    return { spec: [{ op, path: "/spec/suspend", value: true }] as const, annotations: {} };
  },
  resume(owner: JsonObject, { suspend = null }: JsonObject) {
    if (at(owner, "spec", "suspend") !== true) {
      return { spec: [], annotations: {} };
    }
    return {
      spec: [
        suspend === null
          ? ({ op: "remove", path: "/spec/suspend" } as const)
          : ({ op: "replace", path: "/spec/suspend", value: suspend } as const),
      ],
      annotations: {},
    };
  },
  /** A controller that fails does not say so: then nothing is waited for. */
  seen(owner: JsonObject): boolean | null {
    const observed = at(owner, "status", "observedGeneration");
    return condition(owner, "Ready").status === "True" && typeof observed === "number"
      ? observed >= Number(at(owner, "metadata", "generation") ?? 0)
      : null;
  },
};

/**
 * Flux' Kustomization: its controller applies all of its objects again, every `spec.interval`. It reads
 * `spec.suspend` when it begins, so a run that has begun goes on; its health checks come when all is applied,
 * and change nothing.
 */
export const kustomizationBrake: Brake = {
  ...suspendable,
  whenBusy:
    "look at it again in a minute, or start its controller again: kubectl --namespace flux-system rollout restart deployment/kustomize-controller",
  heals: () => "at once",
  busy(owner) {
    const { status, reason, message } = condition(owner, "Reconciling");
    return status === "True" &&
      reason === "Progressing" &&
      !message.startsWith("Running health checks")
      ? `it is applying: ${message}`
      : null;
  },
};

/**
 * Flux' HelmRelease: its controller upgrades when chart or values change, and puts single objects back where
 * `spec.driftDetection.mode` is "enabled". An upgrade that has begun goes on, and so do the rollback and the
 * retries that follow when it fails.
 */
export const helmReleaseBrake: Brake = {
  ...suspendable,
  whenBusy:
    "wait until its upgrade has ended, or start its controller again: kubectl --namespace flux-system rollout restart deployment/helm-controller",
  heals: (owner) =>
    textAt(owner, "spec", "driftDetection", "mode") === "enabled"
      ? "at once"
      : "with its next change",
  busy(owner) {
    const { status, reason, message } = condition(owner, "Reconciling");
    return status === "True" && reason === "Progressing" ? `it is at work: ${message}` : null;
  },
};

function condition(
  owner: JsonObject,
  type: string,
): { readonly status: string; readonly reason: string; readonly message: string } {
  const found = listAt(owner, "status", "conditions").find((each) => textAt(each, "type") === type);
  return {
    status: textAt(found, "status"),
    reason: textAt(found, "reason"),
    message: textAt(found, "message"),
  };
}
