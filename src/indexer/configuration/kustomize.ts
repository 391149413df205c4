import { execFile } from "node:child_process";
import { readFile, readdir, stat } from "node:fs/promises";
import path from "node:path";

import { EmergencyError, asError, messageOf } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import { parseManifests } from "./manifests.js";

/** As kustomize looks for it. */
const KUSTOMIZATIONS = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/** An overlay may take a base from the network. */
const PATIENCE_MS = 120_000;

const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * The objects of a manifest, of all manifests in a folder, or of a kustomization, which kubectl renders.
 * @param what for people: "overlays/production at 1a2b3c4d5e6f".
 * @throws EmergencyError BAD_CONFIGURATION
 */
export async function readManifests(what: string, place: string): Promise<readonly JsonObject[]> {
  const found = await stat(place).catch(() => undefined);
  if (found === undefined) {
    throw unusable(`there is no ${what}`, "correct its path");
  }
  if (found.isFile()) {
    return await parseManifests(what, await readFile(place, "utf8"));
  }
  const names = (await readdir(place)).sort();
  if (names.some((name) => KUSTOMIZATIONS.includes(name))) {
    return await parseManifests(what, await render(what, place));
  }
  const manifests = names.filter((name) => /\.(ya?ml|json)$/.test(name));
  if (manifests.length === 0) {
    throw unusable(
      `${what} has neither a kustomization nor a manifest`,
      "name the folder of the overlay, or a file",
    );
  }
  const all = await Promise.all(
    manifests.map(
      async (name) =>
        await parseManifests(`${what}, ${name}`, await readFile(path.join(place, name), "utf8")),
    ),
  );
  return all.flat();
}

/** What kustomize makes of a folder. It reads no cluster. */
async function render(what: string, folder: string): Promise<string> {
  for (const [program, args] of [
    ["kubectl", ["kustomize", folder]],
    ["kustomize", ["build", folder]],
  ] as const) {
    const rendered = await run(program, args);
    if (rendered === "missing") {
      continue;
    }
    if ("failed" in rendered) {
      // Its words are not told: they quote what it has read, and that may be a secret.
      throw unusable(
        `${program} cannot render ${what}`,
        `see why, where nobody looks over your shoulder: ${program} ${args[0]} <the folder, at that commit>`,
        rendered.failed,
      );
    }
    return rendered.text;
  }
  throw unusable(
    `${what} is a kustomization, and neither kubectl nor kustomize is on PATH`,
    "install kubectl; or render it elsewhere, and name the file",
  );
}

async function run(
  program: string,
  args: readonly string[],
): Promise<{ readonly text: string } | { readonly failed: Error } | "missing"> {
  return await new Promise((resolve) => {
    execFile(
      program,
      [...args],
      // A base from the network may want a password: nobody is there to type it.
      {
        maxBuffer: MOST_OUTPUT_BYTES,
        timeout: PATIENCE_MS,
        env: { ...process.env, GIT_TERMINAL_PROMPT: "0" },
      },
      (error, stdout) => {
        resolve(
          error === null
            ? { text: stdout }
            : error.code === "ENOENT"
              ? "missing"
              : { failed: new Error(`exit code ${String(error.code)}`) },
        );
      },
    );
  });
}

function unusable(what: string, next: string, cause?: unknown): EmergencyError {
  return new EmergencyError(
    "BAD_CONFIGURATION",
    `${what}. Nothing was written`,
    next,
    cause === undefined ? undefined : asError(messageOf(cause)),
  );
}
