import { setTimeout as wait } from "node:timers/promises";

import { canonicalJson, isRecord } from "../../../src/json.js";
import { until } from "../../helpers/anvil.js";
import { at } from "../kubernetes/workloads.js";
import type { Manifest, World } from "./world.js";

/**
 * Small controllers that put things back as the real ones do. Each honours exactly what the real one's source
 * says it honours, and knows nothing of this plugin.
 */
export interface Controller {
  /** Waits until it has looked at everything so many times more. */
  looks(times: number): Promise<void>;
  /** How often it has put something back. */
  readonly healed: () => number;
  stop(): Promise<void>;
}

/** It looks ten times a second. */
const PAUSE_MS = 100;

/** @param look returns how many things it has put back. */
function start(look: () => Promise<number>): Controller {
  let isOver = false;
  let looked = 0;
  let healed = 0;
  let failure: unknown;
  const loop = async (): Promise<void> => {
    while (!isOver) {
      healed += await look();
      looked += 1;
      await wait(PAUSE_MS);
    }
  };
  const running = loop().catch((error: unknown) => {
    failure = error;
  });
  const check = (): void => {
    if (failure !== undefined) {
      throw new Error("the controller has broken down", { cause: failure });
    }
  };
  return {
    async looks(times) {
      const wanted = looked + times;
      await until("the controller has looked again", async () => {
        check();
        return await Promise.resolve(looked >= wanted);
      });
    },
    healed: () => healed,
    async stop() {
      isOver = true;
      await running;
      check();
    },
  };
}

/** What a repository says of the objects of an Application or a Kustomization, by the owner's name. */
export type Repository = Readonly<
  Record<
    string,
    readonly { readonly kind: string; readonly name: string; readonly spec: Manifest }[]
  >
>;

/**
 * Argo CD's application controller: appcontroller.go, canProcessApp and autoSync; types.go,
 * IsAutomatedSyncEnabled. It compares the fields that the repository has, and no others.
 */
export function startArgo(world: World, repository: Repository): Controller {
  return start(async () => {
    let healed = 0;
    for (const application of await world.list("Application")) {
      const skip = at(application, [
        "metadata",
        "annotations",
        "argocd.argoproj.io/skip-reconcile",
      ]);
      const automated = at(application, ["spec", "syncPolicy", "automated"]);
      const isOn = isRecord(automated) && automated.enabled !== false;
      if (skip === "true" || !isOn || automated.selfHeal !== true) {
        continue;
      }
      for (const { kind, name, spec } of repository[nameOf(application)] ?? []) {
        const live = await world.get(kind, name);
        if (!has(live.spec, spec)) {
          const group = kind === "Deployment" ? "apps" : "argoproj.io";
          const id = `${world.namespace}_${nameOf(application)}:${group}/${kind}:${world.namespace}/${name}`;
          const annotations = { "argocd.argoproj.io/tracking-id": id };
          await world.merge(kind, name, { metadata: { annotations }, spec });
          healed += 1;
        }
      }
    }
    return healed;
  });
}

/** Argo CD's ApplicationSet controller: applicationset_controller.go, createOrUpdateInCluster. */
export function startApplicationSets(
  world: World,
  generated: Readonly<Record<string, Readonly<Record<string, Manifest>>>>,
): Controller {
  return start(async () => {
    let healed = 0;
    for (const set of await world.list("ApplicationSet")) {
      for (const [name, spec] of Object.entries(generated[nameOf(set)] ?? {})) {
        const live = await world.get("Application", name);
        const rules = listOf(at(set, ["spec", "ignoreApplicationDifferences"]));
        const ignores = rules.some(
          (rule) =>
            isRecord(rule) &&
            (rule.name === undefined || rule.name === name) &&
            listOf(rule.jsonPointers).includes("/spec/syncPolicy"),
        );
        const wanted = ignores ? { ...spec, syncPolicy: at(live, ["spec", "syncPolicy"]) } : spec;
        const preserved = listOf(at(set, ["spec", "preservedFields", "annotations"]));
        const annotations = at(live, ["metadata", "annotations"]);
        const gone = Object.keys(isRecord(annotations) ? annotations : {}).filter(
          (key) => !preserved.includes(key),
        );
        if (canonicalJson(live.spec) === canonicalJson(wanted) && gone.length === 0) {
          continue;
        }
        await world.merge("Application", name, {
          metadata: { annotations: Object.fromEntries(gone.map((key) => [key, null])) },
          spec: wanted,
        });
        healed += 1;
      }
    }
    return healed;
  });
}

/**
 * Flux' kustomize-controller: kustomization_controller.go (spec.suspend, ExclusionSelector), and the labels and
 * the forced server-side apply of github.com/fluxcd/pkg/ssa.
 */
export function startFlux(world: World, repository: Repository): Controller {
  return start(async () => {
    let healed = 0;
    for (const owner of await world.list("Kustomization")) {
      if (at(owner, ["spec", "suspend"]) === true) {
        continue;
      }
      for (const { kind, name, spec } of repository[nameOf(owner)] ?? []) {
        const live = await world.get(kind, name);
        const mark = ["annotations", "labels"].map((words) =>
          at(live, ["metadata", words, "kustomize.toolkit.fluxcd.io/reconcile"]),
        );
        if (mark.includes("disabled")) {
          continue;
        }
        if (!has(live.spec, spec)) {
          healed += 1;
        }
        await world.apply(kind, name, "kustomize-controller", {
          metadata: { labels: fluxLabels("kustomize", world.namespace, nameOf(owner)) },
          spec,
        });
      }
    }
    return healed;
  });
}

/** Flux' helm-controller, as far as it corrects drift: helmrelease_controller.go. */
export function startHelmReleases(world: World, repository: Repository): Controller {
  return start(async () => {
    let healed = 0;
    for (const owner of await world.list("HelmRelease")) {
      const mode = at(owner, ["spec", "driftDetection", "mode"]);
      if (at(owner, ["spec", "suspend"]) === true || mode !== "enabled") {
        continue;
      }
      for (const { kind, name, spec } of repository[nameOf(owner)] ?? []) {
        if (!has((await world.get(kind, name)).spec, spec)) {
          await world.merge(kind, name, { spec });
          healed += 1;
        }
      }
    }
    return healed;
  });
}

/** The labels that Flux puts on what it applies. */
export function fluxLabels(which: "kustomize" | "helm", namespace: string, name: string): Manifest {
  const group = `${which}.toolkit.fluxcd.io`;
  return { [`${group}/name`]: name, [`${group}/namespace`]: namespace };
}

function nameOf(object: unknown): string {
  return String(at(object, ["metadata", "name"]));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Whether a value has all that is wanted; what it has besides does not count. */
function has(value: unknown, wanted: unknown): boolean {
  if (isRecord(wanted)) {
    return (
      isRecord(value) && Object.entries(wanted).every(([key, field]) => has(value[key], field))
    );
  }
  if (Array.isArray(wanted)) {
    const items = listOf(value);
    return items.length === wanted.length && wanted.every((item, index) => has(items[index], item));
  }
  return value === wanted;
}
