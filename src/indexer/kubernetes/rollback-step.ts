import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import { canonicalJson, isRecord, type JsonObject } from "../../json.js";
import { parseIntent } from "../../parse-intent.js";
import type {
  Action,
  Decision,
  Effects,
  Facts,
  Observation,
  PlannedStep,
  Progress,
  Step,
  Verification,
} from "../../step.js";
import type { Indexer, IndexerBook } from "../indexer.js";
import { chooseRevision, type Chosen } from "./choose-revision.js";
import { readHistory, type History, type Revision } from "./history.js";
import { tryToRecord } from "./health-record.js";
import { MARK_ANNOTATION, writeMark, type Mark } from "./mark.js";
import { rollbackPatch } from "./rollback-patch.js";
import { problemOf, waitForRollout, type WorkloadStatus } from "./status.js";
import { isMeantToRun } from "./stopped.js";
import { templateHash, versionHash } from "./template.js";
import { targetSchema } from "./target-schema.js";

const rollbackIntent = z.object({ indexer: z.string(), target: targetSchema }).strict();

/** What the last look has found, for the act that follows it. */
interface Looked {
  readonly indexer: Indexer;
  readonly history: History;
  readonly chosen: Chosen;
}

/**
 * Brings a Deployment, StatefulSet or DaemonSet back to an earlier revision, and waits until its pods work.
 *
 * The rehearsal is the API server's own dry run: it does everything up to keeping the result, admission and
 * validation included.
 */
export class KubernetesRollbackStep implements Step {
  readonly kind = "indexer-rollback";
  readonly #indexers: IndexerBook;
  /** What came of the wait that follows the patch, by the step's id. */
  readonly #waited = new Map<string, WorkloadStatus>();
  readonly #looked = new WeakMap<Observation, Looked>();

  constructor(indexers: IndexerBook) {
    this.#indexers = indexers;
  }

  async observe(raw: JsonObject): Promise<Observation> {
    const intent = parseIntent(this.kind, rollbackIntent, raw);
    const indexer = await this.#indexers(intent.indexer);
    const title = titleOf(indexer);
    const history = await readHistory(indexer.cluster, indexer.workload);
    const chosen = chooseRevision(title, history.workload, history.revisions, intent.target);
    const observation: Observation = {
      facts: factsOf(history, chosen),
      decide: () => decide(title, indexer, history, chosen),
    };
    this.#looked.set(observation, { indexer, history, chosen });
    return observation;
  }

  async perform(step: PlannedStep, progress: Progress, looked?: Observation): Promise<Effects> {
    const observation = looked ?? (await this.observe(step.intent));
    const found = this.#looked.get(observation);
    const [action] = step.actions;
    if (found === undefined || action === undefined) {
      return { actions: [] };
    }
    progress({ type: "sending", step: step.id, summary: action.summary });
    const effect = await patch(found);
    progress({ type: "done", step: step.id, effect });
    if (!found.indexer.cluster.dryRun) {
      const tell = (what: string): void => {
        progress({ type: "advance", step: step.id, what });
      };
      const [status] = await Promise.all([
        waitForRollout(found.indexer, tell),
        recordLeft(found, (message) => {
          progress({ type: "warning", step: step.id, message });
        }),
      ]);
      await recordArrived(found, status);
      this.#waited.set(step.id, status);
    }
    return { actions: [effect] };
  }

  async rehearse(step: PlannedStep): Promise<Effects> {
    const { indexer } = parseIntent(this.kind, rollbackIntent, step.intent);
    if (!(await this.#indexers(indexer)).cluster.dryRun) {
      throw new TypeError("only a dry run is rehearsed on");
    }
    return await this.perform(step, () => undefined);
  }

  async verify(step: PlannedStep, effects: Effects): Promise<Verification> {
    const wanted = step.outputs.template;
    const intent = parseIntent(this.kind, rollbackIntent, step.intent);
    const indexer = await this.#indexers(intent.indexer);
    const title = titleOf(indexer);
    const { cluster, workload: name } = indexer;
    if (cluster.dryRun) {
      const agreed = effects.actions.every(
        (effect) => isRecord(effect) && effect.template === wanted,
      );
      return agreed
        ? { verified: true, evidence: ["the API server would accept it, and change nothing of it"] }
        : {
            verified: false,
            evidence: [],
            problem:
              "the API server would make another template of it: an admission webhook changes it",
          };
    }
    const status = this.#waited.get(step.id) ?? (await waitForRollout(indexer, () => undefined));
    const now = templateHash((await cluster.workload(name)).spec.template);
    if (now !== wanted) {
      return {
        verified: false,
        evidence: [],
        problem: `${title} has another template than that of revision ${step.outputs.revision ?? "?"}: somebody, or something that keeps it as a repository says, has changed it since`,
      };
    }
    const evidence = [
      `${title} has the template of revision ${step.outputs.revision ?? "?"}: ${step.outputs.images ?? ""}`,
    ];
    const problem = problemOf(status);
    return problem === undefined
      ? { verified: true, evidence: [...evidence, status.rollout.what] }
      : { verified: false, evidence, problem };
  }

  async compare(rehearsed: Effects, real: Effects): Promise<readonly string[]> {
    const [wanted, got] = [rehearsed, real].map(({ actions }) => canonicalJson(actions));
    return await Promise.resolve(
      wanted === got ? [] : ["the template is not the one that the dry run has shown"],
    );
  }
}

function titleOf({ workload: { kind, name } }: Indexer): string {
  return `${kind} ${name}`;
}

async function patch({ indexer, history, chosen: { revision } }: Looked): Promise<JsonObject> {
  const { cluster, workload: name, by, now } = indexer;
  const from = presentOf(history)?.number ?? 0;
  const mark: Mark = { from, to: versionHash(revision.template), at: now().toISOString(), by };
  const operations = rollbackPatch(name.kind, history.workload, revision, mark);
  const patched = await cluster.patch(name, operations);
  const effect = { did: `go back to revision ${revision.number}`, template: revision.hash };
  if ("workload" in patched) {
    const template = templateHash(patched.workload.spec.template);
    return { ...effect, template };
  }
  // An answer that was lost on the way is asked for again, and then refused because it was done.
  const again = await cluster.workload(name);
  if (again.metadata.annotations[MARK_ANNOTATION] === writeMark(mark)) {
    return effect;
  }
  throw new EmergencyError(
    "PRIOR_STATE_CHANGED",
    `somebody else has changed ${titleOf(indexer)} in the same moment (${patched.refused}). Nothing was written`,
    "type the command again: it looks at the workload as it is now",
  );
}

/**
 * Records that somebody went back from the revision that was there, so that nobody goes back to it by
 * `--to healthy`, whose pods may have worked: they followed the wrong contract all the same.
 */
async function recordLeft(
  { indexer: { cluster, workload, now }, history }: Looked,
  warn: (message: string) => void,
): Promise<void> {
  const left = presentOf(history);
  if (left === undefined) {
    return;
  }
  const health = left.pods > 0 && left.available === 0 ? "failing" : "rolled-back";
  const record = { health, at: now().toISOString() } as const;
  const problem = await tryToRecord(cluster, workload.kind, left, record);
  if (problem !== undefined) {
    warn(problem);
  }
}

/** Records that the revision that was gone back to works, once it does. */
async function recordArrived(
  { indexer: { cluster, workload, now }, history, chosen: { revision } }: Looked,
  { rollout }: WorkloadStatus,
): Promise<void> {
  if (rollout.state === "done" && isMeantToRun(workload.kind, history.workload)) {
    const record = { health: "healthy", at: now().toISOString() } as const;
    await tryToRecord(cluster, workload.kind, revision, record);
  }
}

function presentOf({ revisions }: History): Revision | undefined {
  return revisions.find(({ present }) => present);
}

/** What the decision rests on. Not how many pods there are: that changes while one looks. */
function factsOf(history: History, { revision }: Chosen): Facts {
  const { workload } = history;
  return {
    workload: workload.metadata.uid,
    "template of the workload": templateHash(workload.spec.template),
    paused: workload.spec.paused,
    "revision to go back to": revision.number,
    "template to go back to": revision.hash,
  };
}

function decide(
  title: string,
  { name, cluster }: Indexer,
  history: History,
  { revision, notes }: Chosen,
): Decision {
  const present = presentOf(history);
  const images = revision.images.join(", ");
  const outputs = { revision: String(revision.number), template: revision.hash, images };
  if (revision.present) {
    return {
      title: `${title} is at revision ${revision.number} (${images})`,
      actions: [],
      expected: [],
      outputs,
      inverse: { none: "nothing is done" },
      notes,
    };
  }
  if (history.workload.spec.paused) {
    throw new EmergencyError(
      "ROLLOUT_PAUSED",
      `the rollout of ${title} is paused, so that its pods would stay as they are`,
      `see why, and go on with it: kubectl rollout resume deployment/${history.workload.metadata.name} --namespace ${cluster.namespace}; then type the same command again`,
    );
  }
  const was = present?.images.join(", ") ?? "unknown";
  const action: Action = {
    type: "patch-workload",
    summary: `set the template of ${title} to that of revision ${revision.number} (${images})`,
    revision: revision.number,
    template: revision.hash,
  };
  return {
    title: `roll ${title} back to revision ${revision.number}`,
    actions: [action],
    expected: [
      { fact: "images", before: was, after: images },
      {
        fact: "template of the workload",
        before: templateHash(history.workload.spec.template),
        after: revision.hash,
      },
    ],
    outputs,
    inverse:
      present === undefined
        ? { none: "the present template is in no revision yet" }
        : {
            kind: "indexer-rollback",
            intent: { indexer: name, target: { to: "revision", revision: present.number } },
          },
    notes: [
      ...(revision.changeCause === null ? [] : [`it was made by: ${revision.changeCause}`]),
      ...notes,
    ],
  };
}
