// How long it takes to bring a broken Deployment, StatefulSet or DaemonSet back to its previous revision and to
// wait until its pods work: against `kubectl rollout undo` and `kubectl rollout status` on twins in the same
// cluster, in the same run. And how many requests each of them sends. Prints; judges nothing.
//
//   node scripts/run.mjs bench indexer [rounds]
import { cpus, loadavg } from "node:os";
import path from "node:path";
import { writeFile } from "node:fs/promises";

import type { WorkloadKind } from "../src/indexer/kubernetes/objects.js";
import {
  makeForeignProject,
  packPlugin,
  temporaryFolder,
  type ForeignProject,
} from "../test/package/foreign-project.js";
import { indexerIn, rollBack, roll } from "../test/services/kubernetes/workloads.js";
import { startFaultyProxy } from "../test/services/servers/faulty-proxy.js";
import {
  KUBERNETES_TOOLS,
  startKubernetes,
  type Kubernetes,
} from "../test/services/servers/kubernetes.js";
import { runToEnd } from "../test/services/servers/run-to-end.js";
import { pathOf, whyMissing } from "../test/services/servers/tools.js";
import { interleave, summarise, table, type Contender, type Summary } from "./measure.js";

const ROUNDS = 10;

const KINDS: readonly WorkloadKind[] = ["Deployment", "StatefulSet", "DaemonSet"];

const LIBRARY = "ours, as a library";
const TYPED = "ours, as typed";
const KUBECTL = "kubectl";
const EMPTY = "an empty Hardhat task, as typed";

const CONFIG = `import emergency from "hardhat-emergency";
import { defineConfig, task } from "hardhat/config";

const empty = task("empty", "Does nothing").setInlineAction(() => undefined).build();

export default defineConfig({
  plugins: [emergency],
  tasks: [empty],
  emergency: {
    indexers: {
      api: {
        kubernetes: {
          kind: process.env.BENCH_KIND ?? "Deployment",
          name: "api",
          namespace: process.env.BENCH_NAMESPACE ?? "none",
        },
      },
    },
  },
});
`;

/** One way to undo a rollout and to wait for its end. */
interface Way {
  readonly name: string;
  readonly undo: (namespace: string, kind: WorkloadKind) => Promise<void>;
}

/** Measures so many rounds, and prints what they took. */
export async function indexerBench(rounds = ROUNDS): Promise<void> {
  for (const tool of KUBERNETES_TOOLS) {
    const why = whyMissing(tool);
    if (why !== undefined) {
      throw new Error(`${tool} is missing: ${why}`);
    }
  }
  const { folder, remove } = await temporaryFolder();
  const home = await temporaryFolder();
  const kubernetes = await startKubernetes();
  try {
    const files = { "hardhat.config.ts": CONFIG };
    const project = await makeForeignProject(home.folder, await packPlugin(folder), files);
    const version = await runToEnd(pathOf("kubectl"), ["version", "--client"]);
    console.log(
      [
        `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown processor"}.`,
        `kubectl: ${version.output.split("\n")[0] ?? ""}.`,
        `A control plane on this machine, kwok for kubelets. ${rounds} rounds after one that does not count, interleaved.`,
      ].join("\n"),
    );
    await measure(kubernetes, project, rounds);
    await count(kubernetes, folder);
  } finally {
    await kubernetes.stop();
    await home.remove();
    await remove();
  }
}

async function measure(
  kubernetes: Kubernetes,
  project: ForeignProject,
  rounds: number,
): Promise<void> {
  const ways = [library(kubernetes), typed(kubernetes, project), kubectl(kubernetes)];
  const loads: number[] = [];
  const contenders: readonly Contender[] = [
    ...ways.map(({ name, undo }) => ({
      name,
      run: async () => {
        const sample: Record<string, number> = {};
        for (const kind of KINDS) {
          const namespace = await broken(kubernetes, kind);
          sample[kind] = await timed(async () => {
            await undo(namespace, kind);
          });
        }
        loads.push(loadavg()[0] ?? NaN);
        return sample;
      },
    })),
    {
      name: EMPTY,
      run: async () => ({
        "start to end": await timed(async () => {
          await mustRun(project, ["empty"], {});
        }),
      }),
    },
  ];
  const samples = await interleave(contenders, rounds);
  const summaries = new Map([...samples].map(([name, of]) => [name, summarise(of)]));
  const load = [Math.min(...loads), Math.max(...loads)].map((value) => value.toFixed(1));
  console.log(`Load of the machine meanwhile: ${load.join(" to ")}.\n`);
  const rows = [["undo until it is up, milliseconds", "median", "least", "most"]];
  for (const [name, summary] of summaries) {
    for (const [what, { median, least, most }] of summary) {
      rows.push([`${name}: ${what}`, ...[median, least, most].map((value) => value.toFixed(0))]);
    }
  }
  console.log(table(rows));
  console.log("");
  const median = (name: string, what: string): number => medianOf(summaries, name, what);
  console.log(
    table([
      ["ratio of medians", ...KINDS],
      ...[LIBRARY, TYPED].map((name) => [
        `${name} / ${KUBECTL}`,
        ...KINDS.map((kind) => (median(name, kind) / median(KUBECTL, kind)).toFixed(2)),
      ]),
    ]),
  );
  console.log("");
  const medians = Object.fromEntries(
    [...summaries].map(([name, summary]) => [name, Object.fromEntries(summary)]),
  );
  console.log(JSON.stringify({ rounds, load: loads, medians }));
}

function medianOf(
  summaries: ReadonlyMap<string, ReadonlyMap<string, Summary>>,
  name: string,
  what: string,
): number {
  return summaries.get(name)?.get(what)?.median ?? NaN;
}

/** A workload of three pods whose second revision does not come up. */
async function broken(kubernetes: Kubernetes, kind: WorkloadKind): Promise<string> {
  const namespace = await kubernetes.namespace();
  await roll(kubernetes, namespace, kind, { image: "api:1", replicas: 3 });
  await roll(kubernetes, namespace, kind, { image: "api:2", replicas: 3 });
  const resource = `${kind.toLowerCase()}/api`;
  const { code, output } = await kubernetes.kubectl(namespace, "rollout", "status", resource);
  if (code !== 0) {
    throw new Error(output);
  }
  return namespace;
}

function library(kubernetes: Kubernetes): Way {
  return {
    name: LIBRARY,
    undo: async (namespace, kind) => {
      const { failure, outcomes } = await rollBack(await indexerIn(kubernetes, namespace, kind), {
        to: "previous",
      });
      if (failure !== null || outcomes.some(({ status }) => status !== "done")) {
        throw failure ?? new Error(JSON.stringify(outcomes));
      }
    },
  };
}

function typed({ kubeconfig }: Kubernetes, project: ForeignProject): Way {
  return {
    name: TYPED,
    undo: async (namespace, kind) => {
      const env = { KUBECONFIG: kubeconfig, BENCH_NAMESPACE: namespace, BENCH_KIND: kind };
      await mustRun(project, ["indexer", "rollback", "--yes"], env);
    },
  };
}

function kubectl(
  kubernetes: Kubernetes,
  ...flags: readonly string[]
): Way & {
  readonly said: string[];
} {
  const said: string[] = [];
  return {
    name: KUBECTL,
    said,
    undo: async (namespace, kind) => {
      for (const verb of ["undo", "status"]) {
        const resource = `${kind.toLowerCase()}/api`;
        const { code, output } = await kubernetes.kubectl(
          namespace,
          ...["rollout", verb, resource, ...flags],
        );
        if (code !== 0) {
          throw new Error(output);
        }
        said.push(output);
      }
    },
  };
}

/** Counts the requests of each, in a round of its own: counting takes time. */
async function count(kubernetes: Kubernetes, folder: string): Promise<void> {
  const proxy = await startFaultyProxy(kubernetes.server, kubernetes.certificate);
  const rows = [["requests until the change is made; while it is waited for", ...KINDS]];
  try {
    const kubeconfig = path.join(folder, "kubeconfig.json");
    await writeFile(
      kubeconfig,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "test",
        contexts: [{ name: "test", context: { cluster: "test", user: "user" } }],
        clusters: [
          { name: "test", cluster: { server: proxy.url, "insecure-skip-tls-verify": true } },
        ],
        users: [{ name: "user", user: { token: kubernetes.token } }],
      }),
    );
    const ours: string[] = [];
    const theirs: string[] = [];
    for (const kind of KINDS) {
      const through = await broken(kubernetes, kind);
      proxy.forget();
      await library({ ...kubernetes, kubeconfig }).undo(through, kind);
      // The dry run is a patch too.
      const patch = proxy.requests.findLastIndex(({ method }) => method === "PATCH") + 1;
      ours.push(`${patch}; ${proxy.requests.length - patch}`);

      const verbose = kubectl(kubernetes, "-v=6");
      await verbose.undo(await broken(kubernetes, kind), kind);
      const [undo = "", status = ""] = verbose.said;
      theirs.push(`${requestsIn(undo)}; ${requestsIn(status)}`);
    }
    rows.push([`${LIBRARY}, with its dry run`, ...ours], [KUBECTL, ...theirs]);
  } finally {
    await proxy.stop();
  }
  console.log("");
  console.log(table(rows));
}

/** kubectl says each request that it sends, from `-v=6` on. */
function requestsIn(output: string): number {
  return output
    .split("\n")
    .filter(
      (line) =>
        /\b(GET|PATCH|POST|PUT)\b.*https?:\/\//.test(line) ||
        /verb="(GET|PATCH|POST|PUT)"/.test(line),
    ).length;
}

async function mustRun(
  project: ForeignProject,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const hardhat = path.join(project.folder, "node_modules/.bin/hardhat");
  const { exitCode, stdout, stderr } = await project.run(process.execPath, [hardhat, ...args], env);
  if (exitCode !== 0) {
    throw new Error(`${args.join(" ")} gave ${exitCode}:\n${stdout}${stderr}`);
  }
}

async function timed(what: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await what();
  return performance.now() - startedMs;
}
