import { EmergencyError } from "../errors.js";
import { canonicalJson, isRecord, type Json, type JsonObject } from "../json.js";
import { counted } from "../numbers.js";
import type {
  Action,
  Advance,
  Effects,
  Facts,
  Observation,
  PlannedStep,
  Progress,
  Step,
  Verification,
} from "../step.js";
import { isImmutable, mayBeAskedForLater } from "./content-headers.js";
import { carriedIn, oldAddresses, pathsWith } from "./known-addresses.js";
import { MANIFEST_SCHEMA, contentHash, sha256, type KeptFile, type Manifest } from "./manifest.js";
import { unwantedIn } from "./old-address-check.js";
import { precompressed } from "./precompressed.js";
import { problemsOf } from "./references.js";
import { decideRelease } from "./release-decision.js";
import type { ReleaseWriter } from "./release-store.js";
import { SeenFiles } from "./seen-files.js";
import { servedProblems } from "./served.js";
import type { Site } from "./site.js";
import { stalePaths } from "./stale-paths.js";
import { told } from "./told.js";
import type { Prepared, SiteState, Wanted } from "./wanted.js";

/** A look that is older tells nothing of now. */
const MOMENT_MS = 10_000;

const DAY_MS = 86_400_000;

/**
 * A step after which another site is served. What the site is, is the step's own; how a release is made
 * of it, switched to, rehearsed and read back is the same for all.
 */
export abstract class ReleaseStep implements Step {
  abstract readonly kind: `frontend-${Manifest["kind"]}`;
  protected readonly site: Site;
  protected readonly seen: SeenFiles;
  /** What the last look has found, for the act that follows it. */
  readonly #prepared = new WeakMap<Observation, Prepared>();
  /** The look from which actions follow: these very ones, not those of a plan in a file. */
  readonly #decided = new WeakMap<readonly Action[], Looked>();

  constructor(site: Site) {
    this.site = site;
    this.seen = new SeenFiles(site.store);
  }

  /** What should be served. Never writes. */
  protected abstract want(intent: JsonObject, state: SiteState): Promise<Wanted>;

  async observe(intent: JsonObject, planned?: PlannedStep): Promise<Observation> {
    const at = this.site.now();
    const state = await this.#look();
    const wanted = await this.want(intent, state);
    const content = contentHash(wanted.files);
    checkBuildAgain(wanted, content, state.current?.id ?? null, planned);
    // Whoever performs looks at the files once more, under the lock: two looks before that are one too many.
    const before = planned === undefined ? undefined : this.#decided.get(planned.actions);
    const isAsBefore =
      before?.content === content &&
      canonicalJson(factsOf(before.state)) === canonicalJson(factsOf(state));
    const wrong = isAsBefore ? before.wrong : await this.#damaged(state.current);
    const damaged = (state.current?.files ?? [])
      .map(({ path }) => path)
      .filter((path) => wrong.has(path))
      .sort();
    const isServed = state.current?.content === content && damaged.length === 0;
    const kept = isServed ? [] : isAsBefore ? before.kept : await this.#kept(state, wanted, wrong);
    const prepared = { wanted, kept, damaged };
    const observation: Observation = {
      facts: {
        ...factsOf(state),
        ...wanted.facts,
        "content of the site": content,
        "served as it should be": isServed,
      },
      decide: () => {
        const decision = decideRelease(this.site, state, prepared, content, isServed);
        this.#decided.set(decision.actions, { at, state, content, wrong, kept });
        return decision;
      },
    };
    this.#prepared.set(observation, prepared);
    return observation;
  }

  async perform(step: PlannedStep, progress: Progress, looked?: Observation): Promise<Effects> {
    const observation = looked ?? (await this.observe(step.intent));
    const prepared = this.#prepared.get(observation);
    const id = step.outputs.release;
    if (prepared === undefined || id === undefined) {
      throw new EmergencyError(
        "BAD_PLAN",
        "the plan does not say which release it makes",
        "make the plan again with --dry-run --save-plan",
      );
    }
    const advance: Advance = (what, done, total) => {
      progress({
        type: "advance",
        step: step.id,
        what,
        ...(done === undefined ? {} : { done }),
        ...(total === undefined ? {} : { total }),
      });
    };
    const act = async (writer: ReleaseWriter): Promise<Effects> => {
      const state = await this.#look();
      if (canonicalJson(factsOf(state)) !== canonicalJson(pick(step.prior, factsOf(state)))) {
        throw new EmergencyError(
          "PRIOR_STATE_CHANGED",
          `somebody else has changed ${this.site.name} meanwhile: ${state.current?.id ?? "nothing"} is served now. Nothing was switched`,
          "type the command again without --plan: it looks at the site as it is now",
        );
      }
      const effects: Json[] = [];
      for (const action of step.actions) {
        progress({ type: "sending", step: step.id, summary: action.summary });
        const run = { step, state, ...prepared, id, advance };
        const effect = await this.#act(action, writer, run).catch((error: unknown) => {
          throw this.#halfway(error, action, run);
        });
        progress({ type: "done", step: step.id, effect });
        effects.push(effect);
      }
      return { actions: effects };
    };
    return await this.site.store.locked(this.site.by, act, advance);
  }

  async rehearse(step: PlannedStep): Promise<Effects> {
    if (this.site.url !== undefined) {
      throw new TypeError("only a copy of a site is rehearsed on");
    }
    return await this.perform(step, () => undefined);
  }

  async verify(step: PlannedStep): Promise<Verification> {
    const { store, url, settleMs, wait } = this.site;
    const id = step.outputs.release;
    const [current, pending] = await Promise.all([store.current(), store.pending()]);
    if (id === undefined || current !== id) {
      return {
        verified: false,
        evidence: [`${store.place} serves ${current ?? "nothing"}`],
        problem: `release ${id ?? "none"} is not served`,
      };
    }
    const manifest = await store.manifest(id);
    const evidence = [`${store.place} serves release ${id}`];
    const problems: string[] = [];
    const all = [...manifest.files, ...manifest.kept];
    const wrong = this.#justLooked(step, id)?.wrong ?? (await store.damaged(id, all));
    const damaged = all.map(({ path }) => path).filter((path) => wrong.has(path));
    evidence.push(
      `${all.length - damaged.length} of ${all.length} files have the bytes of the manifest (${manifest.kept.length} of them kept for open pages)`,
    );
    if (damaged.length > 0) {
      problems.push(`somebody has changed files of release ${id}: ${told(damaged)}`);
    }
    // One that is returned to was read back when it was made, and the listing has shown that it is as it was.
    const isNew = this.kind === "frontend-repoint";
    if (isNew && manifest.repoint !== null && damaged.length === 0) {
      const { from, to, contract } = manifest.repoint;
      const own = await this.seen.read(id, manifest.files);
      const kept = await this.seen.read(id, manifest.kept);
      const holders = pathsWith(to, own);
      const left = [...pathsWith(from, own), ...pathsWith(from, kept)];
      evidence.push(
        `the new address of ${contract}, ${to}, is in ${counted(holders.length, "file")}; the old one, ${from}, in ${left.length}`,
      );
      if (holders.length === 0 || left.length > 0) {
        problems.push(
          left.length > 0
            ? `the old address is in ${counted(left.length, "file")}: ${told(left)}`
            : "the new address is in no file",
        );
      }
      const before =
        manifest.replaces === null ? [] : await this.#problemsBefore(manifest.replaces);
      const faults = problemsOf(own);
      evidence.push(
        faults.length === 0
          ? "every file that is named is there, and every integrity value is that of its file"
          : `${faults.length} references lead nowhere, ${before.length} did before`,
      );
      if (faults.length > before.length) {
        problems.push(told(faults.map(({ path, what }) => `${path} ${what}`)));
      }
    }
    if (pending !== null) {
      problems.push(
        `caches may still serve what was served before: the invalidation of ${pending.paths.length} paths is not known to be done. Type the same command again to wait for it`,
      );
    }
    if (url !== undefined) {
      const paths = new Set(manifest.files.map(({ path }) => path));
      const before = await this.#servedBefore(step);
      const names = manifest.files.filter(
        ({ path }) => precompressed(path, paths)?.hasOriginal !== true,
      );
      const files = names.filter(
        ({ path, sha256: hash }) => before.get(path) !== hash || !isImmutable(path),
      );
      const wrong = await servedProblems(url, files, settleMs, wait);
      const others = names.length - files.length;
      evidence.push(
        `${url} serves ${files.length - wrong.length} of ${files.length} files as they are${others === 0 ? "" : `; the other ${others} have not changed, nor have their names`}`,
      );
      if (wrong.length > 0) {
        problems.push(`${url} serves something else: ${told(wrong)}${this.#cacheHint()}`);
      }
    }
    return problems.length === 0
      ? { verified: true, evidence }
      : { verified: false, evidence, problem: problems.join("; ") };
  }

  async compare(rehearsed: Effects, real: Effects): Promise<readonly string[]> {
    const [wanted, got] = [rehearsed, real].map(({ actions }) =>
      canonicalJson(actions.map((effect) => (isRecord(effect) ? effect.did : null))),
    );
    return await Promise.resolve(
      wanted === got ? [] : [`it did ${got ?? "nothing"} instead of ${wanted ?? "nothing"}`],
    );
  }

  /** Whoever has a cache in front that is not configured has it go on with what was served before. */
  #cacheHint(): string {
    return this.site.edge === null && this.site.versions !== null
      ? ". A cache in front may still hold what was served before: let it forget that, and name the distribution in hardhat.config.ts (cloudfront), so that this is done each time"
      : "";
  }

  /** The hash of each file that was served before this step, by path. */
  async #servedBefore({ prior }: PlannedStep): Promise<ReadonlyMap<string, string>> {
    const { store } = this.site;
    const id = prior["release that is served"];
    const known = (await store.releases()).some((release) => release.id === id);
    const { files } = typeof id === "string" && known ? await store.manifest(id) : { files: [] };
    return new Map(files.map(({ path, sha256: hash }) => [path, hash]));
  }

  async #look(): Promise<SiteState> {
    const { store } = this.site;
    const [id, releases, pending, leaving] = await Promise.all([
      store.current(),
      store.releases(),
      store.pending(),
      store.leaving(),
    ]);
    const current = id === null ? null : await store.manifest(id);
    return {
      releases,
      current,
      newest: releases.at(-1)?.id ?? null,
      old: oldAddresses(this.site, releases, id),
      pending,
      leaving,
    };
  }

  /** The files that belong to the release that is served, and that somebody has changed by hand. */
  async #damaged(current: Manifest | null): Promise<ReadonlySet<string>> {
    return current === null
      ? new Set()
      : await this.site.store.damaged(current.id, [...current.files, ...current.kept]);
  }

  /** Where nothing was written, there is nothing to read back that was not looked at a moment ago. */
  #justLooked({ actions }: PlannedStep, id: string): Looked | undefined {
    const looked = actions.length === 0 ? this.#decided.get(actions) : undefined;
    const isOfNow =
      looked?.state.current?.id === id &&
      this.site.now().getTime() - looked.at.getTime() < MOMENT_MS;
    return isOfNow ? looked : undefined;
  }

  async #problemsBefore(id: string): Promise<readonly unknown[]> {
    const { store } = this.site;
    const known = await store.releases();
    return known.some((release) => release.id === id)
      ? problemsOf(await this.seen.read(id, (await store.manifest(id)).files))
      : [];
  }

  async #act(action: Action, writer: ReleaseWriter, run: Run): Promise<Json> {
    switch (action.type) {
      case "put-release":
        return await this.#put(writer, run);
      case "switch":
        return await this.#switch(writer, run);
      case "adopt": {
        await writer.adopt(run.id, run.state.current?.id ?? run.id, run.kept);
        return { did: `let open pages find their files in ${run.id}` };
      }
      case "invalidate":
        return await this.#invalidate(writer, run);
      case "remove-old":
        await this.#waitForPages(run.advance);
        return { did: "remove old releases", removed: await this.#removeOld(writer) };
      default:
        throw new EmergencyError(
          "BAD_PLAN",
          `there is no action "${action.type}"`,
          "make the plan again with --dry-run --save-plan",
        );
    }
  }

  /** When AWS refuses in the middle, people must know what users see now. */
  #halfway(error: unknown, { type, summary }: Action, { state, id }: Run): unknown {
    if (!(error instanceof EmergencyError) || !/^AWS_|^BUCKET_/.test(error.code)) {
      return error;
    }
    const before = state.current?.id ?? "nothing";
    const said =
      type === "switch"
        ? this.site.store.keepsReleases
          ? `Whether ${id} is served already is not known; if it is not, ${before} is`
          : `Some pages of ${id} may be served already, beside those of ${before}`
        : type === "put-release" || type === "adopt"
          ? `Nothing was switched: ${before} is served as before. What was uploaded is not uploaded again`
          : `${id} is served already; what is left is to ${summary}`;
    return new EmergencyError(error.code, `${error.what}. ${said}`, error.next, error);
  }

  async #switch(writer: ReleaseWriter, { step, state, id, wanted, kept }: Run): Promise<Json> {
    const at = this.site.now().toISOString();
    const { edge, store } = this.site;
    const { inverse } = step;
    const record: JsonObject = {
      at,
      by: this.site.by,
      kind: this.kind,
      from: state.current?.id ?? null,
      inverse: "none" in inverse ? { none: inverse.none } : { ...inverse },
    };
    // The same release may be served several times, and each time caches hold something else.
    const pending =
      edge === null || !store.needsInvalidation
        ? null
        : { reference: `${id} ${at}`, paths: stalePaths(state.current, wanted.files, kept) };
    await writer.switchTo(id, record, pending);
    return { did: `serve ${id}` };
  }

  async #invalidate(writer: ReleaseWriter, { advance }: Run): Promise<Json> {
    const did = "invalidate what caches hold";
    const { store, edge } = this.site;
    const pending = await store.pending();
    if (edge === null || pending === null) {
      return { did };
    }
    const { paths } = edge.plan(pending.paths);
    const result = await edge.invalidate(paths, pending.reference, (text) => {
      advance(text);
    });
    if (result.completed) {
      await writer.invalidated(pending.reference);
    }
    return { did, place: edge.place, paths: [...paths], ...result };
  }

  async #put(writer: ReleaseWriter, { state, wanted, kept, id }: Run): Promise<JsonObject> {
    const { store, now, by } = this.site;
    const at = now();
    const { files } = wanted;
    const current = state.current?.id;
    const own = new Set(files.map(({ path }) => path));
    const manifest: Manifest = {
      schema: MANIFEST_SCHEMA,
      id,
      content: contentHash(files),
      kind: KINDS[this.kind],
      replaces: state.current?.id ?? null,
      restores: wanted.restores,
      repoint: wanted.repoint,
      contracts: wanted.contracts,
      commit: wanted.commit,
      ...(wanted.built === undefined ? {} : { built: wanted.built }),
      by,
      at: at.toISOString(),
      files: [...files],
      kept: [...kept],
    };
    const result = await writer.put(manifest, async (file) => {
      if (own.has(file.path)) {
        return await wanted.content(file);
      }
      const changed = wanted.kept.get(file.path);
      return changed ?? (await store.read(current ?? id, file.path));
    });
    return { did: `make ${id}`, place: store.place, kept: kept.length, ...result };
  }

  /**
   * What pages that are open in browsers may still ask for: files of the present release whose name
   * seems to hold their hash, and those that it has kept itself, until their time is over. None that holds an
   * old address.
   */
  async #kept(
    { current, old }: SiteState,
    wanted: Wanted,
    damaged: ReadonlySet<string>,
  ): Promise<readonly KeptFile[]> {
    if (current === null) {
      return [];
    }
    const at = this.site.now();
    const { keepDays } = this.site;
    const since = at.toISOString();
    const earliest = at.getTime() - keepDays * DAY_MS;
    const own = new Set(wanted.files.map(({ path }) => path));
    const files: readonly KeptFile[] = [
      ...current.kept.filter((file) => Date.parse(file.since) >= earliest),
      ...current.files
        .filter(({ path }) => mayBeAskedForLater(path))
        .map((file) => ({ ...file, since })),
    ].filter(({ path }) => !own.has(path));
    // A file that somebody has damaged must not stand in the way of a deploy that mends it.
    const candidates = files.filter(({ path }) => !damaged.has(path));
    const unwanted = unwantedIn(current, old, wanted);
    const contents =
      unwanted.length === 0
        ? new Map<string, Buffer>()
        : new Map([
            ...(await this.seen.read(
              current.id,
              candidates.filter(({ path }) => !wanted.kept.has(path)),
            )),
            ...[...wanted.kept].filter(([path]) => !own.has(path)),
          ]);
    const holding = new Set(carriedIn(unwanted, contents).flatMap(({ files: paths }) => paths));
    return candidates
      .filter(({ path }) => !holding.has(path) && !holding.has(original(path)))
      .map((file) => {
        const bytes = wanted.kept.get(file.path);
        return bytes === undefined ? file : { ...file, sha256: sha256(bytes), size: bytes.length };
      })
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** A page that was loaded just before the switch still asks for its files. */
  async #waitForPages(advance: Advance): Promise<void> {
    const { store, graceMs, wait } = this.site;
    const leaving = await store.leaving();
    if (leaving.length > 0 && graceMs > 0) {
      advance(
        `waiting ${graceMs / 1000} s for pages that are loading, before ${leaving.length} files of theirs are removed`,
      );
      await wait(graceMs);
    }
  }

  /** Never the release that is served, nor one that its rollback leads to, nor one that is young. */
  async #removeOld(writer: ReleaseWriter): Promise<readonly string[]> {
    const { store, keepDays, keepReleases, now } = this.site;
    const releases = await store.releases();
    const current = await store.current();
    const needed = new Set([current, releases.find(({ id }) => id === current)?.replaces]);
    const earliest = now().getTime() - keepDays * DAY_MS;
    const old = releases
      .slice(0, Math.max(0, releases.length - keepReleases))
      .filter(({ id, at }) => !needed.has(id) && Date.parse(at) < earliest);
    for (const { id } of old) {
      await writer.remove(id);
    }
    await writer.clean();
    return old.map(({ id }) => id);
  }
}

/** What was seen when a step was planned. */
interface Looked {
  /** When, by the clock of this machine. */
  readonly at: Date;
  readonly state: SiteState;
  /** Of the site that is wanted: see {@link contentHash}. */
  readonly content: string;
  /** Files of the release that is served, kept ones as well, that are not those of its manifest. */
  readonly wrong: ReadonlySet<string>;
  readonly kept: readonly KeptFile[];
}

/** What the actions of one run share. */
interface Run extends Prepared {
  readonly step: PlannedStep;
  readonly state: SiteState;
  readonly id: string;
  readonly advance: Advance;
}

function factsOf({ current, newest }: Pick<SiteState, "current" | "newest">): Facts {
  return { "release that is served": current?.id ?? null, "newest release": newest };
}

function pick(facts: Facts, like: Facts): Facts {
  return Object.fromEntries(Object.keys(like).map((name) => [name, facts[name] ?? null]));
}

const KINDS = {
  "frontend-deploy": "deploy",
  "frontend-rollback": "rollback",
  "frontend-repoint": "repoint",
} as const;

/**
 * What was built for a plan is not sent along with it: another process builds it again.
 * @throws EmergencyError PRIOR_STATE_CHANGED when that gives another site than the one that was planned.
 */
function checkBuildAgain(
  { built, commit }: Wanted,
  content: string,
  served: string | null,
  planned: PlannedStep | undefined,
): void {
  const { "content of the site": before, "release that is served": current } = planned?.prior ?? {};
  if (built !== undefined && current === served && before !== undefined && before !== content) {
    throw new EmergencyError(
      "PRIOR_STATE_CHANGED",
      `the build of ${commit ?? "the commit"} gives another site now than when the plan was made: something in it, such as a time or a random name, is new each time. Nothing was written`,
      "type the command again without --plan, with --rehearse: it builds once, and performs what it has shown",
    );
  }
}

function original(path: string): string {
  return path.replace(/\.(?:gz|br|zst)$/, "");
}
