import path from "node:path";

import type { EmergencyConfigurationUserConfig } from "../config/types.js";
import { EmergencyError } from "../errors.js";
import type { SourceIntent } from "../indexer/configuration/source.js";

/** What is needed to understand what was typed. */
export interface SourceContext {
  /** The indexer's name. */
  readonly name: string;
  readonly config: EmergencyConfigurationUserConfig | undefined;
  /** Of the project: absolute. */
  readonly root: string;
}

const FORMS =
  "snapshot, snapshot:<number>, manifest, a file, git:<ref> or git:<ref>:<path>, secrets-manager";

/**
 * Where a configuration is to come from, as it is typed.
 * @param typed undefined: a snapshot if there is one, otherwise it stays as it is.
 * @throws EmergencyError BAD_ARGUMENTS, BAD_CONFIG
 */
export function parseSource(
  typed: string | undefined,
  { name, config, root }: SourceContext,
): SourceIntent {
  const text = typed?.trim();
  if (text === undefined) {
    return { from: "auto" };
  }
  if (text === "keep" || text === "snapshot") {
    return { from: text };
  }
  const [, number] = /^snapshot:(\d{1,9})$/.exec(text) ?? [];
  if (number !== undefined && Number(number) > 0) {
    return { from: "snapshot", number: Number(number) };
  }
  if (text === "secrets-manager") {
    const [first, ...more] = config?.secretsManager ?? [];
    if (first === undefined) {
      throw notConfigured(name, "secretsManager: [{ secret, into }]");
    }
    return { from: "secrets-manager", secrets: [plain(first), ...more.map(plain)] };
  }
  if (text === "manifest") {
    if (config?.manifest === undefined) {
      throw notConfigured(name, 'manifest: "deploy/config.yaml"');
    }
    return { from: "manifest", file: path.resolve(root, config.manifest) };
  }
  const [, ref, inside = config?.git?.path] = /^git:([^:]+)(?::(.+))?$/.exec(text) ?? [];
  if (ref !== undefined) {
    if (inside === undefined) {
      throw notConfigured(name, 'git: { path: "overlays/production" }');
    }
    return { from: "git", around: root, ref, path: inside };
  }
  if (text === "" || /^(snapshot|git):/.test(text)) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `"${text}" does not say where the configuration should come from`,
      `name one of these: ${FORMS}, keep`,
    );
  }
  return { from: "manifest", file: path.resolve(root, text) };
}

/** Without what is not given: intents are plain JSON. */
function plain(
  managed: NonNullable<EmergencyConfigurationUserConfig["secretsManager"]>[number],
): Extract<SourceIntent, { from: "secrets-manager" }>["secrets"][number] {
  const { secret, into, keys, region, endpoint, profile } = managed;
  return {
    secret,
    into,
    ...(keys === undefined ? {} : { keys: { ...keys } }),
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
  };
}

function notConfigured(name: string, what: string): EmergencyError {
  return new EmergencyError(
    "BAD_CONFIG",
    `indexer "${name}" does not say where that is`,
    `add it to hardhat.config.ts: emergency.indexers.${name}.configuration = { ${what} }; or name another source: ${FORMS}`,
  );
}
