import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { EmergencyError } from "../../../src/errors.js";
import type { Site } from "../../../src/frontend/site.js";
import type { SiteFiles } from "../../../src/frontend/site-files.js";
import type { RunResult } from "../../../src/recovery/run.js";
import { readRelease } from "../../../src/frontend/read-site.js";
import type { StepRequest } from "../../../src/step.js";
import { NEW, OLD } from "../../frontend/sites.js";
import { deployOf, repointTo, rollbackTo, run } from "../../frontend/stores.js";
import { version } from "../frontend/bucket-sites.js";
import type { Place } from "./places.js";

/** How a command ended: its status, or the error that stopped it. */
export type Ended = string | EmergencyError;

/** Types a command: plans, performs, reads back. */
export async function typed(site: Site, request: StepRequest): Promise<Ended> {
  try {
    return endOf(await run(site, request));
  } catch (error) {
    if (error instanceof EmergencyError) {
      return error;
    }
    throw error;
  }
}

function endOf({ outcomes, failure }: RunResult): Ended {
  const [outcome] = outcomes;
  return failure ?? outcome?.verification?.problem ?? outcome?.status ?? "none";
}

/** Writes a site into an empty folder, as a build does. */
export async function writeSite(folder: string, files: SiteFiles): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const [file, bytes] of files) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), bytes);
  }
}

/** A command, and what it should lead to. */
export interface Command {
  readonly request: StepRequest;
  /** What is in config.json afterwards. */
  readonly config: string;
  /** How many releases it adds. */
  readonly makes: 0 | 1;
}

/** Commands that can be typed again and again, each time with something to do. */
export const COMMANDS = {
  async deploy(dist: string, count: number): Promise<Command> {
    await writeSite(dist, version(count + 2));
    return { request: deployOf(dist), config: `{"version":${count + 2}}`, makes: 1 };
  },

  /** To the release before, by its name: typed again, it means the same. */
  async rollback(_dist: string, _count: number, { store }: Site): Promise<Command> {
    const id = await store.current();
    const releases = await store.releases();
    const { replaces } = await store.manifest(id ?? "");
    const others = releases.filter((one) => one.id !== id);
    const target = (others.find((one) => one.id === replaces) ?? others[0])?.id ?? "";
    const files = await readRelease(store, target, (await store.manifest(target)).files);
    return {
      request: rollbackTo(target),
      config: files.get("config.json")?.toString() ?? "",
      makes: store.keepsReleases ? 0 : 1,
    };
  },

  /** To one address and back again. */
  async repoint(_dist: string, count: number, site: Site): Promise<Command> {
    const { store } = site;
    const id = (await store.current()) ?? "";
    return {
      request: repointTo(count % 2 === 0 ? OLD : NEW),
      config: (await store.read(id, "config.json")).toString(),
      makes: 1,
    };
  },
} as const;

/** Two releases, and settings with which the next commands also remove what is old. */
export async function twoReleases(place: Place, dist: string): Promise<Site> {
  const site = await place.open({ site: SHORT });
  for (const number of [1, 2]) {
    await writeSite(dist, version(number));
    const ended = await typed(site, deployOf(dist));
    if (ended !== "done") {
      throw new Error("the site cannot be prepared", { cause: ended });
    }
  }
  return site;
}

export const SHORT = { keepReleases: 3, keepDays: 0 };
