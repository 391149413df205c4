import { registerSecret } from "../../redact.js";
import { isRecord } from "../../json.js";
import type { Release } from "./release.js";
import { readManifest, type ManifestObject } from "./manifest.js";

/** Names of fields and variables whose values nobody shows. */
const SECRET_NAME =
  /pass(word|wd|phrase)?|secret|token|credential|private|api_?key|dsn|database_?url/i;

/** Manifests that have been searched before: histories are read several times in a command. */
const searched = new Set<string>();

/**
 * Registers what is secret in releases: all of their Secrets, and environment variables whose name says so.
 * helm and API servers quote objects when they refuse them.
 */
export async function registerSecretsOf(
  releases: readonly Pick<Release, "manifest" | "hooks" | "content" | "number">[],
): Promise<void> {
  for (const { manifest, hooks, content, number } of releases) {
    if (searched.has(content)) {
      continue;
    }
    searched.add(content);
    for (const part of [manifest, ...hooks.map((hook) => hook.manifest)]) {
      // What cannot be read is refused where it is needed.
      const objects = await readManifest(part, `revision ${number}`).catch(() => []);
      objects.forEach(registerSecretsIn);
    }
  }
}

function registerSecretsIn({ kind, json }: ManifestObject): void {
  if (kind === "Secret") {
    for (const value of Object.values(isRecord(json.stringData) ? json.stringData : {})) {
      registerValue(value);
    }
    for (const value of Object.values(isRecord(json.data) ? json.data : {})) {
      registerValue(value);
      registerValue(typeof value === "string" && Buffer.from(value, "base64").toString("utf8"));
    }
    return;
  }
  registerVariables(json);
}

/** `{ name: "DATABASE_URL", value: "…" }`, wherever it is. */
function registerVariables(value: unknown): void {
  if (Array.isArray(value)) {
    value.forEach(registerVariables);
  } else if (isRecord(value)) {
    if (typeof value.name === "string" && SECRET_NAME.test(value.name)) {
      registerValue(value.value);
    }
    Object.values(value).forEach(registerVariables);
  }
}

function registerValue(value: unknown): void {
  if (typeof value !== "string") {
    return;
  }
  registerSecret(value);
  // Whoever quotes a text of several lines does not do it as it was.
  for (const line of value.split("\n").filter((part) => part.trim().length >= 16)) {
    registerSecret(line.trim());
  }
}
