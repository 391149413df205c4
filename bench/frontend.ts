// How long it takes to deploy a site of many small files into a bucket, to deploy it again when nothing has
// changed, when everything has, and to bring back what was served before: against `aws s3 sync` and `rclone
// sync` on the same server, in the same run. And how many requests each of them needs. Prints; judges nothing.
//
//   node scripts/run.mjs bench frontend [files...] [rounds]
//
// A last number below 100 is the rounds.
import { rm } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import path from "node:path";

import {
  makeForeignProject,
  packPlugin,
  temporaryFolder,
  type ForeignProject,
} from "../test/package/foreign-project.js";
import { startFaultyProxy } from "../test/services/servers/faulty-proxy.js";
import { runToEnd } from "../test/services/servers/run-to-end.js";
import type { S3Server } from "../test/services/servers/s3-server.js";
import { pathOf, whyMissing } from "../test/services/servers/tools.js";
import { startVersitygw } from "../test/services/servers/versitygw.js";
import {
  awsSync,
  byRelease,
  contender,
  library,
  PHASES,
  rcloneSync,
  startUp,
  throughAll,
  typed,
  wrongIn,
  type Pair,
  type Phase,
  type Way,
} from "./frontend/contenders.js";
import { counted, sumOf, type Counted, type Least } from "./frontend/requests.js";
import { buildSite, MARKET, pathsOf } from "./frontend/sites.js";
import { interleave, summarise, table, type Summary } from "./measure.js";

const FILES = [1_001, 10_000];
const ROUNDS = 3;

/** Every server gives so many entries in a page, as S3 does. */
const PAGE = 1000;

const CONFIG = `import emergency from "hardhat-emergency";
import { defineConfig, task } from "hardhat/config";

const empty = task("empty", "Does nothing").setInlineAction(() => undefined).build();

export default defineConfig({
  plugins: [emergency],
  tasks: [empty],
  emergency: {
    contracts: { market: { address: "${MARKET}" } },
    frontends: {
      web: {
        s3: { bucket: process.env.BENCH_BUCKET ?? "none", endpoint: process.env.AWS_ENDPOINT_URL },
        runtimeConfig: { file: "config.json", contracts: { market: "market" } },
      },
    },
  },
});
`;

/** Measures sites of so many files each, and prints what it took. */
export async function frontendBench(numbers: readonly number[]): Promise<void> {
  const last = numbers.at(-1);
  const isRounds = last !== undefined && last < 100;
  const sizes = isRounds ? numbers.slice(0, -1) : numbers;
  const rounds = isRounds ? last : ROUNDS;
  for (const tool of ["versitygw", "aws", "rclone"] as const) {
    const why = whyMissing(tool);
    if (why !== undefined) {
      throw new Error(`${tool} is missing: ${why}`);
    }
  }
  const { folder, remove } = await temporaryFolder();
  try {
    const tarball = await packPlugin(folder);
    const home = await temporaryFolder();
    try {
      const files = { "hardhat.config.ts": CONFIG };
      const project = await makeForeignProject(home.folder, tarball, files);
      await describeMachine(rounds);
      for (const size of sizes.length === 0 ? FILES : sizes) {
        await compare(size, rounds, path.join(folder, "sites"), project);
      }
    } finally {
      await home.remove();
    }
  } finally {
    await remove();
  }
}

async function describeMachine(rounds: number): Promise<void> {
  const versions = await Promise.all([
    runToEnd(pathOf("aws"), ["--version"]),
    runToEnd(pathOf("rclone"), ["version"]),
  ]);
  console.log(
    [
      `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown processor"}.`,
      ...versions.map(({ output }) => output.split("\n")[0] ?? ""),
      `versitygw, a folder of this machine, with versions. ${rounds} rounds after one that does not count, interleaved.`,
    ].join("\n"),
  );
}

async function compare(
  size: number,
  rounds: number,
  folder: string,
  project: ForeignProject,
): Promise<void> {
  // A server of its own for each size: what lies in it already makes no difference then.
  const server = await startVersitygw();
  const before = { ...process.env };
  Object.assign(process.env, server.environment);
  try {
    const paths = pathsOf(size);
    const pair: Pair = {
      first: await buildSite(path.join(folder, "first"), paths),
      second: await buildSite(path.join(folder, "second"), paths),
    };
    console.log(`\n${size} files of 4,096 bytes, every other one with a hash in its name.`);
    await measure(server, pair, rounds, project);
    await count(server, pair);
    await tellWhatIsMissed(server, pair);
  } finally {
    process.env = before;
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const OURS = "ours, as a library";

async function measure(
  server: S3Server,
  pair: Pair,
  rounds: number,
  project: ForeignProject,
): Promise<void> {
  const ways = [
    library(server),
    byRelease(server),
    typed(server, project),
    awsSync(server),
    rcloneSync(server),
  ];
  const loads = [loadavg()[0] ?? NaN];
  const contenders = [...ways.map((way) => contender(way, server, pair)), startUp(server, project)];
  const samples = await interleave(
    contenders.map(({ name, run }) => ({
      name,
      run: async () => {
        const sample = await run();
        loads.push(loadavg()[0] ?? NaN);
        return sample;
      },
    })),
    rounds,
  );
  const summaries = new Map([...samples].map(([name, of]) => [name, summarise(of)]));
  const load = [Math.min(...loads), Math.max(...loads)].map((value) => value.toFixed(1));
  console.log(`Load of the machine meanwhile: ${load.join(" to ")}.\n`);
  const rows = [["milliseconds", "median", "least", "most"]];
  for (const [name, summary] of summaries) {
    for (const [what, { median, least, most }] of summary) {
      rows.push([`${name}: ${what}`, ...[median, least, most].map((value) => value.toFixed(0))]);
    }
  }
  console.log(table(rows));
  console.log("");
  console.log(table(ratiosOf(summaries)));
  const medians = Object.fromEntries(
    [...summaries].map(([name, summary]) => [name, Object.fromEntries(summary)]),
  );
  console.log("");
  console.log(JSON.stringify({ files: pair.first.md5s.size, rounds, load: loads, medians }));
}

type Summaries = ReadonlyMap<string, ReadonlyMap<string, Summary>>;

/** Ours over theirs: 0.5 is half the time. */
function ratiosOf(summaries: Summaries): readonly (readonly string[])[] {
  const peers = ["aws s3 sync", "rclone sync"];
  const ours = [OURS, "ours, back to a release", "ours, as typed"];
  const median = (name: string, phase: Phase): number =>
    summaries.get(name)?.get(phase)?.median ?? NaN;
  return [
    ["ratio of medians", ...PHASES],
    ...ours.flatMap((name) =>
      peers.map((peer) => [
        `${name} / ${peer}`,
        ...PHASES.map((phase) => (median(name, phase) / median(peer, phase)).toFixed(2)),
      ]),
    ),
  ];
}

/** Counts requests in a pass of its own, because a proxy takes its time. */
async function count(server: S3Server, pair: Pair): Promise<void> {
  const proxy = await startFaultyProxy(server.endpoint);
  const files = pair.first.md5s.size;
  const pages = Math.ceil(files / PAGE);
  const least: Record<Phase, Least> = {
    "cold deploy": { "list objects": 1, "write an object": files },
    "no-op": { "list objects": pages },
    "deploy of changes": { "list objects": pages, "write an object": files },
    restore: { "list versions": Math.ceil((2 * files) / PAGE), "copy an object": files },
  };
  const ours = new Map<Phase, readonly Counted[]>();
  const totals = new Map<string, Map<Phase, number>>();
  try {
    const ways: readonly Way[] = [
      library(server, proxy.url),
      byRelease(server, proxy.url),
      awsSync(server, proxy.url),
      rcloneSync(server, proxy.url),
    ];
    for (const way of ways) {
      const total = new Map<Phase, number>();
      totals.set(way.name, total);
      await throughAll(way, server, pair, async (phase, act) => {
        proxy.forget();
        await act();
        total.set(phase, proxy.requests.length);
        if (way.name === OURS) {
          ours.set(phase, counted(proxy.requests, least[phase]));
        }
        return 0;
      });
    }
  } finally {
    await proxy.stop();
  }
  console.log("");
  console.log(
    table([
      ["requests", ...PHASES],
      ["the least", ...PHASES.map((phase) => String(sumOf(least[phase])))],
      ...[...totals].map(([name, total]) => [
        name,
        ...PHASES.map((phase) => String(total.get(phase) ?? NaN)),
      ]),
    ]),
  );
  for (const [phase, kinds] of ours) {
    console.log(`\n${OURS}, ${phase}:`);
    for (const { name, count: seen, least: wanted, why } of kinds) {
      const beyond = seen > wanted ? `, ${seen - wanted} beyond the least: ${why}` : "";
      console.log(`  ${String(seen).padStart(6)} ${name}${beyond}`);
    }
  }
}

/** What a comparison of sizes and times does not see, which is no matter of speed. */
async function tellWhatIsMissed(server: S3Server, { first, second }: Pair): Promise<void> {
  const bucket = await server.newBucket({ versioning: true });
  const sync = awsSync(server);
  await sync.deploy(bucket, second);
  // Whatever was built before this moment looks older than the bucket.
  const { output, code } = await runToEnd(
    pathOf("aws"),
    ["s3", "sync", first.folder, `s3://${bucket}`, "--size-only", "--only-show-errors"],
    { env: server.environment },
  );
  if (code !== 0) {
    throw new Error(output);
  }
  const wrong = await wrongIn(server, bucket, first);
  console.log(
    `\naws s3 sync --size-only leaves ${wrong} of ${first.md5s.size} files as they were: their sizes are the same. Without --size-only it asks for times as well, so the files of an older build have to be touched first, as they were here.`,
  );
}
