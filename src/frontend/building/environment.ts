import path from "node:path";

import { redact } from "../../redact.js";
import { withoutGitPlaces } from "./git.js";

/** Names of variables whose values nobody should see. */
const SECRET_NAME = /key|token|secret|passw|credential|mnemonic|private|auth|dsn/i;

/** `npm run --silent` hands its silence on, and a build that fails would not say why. */
const LOUDNESS = "npm_config_loglevel";

/** Shorter values are words, and would be blanked out everywhere. */
const SHORTEST_SECRET = 8;

/**
 * The environment of a build: the one of this process, without what would make it another build than that
 * of a person at a terminal.
 * @param bins folders with the programs of installed packages.
 * @param committedAt in seconds since 1970; what puts a time into the site takes this one.
 */
export function buildEnvironment(
  env: NodeJS.ProcessEnv,
  bins: readonly string[],
  committedAt: number,
): NodeJS.ProcessEnv {
  const { NODE_ENV: mode, PATH: programs } = env;
  return {
    ...without(["NODE_ENV", "FORCE_COLOR", LOUDNESS], withoutGitPlaces(env)),
    // "development" and "test" are ours: Vite and Next would build another site.
    ...(mode === "production" ? { NODE_ENV: mode } : {}),
    PATH: [...bins, programs ?? ""].join(path.delimiter),
    SOURCE_DATE_EPOCH: String(committedAt),
    NO_COLOR: "1",
  };
}

/** The environment of an installation: in production, what only a build needs would be left out. */
export function installEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return without(["NODE_ENV", LOUDNESS], env);
}

function without(names: readonly string[], env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}

/** Takes the values of variables with telling names out of texts, and all that is known to be secret. */
export function hiding(
  variables: Iterable<readonly [string, string | undefined]>,
): (text: string) => string {
  const secrets = [...variables]
    .filter(([name]) => SECRET_NAME.test(name))
    .flatMap(([, value]) => (value !== undefined && value.length >= SHORTEST_SECRET ? [value] : []))
    // The longest first: one may be a part of another.
    .sort((a, b) => b.length - a.length);
  return (text) =>
    redact(secrets.reduce((safe, secret) => safe.split(secret).join("[secret]"), text));
}
