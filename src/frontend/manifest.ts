import { createHash } from "node:crypto";

import { z } from "zod";

import { canonicalJson } from "../json.js";

/** The version of the manifest's form. */
export const MANIFEST_SCHEMA = "hardhat-emergency/release@1";

const fileSchema = z
  .object({
    /** Relative to the site's root, with forward slashes. */
    path: z
      .string()
      .min(1)
      .refine((path) => !path.split("/").some((part) => ["", ".", ".."].includes(part))),
    /** Hexadecimal. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    /** In bytes. */
    size: z.number().int().nonnegative(),
    contentType: z.string(),
    cacheControl: z.string(),
    /** Of the configuration's own; left out where there is none. */
    metadata: z.record(z.string()).optional(),
  })
  .strict();

/** A file of an older release that pages in open browsers may still ask for. */
const keptSchema = fileSchema
  .extend({
    /** When it stopped to be a file of the site itself: ISO 8601. */
    since: z.string().datetime(),
  })
  .strict();

/** What a release is: written once, next to its files, and never changed. */
export const manifestSchema = z
  .object({
    schema: z.literal(MANIFEST_SCHEMA),
    /** The order of releases and the beginning of the content's hash: "0007-3f2a1b9c8d7e". */
    id: z.string().regex(/^[0-9]{4,}-[0-9a-f]{12}$/),
    /** The hash over `files`: see {@link contentHash}. */
    content: z.string().regex(/^[0-9a-f]{64}$/),
    /** What made it. */
    kind: z.enum(["deploy", "rollback", "repoint"]),
    /** The release that was current before. */
    replaces: z.string().nullable(),
    /** Of a rollback: the release with the same files. */
    restores: z.string().nullable(),
    /** Of a repoint: which address took the place of which. */
    repoint: z
      .object({ contract: z.string(), from: z.string(), to: z.string() })
      .strict()
      .nullable(),
    /** Of each configured contract the address that stands in the files, and in how many. */
    contracts: z.record(
      z.object({ address: z.string(), files: z.number().int().positive() }).strict(),
    ),
    /** Of the sources that were built, where they are in git. */
    commit: z.string().nullable(),
    /** Of a site that was built for this release: what was asked for, and what was put into it. */
    built: z
      .object({
        /** As it was typed: "v1.2.3". */
        reference: z.string(),
        /** From the variables of the build to their values. */
        variables: z.record(z.string()),
      })
      .strict()
      .optional(),
    /** Who made it: "alice@laptop". */
    by: z.string(),
    /** When: ISO 8601. */
    at: z.string().datetime(),
    files: z.array(fileSchema).min(1),
    kept: z.array(keptSchema),
  })
  .strict();

/** See {@link manifestSchema}. */
export type Manifest = z.infer<typeof manifestSchema>;

/** A release without its files. */
export type ReleaseSummary = Omit<Manifest, "files" | "kept"> & {
  /** How many files the site has, and how many bytes. */
  readonly files: number;
  readonly bytes: number;
};

/** A release without its files. */
export function summaryOf({ files, kept: _kept, ...rest }: Manifest): ReleaseSummary {
  return { ...rest, files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
}

/** A file as a manifest describes it. */
export type ManifestFile = z.infer<typeof fileSchema>;

/** A file that is kept for open pages. */
export type KeptFile = z.infer<typeof keptSchema>;

/** The sha256 of a file's bytes, in hexadecimal. */
export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What identifies a site: paths, bytes and headers of all its files. */
export function contentHash(files: readonly ManifestFile[]): string {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  return createHash("sha256").update(canonicalJson(sorted)).digest("hex");
}

/**
 * The id of the release that comes next.
 * @param newest the id of the last release of all, or null when there is none.
 */
export function nextId(newest: string | null, content: string): string {
  const number = newest === null ? 1 : orderOf(newest) + 1;
  return `${String(number).padStart(4, "0")}-${content.slice(0, 12)}`;
}

/** The number in a release's id, by which releases are ordered. */
export function orderOf(id: string): number {
  return Number(id.slice(0, id.indexOf("-")));
}

/** Whether a text has the form of a release's id. */
export function isReleaseId(text: string): boolean {
  return manifestSchema.shape.id.safeParse(text).success;
}
