import { createHash, randomBytes } from "node:crypto";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import path from "node:path";

/** The address that stands in the site, so that there is something to look for in it. */
export const MARKET = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

const FILE_BYTES = 4096;

/** A site on disk, as a build leaves it. */
export interface BuiltSite {
  readonly folder: string;
  /** The MD5 of each file by its path, which is also the ETag that S3 gives it. */
  readonly md5s: ReadonlyMap<string, string>;
}

/**
 * The names of a site of so many files: in a nested tree, every other one with a hash in its name, and of the
 * rest half are pages.
 */
export function pathsOf(count: number): readonly string[] {
  const paths = ["index.html"];
  for (let index = 1; index < count; index++) {
    const folder = `part-${index % 10}/group-${Math.floor(index / 10) % 10}`;
    const hash = createHash("sha256").update(String(index)).digest("hex").slice(0, 7);
    paths.push(
      index % 2 === 0
        ? `assets/${folder}/chunk-${hash}1.js`
        : index % 4 === 1
          ? `docs/${folder}/page-${index}.html`
          : `media/${folder}/icon-${index}.svg`,
    );
  }
  return paths;
}

/** Writes a site whose bytes no other one has. */
export async function buildSite(folder: string, paths: readonly string[]): Promise<BuiltSite> {
  const md5s = new Map<string, string>();
  for (const name of paths) {
    const filling = randomBytes(FILE_BYTES).toString("base64");
    const start = name === "index.html" ? `<!doctype html><p>${MARKET}</p>` : "";
    const bytes = Buffer.from((start + filling).slice(0, FILE_BYTES));
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
    md5s.set(name, createHash("md5").update(bytes).digest("hex"));
  }
  return { folder, md5s };
}

/** Says of all files that they were written at a time. `aws s3 sync` believes that, and does not read them. */
export async function writtenAt({ folder, md5s }: BuiltSite, time: Date): Promise<void> {
  for (const name of md5s.keys()) {
    await utimes(path.join(folder, name), time, time);
  }
}
