import path from "node:path";

import { EmergencyError, asError, messageOf } from "../errors.js";
import type { JsonObject } from "../json.js";
import { isImmutable } from "./content-headers.js";
import { lockDirectory, type HeldLock, type LockWorld } from "./directory-lock.js";
import type { Disk } from "./disk.js";
import { each } from "./each.js";
import {
  isReleaseId,
  manifestSchema,
  orderOf,
  sha256,
  summaryOf,
  type Manifest,
  type ManifestFile,
  type ReleaseSummary,
} from "./manifest.js";
import type { PutResult, ReleaseStore, ReleaseWriter } from "./release-store.js";

/** Files written or compared at the same time. */
const AT_A_TIME = 16;

/** A release that is being made: a server never sees it, and a rename makes it whole at one instant. */
const DRAFT = ".draft-";

/** What a directory of releases needs besides its place. */
export interface DirectoryWorld extends LockWorld {
  readonly disk: Disk;
}

/**
 * Releases in a directory behind any web server, whose root is `current`:
 *
 * ```
 * current -> releases/0007-3f2a1b9c8d7e/files
 * releases/0007-3f2a1b9c8d7e/files/…          the site
 * releases/0007-3f2a1b9c8d7e/manifest.json
 * releases/.draft-0008-…/                     unfinished
 * locks/                                      who is changing it
 * history.jsonl                               one line a switch, with its inverse
 * ```
 *
 * @param directory absolute; made when the first release is.
 */
export function directoryStore(directory: string, world: DirectoryWorld): ReleaseStore {
  return new DirectoryStore(directory, world);
}

class DirectoryStore implements ReleaseStore {
  readonly place: string;
  readonly #world: DirectoryWorld;
  readonly #disk: Disk;

  constructor(directory: string, world: DirectoryWorld) {
    this.place = directory;
    this.#world = world;
    this.#disk = world.disk;
  }

  async releases(): Promise<readonly ReleaseSummary[]> {
    const ids = await this.#guarded(async () => await this.#ids());
    return await each(ids, AT_A_TIME, async (id) => summaryOf(await this.manifest(id)));
  }

  async unfinished(): Promise<readonly string[]> {
    return await this.#guarded(async () =>
      (await this.#disk.names(this.#releasesFolder()))
        .filter((name) => name.startsWith(DRAFT))
        .map((name) => name.slice(DRAFT.length))
        .sort(),
    );
  }

  async current(): Promise<string | null> {
    const target = await this.#guarded(async () => await this.#disk.target(this.#link()));
    if (target === undefined) {
      return null;
    }
    const [id, folder] = target === null ? [] : path.relative("releases", target).split(path.sep);
    if (id === undefined || !isReleaseId(id) || folder !== "files") {
      throw new EmergencyError(
        "FRONTEND_UNUSABLE",
        `${this.#link()} is ${target === null ? "no symbolic link" : `a link to ${target}`}, so it was not made here`,
        `deploy what it serves with --from, after you have moved it away; then let the web server serve ${this.#link()}`,
      );
    }
    return id;
  }

  async manifest(id: string): Promise<Manifest> {
    const file = path.join(this.#folder(id), "manifest.json");
    const text = await this.#guarded(async () => await this.#disk.read(file));
    if (text === undefined) {
      throw new EmergencyError(
        "UNKNOWN_RELEASE",
        `${this.place} has no release ${id}`,
        "npx hardhat frontend releases",
      );
    }
    return parsed(file, text);
  }

  async read(id: string, file: string): Promise<Buffer> {
    const bytes = await this.#guarded(async () => await this.#disk.read(this.#file(id, file)));
    if (bytes === undefined) {
      throw broken(`${this.#file(id, file)} is not there`);
    }
    return bytes;
  }

  async damaged(id: string, files: readonly ManifestFile[]): Promise<ReadonlySet<string>> {
    const damaged = new Set<string>();
    await each(files, AT_A_TIME, async ({ path: file, sha256: hash }) => {
      const bytes = await this.#guarded(async () => await this.#disk.read(this.#file(id, file)));
      if (bytes === undefined || sha256(bytes) !== hash) {
        damaged.add(file);
      }
    });
    return damaged;
  }

  readonly switching = "at one instant";
  readonly keepsReleases = false;
  readonly needsInvalidation = false;

  async pending(): Promise<null> {
    return await Promise.resolve(null);
  }

  async leaving(): Promise<readonly string[]> {
    return await Promise.resolve([]);
  }

  async locked<T>(by: string, work: (writer: ReleaseWriter) => Promise<T>): Promise<T> {
    const lock = await this.#guarded(
      async () => await lockDirectory(this.#disk, path.join(this.place, "locks"), by, this.#world),
    );
    try {
      return await work({
        put: async (manifest, content) =>
          await this.#guarded(async () => await this.#put(manifest, content)),
        switchTo: async (id, record) => {
          await this.#guarded(async () => {
            await this.#switchTo(lock, id, record);
          });
        },
        // No cache in front of a directory is known of, and each release is made anew.
        invalidated: async () => {
          await Promise.resolve();
        },
        adopt: async () => {
          await Promise.resolve();
        },
        remove: async (id) => {
          await this.#guarded(async () => {
            await this.#remove(id);
          });
        },
        clean: async () => {
          await this.#guarded(async () => {
            await this.#clean(undefined);
          });
        },
      });
    } finally {
      await this.#guarded(async () => {
        await lock.release();
      });
    }
  }

  async #put(
    manifest: Manifest,
    content: (file: ManifestFile) => Promise<Buffer>,
  ): Promise<PutResult> {
    const whole = await this.#disk.read(path.join(this.#folder(manifest.id), "manifest.json"));
    const all = [...manifest.files, ...manifest.kept];
    if (whole !== undefined) {
      return { written: 0, shared: 0, resumed: all.length };
    }
    await this.#clean(manifest.id);
    const draft = path.join(this.#releasesFolder(), `${DRAFT}${manifest.id}`);
    const files = path.join(draft, "files");
    const wanted = new Set(all.map((file) => file.path));
    const there = new Set(await this.#disk.filesBelow(files));
    for (const extra of [...there].filter((name) => !wanted.has(name))) {
      await this.#disk.remove(path.join(files, extra));
    }
    const folders = new Set(all.map((file) => path.dirname(path.join(files, file.path))));
    for (const folder of [...folders, files]) {
      await this.#disk.makeFolder(folder);
    }
    const elsewhere = await this.#sameFiles(manifest.replaces);
    const outcomes = await each(all, AT_A_TIME, async (file) => {
      const target = path.join(files, file.path);
      const present = there.has(file.path) ? await this.#disk.read(target) : undefined;
      if (present !== undefined && sha256(present) === file.sha256) {
        return "resumed" as const;
      }
      const twin = elsewhere.get(file.sha256)?.find((other) => mayShare(other, file.path));
      if (twin !== undefined && manifest.replaces !== null) {
        const original = this.#file(manifest.replaces, twin);
        const bytes = await this.#disk.read(original);
        if (bytes !== undefined && sha256(bytes) === file.sha256) {
          await this.#disk.remove(target);
          if (await this.#disk.share(original, target)) {
            return "shared" as const;
          }
        }
      }
      const bytes = await content(file);
      if (sha256(bytes) !== file.sha256) {
        throw broken(`${file.path} is not what it was when the plan was made`);
      }
      // A half-written file of an earlier attempt may share its bytes with a whole release.
      await this.#disk.remove(target);
      await this.#disk.write(target, bytes, await this.#newTime(manifest, file.path));
      return "written" as const;
    });
    await this.#disk.write(
      path.join(draft, "manifest.json"),
      Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`),
    );
    for (const folder of [...folders, files, draft]) {
      await this.#disk.sync(folder);
    }
    await this.#disk.rename(draft, this.#folder(manifest.id));
    await this.#disk.sync(this.#releasesFolder());
    const count = (outcome: string): number => outcomes.filter((other) => other === outcome).length;
    return { written: count("written"), shared: count("shared"), resumed: count("resumed") };
  }

  /** Of the release that is served: where bytes are that a new one can share. */
  async #sameFiles(id: string | null): Promise<ReadonlyMap<string, readonly string[]>> {
    const paths = new Map<string, string[]>();
    // In the copy that a rehearsal works on, the release that is served is elsewhere.
    if (id !== null && (await this.#ids()).includes(id)) {
      const { files, kept } = await this.manifest(id);
      for (const file of [...files, ...kept]) {
        paths.set(file.sha256, [...(paths.get(file.sha256) ?? []), file.path]);
      }
    }
    return paths;
  }

  /**
   * The time of a new file. Web servers tell browsers whether a file has changed by its time in whole
   * seconds and its size, and an address that changes leaves the size as it is. So a file is always
   * younger than the one of the same name that it replaces, also after a rollback.
   */
  async #newTime(manifest: Manifest, file: string): Promise<number | undefined> {
    const before =
      manifest.replaces === null
        ? undefined
        : await this.#disk.modifiedMs(this.#file(manifest.replaces, file));
    const now = this.#world.now().getTime();
    return before === undefined ? undefined : Math.max(now, (Math.floor(before / 1000) + 1) * 1000);
  }

  async #switchTo(lock: HeldLock, id: string, record: JsonObject): Promise<void> {
    const temporary = path.join(this.place, `.current-${id}`);
    await this.#disk.append(
      path.join(this.place, "history.jsonl"),
      `${JSON.stringify({ ...record, to: id })}\n`,
    );
    await this.#disk.remove(temporary);
    await this.#disk.symlink(path.join("releases", id, "files"), temporary);
    await lock.check();
    await this.#disk.rename(temporary, this.#link());
    await this.#disk.sync(this.place);
  }

  async #remove(id: string): Promise<void> {
    if ((await this.current()) === id) {
      throw new EmergencyError(
        "FRONTEND_UNUSABLE",
        `release ${id} is served, so it is not removed`,
        "npx hardhat frontend status",
      );
    }
    // Renamed first: a release without some of its files must not count as one.
    const draft = path.join(this.#releasesFolder(), `${DRAFT}${id}`);
    await this.#disk.rename(this.#folder(id), draft);
    await this.#disk.remove(draft);
  }

  async #clean(except: string | undefined): Promise<void> {
    for (const name of await this.#disk.names(this.#releasesFolder())) {
      if (name.startsWith(DRAFT) && name !== `${DRAFT}${except ?? ""}`) {
        await this.#disk.remove(path.join(this.#releasesFolder(), name));
      }
    }
    for (const name of await this.#disk.names(this.place)) {
      if (name.startsWith(".current-")) {
        await this.#disk.remove(path.join(this.place, name));
      }
    }
  }

  /** Of all whole releases, oldest first. */
  async #ids(): Promise<readonly string[]> {
    return (await this.#disk.names(this.#releasesFolder()))
      .filter(isReleaseId)
      .sort((a, b) => orderOf(a) - orderOf(b) || (a < b ? -1 : 1));
  }

  #link(): string {
    return path.join(this.place, "current");
  }

  #releasesFolder(): string {
    return path.join(this.place, "releases");
  }

  #folder(id: string): string {
    return path.join(this.#releasesFolder(), id);
  }

  #file(id: string, file: string): string {
    return path.join(this.#folder(id), "files", file);
  }

  /** Failures of the file system, in words. */
  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Error && "syscall" in error) {
        throw new EmergencyError(
          "FRONTEND_UNUSABLE",
          `${this.place} cannot be used: ${messageOf(error)}`,
          "make the directory readable and writable for you, then type the same command again; it goes on where it was",
          asError(error),
        );
      }
      throw error;
    }
  }
}

/**
 * A file with the hash of its content in its name never gets another content; any other one may only
 * stay what it is under its own name, because its time says whether it has changed.
 */
function mayShare(other: string, file: string): boolean {
  return other === file || (isImmutable(file) && isImmutable(other));
}

function parsed(file: string, bytes: Buffer): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw broken(`${file} cannot be read as JSON: ${messageOf(error)}`);
  }
  const result = manifestSchema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw broken(`${file}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "invalid"}`);
  }
  return result.data;
}

function broken(what: string): EmergencyError {
  return new EmergencyError(
    "BROKEN_RELEASE",
    what,
    "deploy the site again with frontend deploy --from, or roll back to another release",
  );
}
