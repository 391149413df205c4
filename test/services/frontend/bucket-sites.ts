import { GetObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";

import type { EmergencyBucketUserConfig } from "../../../src/config/types.js";
import { processLives } from "../../../src/frontend/directory-lock.js";
import type { ManifestFile } from "../../../src/frontend/manifest.js";
import { openBucketSite } from "../../../src/frontend/s3/open-bucket-site.js";
import type { Site } from "../../../src/frontend/site.js";
import type { SiteFiles } from "../../../src/frontend/site-files.js";
import { siteAt } from "../../frontend/stores.js";
import { OLD, siteOf } from "../../frontend/sites.js";
import type { S3Server } from "../servers/s3-server.js";

/** A site whose page and script belong together. */
export function version(number: number, address = OLD): SiteFiles {
  const token = `Ab${String(number).padStart(4, "0")}xZ`;
  return siteOf({
    "index.html": `<!doctype html><script type="module" src="/assets/index-${token}.js"></script>`,
    "config.json": `{"version":${number}}`,
    "logo.svg": "<svg/>",
    [`assets/index-${token}.js`]: `export const v=${number},m="${address}";`,
    [`pages/only-${number}.html`]: "<p>a page of its own</p>",
  });
}

/** What a test wishes of a site in a bucket. */
export interface BucketWishes {
  readonly s3?: Partial<EmergencyBucketUserConfig>;
  readonly site?: Partial<Site>;
  /** Another way to the server: through a proxy. */
  readonly endpoint?: string;
  readonly lives?: (pid: number) => boolean;
}

/** Runs something with a server's credentials in the environment, as a person has them there. */
export function useCredentials(server: () => S3Server): void {
  let before: Record<string, string | undefined> = {};
  beforeEach(() => {
    const { environment } = server();
    before = Object.fromEntries(Object.keys(environment).map((name) => [name, process.env[name]]));
    Object.assign(process.env, environment);
  });
  afterEach(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) {
        Reflect.deleteProperty(process.env, name);
      } else {
        process.env[name] = value;
      }
    }
  });
}

/** A site in a bucket, as a command opens it. */
export async function bucketSite(
  server: S3Server,
  bucket: string,
  wishes: BucketWishes = {},
): Promise<Site> {
  const opened = await openBucketSite(
    {
      s3: { bucket, endpoint: wishes.endpoint ?? server.endpoint, ...wishes.s3 },
      cloudfront: undefined,
    },
    {
      now: () => new Date(),
      lives: wishes.lives ?? processLives,
      runtimeConfig: "config.json",
    },
  );
  return siteAt(opened.store, { ...opened, contracts: { market: OLD }, ...wishes.site });
}

/** The keys that are there now, without the plugin's own records. */
export async function keysIn(client: S3Client, bucket: string): Promise<readonly string[]> {
  const keys: string[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: token }),
    );
    keys.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ""));
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return keys.filter((key) => !key.includes(".hardhat-emergency/")).sort();
}

/** What an object holds, as text; undefined when it is not there. */
export async function textAt(
  client: S3Client,
  bucket: string,
  key: string,
): Promise<string | undefined> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return await Body?.transformToString();
  } catch (error) {
    if (error instanceof Error && error.name === "NoSuchKey") {
      return undefined;
    }
    throw error;
  }
}

/** Of a site's files those that a page cannot do without. */
export function assetsOf(files: readonly ManifestFile[]): readonly string[] {
  return files.map(({ path }) => path).filter((path) => path.startsWith("assets/"));
}
