import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import { canonicalJson, type JsonObject } from "../../json.js";
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
import type { PatchOperation } from "../kubernetes/cluster.js";
import {
  findOwners,
  findSuspended,
  ownerOf,
  type Handle,
  type Owner,
  type Owners,
} from "./find-owners.js";
import { resumePatch, suspendPatch } from "./owner-patch.js";

/** What is done with owners. */
export type Verb = "suspend" | "resume";

const ownersIntent = z
  .object({
    indexer: z.string(),
    /** "ignore": go on although something will put the workload back. */
    owner: z.literal("ignore").optional(),
    /** Whether the owners are resumed at the end of the same plan. */
    resumes: z.literal(true).optional(),
  })
  .strict();

type Intent = z.infer<typeof ownersIntent>;

/** What the last look has found, for the act that follows it. */
interface Looked {
  readonly indexer: Indexer;
  readonly found: Owners;
}

/** So often an owner that changes all the time is looked at again. */
const ATTEMPTS = 5;

/** So long what an owner has begun is waited for, in all. */
const LONGEST_WAIT_MS = 120_000;

/** So long its controller may take to say that it has seen the change. It works without. */
const SEEN_MS = 3_000;

const PAUSE_MS = 250;

/** An owner's own owner may be about to write what it has read before it was suspended. */
const SETTLE_MS = 500;

/**
 * Tells what keeps a workload as it is (Argo CD, Flux, an operator) to leave it alone, or to take it up again.
 * What was there is kept in an annotation of the owner itself, so that it can be resumed from any machine.
 *
 * Owners of owners are suspended first and resumed last: each would put back what is changed in the next. What
 * an owner has begun is waited for before anything builds on its being suspended.
 */
export class OwnersStep implements Step {
  readonly kind: `indexer-${Verb}`;
  readonly #verb: Verb;
  readonly #indexers: IndexerBook;
  readonly #looked = new WeakMap<Observation, Looked>();

  constructor(indexers: IndexerBook, verb: Verb) {
    this.kind = `indexer-${verb}`;
    this.#verb = verb;
    this.#indexers = indexers;
  }

  async observe(raw: JsonObject): Promise<Observation> {
    const intent = parseIntent(this.kind, ownersIntent, raw);
    const indexer = await this.#indexers(intent.indexer);
    const found = await this.#find(indexer);
    const observation: Observation = {
      facts: factsOf(found),
      decide: () =>
        this.#verb === "suspend" ? decideToSuspend(intent, found) : decideToResume(intent, found),
    };
    this.#looked.set(observation, { indexer, found });
    return observation;
  }

  async #find(indexer: Indexer): Promise<Owners> {
    return await (this.#verb === "suspend" ? findOwners : findSuspended)(indexer);
  }

  async perform(step: PlannedStep, progress: Progress, looked?: Observation): Promise<Effects> {
    const observation = looked ?? (await this.observe(step.intent));
    const { indexer, found } = this.#looked.get(observation) ?? {
      indexer: await this.#indexers(parseIntent(this.kind, ownersIntent, step.intent).indexer),
      found: { workload: "", owners: [] },
    };
    const tell = (what: string): void => {
      progress({ type: "advance", step: step.id, what });
    };
    const effects: JsonObject[] = [];
    const suspended: (readonly [Owner, Handle])[] = [];
    for (const action of step.actions) {
      const owner = found.owners.find(({ title }) => title === action.owner);
      if (owner === undefined || owner.handle === null) {
        continue;
      }
      progress({ type: "sending", step: step.id, summary: action.summary });
      if (this.#verb === "suspend") {
        const handle = await suspend(indexer, found.workload, owner, owner.handle, tell);
        suspended.push([owner, handle]);
      } else {
        await resume(indexer, owner, owner.handle);
      }
      const effect = { did: this.#verb, owner: owner.title };
      progress({ type: "done", step: step.id, effect });
      effects.push(effect);
    }
    const isOwned =
      suspended.length > 1 || suspended.some(([, { appliedBy }]) => appliedBy !== null);
    if (isOwned && !indexer.cluster.dryRun) {
      await indexer.wait(SETTLE_MS);
      for (const [owner, handle] of suspended) {
        const now = await again(indexer, owner, handle);
        await suspend(indexer, found.workload, owner, now, tell);
      }
    }
    return { actions: effects };
  }

  async rehearse(step: PlannedStep): Promise<Effects> {
    const { indexer } = parseIntent(this.kind, ownersIntent, step.intent);
    if (!(await this.#indexers(indexer)).cluster.dryRun) {
      throw new TypeError("only a dry run is rehearsed on");
    }
    return await this.perform(step, () => undefined);
  }

  async verify(step: PlannedStep): Promise<Verification> {
    const intent = parseIntent(this.kind, ownersIntent, step.intent);
    const indexer = await this.#indexers(intent.indexer);
    const { owners } = await this.#find(indexer);
    const told = owners.filter(({ handle }) => handle !== null);
    const wrong =
      this.#verb === "resume"
        ? told.filter(({ mark }) => mark !== null)
        : intent.owner === "ignore"
          ? []
          : told.filter(({ state }) => state === "active");
    const evidence = told.filter((owner) => !wrong.includes(owner)).map(inWords);
    if (wrong.length === 0) {
      if (this.#verb === "suspend" && intent.owner !== "ignore") {
        // Of an earlier run, which was killed before it had waited.
        for (const owner of told) {
          if (owner.handle !== null) {
            await untilIdle(indexer, owner, owner.handle, () => undefined);
          }
        }
      }
      return { verified: true, evidence };
    }
    const problem =
      this.#verb === "resume"
        ? `${titles(wrong)} still bears the mark of its suspension`
        : `${titles(wrong)} acts again: somebody, or an owner of its own, has put that back`;
    return { verified: false, evidence, problem };
  }

  async compare(rehearsed: Effects, real: Effects): Promise<readonly string[]> {
    return await Promise.resolve(
      canonicalJson(rehearsed.actions) === canonicalJson(real.actions)
        ? []
        : ["other owners were told than in the dry run"],
    );
  }
}

/** Says of an owner how it is. */
export function inWords({ title, state, heals, mark, advice }: Owner): string {
  switch (state) {
    case "active":
      return `${title} puts changes back ${heals}${advice === null ? "" : `; ${advice}`}`;
    case "suspended":
      return `${title} is suspended, by ${mark?.by ?? "?"} at ${mark?.at ?? "?"}`;
    case "idle":
      return advice === null
        ? `${title} does not act by itself, and this plugin has no part in that`
        : `${title}: ${advice}`;
    case "unknown":
      return `nobody can tell whether ${title} puts changes back: ${advice ?? "its state is unknown"}`;
  }
}

function titles(owners: readonly Owner[]): string {
  return owners.map(({ title }) => title).join(", ");
}

/** What the decision rests on: never when something was done, so that a plan for after a suspension holds. */
function factsOf({ workload, owners }: Owners): Facts {
  const facts: Record<string, string> = { workload, owners: titles(owners) };
  for (const { title, state, handle, mark } of owners) {
    const active = handle?.brake.active(handle.object.json) ?? null;
    facts[title] =
      active !== null
        ? `active ${canonicalJson(active)}`
        : mark === null
          ? state
          : `${state}, was ${canonicalJson(mark.was)}`;
  }
  return facts;
}

function decideToSuspend(intent: Intent, { workload, owners }: Owners): Decision {
  const ignored = intent.owner === "ignore";
  const resume = `npx hardhat indexer resume --indexer ${intent.indexer}`;
  const active = owners.filter(({ state }) => state === "active");
  const stubborn = active.filter(({ handle, heals }) => handle === null && heals === "at once");
  if (!ignored && stubborn.length > 0) {
    throw new EmergencyError(
      "OWNER_PUTS_BACK",
      stubborn.map((owner) => `${inWords(owner)} (it keeps ${owner.keeps})`).join("; "),
      "do what is said there, or go on all the same, and see it put back: --owner ignore",
    );
  }
  const actions = ignored
    ? []
    : active.flatMap(({ title, keeps, handle }): readonly Action[] => {
        const was = handle?.brake.active(handle.object.json) ?? null;
        return handle === null || was === null
          ? []
          : [
              {
                type: "suspend-owner",
                summary: `tell ${title} to leave ${keeps} alone: ${handle.brake.how}${handle.appliedBy === null ? "" : `, and Flux Kustomization ${handle.appliedBy} to leave it alone meanwhile`}`,
                owner: title,
                was,
              },
            ];
      });
  const others = owners.filter(({ title }) => !actions.some(({ owner }) => owner === title));
  return {
    title:
      actions.length > 0
        ? `suspend what keeps ${workload} as it is`
        : ignored
          ? `leave alone what keeps ${workload} as it is`
          : `nothing has to be suspended for ${workload}`,
    actions,
    expected: active
      .filter(({ title }) => actions.some(({ owner }) => owner === title))
      .map(({ title }) => ({ fact: title, before: "active", after: "suspended" })),
    outputs: {},
    inverse:
      actions.length > 0
        ? { kind: "indexer-resume", intent: { indexer: intent.indexer } }
        : { none: "nothing is done" },
    notes: [
      ...others.map(inWords),
      ...(actions.length > 0 && intent.resumes !== true
        ? [`it stays suspended, until what it keeps is what you want: then ${resume}`]
        : []),
    ],
  };
}

function decideToResume(intent: Intent, { workload, owners }: Owners): Decision {
  const marked = [...owners].reverse().filter(({ mark }) => mark !== null);
  const others = owners.filter((owner) => !marked.includes(owner));
  const actions = marked.map(({ title, keeps, mark, state }): Action => ({
    type: "resume-owner",
    summary:
      state === "active"
        ? `take the mark from ${title}, which acts again already`
        : `give ${title} back what it had, so that it keeps ${keeps} again`,
    owner: title,
    was: mark?.was ?? {},
  }));
  return {
    title:
      actions.length > 0
        ? `resume what keeps ${workload} as it is`
        : `nothing has to be resumed for ${workload}`,
    actions,
    expected: marked
      .filter(({ state }) => state !== "active")
      .map(({ title }) => ({ fact: title, before: "suspended", after: "active" })),
    outputs: {},
    inverse:
      actions.length > 0
        ? { kind: "indexer-suspend", intent: { indexer: intent.indexer } }
        : { none: "nothing is done" },
    notes: [
      ...marked.map(inWords),
      ...(actions.length > 0
        ? [
            "from then on the workload becomes again what its repository says, wherever that differs",
          ]
        : []),
      ...others.map(inWords),
    ],
  };
}

/** Suspends an owner, and returns it as it is when it does nothing any more. */
async function suspend(
  indexer: Indexer,
  workload: string,
  owner: Owner,
  looked: Handle,
  tell: (what: string) => void,
): Promise<Handle> {
  const planned = owner.handle?.brake.active(owner.handle.object.json) ?? null;
  let handle = looked;
  for (let attempt = 0; attempt <= ATTEMPTS; attempt += 1) {
    const active = handle.brake.active(handle.object.json);
    if (active === null) {
      handle = await untilIdle(indexer, owner, handle, tell);
      if (handle.brake.active(handle.object.json) === null) {
        return handle;
      }
      continue;
    }
    if (canonicalJson(active) !== canonicalJson(planned)) {
      throw changed(owner, "what makes it act is not what was looked at");
    }
    const at = indexer.now().toISOString();
    const operations = suspendPatch(handle, active, { by: indexer.by, at, for: workload });
    // When it is refused, somebody else has changed it: the next round looks at what it is now.
    handle = await written(indexer, owner, handle, operations);
  }
  throw changed(owner, "it is put back, or changed, again and again");
}

/** Waits until a suspended owner has ended what it had begun, or until it is active again. */
async function untilIdle(
  indexer: Indexer,
  owner: Owner,
  looked: Handle,
  tell: (what: string) => void,
): Promise<Handle> {
  const { cluster, now, wait } = indexer;
  const startedMs = now().getTime();
  let handle = looked;
  let told = "";
  // What is only tried is neither seen nor waited for by anybody.
  while (!cluster.dryRun) {
    const { brake, object } = handle;
    const busy = brake.busy(object.json);
    const ms = now().getTime() - startedMs;
    const isSeen = brake.seen(object.json) !== false || ms >= SEEN_MS;
    if (brake.active(object.json) !== null || (busy === null && isSeen)) {
      break;
    }
    if (busy !== null && ms >= Math.min(indexer.waitMs, LONGEST_WAIT_MS)) {
      throw new EmergencyError(
        "OWNER_BUSY",
        `${owner.title} is suspended, but ${busy}, and may still put back what is changed`,
        `${brake.whenBusy}; then type the same command again`,
      );
    }
    if (busy !== null && busy !== told) {
      tell(`${owner.title} is suspended, but ${busy}: waiting until that is over`);
      told = busy;
    }
    await wait(PAUSE_MS);
    handle = await again(indexer, owner, handle);
  }
  return handle;
}

/** Gives an owner back what it had. */
async function resume(indexer: Indexer, owner: Owner, looked: Handle): Promise<void> {
  let handle = looked;
  for (let attempts = 0; attempts < ATTEMPTS; attempts += 1) {
    const { mark } = ownerOf(owner.title, owner.keeps, handle);
    if (mark === null) {
      return;
    }
    if (canonicalJson(mark.was) !== canonicalJson(owner.mark?.was ?? null)) {
      throw changed(owner, "its mark is not the one that was looked at");
    }
    handle = await written(indexer, owner, handle, resumePatch(handle, mark));
  }
  if (ownerOf(owner.title, owner.keeps, handle).mark !== null) {
    throw changed(owner, "somebody changes it all the time");
  }
}

/** The owner after a patch; or, when that was refused, as it is now. */
async function written(
  indexer: Indexer,
  owner: Owner,
  handle: Handle,
  operations: readonly PatchOperation[],
): Promise<Handle> {
  const answer = await indexer.cluster
    .patchObject(handle.name, operations)
    .catch((error: unknown): never => {
      if (error instanceof EmergencyError && error.code === "CLUSTER_DENIED") {
        throw new EmergencyError(
          error.code,
          error.what,
          `let somebody do it who may: npx hardhat indexer suspend --indexer ${indexer.name}; or go on all the same, and see it put back: --owner ignore`,
          error,
        );
      }
      throw error;
    });
  return "object" in answer
    ? { ...handle, object: answer.object }
    : await again(indexer, owner, handle);
}

async function again({ cluster }: Indexer, owner: Owner, handle: Handle): Promise<Handle> {
  const object = await cluster.object(handle.name);
  if (object?.metadata.uid !== handle.object.metadata.uid) {
    throw changed(owner, "it has been removed");
  }
  return { ...handle, object };
}

function changed({ title }: Owner, why: string): EmergencyError {
  return new EmergencyError(
    "PRIOR_STATE_CHANGED",
    `somebody else has changed ${title} in the same moment: ${why}`,
    "type the command again: it looks at it as it is now",
  );
}
