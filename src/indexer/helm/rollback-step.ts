import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import { canonicalJson, type Json, type JsonObject } from "../../json.js";
import { parseIntent } from "../../parse-intent.js";
import type {
  Action,
  Decision,
  Difference,
  Effects,
  Facts,
  Observation,
  PlannedStep,
  Progress,
  Step,
  Verification,
} from "../../step.js";
import type { Target } from "../kubernetes/choose-revision.js";
import { problemOf, waitForRollout } from "../kubernetes/status.js";
import type { ChosenRelease } from "./choose-release.js";
import { wasDeployed } from "./choose-release.js";
import {
  asIndexer,
  choose,
  otherImages,
  readRevisions,
  titleOf,
  workloadsIn,
  type HelmBook,
  type HelmRelease,
} from "./helm-release.js";
import { imagesIn, readManifest, type ManifestObject } from "./manifest.js";
import { diffManifests, type ObjectChange } from "./manifest-diff.js";
import { describeFailure, markFailed } from "./mark-failed.js";
import { workOn, type Work } from "./pending.js";
import type { HelmAbilities } from "./program.js";
import { lookAtRemovals, revisionsBetween, type Removals } from "./removals.js";
import { lastWords, rollbackArguments, runRollback } from "./run-rollback.js";
import type { ReleaseHistory, StoredRelease } from "./storage.js";
import { KindBook, tryObjects, type Tried } from "./try-objects.js";
import { targetSchema } from "../kubernetes/target-schema.js";

const rollbackIntent = z
  .object({
    indexer: z.string(),
    target: targetSchema,
    /** Whether the release's hooks run. */
    hooks: z.boolean().default(true),
    /** Whether somebody says that no helm is at work on a release that is pending. */
    takeOver: z.boolean().default(false),
  })
  .strict();

/** All that the last look has found. */
interface Looked {
  readonly helm: HelmRelease;
  readonly history: ReleaseHistory & { readonly newest: StoredRelease };
  readonly chosen: ChosenRelease<StoredRelease>;
  readonly abilities: HelmAbilities;
  readonly work: Work;
  /** The newest revision's objects, and those of the one to go back to. */
  readonly before: readonly ManifestObject[];
  readonly after: readonly ManifestObject[];
  /** Workloads that do not run what the newest revision says. */
  readonly drifted: readonly string[];
  readonly removals: Removals;
  readonly tried: Tried;
  readonly hooks: boolean;
}

const NOTHING_TRIED: Tried = { refused: [], conflicts: [], ownConflicts: [] };
const NOTHING_REMOVED: Removals = {
  removed: [],
  kept: [],
  precious: [],
  left: [],
  preciousLeft: [],
};

/**
 * Brings a Helm release back to an earlier revision, by helm itself, and waits until its pods work. A revision that
 * an ended run has left pending is marked as failed before.
 *
 * helm's own dry run of a rollback looks at no object. So the API server is asked about each of them, already when
 * the plan is made: helm writes them one by one, and a refusal in the midst of them is the worst that can happen.
 */
export class HelmRollbackStep implements Step {
  readonly kind = "indexer-helm-rollback";
  readonly #releases: HelmBook;
  readonly #looked = new WeakMap<Observation, Looked>();

  constructor(releases: HelmBook) {
    this.#releases = releases;
  }

  async observe(raw: JsonObject): Promise<Observation> {
    const intent = parseIntent(this.kind, rollbackIntent, raw);
    const helm = await this.#releases(intent.indexer);
    const looked = await look(helm, intent.target, intent.hooks, intent.takeOver);
    const observation: Observation = { facts: factsOf(looked), decide: () => decide(looked) };
    this.#looked.set(observation, looked);
    return observation;
  }

  async perform(step: PlannedStep, progress: Progress, given?: Observation): Promise<Effects> {
    const observation = given ?? (await this.observe(step.intent));
    const looked = this.#looked.get(observation);
    const effects: Json[] = [];
    for (const action of step.actions) {
      if (looked === undefined) {
        break;
      }
      progress({ type: "sending", step: step.id, summary: action.summary });
      const effect = await act(looked, action, (what) => {
        progress({ type: "advance", step: step.id, what });
      });
      effects.push(effect);
      progress({ type: "done", step: step.id, effect });
    }
    return { actions: effects };
  }

  async rehearse(step: PlannedStep): Promise<Effects> {
    const { indexer } = parseIntent(this.kind, rollbackIntent, step.intent);
    if (!(await this.#releases(indexer)).cluster.dryRun) {
      throw new TypeError("only a dry run is rehearsed on");
    }
    return await this.perform(step, () => undefined);
  }

  async verify(step: PlannedStep, effects: Effects): Promise<Verification> {
    const intent = parseIntent(this.kind, rollbackIntent, step.intent);
    const helm = await this.#releases(intent.indexer);
    return helm.cluster.dryRun
      ? {
          verified: true,
          evidence: [
            "the API server accepts every object of it in a dry run; helm's own dry run looks at none of them",
          ],
        }
      : await readBack(helm, step, effects.actions.length > 0);
  }

  async compare(rehearsed: Effects, real: Effects): Promise<readonly string[]> {
    const [wanted, got] = [rehearsed, real].map(({ actions }) => canonicalJson(actions));
    return await Promise.resolve(
      wanted === got ? [] : ["helm has made another revision than the dry run has shown"],
    );
  }
}

async function look(
  helm: HelmRelease,
  wanted: Target,
  hooks: boolean,
  takeOver: boolean,
): Promise<Looked> {
  const [history, abilities] = await Promise.all([readRevisions(helm), helm.helm.abilities()]);
  const { newest } = history;
  const pending = newest.status.startsWith("pending-") || newest.status === "uninstalling";
  const here = pending ? await helm.helm.processes() : null;
  const { release, host, cluster } = helm;
  const work = workOn({ release, namespace: cluster.namespace }, newest, here, {
    host,
    nowMs: helm.now().getTime(),
    takeOver,
  });
  if (pending && !history.releases.some(wasDeployed)) {
    throw new EmergencyError(
      "HELM_PENDING",
      `${titleOf(helm)} is ${newest.status}, and no revision of it was ever deployed: there is nothing to go back to`,
      `remove what there is of it, when nobody works on it any more, and install it again: helm uninstall ${release} --namespace ${cluster.namespace} --kube-context ${cluster.access.context}`,
    );
  }
  const chosen = await choose(helm, history, wanted);
  const objectsOf = async ({
    manifest,
    number,
  }: StoredRelease): Promise<readonly ManifestObject[]> =>
    await readManifest(manifest, `revision ${number}`);
  const before = await objectsOf(newest);
  const after = await objectsOf(chosen.release);
  const looked = { helm, history, chosen, abilities, work, before, after, hooks };
  const drifted = chosen.there ? await otherImages(helm, after) : [];
  if (work.state === "running") {
    return { ...looked, drifted, removals: NOTHING_REMOVED, tried: NOTHING_TRIED };
  }
  const kinds = new KindBook(cluster);
  const rollsBack = !chosen.there || drifted.length > 0;
  const [removals, tried] = await Promise.all([
    lookAtRemovals(helm, kinds, before, after, revisionsBetween(history.releases)),
    rollsBack ? tryObjects(cluster, kinds, after, chosen.release.serverSide) : NOTHING_TRIED,
  ]);
  return { ...looked, drifted, removals, tried };
}

/** Whether helm has something to do. */
function rollsBack({ chosen, drifted }: Looked): boolean {
  return !chosen.there || drifted.length > 0;
}

/** What the decision rests on. */
function factsOf(looked: Looked): Facts {
  const {
    history: { newest },
    chosen: { release },
    drifted,
    tried,
    removals,
  } = looked;
  return {
    "newest revision": newest.number,
    "its status": newest.status,
    "its record": newest.resourceVersion,
    "revision to go back to": release.number,
    "what it holds": release.content,
    "workloads with other images": drifted.join("; "),
    "objects that are refused": tried.refused.join("; "),
    "objects left over": removals.left.map(({ title }) => title).join("; "),
  };
}

function decide(looked: Looked): Decision {
  const { helm, history, chosen, work, removals, after } = looked;
  const { newest } = history;
  const { release } = chosen;
  const title = titleOf(helm);
  const images = imagesIn(after).join(", ");
  const outputs = { revision: String(release.number), content: release.content, images };
  if (work.state === "running") {
    throw new EmergencyError("HELM_PENDING", `${title}: ${work.what}`, work.next);
  }
  if (!rollsBack(looked) && removals.left.length === 0) {
    return {
      title: `${title} holds what revision ${release.number} holds (${images})`,
      actions: [],
      expected: [],
      outputs,
      inverse: { none: "nothing is done" },
      notes: chosen.notes,
    };
  }
  refuseWhatCannotBe(looked);
  return {
    title: rollsBack(looked)
      ? `roll ${title} back to revision ${release.number} (${release.chart})`
      : `finish the rollback of ${title} to revision ${release.number} (${release.chart})`,
    actions: actionsOf(looked, images),
    expected: [
      ...(rollsBack(looked) ? differencesOf(looked) : []),
      ...removals.left.map((left) => ({ fact: left.title, before: "left over", after: "removed" })),
    ],
    outputs,
    inverse: !rollsBack(looked)
      ? { none: "nobody wants back what was left over" }
      : wasDeployed(newest)
        ? {
            kind: "indexer-helm-rollback",
            intent: { indexer: helm.name, target: { to: "revision", revision: newest.number } },
          }
        : { none: `revision ${newest.number} is ${newest.status}: nobody wants it back` },
    notes: notesOf(looked),
  };
}

function actionsOf(looked: Looked, images: string): readonly Action[] {
  const { helm, history, chosen, work, tried, hooks, abilities, removals } = looked;
  const { newest } = history;
  const { number } = chosen.release;
  const rollback: Action = {
    type: "helm-rollback",
    summary: `helm rollback ${helm.release} ${number} (${images}), which makes revision ${newest.number + 1}`,
    revision: number,
    hooks,
    forceConflicts: tried.conflicts.length > 0 && abilities.flags.has("force-conflicts"),
  };
  const marked: Action = {
    type: "mark-failed",
    summary: `mark revision ${newest.number}, which has stayed ${newest.status}, as failed`,
    revision: newest.number,
  };
  return [
    ...(work.state === "ended" ? [marked] : []),
    ...(rollsBack(looked) ? [rollback] : []),
    ...removals.left.map((left) => ({
      type: "remove-left-over",
      summary: `remove ${left.title}, which a run that was broken off has left`,
      object: left.title,
    })),
  ];
}

/**
 * @throws EmergencyError IRREVERSIBLE when data would be lost, CLUSTER_REFUSED when the API server will not take it.
 */
function refuseWhatCannotBe({ helm, chosen, removals, tried }: Looked): void {
  const { namespace } = helm.cluster;
  const [precious] = removals.precious;
  if (precious !== undefined) {
    throw new EmergencyError(
      "IRREVERSIBLE",
      `revision ${chosen.release.number} does not have ${removals.precious.map(({ title }) => title).join(", ")}: helm would remove it, and what is in it would be lost`,
      `let it stay, and type the command again: kubectl annotate ${precious.name.plural} ${precious.name.name} --namespace ${namespace} helm.sh/resource-policy=keep`,
    );
  }
  if (tried.refused.length > 0) {
    throw new EmergencyError(
      "CLUSTER_REFUSED",
      `the API server would not take what revision ${chosen.release.number} holds: ${tried.refused.join("; ")}. Nothing was written`,
      "what may not be changed has to be removed by hand first; or choose another revision with --to",
    );
  }
}

function notesOf({
  chosen,
  work,
  drifted,
  removals,
  tried,
  hooks,
  history,
  after,
}: Looked): readonly string[] {
  const { release } = chosen;
  const running = ["pre-rollback", "post-rollback"].flatMap((event) => {
    const found = release.hooks
      .filter(({ events }) => events.includes(event))
      .sort((a, b) => a.weight - b.weight || a.name.localeCompare(b.name))
      .map(({ kind, name }) => `${kind} ${name}`);
    return found.length === 0 ? [] : [`${event}: ${found.join(", ")}`];
  });
  const definitions = Object.entries(release.definitions)
    .filter(([file, hash]) => history.newest.definitions[file] !== hash)
    .map(([file]) => file);
  const elsewhere = after.filter(({ namespace }) => namespace !== null).length;
  return [
    ...(work.state === "ended" ? [work.what] : []),
    ...chosen.notes,
    ...(drifted.length === 0
      ? []
      : [`helm has nothing to go back from, but it is not what runs: ${drifted.join("; ")}`]),
    ...(running.length === 0
      ? []
      : [`hooks ${hooks ? "run" : "do not run"}: ${running.join("; ")}`]),
    ...(definitions.length === 0
      ? []
      : [`helm never changes these, and so they stay as they are: ${definitions.join(", ")}`]),
    ...(removals.removed.length === 0 ? [] : [`it removes ${removals.removed.join(", ")}`]),
    ...(removals.kept.length === 0
      ? []
      : [`${removals.kept.join(", ")} stays: its resource policy is keep`]),
    ...(removals.preciousLeft.length === 0
      ? []
      : [
          `${removals.preciousLeft.join(", ")} is left over from a run that was broken off, and stays, with all that is in it`,
        ]),
    ...tried.conflicts.map(
      (conflict) => `fields that others have set since are taken over: ${conflict}`,
    ),
    ...(elsewhere === 0
      ? []
      : [
          `${elsewhere} of its objects name a namespace: helm waits for them, and their pods are not looked at here`,
        ]),
  ];
}

/** More objects than this are counted. */
const MOST_OBJECTS = 20;

function differencesOf({ before, after, history, chosen }: Looked): readonly Difference[] {
  const changes = diffManifests(before, after);
  const fields = changes.slice(0, MOST_OBJECTS).flatMap(asDifferences);
  const more = changes.length - MOST_OBJECTS;
  return [
    { fact: "newest revision", before: history.newest.number, after: history.newest.number + 1 },
    { fact: "chart", before: history.newest.chart, after: chosen.release.chart },
    ...fields,
    ...(more > 0 ? [{ fact: "more objects", before: null, after: `${more} are different` }] : []),
  ];
}

function asDifferences({ object, change, fields }: ObjectChange): readonly Difference[] {
  if (change !== "changed") {
    return [
      change === "added"
        ? { fact: object, before: "not there", after: "made" }
        : { fact: object, before: "there", after: "removed" },
    ];
  }
  const shown = fields.filter((field) => field.before !== null || field.after !== null);
  const hidden = fields.filter((field) => field.before === null && field.after === null);
  return [
    ...shown.map(({ path, before, after }) => ({ fact: `${object}: ${path}`, before, after })),
    ...(hidden.length === 0
      ? []
      : [
          {
            fact: `${object}: other fields`,
            before: "as they are",
            after: `changed: ${hidden.map(({ path }) => path).join(", ")}`,
          },
        ]),
  ];
}

async function act(
  looked: Looked,
  action: Action,
  tell: (what: string) => void,
): Promise<JsonObject> {
  switch (action.type) {
    case "mark-failed":
      return await mark(looked);
    case "remove-left-over":
      return await removeLeftOver(looked, action);
    default:
      return await rollBack(looked, action, tell);
  }
}

async function removeLeftOver(
  { helm: { cluster }, removals }: Looked,
  { object }: Action,
): Promise<JsonObject> {
  const left = removals.left.find(({ title }) => title === object);
  if (left === undefined || !(await cluster.remove(left.name, left.found))) {
    throw new EmergencyError(
      "PRIOR_STATE_CHANGED",
      `somebody else has changed ${left?.title ?? "it"} in the same moment: it is not removed`,
      "type the command again: it looks at the release as it is now",
    );
  }
  return { did: `remove ${left.title}` };
}

async function mark({ helm, history: { newest } }: Looked): Promise<JsonObject> {
  const description = describeFailure(
    helm.release,
    newest,
    `the run that made it has ended, and ${helm.by} has marked it`,
  );
  const refused = await markFailed(helm.cluster, newest, description, helm.now());
  const effect = { did: `mark revision ${newest.number} as failed` };
  if (refused === null) {
    return effect;
  }
  // An answer that was lost on the way is asked for again, and then refused because it was done.
  const { releases } = await readRevisions(helm);
  const now = releases.find(({ number }) => number === newest.number);
  if (now?.status === "failed" && now.description === description) {
    return effect;
  }
  throw new EmergencyError(
    "PRIOR_STATE_CHANGED",
    `somebody else has changed the record of revision ${newest.number} in the same moment: it is ${now?.status ?? "gone"}`,
    "type the command again: it looks at the release as it is now",
  );
}

async function rollBack(
  { helm, history: { newest }, chosen: { release }, abilities, after, hooks, tried }: Looked,
  action: Action,
  tell: (what: string) => void,
): Promise<JsonObject> {
  const makes = newest.number + 1;
  const effect = { did: `helm rollback to revision ${release.number}`, content: release.content };
  const order = {
    to: release,
    from: newest.number,
    objects: after,
    hooks,
    forceConflicts: action.forceConflicts === true || tried.ownConflicts.length > 0,
  };
  if (!helm.cluster.dryRun) {
    const made = await runRollback(helm, order, tell);
    return { ...effect, content: made.content, makes: made.number };
  }
  const dry = abilities.major === 3 ? "--dry-run" : "--dry-run=server";
  const args = [...rollbackArguments(helm, abilities, order, "00000000"), dry];
  const { code, output } = await (await helm.helm.start(args)).ended;
  if (code !== 0) {
    throw new EmergencyError(
      "HELM_FAILED",
      `helm refuses: ${lastWords(output)}`,
      "look at the reason above",
    );
  }
  return { ...effect, makes };
}

async function readBack(
  helm: HelmRelease,
  step: PlannedStep,
  acted: boolean,
): Promise<Verification> {
  const title = titleOf(helm);
  const { newest } = await readRevisions(helm);
  const wanted = step.outputs.revision ?? "?";
  const problem = (text: string): Verification => ({
    verified: false,
    evidence: [],
    problem: text,
  });
  if (newest.content !== step.outputs.content || newest.status !== "deployed") {
    return problem(
      `${title} is at revision ${newest.number} (${newest.status}, ${newest.chart}), and not at what revision ${wanted} holds: somebody else has changed it since`,
    );
  }
  const before = Number(step.prior["newest revision"]);
  const made = step.actions.some(({ type }) => type === "helm-rollback") ? 1 : 0;
  if (acted && newest.number !== before + made) {
    return problem(
      `${title} is at revision ${newest.number}, where ${before + made} was to be: somebody else has deployed in the same moment; look at npx hardhat indexer history`,
    );
  }
  const objects = await readManifest(newest.manifest, `revision ${newest.number}`);
  const other = await otherImages(helm, objects);
  if (other.length > 0) {
    return problem(
      `${title} is at revision ${newest.number}, but something has changed its workloads since: ${other.join("; ")}`,
    );
  }
  const statuses = await Promise.all(
    workloadsIn(helm.cluster, objects).map(
      async ({ workload }) => await waitForRollout(asIndexer(helm, workload), () => undefined),
    ),
  );
  const evidence = [
    `${title} is at revision ${newest.number}, deployed, and it holds what revision ${wanted} holds: ${step.outputs.images ?? ""}`,
    ...statuses
      .filter(({ rollout }) => rollout.state === "done")
      .map(({ workload, rollout }) => `${workload}: ${rollout.what}`),
  ];
  const problems = statuses.flatMap((status) => problemOf(status) ?? []);
  return problems.length === 0
    ? { verified: true, evidence }
    : { verified: false, evidence, problem: problems.join("; ") };
}
