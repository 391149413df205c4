import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { headersOf } from "../../src/frontend/content-headers.js";
import { processLives } from "../../src/frontend/directory-lock.js";
import { directoryStore } from "../../src/frontend/directory-store.js";
import { disk, type Disk } from "../../src/frontend/disk.js";
import type { ReleaseStore } from "../../src/frontend/release-store.js";
import type { Site } from "../../src/frontend/site.js";
import { frontendSteps } from "../../src/frontend/steps.js";
import type { Plan, SiteWorld } from "../../src/recovery/plan.js";
import { makePlan, performPlan, type RunResult } from "../../src/recovery/run.js";
import type { StepRequest, StepSet } from "../../src/step.js";
import { unexpected } from "../helpers/fake-chain.js";

/** A directory of a test's own. */
export async function temporaryFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), "hardhat-emergency-site-"));
  return {
    folder,
    remove: async () => {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What a test lets a store meet. */
export interface StoreWishes {
  readonly disk?: Disk;
  readonly now?: () => Date;
  readonly lives?: (pid: number) => boolean;
}

/** A store in a directory. */
export function storeAt(folder: string, wishes: StoreWishes = {}): ReleaseStore {
  return directoryStore(folder, {
    disk: wishes.disk ?? disk,
    now: wishes.now ?? (() => new Date()),
    lives: wishes.lives ?? processLives,
  });
}

/** The ids of a store's releases, oldest first. */
export async function idsOf(store: ReleaseStore): Promise<readonly string[]> {
  return (await store.releases()).map(({ id }) => id);
}

/** A site whose releases are in a store. */
export function siteAt(store: ReleaseStore, changes: Partial<Site> = {}): Site {
  return {
    name: "web",
    store,
    edge: null,
    versions: null,
    notes: [],
    url: undefined,
    headersOf,
    build: undefined,
    runBuild: unexpected("runBuild"),
    runtimeConfig: undefined,
    root: tmpdir(),
    contracts: {},
    keepReleases: 10,
    keepDays: 30,
    by: "tester@here",
    now: () => new Date(),
    graceMs: 0,
    settleMs: 0,
    wait: unexpected("wait"),
    ...changes,
  };
}

/** The steps of a site, by kind. */
export function stepsOf(site: Site): StepSet {
  return new Map(frontendSteps(site).map((step) => [step.kind, step]));
}

/** A request, with what every intent holds. */
export function deployOf(from: string, acceptOldAddress = false): StepRequest {
  return { id: "s", kind: "frontend-deploy", intent: { frontend: "web", from, acceptOldAddress } };
}

/** A rollback; without a release, to the one before. */
export function rollbackTo(to: string | null, acceptOldAddress = false): StepRequest {
  return { id: "s", kind: "frontend-rollback", intent: { frontend: "web", to, acceptOldAddress } };
}

/** Repointing the contract "market". */
export function repointTo(address: string, replaces: string | null = null): StepRequest {
  const intent = { frontend: "web", contract: "market", address, replaces };
  return { id: "s", kind: "frontend-repoint", intent };
}

/** Makes a plan as a command does. */
export async function planFor(
  site: Site,
  request: StepRequest,
  steps = stepsOf(site),
): Promise<Plan<SiteWorld>> {
  const world = { frontend: site.name, place: site.store.place };
  return await makePlan(
    request.kind,
    [request],
    steps,
    async () => await Promise.resolve(world),
    unexpected("copy"),
  );
}

/** Plans and performs, as a command does. */
export async function run(site: Site, request: StepRequest): Promise<RunResult> {
  const steps = stepsOf(site);
  const plan = await planFor(site, request, steps);
  return await performPlan(plan, steps, () => undefined, Date.now);
}

/** What a disk throws when the power is cut. */
export class PowerCut extends Error {}

/** A disk that works until its change of a number, and not at all from then on. */
export interface FailingDisk extends Disk {
  /** How many changes were asked for. */
  readonly changes: () => number;
}

/**
 * The disk of a process that is killed.
 * @param at the number of the change at which it dies, from 1; that one is only half done.
 */
export function diskUntil(at: number): FailingDisk {
  let changes = 0;
  const mayChange = (): boolean => {
    changes++;
    return changes < at;
  };
  const dead = (): Promise<never> => Promise.reject(new PowerCut("the power is cut"));
  const dies = (): boolean => changes >= at;
  const guarded = async <T>(change: () => Promise<T>): Promise<T> =>
    mayChange() ? await change() : await dead();
  const looking = async <T>(look: () => Promise<T>): Promise<T> =>
    dies() ? await dead() : await look();
  return {
    changes: () => changes,
    read: async (file) => await looking(async () => await disk.read(file)),
    filesBelow: async (folder) => await looking(async () => await disk.filesBelow(folder)),
    names: async (folder) => await looking(async () => await disk.names(folder)),
    target: async (link) => await looking(async () => await disk.target(link)),
    modifiedMs: async (file) => await looking(async () => await disk.modifiedMs(file)),
    makeFolder: async (folder) => {
      await guarded(async () => {
        await disk.makeFolder(folder);
      });
    },
    async write(file, bytes, modifiedMs) {
      if (mayChange()) {
        await disk.write(file, bytes, modifiedMs);
        return;
      }
      if (changes === at) {
        await disk.write(file, bytes.subarray(0, bytes.length / 2));
      }
      await dead();
    },
    async append(file, text) {
      if (mayChange()) {
        await disk.append(file, text);
        return;
      }
      if (changes === at) {
        await disk.append(file, text.slice(0, text.length / 2));
      }
      await dead();
    },
    share: async (file, name) => await guarded(async () => await disk.share(file, name)),
    symlink: async (target, link) => {
      await guarded(async () => {
        await disk.symlink(target, link);
      });
    },
    rename: async (from, to) => {
      await guarded(async () => {
        await disk.rename(from, to);
      });
    },
    remove: async (file) => {
      await guarded(async () => {
        await disk.remove(file);
      });
    },
    sync: async (folder) => {
      await guarded(async () => {
        await disk.sync(folder);
      });
    },
  };
}
