// Where tools are kept: outside the tree, because they are the same for every checkout.
//
// A tool has a folder whose name depends on what is installed and how. A stamp in it is written last, so an
// install that was killed leaves none, and is done again.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { withLock } from "../lock.mjs";

/** `$XDG_CACHE_HOME`, else `~/.cache`. */
export function cacheFolder() {
  const chosen = process.env.XDG_CACHE_HOME;
  const base = chosen === undefined || chosen === "" ? join(homedir(), ".cache") : chosen;
  return join(base, "hardhat-emergency", "services");
}

export class CachedFolder {
  /** @param recipe all that decides what would be in the folder, as text. */
  constructor(name, recipe) {
    const content = createHash("sha256")
      .update([process.platform, process.arch, ...recipe].join("\n"))
      .digest("hex");
    this.path = join(cacheFolder(), `${name}-${content.slice(0, 8)}`);
    this.stamp = join(this.path, ".complete");
  }

  /** A file or folder in it; undefined as long as the folder is not complete. */
  find(relative) {
    const path = join(this.path, relative);
    return existsSync(this.stamp) && existsSync(path) ? path : undefined;
  }

  /**
   * Fills it from the start, one process at a time.
   * @param action makes what has to be in `this.path`. It gets a function that it tells which process it has started.
   */
  async fill(say, action) {
    mkdirSync(cacheFolder(), { recursive: true });
    await withLock(`${this.path}.lock`, say, async (recordChild) => {
      // Somebody else may have finished while we waited.
      if (existsSync(this.stamp)) return;
      rmSync(this.path, { recursive: true, force: true });
      mkdirSync(this.path);
      await action(recordChild);
      writeFileSync(this.stamp, "");
    });
  }
}
