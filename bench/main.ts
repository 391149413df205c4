// How long it takes from the key press until a contract is paused, against an empty Hardhat task in the
// same project and against `cast send`. Prints; judges nothing.
//
//   node scripts/run.mjs bench [rounds] [round trip to the node, in ms]
//   node scripts/run.mjs bench inspect [contracts] [round trip to the node, in ms]: see inspect.ts
//   node scripts/run.mjs bench frontend [files...] [rounds]: see frontend.ts
//   node scripts/run.mjs bench indexer [rounds]: see indexer.ts
import { spawn } from "node:child_process";
import { mkdir, stat } from "node:fs/promises";
import { cpus } from "node:os";
import path from "node:path";

import { owner } from "../test/helpers/accounts.js";
import { startNode, type LocalNode } from "../test/helpers/anvil.js";
import { deploy, isPaused } from "../test/helpers/contracts.js";
import { repository } from "../test/helpers/repository.js";
import {
  makeForeignProject,
  packPlugin,
  run,
  strangersEnvironment,
  temporaryFolder,
  type ForeignProject,
} from "../test/package/foreign-project.js";
import {
  interleave,
  summarise,
  table,
  type Contender,
  type Sample,
  type Summary,
} from "./measure.js";
import { now, recordingProxy, roundTripsBefore, type RecordingProxy } from "./proxy.js";

/** Fewer would let one slow run move the median. */
const FEWEST_ROUNDS = 10;
const CAST = "1.7.1";

const WHOLE = "start to end, ms";
const ACTION = "start to the task's action, ms";
const FIRST_REQUEST = "start to the first request, ms";
const TRANSACTION = "start to the transaction, ms";
const REQUESTS = "requests before the transaction";
const ROUND_TRIPS = "round trips before the transaction";

const EMPTY_TASK = "empty Hardhat task";
const PAUSE = "hardhat pause";
const PAUSE_BY_NPX = "npx hardhat pause";
const CAST_SEND = "cast send";

/** What the bench was asked for. */
interface Settings {
  readonly rounds: number;
  readonly roundTripMs: number;
}

/** The project's configuration: one network, the plugin, and a task that does nothing. */
function config(url: string, chainId: number): string {
  return `import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import emergency from "hardhat-emergency";
import { configVariable, defineConfig, task } from "hardhat/config";

const empty = task("empty", "Does nothing")
  .setInlineAction(() => {
    console.log(performance.timeOrigin + performance.now());
  })
  .build();

export default defineConfig({
  plugins: [hardhatEthers, emergency],
  tasks: [empty],
  networks: {
    production: {
      type: "http",
      url: "${url}",
      chainId: ${chainId},
      accounts: [configVariable("PAUSER_KEY")],
    },
  },
});
`;
}

interface Bench {
  readonly node: LocalNode;
  readonly proxy: RecordingProxy;
  readonly project: ForeignProject;
}

const KEY = { PAUSER_KEY: owner.key };

/** Runs a program to its end and notes when it started and ended. */
async function timed(
  { project }: Bench,
  program: string,
  args: readonly string[],
): Promise<{ readonly startedMs: number; readonly endedMs: number; readonly stdout: string }> {
  const env = { ...strangersEnvironment(), ...KEY };
  const startedMs = now();
  const child = spawn(program, args, {
    cwd: project.folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  let endedMs = NaN;
  child.once("exit", () => {
    endedMs = now();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) {
    throw new Error(`${program} ${args.join(" ")} gave exit code ${code}:\n${stdout}${stderr}`);
  }
  return { startedMs, endedMs, stdout };
}

function emptyTask(bench: Bench): Contender {
  return {
    name: EMPTY_TASK,
    async run() {
      const args = [hardhatOf(bench), "empty", "--network", "production"];
      const { startedMs, endedMs, stdout } = await timed(bench, process.execPath, args);
      return { [WHOLE]: endedMs - startedMs, [ACTION]: Number(stdout) - startedMs };
    },
  };
}

/** One way to pause a contract that nobody has paused before. */
function pausing(
  name: string,
  bench: Bench,
  command: (contract: string) => readonly [program: string, ...args: string[]],
): Contender {
  return {
    name,
    async run() {
      const contract = await deploy(bench.node, "OwnablePausable", [owner.address]);
      bench.proxy.take();
      const [program, ...args] = command(contract);
      const { startedMs, endedMs } = await timed(bench, program, args);
      if (!(await isPaused(bench.node, contract))) {
        throw new Error(`${name} has not paused the contract`);
      }
      return { [WHOLE]: endedMs - startedMs, ...untilTheTransaction(bench.proxy, startedMs) };
    },
  };
}

/** What the node was asked before the transaction came. */
function untilTheTransaction(proxy: RecordingProxy, startedMs: number): Sample {
  const exchanges = proxy.take();
  const sent = exchanges.findIndex(({ methods }) => methods.includes("eth_sendRawTransaction"));
  const first = exchanges[0];
  const transaction = exchanges[sent];
  if (first === undefined || transaction === undefined) {
    throw new Error("no transaction has come to the node");
  }
  return {
    [FIRST_REQUEST]: first.arrivedMs - startedMs,
    [TRANSACTION]: transaction.arrivedMs - startedMs,
    [REQUESTS]: sent,
    [ROUND_TRIPS]: roundTripsBefore(exchanges)[sent] ?? NaN,
  };
}

function hardhatOf({ project }: Bench): string {
  return path.join(project.folder, "node_modules/.bin/hardhat");
}

const pauseArgs = (contract: string): string[] => [
  ...["pause", "--network", "production"],
  ...["--contract", contract, "--yes"],
];

function castSend(cast: string, bench: Bench): Contender {
  return pausing(CAST_SEND, bench, (contract) => [
    cast,
    ...["send", contract, "pause()"],
    ...["--rpc-url", bench.proxy.url, "--private-key", owner.key],
  ]);
}

/** cast from npm, by its path: npx itself would take longer than cast does. */
async function fetchCast(project: ForeignProject): Promise<string | undefined> {
  const name = `@foundry-rs/cast-${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}@${CAST}`;
  const { exitCode, stdout } = await project.run("npx", [
    "-y",
    "-p",
    name,
    "-c",
    "command -v cast",
  ]);
  const found = stdout.trim();
  if (exitCode !== 0 || found === "") {
    console.log(`No comparison with cast: ${name} cannot be had.`);
    return undefined;
  }
  return found;
}

async function main(settings: Settings): Promise<void> {
  // What is deployed below: compiled contracts, which a fresh clone does not have.
  const hardhat = path.join(repository, "node_modules/hardhat/dist/src/cli.js");
  const built = await run(process.execPath, [hardhat, "build", "--quiet"], repository);
  if (built.exitCode !== 0) {
    throw new Error(`the contracts do not compile:\n${built.stdout}${built.stderr}`);
  }

  const { folder, remove } = await temporaryFolder();
  const node = await startNode();
  const proxy = await recordingProxy(node.url, settings.roundTripMs);
  try {
    const tarball = await packPlugin(folder);
    const { size } = await stat(tarball.file);
    console.log(`Packed: ${path.basename(tarball.file)}, ${Math.round(size / 1000)} kB.`);

    const startedMs = now();
    const home = path.join(folder, "project");
    await mkdir(home);
    const project = await makeForeignProject(home, tarball, {
      "hardhat.config.ts": config(proxy.url, node.chainId),
    });
    console.log(
      `Installed into a project of its own in ${((now() - startedMs) / 1000).toFixed(1)} s.`,
    );

    const bench = { node, proxy, project };
    const cast = await fetchCast(project);
    const contenders = [
      emptyTask(bench),
      pausing(PAUSE, bench, (contract) => [
        process.execPath,
        hardhatOf(bench),
        ...pauseArgs(contract),
      ]),
      pausing(PAUSE_BY_NPX, bench, (contract) => [
        "npx",
        "--no-install",
        "hardhat",
        ...pauseArgs(contract),
      ]),
      ...(cast === undefined ? [] : [castSend(cast, bench)]),
    ];
    const samples = await interleave(contenders, settings.rounds);
    const summaries = new Map([...samples].map(([name, of]) => [name, summarise(of)]));
    print(summaries, settings);
  } finally {
    await proxy.close();
    await node.stop();
    await remove();
  }
}

type Summaries = ReadonlyMap<string, ReadonlyMap<string, Summary>>;

function print(summaries: Summaries, settings: Settings): void {
  const processor = cpus()[0]?.model ?? "unknown processor";
  console.log(`Node ${process.version}, ${cpus().length} x ${processor}.`);
  console.log(
    `${settings.rounds} rounds, interleaved; the node answers after ${settings.roundTripMs} ms.\n`,
  );
  const rows = [["", "median", "least", "most"]];
  for (const [name, summary] of summaries) {
    for (const [what, { median, least, most }] of summary) {
      rows.push([`${name}: ${what}`, ...[median, least, most].map((value) => value.toFixed(0))]);
    }
  }
  console.log(table(rows));

  const ratios = Object.fromEntries(
    [
      ratio(summaries, [PAUSE, FIRST_REQUEST], [EMPTY_TASK, ACTION]),
      ratio(summaries, [PAUSE, WHOLE], [EMPTY_TASK, WHOLE]),
      ratio(summaries, [PAUSE, WHOLE], [CAST_SEND, WHOLE]),
      ratio(summaries, [PAUSE, TRANSACTION], [CAST_SEND, TRANSACTION]),
      ratio(summaries, [PAUSE_BY_NPX, WHOLE], [CAST_SEND, WHOLE]),
    ].flat(),
  );
  console.log("");
  console.log(
    table([
      ["ratio of medians", ""],
      ...Object.entries(ratios).map(([what, value]) => [what, value.toFixed(2)]),
    ]),
  );
  console.log("");
  const medians = Object.fromEntries(
    [...summaries].map(([name, summary]) => [name, Object.fromEntries(summary)]),
  );
  console.log(JSON.stringify({ ...settings, node: process.version, medians, ratios }));
}

type Figure = readonly [contender: string, what: string];

/** One median over another, unless one was not measured. */
function ratio(summaries: Summaries, above: Figure, below: Figure): [string, number][] {
  const of = ([name, what]: Figure): number | undefined => summaries.get(name)?.get(what)?.median;
  const [upper, lower] = [of(above), of(below)];
  return upper === undefined || lower === undefined
    ? []
    : [[`${above.join(", ")} / ${below.join(", ")}`, Math.round((upper / lower) * 100) / 100]];
}

const [, , first, second, third] = process.argv;
if (first === "inspect") {
  // Loaded here: the corpus is nothing to wait for in the other comparison.
  const { inspectBench } = await import("./inspect.js");
  await inspectBench(
    second === undefined ? undefined : Number(second),
    third === undefined ? undefined : Number(third),
  );
} else if (first === "frontend") {
  const { frontendBench } = await import("./frontend.js");
  await frontendBench(process.argv.slice(3).map(Number));
} else if (first === "indexer") {
  const { indexerBench } = await import("./indexer.js");
  await indexerBench(second === undefined ? undefined : Number(second));
} else {
  await main({
    rounds: Math.max(FEWEST_ROUNDS, Number(first ?? FEWEST_ROUNDS)),
    roundTripMs: Number(second ?? 0),
  });
}
