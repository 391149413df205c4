import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";

import { z } from "zod";

import { messageOf } from "../../errors.js";
import { canonicalJson } from "../../json.js";

/** Something that helm runs before or after it changes a release. */
export interface Hook {
  readonly kind: string;
  readonly name: string;
  /** "pre-rollback", "post-upgrade". */
  readonly events: readonly string[];
  /** The lightest runs first. */
  readonly weight: number;
  readonly manifest: string;
  /** When it was begun and helm has not said how it ended: RFC 3339; null where it has. */
  readonly begunAt: string | null;
}

/** One revision of a release, as helm has recorded it. Its values are in nothing but the hash. */
export interface Release {
  readonly number: number;
  /** "deployed", "superseded", "failed", "pending-upgrade", … */
  readonly status: string;
  /** What whoever made it said: "Upgrade complete". */
  readonly description: string;
  /** "indexer-1.2.0". */
  readonly chart: string;
  /** Empty when the chart has none. */
  readonly appVersion: string;
  /** As helm has written it, RFC 3339. */
  readonly updatedAt: string;
  /** The revision that it was to bring back; null when it is no rollback, or does not say so. */
  readonly rollbackTo: number | null;
  /** Whether the API server merges what helm applies, or helm itself. */
  readonly serverSide: boolean;
  /** All its objects but the hooks, in YAML. May hold secrets. */
  readonly manifest: string;
  readonly hooks: readonly Hook[];
  /** Files of the chart that define custom resources, by name; the hash of each. */
  readonly definitions: Readonly<Record<string, string>>;
  /** sha256 of all that decides what a rollback to it does: equal ones do the same. */
  readonly content: string;
}

const text = z.string().default("");
const list = <T extends z.ZodTypeAny>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);

const hookSchema = z
  .object({
    name: text,
    kind: text,
    manifest: text,
    events: list(z.string()),
    weight: z.number().default(0),
    last_run: z.object({ started_at: z.string().nullish(), phase: text }).nullish(),
  })
  .transform(({ last_run: run, ...hook }) => ({
    ...hook,
    begunAt: run?.phase === "Running" ? (run.started_at ?? null) : null,
  }));

const releaseSchema = z.object({
  version: z.number().int().positive(),
  info: z.object({
    status: z.string(),
    description: text,
    last_deployed: z.string().nullish(),
    rollback_revision: z.number().int().default(0),
  }),
  chart: z
    .object({
      metadata: z.object({ name: text, version: text, appVersion: text }).nullish(),
      files: list(z.object({ name: z.string(), data: z.string().nullish() })),
    })
    .nullish(),
  config: z.record(z.unknown()).nullish(),
  manifest: text,
  hooks: list(hookSchema),
  apply_method: text,
});

/** etcd takes 1.5 MB, and text shrinks to a fifth. Whatever grows to more is no release. */
const MOST_BYTES = 64 * 1024 * 1024;

const GZIP = [0x1f, 0x8b, 0x08];

/**
 * The JSON text in what helm keeps: base64 of gzip of it; very old releases are not compressed.
 * @throws Error saying what is wrong with it.
 */
export function unpackRelease(packed: string): string {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(packed) || packed.trim() === "") {
    throw new Error(packed.trim() === "" ? "it is empty" : "it is not base64");
  }
  const bytes = Buffer.from(packed, "base64");
  if (!GZIP.every((byte, index) => bytes[index] === byte)) {
    return bytes.toString("utf8");
  }
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_BYTES }).toString("utf8");
  } catch (error) {
    throw new Error(`it cannot be decompressed: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * A release from its JSON text.
 * @throws Error saying what is wrong with it, and nothing of what is in it.
 */
export function parseRelease(json: string): Release {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The message would quote it.
    throw new Error("it is not JSON");
  }
  const result = releaseSchema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new Error(`its ${issue?.path.join(".") ?? "content"} is not as helm writes it`);
  }
  const { version, info, chart, config, manifest, hooks, apply_method } = result.data;
  const { name = "", version: chartVersion = "", appVersion = "" } = chart?.metadata ?? {};
  const definitions = Object.fromEntries(
    (chart?.files ?? [])
      .filter((file) => file.name.startsWith("crds/"))
      .map((file) => [file.name, sha256(file.data ?? "")]),
  );
  return {
    number: version,
    status: info.status,
    description: info.description,
    chart: `${name}-${chartVersion}`,
    appVersion,
    updatedAt: info.last_deployed ?? "",
    rollbackTo: rollbackIn(info),
    serverSide: apply_method === "ssa",
    manifest,
    hooks,
    definitions,
    content: sha256(
      canonicalJson([
        name,
        chartVersion,
        config ?? {},
        manifest,
        hooks.map((hook) => [hook.manifest, hook.events, hook.weight]),
      ]),
    ),
  };
}

/** Helm 4 has a field for it, Helm 3 says it in words. */
function rollbackIn({
  rollback_revision,
  description,
}: {
  readonly rollback_revision: number;
  readonly description: string;
}): number | null {
  const said = Number(/^Rollback to (\d{1,9})\b/.exec(description)?.[1] ?? 0);
  const found = rollback_revision > 0 ? rollback_revision : said;
  return found > 0 ? found : null;
}

function sha256(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}
