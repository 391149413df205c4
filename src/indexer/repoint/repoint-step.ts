import { EmergencyError } from "../../errors.js";
import { canonicalJson, type JsonObject } from "../../json.js";
import { jsonObjectSchema } from "../../json-schema.js";
import { parseIntent } from "../../parse-intent.js";
import type {
  Action,
  Decision,
  Effects,
  Facts,
  Inverse,
  Observation,
  PlannedStep,
  Progress,
  Step,
  Verification,
} from "../../step.js";
import type { Indexer, IndexerBook } from "../indexer.js";
import type { Workload } from "../kubernetes/objects.js";
import { problemOf, waitForRollout, type WorkloadStatus } from "../kubernetes/status.js";
import { templateHash } from "../kubernetes/template.js";
import { templatePatch, withAppliedTemplate } from "../kubernetes/template-patch.js";
import { writesFor, type ObjectChange, type Writes } from "./change.js";
import { configObject, copyOf, dataPatch, kindOf, nameOf, storedData } from "./config-object.js";
import { repointIntent, type RepointIntent } from "./intent.js";
import { lookAtSpots, podsHaveRead, type Seen } from "./look.js";
import { spotKey, type Spot } from "./places.js";
import { editTemplate, type TemplateEdit } from "./template-edit.js";
import { decideValues, type Decided } from "./values.js";

/** What `kubectl rollout history` shows of a revision. */
const CHANGE_CAUSE = "kubernetes.io/change-cause";

/** How often a patch is tried where only annotations have changed in between. */
const ATTEMPTS = 5;

/** What the last look has found, for the act that follows it. */
interface Looked {
  readonly indexer: Indexer;
  readonly intent: RepointIntent;
  readonly seen: Seen;
  readonly decided: Decided;
  readonly writes: Writes;
}

/**
 * Lets a workload follow another contract: its address and start block in environment variables, ConfigMaps,
 * Secrets, or a file in a ConfigMap; the old contract stays as a second source. Then it waits until the pods
 * that read the new values work.
 *
 * The rehearsal is the API server's own dry run.
 */
export class IndexerRepointStep implements Step {
  readonly kind = "indexer-repoint";
  readonly #indexers: IndexerBook;
  /** What came of the wait that follows the writes, by the step's id. */
  readonly #waited = new Map<string, WorkloadStatus>();
  readonly #looked = new WeakMap<Observation, Looked>();

  constructor(indexers: IndexerBook) {
    this.#indexers = indexers;
  }

  async observe(raw: JsonObject): Promise<Observation> {
    const intent = parseIntent(this.kind, repointIntent, raw);
    const indexer = await this.#indexers(intent.indexer);
    const seen = await lookAtSpots(indexer, intent.where);
    const decided = decideValues(`indexer ${indexer.name}`, seen.spots, intent);
    const writes = await writesFor(
      seen,
      decided,
      intent,
      async (objects) => await podsHaveRead(indexer, seen.workload, objects),
    );
    const looked = { indexer, intent, seen, decided, writes };
    const observation: Observation = { facts: factsOf(seen), decide: () => decide(looked) };
    this.#looked.set(observation, looked);
    return observation;
  }

  async perform(step: PlannedStep, progress: Progress, looked?: Observation): Promise<Effects> {
    const found = this.#looked.get(looked ?? (await this.observe(step.intent)));
    if (found === undefined || step.actions.length === 0) {
      return { actions: [] };
    }
    const { indexer, seen, writes } = found;
    const effects: JsonObject[] = [];
    const doing = async (write: () => Promise<JsonObject>): Promise<void> => {
      const summary = step.actions[effects.length]?.summary ?? "";
      progress({ type: "sending", step: step.id, summary });
      const effect = { did: summary, ...(await write()) };
      effects.push(effect);
      progress({ type: "done", step: step.id, effect });
    };
    let { workload } = seen;
    const patch = async (edit: TemplateEdit | null): Promise<void> => {
      if (edit !== null) {
        await doing(async () => {
          workload = await patchTemplate(found, workload, edit);
          return { template: templateHash(workload.spec.template) };
        });
      }
    };
    await patch(writes.first);
    for (const change of writes.objects) {
      await doing(async () => await writeObject(found, change));
    }
    await patch(writes.last);
    if (!indexer.cluster.dryRun) {
      const tell = (what: string): void => {
        progress({ type: "advance", step: step.id, what });
      };
      this.#waited.set(step.id, await waitForRollout(indexer, tell));
    }
    return { actions: effects };
  }

  async rehearse(step: PlannedStep): Promise<Effects> {
    const { indexer } = parseIntent(this.kind, repointIntent, step.intent);
    if (!(await this.#indexers(indexer)).cluster.dryRun) {
      throw new TypeError("only a dry run is rehearsed on");
    }
    return await this.perform(step, () => undefined);
  }

  async verify(step: PlannedStep): Promise<Verification> {
    const intent = parseIntent(this.kind, repointIntent, step.intent);
    const indexer = await this.#indexers(intent.indexer);
    const { cluster } = indexer;
    const status = cluster.dryRun
      ? undefined
      : (this.#waited.get(step.id) ?? (await waitForRollout(indexer, () => undefined)));
    const now = await lookAgain(indexer, intent);
    if ("problem" in now) {
      return { verified: false, evidence: [], problem: now.problem };
    }
    const { changes, wanted } = now;
    if (changes.length > 0) {
      const places = changes.map(({ spot }) => spotKey(spot)).join("; ");
      return {
        verified: false,
        evidence: [],
        problem: `not what was written: ${places}: somebody, or something that keeps it as a repository says, has changed it since`,
      };
    }
    const evidence = wanted.map(({ spot }) => `${spotKey(spot)} is ${shown(spot)}`);
    const problem = status === undefined ? undefined : problemOf(status);
    return problem === undefined
      ? { verified: true, evidence: [...evidence, ...(status ? [status.rollout.what] : [])] }
      : { verified: false, evidence, problem };
  }

  async compare(rehearsed: Effects, real: Effects): Promise<readonly string[]> {
    const [wanted, got] = [rehearsed, real].map(({ actions }) => canonicalJson(actions));
    return await Promise.resolve(
      wanted === got ? [] : ["what was written is not what the dry run has shown"],
    );
  }
}

/** What would be left to do; or why that cannot be said any more. */
async function lookAgain(
  indexer: Indexer,
  intent: RepointIntent,
): Promise<Decided | { readonly problem: string }> {
  try {
    const { spots } = await lookAtSpots(indexer, intent.where);
    return decideValues(`indexer ${indexer.name}`, spots, intent);
  } catch (error) {
    if (error instanceof EmergencyError && !error.code.startsWith("CLUSTER_")) {
      return { problem: `it is not as it was written: ${error.what}` };
    }
    throw error;
  }
}

/** A value as it may be shown: addresses and blocks are public, but what is in a Secret is said of nowhere. */
function shown({ place, value }: Pick<Spot, "place" | "value">): string {
  if (value === null) {
    return "not there";
  }
  if (place.in === "object" && place.object.kind === "Secret") {
    return "in the Secret";
  }
  return value === "" ? "empty" : value;
}

/** What the decision rests on. */
function factsOf({ workload, spots }: Seen): Facts {
  return {
    workload: workload.metadata.uid,
    "template of the workload": templateHash(workload.spec.template),
    paused: workload.spec.paused,
    ...Object.fromEntries(spots.map((spot) => [spotKey(spot), shown(spot)])),
  };
}

function decide(looked: Looked): Decision {
  const { indexer, intent, seen, decided, writes } = looked;
  const { contract, to } = intent;
  const { workload } = seen;
  const actions = actionsOf(looked);
  const outputs = { address: to };
  const notes = [...decided.notes, ...seen.notes];
  if (actions.length === 0) {
    return {
      title: `indexer ${indexer.name} follows ${to} (${contract})`,
      actions,
      expected: [],
      outputs,
      inverse: { none: "nothing is done" },
      notes,
    };
  }
  if (workload.spec.paused) {
    throw new EmergencyError(
      "ROLLOUT_PAUSED",
      `the rollout of ${titleOf(indexer)} is paused, so that its pods would stay as they are`,
      `see why, and go on with it: kubectl rollout resume deployment/${indexer.workload.name} --namespace ${indexer.cluster.namespace}; then type the same command again`,
    );
  }
  const copies = writes.objects.filter(({ as }) => as !== null);
  return {
    title:
      decided.from === null || decided.changes.length === 0
        ? `let the pods of indexer ${indexer.name} read that it follows ${to} (${contract})`
        : `let indexer ${indexer.name} follow ${to} instead of ${decided.from} (${contract})`,
    actions,
    expected: decided.changes.map(({ spot, value }) => ({
      fact: spotKey(spot),
      before: shown(spot),
      after: shown({ place: spot.place, value }),
    })),
    outputs,
    inverse: inverseOf(looked),
    notes: [
      ...(writes.objects.length > copies.length
        ? ["what changes in a ConfigMap or Secret is read when pods start: they are replaced"]
        : []),
      ...copies.map(
        ({ object: { ref } }) => `${ref.kind} ${ref.name} stays as it is, for earlier revisions`,
      ),
      ...notes,
      `change the address of ${contract} in hardhat.config.ts and where the workload is deployed from, too`,
    ],
  };
}

function actionsOf({ indexer, writes, intent }: Looked): readonly Action[] {
  const title = titleOf(indexer);
  const ofTemplate = (edit: TemplateEdit | null): readonly Action[] => {
    if (edit === null) {
      return [];
    }
    const { variables, renamed, annotations } = edit;
    const parts = [
      ...variables.map(({ name, value, container }) =>
        value === null
          ? `take ${name} out of container ${container.name}`
          : `set ${name} of container ${container.name} to ${value}`,
      ),
      ...renamed.map(({ object, to }) => `read ${object.kind} ${to} instead of ${object.name}`),
      ...(Object.keys(annotations).length === 0 ? [] : ["replace the pods"]),
    ];
    return [
      {
        type: "patch-workload",
        summary: `${title}: ${parts.join(", ")}`,
        variables: variables.map(({ container, ...rest }) => ({
          ...rest,
          container: `${container.list}/${container.name}`,
        })),
        renamed: renamed.map(({ object, to }) => ({ kind: object.kind, from: object.name, to })),
        annotations,
      },
    ];
  };
  return [
    ...ofTemplate(writes.first),
    ...writes.objects.map(({ object: { ref }, as, changes }): Action => {
      const values = changes.map(({ spot, value }) => {
        const after = shown({ place: spot.place, value: value ?? "" });
        return `${spot.name} = ${after}`;
      });
      const where = `${ref.kind} ${ref.name}`;
      return {
        type: "write-configuration",
        summary:
          as === null
            ? `${where}: set ${values.join(", ")}`
            : `make ${ref.kind} ${as} as a copy of ${ref.name} with ${values.join(", ")}`,
        kind: ref.kind,
        name: ref.name,
        as,
        contract: intent.contract,
        to: intent.to,
      };
    }),
    ...ofTemplate(writes.last),
  ];
}

/** Back to the old contract, with the values that were there. */
function inverseOf({ intent, decided, seen }: Looked): Inverse {
  const { from, secondBefore, startBlockBefore } = decided;
  if (from === null || decided.changes.length === 0) {
    return { none: "it is not known any more which contract was followed before" };
  }
  const schema = seen.spots.find(({ role }) => role === "schema")?.value ?? null;
  const back: RepointIntent = {
    ...intent,
    to: from,
    from: intent.to,
    configured: null,
    startBlock: startBlockBefore,
    endBlock: null,
    schema: intent.schema === null ? null : schema,
    forgetOld: true,
    second: secondBefore,
  };
  return { kind: "indexer-repoint", intent: jsonObjectSchema.parse(back) };
}

function titleOf({ workload: { kind, name } }: Indexer): string {
  return `${kind} ${name}`;
}

async function patchTemplate(
  { indexer, intent }: Looked,
  looked: Workload,
  edit: TemplateEdit,
): Promise<Workload> {
  const { cluster, workload: name } = indexer;
  const before = templateHash(looked.spec.template);
  const template = editTemplate(looked.spec.template, edit);
  let workload = looked;
  for (let attempt = 1; ; attempt += 1) {
    const annotations = {
      ...withAppliedTemplate(workload.metadata.annotations, (applied) =>
        editTemplate(applied, edit),
      ),
      [CHANGE_CAUSE]: `hardhat-emergency: ${intent.contract} is ${intent.to}`,
    };
    const patched = await cluster.patch(name, templatePatch(workload, template, annotations));
    if ("workload" in patched) {
      return patched.workload;
    }
    const now = await cluster.workload(name);
    const isSame = now.metadata.uid === looked.metadata.uid;
    const hash = templateHash(now.spec.template);
    // An answer that was lost on the way is asked for again, and then refused because it was done.
    if (isSame && hash === templateHash(template)) {
      return now;
    }
    // Its controller writes annotations after each change: only what pods are made of matters here.
    if (!isSame || hash !== before || attempt === ATTEMPTS) {
      throw changedMeanwhile(titleOf(indexer), patched.refused);
    }
    workload = now;
  }
}

async function writeObject(
  { indexer: { cluster } }: Looked,
  { object, data, as }: ObjectChange,
): Promise<JsonObject> {
  const { ref } = object;
  const target = as === null ? ref : { ...ref, name: as };
  const written =
    as === null
      ? await cluster.patchObject(nameOf(ref), dataPatch(object, data))
      : await cluster.create(kindOf(ref), copyOf(object, as, data));
  if ("refused" in written) {
    // It may have been done: by this run, whose answer was lost, or by one that was killed.
    const found = await cluster.object(nameOf(target));
    const now = found === null ? undefined : configObject(target, found);
    const wanted = as === null ? data : storedData(object, data);
    const has = now === undefined ? {} : as === null ? now.data : storedData(now, {});
    if (!Object.entries(wanted).every(([key, value]) => (has[key] ?? null) === value)) {
      throw changedMeanwhile(`${target.kind} ${target.name}`, written.refused);
    }
  }
  return { kind: target.kind, name: target.name };
}

function changedMeanwhile(what: string, why: string): EmergencyError {
  return new EmergencyError(
    "PRIOR_STATE_CHANGED",
    `somebody else has changed ${what} in the same moment (${why}). It was not written to`,
    "type the command again: it looks at everything as it is now, and does what is left to do",
  );
}
