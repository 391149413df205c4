import type { parseDocument } from "yaml";

/** What is loaded when it is needed, in one small file for the reason in `src/chain/lazy.ts`. */

/** Typed by hand: the package's own types cannot be named in a declaration file. */
export async function loadYaml(): Promise<{ readonly parseDocument: typeof parseDocument }> {
  return await import("yaml");
}
