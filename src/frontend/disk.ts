import {
  link,
  mkdir,
  open,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from "node:fs/promises";
import path from "node:path";

/**
 * What a directory of releases needs of a file system. Each method that changes something is durable
 * when it returns, except {@link Disk.makeFolder}, links and renames: those are after {@link Disk.sync}
 * of their folder.
 */
export interface Disk {
  /** Undefined when there is no such file. */
  read(file: string): Promise<Buffer | undefined>;
  /** The paths of all files below a folder, with forward slashes; empty when it is not there. */
  filesBelow(folder: string): Promise<readonly string[]>;
  /** The names in a folder; empty when it is not there. */
  names(folder: string): Promise<readonly string[]>;
  /** Where a symbolic link points; undefined when there is nothing, null when it is no link. */
  target(link: string): Promise<string | null | undefined>;
  /** Milliseconds since 1970; undefined when there is no such file. */
  modifiedMs(file: string): Promise<number | undefined>;

  makeFolder(folder: string): Promise<void>;
  /** @param modifiedMs its time of modification, in milliseconds since 1970; default: now. */
  write(file: string, bytes: Buffer, modifiedMs?: number): Promise<void>;
  append(file: string, text: string): Promise<void>;
  /**
   * Gives a file a second name.
   * @returns false when the second name is taken, or the file system cannot do it.
   */
  share(file: string, name: string): Promise<boolean>;
  symlink(target: string, link: string): Promise<void>;
  /** Replaces what has the new name. */
  rename(from: string, to: string): Promise<void>;
  /** With everything in it; fine when it is not there. */
  remove(file: string): Promise<void>;
  /** Makes the names in a folder durable. */
  sync(folder: string): Promise<void>;
}

/** The file system of this machine. */
export const disk: Disk = {
  read: async (file) => await ifThere(async () => await readFile(file)),
  async filesBelow(folder) {
    const entries = await ifThere(
      async () => await readdir(folder, { recursive: true, withFileTypes: true }),
    );
    return (entries ?? [])
      .filter((entry) => !entry.isDirectory())
      .map((entry) =>
        path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"),
      )
      .sort();
  },
  names: async (folder) => (await ifThere(async () => await readdir(folder))) ?? [],
  async target(file) {
    try {
      return await ifThere(async () => await readlink(file));
    } catch (error) {
      if (codeOf(error) === "EINVAL" || codeOf(error) === "UNKNOWN") {
        return null;
      }
      throw error;
    }
  },
  modifiedMs: async (file) => (await ifThere(async () => await stat(file)))?.mtimeMs,

  async makeFolder(folder) {
    await mkdir(folder, { recursive: true });
  },
  async write(file, bytes, modifiedMs) {
    const handle = await open(file, "w");
    try {
      await handle.writeFile(bytes);
      if (modifiedMs !== undefined) {
        await handle.utimes(modifiedMs / 1000, modifiedMs / 1000);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async append(file, text) {
    const handle = await open(file, "a");
    try {
      await handle.appendFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async share(file, name) {
    try {
      await link(file, name);
      return true;
    } catch (error) {
      if (["EEXIST", "EXDEV", "EPERM", "EMLINK", "ENOTSUP", "ENOSYS"].includes(codeOf(error))) {
        return false;
      }
      throw error;
    }
  },
  async symlink(target, name) {
    await symlink(target, name, "dir");
  },
  rename,
  async remove(file) {
    await rm(file, { recursive: true, force: true });
  },
  async sync(folder) {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } catch (error) {
      // Windows cannot, and does not need it.
      if (!["EPERM", "EISDIR", "EINVAL"].includes(codeOf(error))) {
        throw error;
      }
    } finally {
      await handle.close();
    }
  },
};

async function ifThere<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") {
      return undefined;
    }
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
