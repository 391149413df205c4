import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import { z } from "zod";

import manifest from "./packages.json" with { type: "json" };

/** A package of which the corpus needs some files. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  /** Of the tarball, as npm's lock files write it: "sha512-" and base64. */
  readonly integrity: string;
  /** Paths inside the package. */
  readonly files: readonly string[];
}

const packages: readonly PinnedPackage[] = z
  .array(
    z.strictObject({
      name: z.string(),
      version: z.string(),
      integrity: z.string().startsWith("sha512-"),
      files: z.array(z.string()),
    }),
  )
  .parse(manifest);

const folders = new Map<string, Promise<string>>();

/**
 * The folder in which a package's needed files are, fetched from the registry when they are not there.
 * It is outside the tree: tens of megabytes that are the same for every checkout.
 * @param spec "name@version", as in packages.json.
 */
export async function packageFolder(spec: string): Promise<string> {
  let folder = folders.get(spec);
  if (folder === undefined) {
    folder = fetched(pinned(spec));
    folders.set(spec, folder);
  }
  return await folder;
}

function pinned(spec: string): PinnedPackage {
  const found = packages.find(({ name, version }) => `${name}@${version}` === spec);
  if (found === undefined) {
    throw new Error(`${spec} is not in test/corpus/packages.json`);
  }
  return found;
}

/** A process takes this many at once: the registry is shared, and unpacking is work for one core. */
const AT_ONCE = 4;
let running = 0;
const waiting: (() => void)[] = [];

async function fetched(wanted: PinnedPackage): Promise<string> {
  const folder = join(cacheFolder(), folderName(wanted));
  if (existsSync(folder)) {
    return folder;
  }
  if (running >= AT_ONCE) {
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  running += 1;
  try {
    await fetchInto(folder, wanted);
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
  return folder;
}

/** `$XDG_CACHE_HOME`, else `~/.cache`. */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME: chosen } = process.env;
  const base = chosen === undefined || chosen === "" ? join(homedir(), ".cache") : chosen;
  return join(base, "hardhat-emergency", "corpus");
}

/** What is unpacked depends on the list of files, so that is part of the name. */
function folderName({ name, version, integrity, files }: PinnedPackage): string {
  const content = createHash("sha256")
    .update([integrity, ...files].join("\n"))
    .digest("hex");
  return `${name.replace("/", "+")}-${version}-${content.slice(0, 8)}`;
}

/** Unpacks beside the place and then renames, so that another process sees all of it or nothing. */
async function fetchInto(folder: string, wanted: PinnedPackage): Promise<void> {
  const { name, version, integrity, files } = wanted;
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(join(cacheFolder(), ".fetching-"));
  try {
    await npmPack(`${name}@${version}`, work);
    const tarball = (await readdir(work)).find((file) => file.endsWith(".tgz"));
    if (tarball === undefined) {
      throw new Error(`npm pack ${name}@${version} left no tarball`);
    }
    const got = await integrityOf(join(work, tarball));
    if (got !== integrity) {
      throw new Error(
        `${name}@${version} from the registry is not what packages.json says: ${got} instead of ${integrity}`,
      );
    }
    const unpacked = join(work, "files");
    await mkdir(unpacked);
    const members = files.map((file) => `package/${file}`);
    const tar = ["-xzf", join(work, tarball), "-C", unpacked, "--strip-components=1", ...members];
    const { code, output } = await run("tar", tar, work);
    if (code !== 0) {
      throw new Error(`${name}@${version} does not unpack:\n${output}`);
    }
    await rename(unpacked, folder).catch((error: unknown) => {
      // Another process was faster, with the same files.
      if (!existsSync(folder)) {
        throw error;
      }
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** npm would otherwise try for minutes before it says that nobody answers. */
const PATIENCE = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"];

async function npmPack(spec: string, into: string): Promise<void> {
  const { code, output } = await run("npm", ["pack", spec, "--ignore-scripts", ...PATIENCE], into);
  if (code !== 0) {
    throw new Error(
      `${spec} cannot be fetched, and the corpus of real contracts is made from it. ` +
        `It needs an npm registry once; afterwards it is kept in ${cacheFolder()}.\n${output}`,
    );
  }
}

async function run(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly code: number | null; readonly output: string }> {
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (chunk: Buffer): void => {
      output += chunk.toString("utf8");
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code, output });
    });
  });
}

async function integrityOf(file: string): Promise<string> {
  const hash = createHash("sha512");
  await pipeline(createReadStream(file), hash);
  return `sha512-${hash.digest("base64")}`;
}

/** Every package of the list, as "name@version". */
export function pinnedPackages(): readonly PinnedPackage[] {
  return packages;
}
