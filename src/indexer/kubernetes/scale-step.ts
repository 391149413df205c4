import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import type { Action, Facts } from "../../step.js";
import type { Indexer, IndexerBook } from "../indexer.js";
import {
  autoscalerNamed,
  fits,
  inWords,
  readAutoscalers,
  type Autoscaler,
  type Bounds,
} from "./autoscaler.js";
import { changeWorkload, replaced, withoutLabel } from "./guarded-patch.js";
import type { Workload } from "./objects.js";
import { waitFor, type Look } from "./patience.js";
import { waitUntilGone } from "./pods-gone.js";
import { problemOf, waitForRollout } from "./status.js";
import { mustKeepVolumes, mustStayStopped } from "./stop-step.js";
import { STOPPED_LABEL, replicasOf } from "./stopped.js";
import { nothingToDo, titleOf, WorkloadStep, type WorkloadChange } from "./workload-step.js";

/** What becomes of the bounds of a HorizontalPodAutoscaler. */
export type AutoscalerWish =
  /** They stay; a number that they do not allow is refused. */
  | "keep"
  /** They are moved as far as the number needs. */
  | "widen"
  /** Both become the number: the autoscaler has no choice any more. */
  | "pin"
  | Bounds;

const bounds = z
  .object({ min: z.number().int().positive(), max: z.number().int().positive() })
  .strict();

const scaleIntent = z
  .object({
    indexer: z.string(),
    replicas: z.number().int().nonnegative(),
    autoscaler: z.union([z.enum(["keep", "widen", "pin"]), bounds]).default("keep"),
  })
  .strict();

type Intent = z.infer<typeof scaleIntent>;

interface Seen {
  readonly workload: Workload;
  readonly autoscalers: readonly Autoscaler[];
}

/**
 * `indexer-scale`: another number of pods, and bounds of the autoscaler that let it stand. Where somebody else's
 * autoscaler would change the number again, it is refused.
 */
export function scaleStep(indexers: IndexerBook): WorkloadStep<Intent, Seen> {
  return new WorkloadStep(scale, indexers);
}

const scale: WorkloadChange<Intent, Seen> = {
  kind: "indexer-scale",
  intent: scaleIntent,
  async look(indexer) {
    const { cluster, workload: name } = indexer;
    if (name.kind === "DaemonSet") {
      throw new EmergencyError(
        "CANNOT_SCALE",
        `${titleOf(indexer)} has one pod on each node that it fits, and no number of pods`,
        `let it have none: npx hardhat indexer stop --indexer ${indexer.name}; or choose its nodes in its template's nodeSelector`,
      );
    }
    const [workload, autoscalers] = await Promise.all([
      cluster.workload(name),
      readAutoscalers(cluster, name),
    ]);
    return { workload, autoscalers };
  },
  facts: ({ workload, autoscalers }): Facts => ({
    workload: workload.metadata.uid,
    // An autoscaler may change the number while one looks.
    pods: autoscalers.length === 0 ? replicasOf(workload) : null,
    autoscalers: autoscalers.map(inWords).sort().join("; "),
  }),
  decide(indexer, intent, { workload, autoscalers }) {
    const title = titleOf(indexer);
    const { replicas: wanted } = intent;
    const now = replicasOf(workload);
    const change = boundsAfter(title, intent, autoscalers);
    const isStale = wanted > 0 && STOPPED_LABEL in workload.metadata.labels;
    if (now === wanted && change === null && !isStale) {
      return nothingToDo(`${title} is to have ${podsInWords(wanted)}`);
    }
    if (wanted === 0) {
      mustStayStopped(title, autoscalers);
    }
    if (wanted < now) {
      mustKeepVolumes(title, workload);
    }
    const actions: Action[] = [
      ...(change === null
        ? []
        : [
            {
              type: "bound-autoscaler",
              summary: `let HorizontalPodAutoscaler ${change.autoscaler.name} keep ${title} at ${rangeOf(change.to)} pods`,
            },
          ]),
      { type: "scale-workload", summary: `let ${title} have ${podsInWords(wanted)}` },
    ];
    const before = change?.autoscaler;
    return {
      title: `scale ${title} to ${podsInWords(wanted)}`,
      actions,
      expected: [
        { fact: "pods", before: now, after: wanted },
        ...(change === null || before === undefined
          ? []
          : [
              {
                fact: `pods that HorizontalPodAutoscaler ${before.name} allows`,
                before: rangeOf(before),
                after: rangeOf(change.to),
              },
            ]),
      ],
      outputs: {},
      inverse: {
        kind: "indexer-scale",
        intent: {
          indexer: indexer.name,
          replicas: now,
          ...(before === undefined ? {} : { autoscaler: { min: before.min, max: before.max } }),
        },
      },
      notes: [
        ...(wanted === 0 ? ["indexer stop would remember how many there were"] : []),
        ...autoscalers.map((autoscaler) => noteOf(autoscaler, wanted, change?.to ?? autoscaler)),
      ],
    };
  },
  writes(indexer, intent, { workload, autoscalers }) {
    const { replicas } = intent;
    const change = boundsAfter(titleOf(indexer), intent, autoscalers);
    const scaled = async (): Promise<JsonObject> => {
      // The autoscaler may have been the first to do it, with its new bounds.
      const looked = change === null ? workload : await indexer.cluster.workload(indexer.workload);
      const isDone = (now: Workload): boolean =>
        replicasOf(now) === replicas && (replicas === 0 || !(STOPPED_LABEL in now.metadata.labels));
      if (!isDone(looked)) {
        await changeWorkload(
          indexer,
          looked,
          (now) => [
            ...replaced("/spec/replicas", replicasOf(now), replicas),
            ...(replicas === 0 ? [] : withoutLabel(now.metadata, STOPPED_LABEL)),
          ],
          isDone,
        );
      }
      return { did: "scale", replicas };
    };
    return change === null
      ? [scaled]
      : [async () => await bound(indexer, change.autoscaler, change.to), scaled];
  },
  async readBack(indexer, { replicas }, tell) {
    const title = titleOf(indexer);
    if (replicas === 0) {
      const { gone, what } = await waitUntilGone(indexer, tell);
      return gone ? { evidence: [what] } : { evidence: [], problem: what };
    }
    const status = await waitForRollout(indexer, tell);
    const problem = problemOf(status);
    if (problem !== undefined) {
      return { evidence: [], problem };
    }
    const ended = await waitFor(
      indexer,
      async (): Promise<Look<string | undefined>> => await countIs(indexer, replicas),
      tell,
    );
    if ("late" in ended) {
      return { evidence: [], problem: `${title}: ${ended.late}` };
    }
    return ended.over === undefined
      ? { evidence: [`${title} has ${podsInWords(replicas)}, and they are available`] }
      : { evidence: [], problem: ended.over };
  },
};

/** A rollout is done as soon as there are enough pods; a smaller number is reached when the others have gone. */
async function countIs(indexer: Indexer, replicas: number): Promise<Look<string | undefined>> {
  const { metadata, spec, status } = await indexer.cluster.workload(indexer.workload);
  const wanted = replicasOf({ spec });
  if (wanted !== replicas) {
    const what = `${titleOf(indexer)} is to have ${podsInWords(wanted)} now: its autoscaler, or somebody else, has changed it again`;
    return { over: what };
  }
  return status.observedGeneration >= metadata.generation && status.replicas === replicas
    ? { over: undefined }
    : { waitingFor: `it still has ${podsInWords(status.replicas)}` };
}

/** What is to become of an autoscaler's bounds; null: nothing. */
type BoundsChange = { readonly autoscaler: Autoscaler; readonly to: Bounds } | null;

/**
 * Which bounds let the number stand. Pure.
 * @throws EmergencyError AUTOSCALED when they may not be moved, or not by us.
 */
export function boundsAfter(
  title: string,
  { indexer, replicas, autoscaler: wish }: Intent,
  autoscalers: readonly Autoscaler[],
): BoundsChange {
  const [autoscaler, another] = autoscalers;
  if (autoscaler === undefined) {
    return null;
  }
  // At zero it rests, or the scaling is refused: its bounds do not matter.
  const wanted = typeof wish === "object" ? wish : boundsFor(wish, replicas, autoscaler);
  const isSame = wanted.min === autoscaler.min && wanted.max === autoscaler.max;
  if (replicas > 0 && !fits(replicas, wanted)) {
    throw new EmergencyError(
      "AUTOSCALED",
      `${inWords(autoscaler)} would change ${title} back from ${podsInWords(replicas)}`,
      autoscaler.owner === null
        ? `move its bounds with it: npx hardhat indexer scale --indexer ${indexer} --to ${replicas} --autoscaler widen; or let it have no choice: --autoscaler pin`
        : adviceFor(autoscaler, replicas),
    );
  }
  if (isSame) {
    return null;
  }
  if (another !== undefined || autoscaler.owner !== null) {
    throw new EmergencyError(
      "AUTOSCALED",
      another === undefined
        ? `${inWords(autoscaler)} is made by ${autoscaler.owner ?? "somebody"}, which would set its bounds back`
        : `${title} has several autoscalers: ${autoscalers.map(inWords).join(", ")}`,
      another === undefined
        ? adviceFor(autoscaler, replicas)
        : "leave it one: Kubernetes lets none of them scale where there are several; see kubectl describe hpa",
    );
  }
  return { autoscaler, to: wanted };
}

function boundsFor(wish: "keep" | "widen" | "pin", replicas: number, { min, max }: Bounds): Bounds {
  if (replicas === 0 || wish === "keep") {
    return { min, max };
  }
  return wish === "pin"
    ? { min: replicas, max: replicas }
    : { min: Math.min(min, replicas), max: Math.max(max, replicas) };
}

function adviceFor({ owner }: Autoscaler, replicas: number): string {
  const [kind, name = ""] = (owner ?? "").split(" ");
  return kind === "ScaledObject"
    ? `let KEDA keep it at that number: kubectl annotate scaledobject ${name} autoscaling.keda.sh/paused-replicas=${replicas}`
    : `change ${owner ?? "its owner"}, which it is made from`;
}

function noteOf(autoscaler: Autoscaler, replicas: number, after: Bounds): string {
  if (replicas === 0) {
    return `${inWords(autoscaler)} leaves it alone as long as it has no pods`;
  }
  return after.min === after.max
    ? `HorizontalPodAutoscaler ${autoscaler.name} will leave it at that number`
    : `HorizontalPodAutoscaler ${autoscaler.name} goes on to choose between ${rangeOf(after)} pods by its metrics, and may change the number in 15 seconds; --autoscaler pin lets it have no choice`;
}

async function bound(
  { cluster, workload }: Indexer,
  { name, uid, min, max }: Autoscaler,
  to: Bounds,
): Promise<JsonObject> {
  const at = autoscalerNamed(name);
  const written = await cluster.patchObject(at, [
    { op: "test", path: "/metadata/uid", value: uid },
    ...replaced("/spec/minReplicas", min, to.min),
    ...replaced("/spec/maxReplicas", max, to.max),
  ]);
  const effect = { did: "bound autoscaler", name, min: to.min, max: to.max };
  if ("object" in written) {
    return effect;
  }
  // An answer that was lost on the way is asked for again, and then refused because it was done.
  const [now] = (await readAutoscalers(cluster, workload)).filter((each) => each.uid === uid);
  if (now?.min === to.min && now.max === to.max) {
    return effect;
  }
  throw new EmergencyError(
    "PRIOR_STATE_CHANGED",
    `somebody else has changed HorizontalPodAutoscaler ${name} in the same moment (${written.refused}). Nothing was written`,
    "type the command again: it looks at it as it is now",
  );
}

function rangeOf({ min, max }: Bounds): string {
  return min === max ? String(min) : `${min} to ${max}`;
}

function podsInWords(count: number): string {
  return count === 1 ? "1 pod" : `${count} pods`;
}
