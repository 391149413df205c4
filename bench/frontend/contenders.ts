import { setTimeout as wait } from "node:timers/promises";

import { ListObjectsV2Command } from "@aws-sdk/client-s3";

import type { RunResult } from "../../src/recovery/run.js";
import type { StepRequest } from "../../src/step.js";
import { deployOf, rollbackTo, run } from "../../test/frontend/stores.js";
import type { ForeignProject } from "../../test/package/foreign-project.js";
import { bucketSite } from "../../test/services/frontend/bucket-sites.js";
import { runToEnd } from "../../test/services/servers/run-to-end.js";
import type { S3Server } from "../../test/services/servers/s3-server.js";
import { pathOf } from "../../test/services/servers/tools.js";
import type { Contender, Sample } from "../measure.js";
import { MARKET, writtenAt, type BuiltSite } from "./sites.js";

/** What is measured, in the order in which it happens to one bucket. */
export const PHASES = ["cold deploy", "no-op", "deploy of changes", "restore"] as const;
export type Phase = (typeof PHASES)[number];

/** Two sites with the same names and other bytes in every file, so that all tools have the same to write. */
export interface Pair {
  readonly first: BuiltSite;
  readonly second: BuiltSite;
}

/** How one tool does what is measured, in a bucket. */
export interface Way {
  readonly name: string;
  deploy(bucket: string, site: BuiltSite): Promise<void>;
  /** Brings the site back that was deployed first. `time`: when it was served. */
  restore(bucket: string, site: BuiltSite, time: string): Promise<void>;
  /** Before a site is put over another one, and not measured. */
  readonly prepare?: (site: BuiltSite) => Promise<void>;
}

/** One run of a way through all phases, in a bucket of its own, looked at after each of them. */
export function contender(way: Way, server: S3Server, pair: Pair): Contender {
  return {
    name: way.name,
    run: async () => await throughAll(way, server, pair, async (_phase, act) => await timed(act)),
  };
}

/** Goes through all phases. What is noted of each one is the caller's. */
export async function throughAll(
  way: Way,
  server: S3Server,
  { first, second }: Pair,
  note: (phase: Phase, act: () => Promise<void>) => Promise<number>,
): Promise<Sample> {
  const bucket = await server.newBucket({ versioning: true });
  const sample: Record<string, number> = {};
  const phase = async (name: Phase, served: BuiltSite, act: () => Promise<void>): Promise<void> => {
    sample[name] = await note(name, act);
    const wrong = await wrongIn(server, bucket, served);
    if (wrong > 0) {
      throw new Error(`${way.name}, ${name}: ${wrong} of ${served.md5s.size} files are wrong`);
    }
  };
  await phase("cold deploy", first, async () => {
    await way.deploy(bucket, first);
  });
  await phase("no-op", first, async () => {
    await way.deploy(bucket, first);
  });
  const time = await secondsLater();
  await way.prepare?.(second);
  await phase("deploy of changes", second, async () => {
    await way.deploy(bucket, second);
  });
  await way.prepare?.(first);
  await phase("restore", first, async () => {
    await way.restore(bucket, first, time);
  });
  return sample;
}

async function timed(act: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await act();
  return performance.now() - startedMs;
}

/** S3 tells times in whole seconds: what is written from now on has a later one than this. */
async function secondsLater(): Promise<string> {
  const last = new Date(Math.ceil(Date.now() / 1000) * 1000);
  await wait(last.getTime() + 1000 - Date.now());
  return `${last.toISOString().slice(0, 19)}Z`;
}

/** How many of a site's files are not in a bucket as they are. */
export async function wrongIn(
  server: S3Server,
  bucket: string,
  { md5s }: BuiltSite,
): Promise<number> {
  const client = server.client();
  const left = new Map(md5s);
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: token }),
    );
    for (const { Key = "", ETag = "" } of page.Contents ?? []) {
      if (left.get(Key) === ETag.replaceAll('"', "")) {
        left.delete(Key);
      }
    }
    token = page.NextContinuationToken;
  } while (token !== undefined);
  client.destroy();
  return left.size;
}

/** Ours, called as a library: plan, perform, and read back. */
export function library(server: S3Server, endpoint = server.endpoint): Way {
  const act = async (bucket: string, request: StepRequest): Promise<void> => {
    const wishes = { endpoint, site: { contracts: { market: MARKET } } };
    mustBeWell(await run(await bucketSite(server, bucket, wishes), request));
  };
  return {
    name: "ours, as a library",
    deploy: async (bucket, { folder }) => {
      await act(bucket, deployOf(folder));
    },
    restore: async (bucket, _site, time) => {
      await act(bucket, restoreTo(time));
    },
  };
}

/** The same, but back to a release by its number. */
export function byRelease(server: S3Server, endpoint = server.endpoint): Way {
  const way = library(server, endpoint);
  return {
    ...way,
    name: "ours, back to a release",
    restore: async (bucket) => {
      const wishes = { endpoint, site: { contracts: { market: MARKET } } };
      mustBeWell(await run(await bucketSite(server, bucket, wishes), rollbackTo("0001")));
    },
  };
}

function restoreTo(time: string): StepRequest {
  return {
    id: "s",
    kind: "frontend-restore",
    intent: {
      frontend: "web",
      target: { time },
      acceptOldAddress: false,
      acceptExpired: false,
      keepNew: false,
    },
  };
}

function mustBeWell({ outcomes, failure }: RunResult): void {
  const [outcome] = outcomes;
  if (failure !== null || (outcome?.status !== "done" && outcome?.status !== "already")) {
    throw failure ?? new Error(`it is ${String(outcome?.status)}: ${JSON.stringify(outcome)}`);
  }
}

/** Ours, as it is typed. */
export function typed(server: S3Server, project: ForeignProject): Way {
  const type = async (bucket: string, ...args: readonly string[]): Promise<void> => {
    const { exitCode, stdout, stderr } = await project.run(
      "npx",
      ["--no-install", "hardhat", "frontend", ...args, "--yes"],
      { ...server.environment, BENCH_BUCKET: bucket },
    );
    if (exitCode !== 0) {
      throw new Error(`frontend ${args.join(" ")} gave ${exitCode}:\n${stdout}${stderr}`);
    }
  };
  return {
    name: "ours, as typed",
    deploy: async (bucket, { folder }) => {
      await type(bucket, "deploy", "--from", folder);
    },
    restore: async (bucket, _site, time) => {
      await type(bucket, "rollback", "--to-time", time);
    },
  };
}

/** What the typed commands cannot be faster than. */
export function startUp(server: S3Server, project: ForeignProject): Contender {
  return {
    name: "an empty Hardhat task, as typed",
    run: async () => ({
      "start to end": await timed(async () => {
        const { exitCode, stderr } = await project.run(
          "npx",
          ["--no-install", "hardhat", "empty"],
          server.environment,
        );
        if (exitCode !== 0) {
          throw new Error(stderr);
        }
      }),
    }),
  };
}

/**
 * `aws s3 sync` compares sizes and times. A folder from before the last deploy has the same sizes and older times,
 * so it would put nothing of it there: its files have to look new first, as those of a fresh build do.
 */
export function awsSync(server: S3Server, endpoint = server.endpoint): Way {
  const sync = async (bucket: string, { folder }: BuiltSite): Promise<void> => {
    const args = ["s3", "sync", folder, `s3://${bucket}`, "--only-show-errors"];
    await mustEnd(pathOf("aws"), args, { ...server.environment, AWS_ENDPOINT_URL: endpoint });
  };
  return {
    name: "aws s3 sync",
    deploy: sync,
    restore: sync,
    prepare: async (site) => {
      await writtenAt(site, new Date(Date.now() + 1000));
    },
  };
}

/** `rclone sync`, told to compare MD5s with ETags. */
export function rcloneSync(server: S3Server, endpoint = server.endpoint): Way {
  const sync = async (bucket: string, { folder }: BuiltSite): Promise<void> => {
    const flags = ["--checksum", "--fast-list", "--transfers", "32"];
    const command = [pathOf("rclone"), "sync", folder, `bench:${bucket}`, ...flags];
    // This rclone stops at a variable that is only for others.
    await mustEnd("env", ["-u", "AWS_CA_BUNDLE", ...command], {
      ...server.environment,
      RCLONE_CONFIG: "",
      RCLONE_CONFIG_BENCH_TYPE: "s3",
      RCLONE_CONFIG_BENCH_PROVIDER: "Other",
      RCLONE_CONFIG_BENCH_ENV_AUTH: "true",
      RCLONE_CONFIG_BENCH_REGION: server.region,
      RCLONE_CONFIG_BENCH_ENDPOINT: endpoint,
    });
  };
  return { name: "rclone sync", deploy: sync, restore: sync };
}

async function mustEnd(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const { code, output } = await runToEnd(command, args, { env });
  if (code !== 0) {
    throw new Error(`${command} ${args.join(" ")} gave exit code ${String(code)}:\n${output}`);
  }
}
