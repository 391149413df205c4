import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import { isRecord } from "../../json.js";
import type { Action, Effects } from "../../step.js";
import { nothingToDo, SubgraphStep, type SubgraphChange, type Tell } from "../subgraph-step.js";
import { failureOf, progressOf } from "../version-state.js";
import type { Deployment, GraphNodeBook, GraphNodeIndexer } from "./graph-node.js";
import { confirmPaused, currentOf, deploymentOf, pollMs, switchPause } from "./settle.js";

const rewindIntent = z
  .object({
    indexer: z.string(),
    /** The last block that is kept. */
    block: z.number().int().nonnegative(),
    /** Default: the one that queries get. */
    deployment: z.string().optional(),
  })
  .strict();

type Intent = z.infer<typeof rewindIntent>;

/** What a look has found. */
interface Seen {
  readonly found: Deployment;
  readonly block: number;
  /** Of that block, as the node has it; null when it does not know it. */
  readonly hash: string | null;
}

/**
 * Takes a deployment back to a block, and lets it index again from there. None of graph-node's interfaces can do
 * that, only the program graphman. What they can do is done here by them: pause, wait until it stands still
 * (graphman itself only sleeps), and see afterwards that it runs again.
 */
export function graphNodeRewindStep(
  book: GraphNodeBook,
): SubgraphStep<GraphNodeIndexer, Intent, Seen> {
  return new SubgraphStep(rewind, book);
}

const rewind: SubgraphChange<GraphNodeIndexer, Intent, Seen> = {
  kind: "graph-node-rewind",
  intent: rewindIntent,
  async look(indexer, { block, deployment }) {
    const found =
      deployment === undefined ? await currentOf(indexer) : await deploymentOf(indexer, deployment);
    const hash = found.network === null ? null : await indexer.node.blockHash(found.network, block);
    return { found, block, hash };
  },
  facts: ({ found, block, hash }) => ({
    deployment: found.deployment,
    paused: found.paused,
    "block to go back to": hash,
    position: position(found, block),
  }),
  decide,
  async act(indexer, seen, { type }, tell) {
    const { deployment } = seen.found;
    switch (type) {
      case "graph-node-pause":
        await switchPause(indexer, deployment, true);
        return {};
      case "graphman-rewind":
        return await runRewind(indexer, seen, tell);
      default:
        await resume(indexer, deployment);
        return {};
    }
  },
  async readBack(indexer, _intent, step, _tell, effects) {
    const hash = step.outputs.deployment ?? (await currentOf(indexer)).deployment;
    const found = await deploymentOf(indexer, hash);
    const evidence = [...rewinds(effects), `${hash} ${progressOf(found)}`];
    if (found.health === "failed") {
      return { verified: false, evidence, problem: failureOf(found) };
    }
    if (step.actions.length > 0 && found.paused !== false) {
      return { verified: false, evidence, problem: `somebody has paused ${hash} since` };
    }
    return { verified: true, evidence };
  },
};

/** What was seen of a rewind while graphman ran. Afterwards nothing shows it any more. */
function rewinds({ actions }: Effects): readonly string[] {
  return actions.flatMap((action) =>
    isRecord(action) && typeof action.seen === "string" ? [action.seen] : [],
  );
}

/** Where a deployment is, seen from the block that it is to go back to. */
function position({ latest }: Deployment, block: number): "beyond" | "there" | "before" {
  const at = latest?.number ?? -1;
  return at > block ? "beyond" : at === block ? "there" : "before";
}

function decide(indexer: GraphNodeIndexer, { block }: Intent, seen: Seen) {
  const { found, hash } = seen;
  const { name, subgraph, node, reorgThreshold, graphman } = indexer;
  const { deployment } = found;
  const where = position(found, block);
  const outputs = { deployment };
  const inverse = {
    none: "what was taken back is indexed again from the chain, all by itself",
  };
  if (where === "there" && found.paused === true) {
    // graphman was killed between its rewind and its resumption, or somebody has stopped it right there.
    return {
      title: `let ${subgraph} go on from block ${block}`,
      actions: [action("graph-node-resume", `resume ${deployment}`)],
      expected: [{ fact: "paused", before: true, after: false }],
      outputs,
      inverse,
      notes: [`it ${progressOf(found)}: it has been rewound already`],
    };
  }
  if (where !== "beyond") {
    return {
      ...nothingToDo(`${subgraph} is not beyond block ${block}`, [`it ${progressOf(found)}`]),
      outputs,
    };
  }
  const lowest = found.earliest + reorgThreshold;
  if (block < lowest) {
    throw new EmergencyError(
      "UNSAFE_REWIND",
      `${deployment} cannot go back to block ${block}: it has nothing before block ${found.earliest}, and the ${reorgThreshold} blocks after that may be needed for a reorganisation of the chain`,
      `go back to block ${lowest} or later, or deploy a version of its own: npx hardhat indexer deploy --indexer ${name} --deployment <Qm…> --label <v2>`,
    );
  }
  if (hash === null) {
    throw new EmergencyError(
      "UNSAFE_REWIND",
      `${node.place} does not know a block ${block}${found.network === null ? "" : ` of ${found.network}`}`,
      "name a block that is on the chain",
    );
  }
  const args = rewindArguments(seen, hash);
  if (graphman === undefined) {
    throw new EmergencyError(
      "NO_GRAPHMAN",
      `graph-node's interfaces cannot rewind; only its program graphman can, and it is not configured`,
      `type this where graphman is, it pauses and resumes by itself: graphman --config <config.toml> ${rewindArguments(seen, hash, 20).join(" ")}; or say how it is run from here: emergency.indexers.${name}.graphNode.graphman = ["kubectl", "exec", …, "graphman", "--config", …]`,
    );
  }
  const lacking = node.lacks("pause");
  if (lacking !== undefined) {
    throw lacking;
  }
  const latest = found.latest?.number ?? 0;
  return {
    title: `rewind ${subgraph} to block ${block}`,
    actions: [
      ...(found.paused === true ? [] : [action("graph-node-pause", `pause ${deployment}`)]),
      action(
        "graphman-rewind",
        `when no block has been indexed for ${indexer.settleMs / 1000} s, run ${graphman.command} ${args.join(" ")}`,
      ),
      action("graph-node-resume", `see that ${deployment} is resumed`),
    ],
    expected: [{ fact: "position", before: "beyond", after: "there" }],
    outputs,
    inverse,
    notes: [
      `what it has of ${latest - block} blocks is taken back and indexed again: until then readers see it as of block ${block} and later`,
      ...(found.paused === true ? ["it is paused now, and will run afterwards"] : []),
    ],
  };
}

function action(type: string, summary: string): Action {
  return { type, summary };
}

/** @param sleepSeconds graphman's own wait after the pause; that it stands still has been seen. */
function rewindArguments(
  { found, block }: Seen,
  hash: string,
  sleepSeconds = 0,
): readonly string[] {
  const prefixed = hash.startsWith("0x") ? hash : `0x${hash}`;
  return [
    "rewind",
    "--sleep",
    String(sleepSeconds),
    "--block-hash",
    prefixed,
    "--block-number",
    String(block),
    found.deployment,
  ];
}

async function runRewind(indexer: GraphNodeIndexer, seen: Seen, tell: Tell) {
  const { dryRun, graphman } = indexer;
  const { found, block, hash } = seen;
  if (graphman === undefined || hash === null) {
    throw new TypeError("a rewind was decided without graphman");
  }
  if (dryRun) {
    // graphman has no dry run either; this looks whether it finds the database and the deployment in it.
    await check(await graphman.run(["info", found.deployment]), graphman.command, found.deployment);
    return {};
  }
  const still = await confirmPaused(indexer, found.deployment, tell);
  tell("for graphman to rewind");
  const run = graphman.run(rewindArguments(seen, hash));
  const lowest = await lowestWhile(indexer, found.deployment, run);
  const { code, lines } = await run;
  const told = lines.find((line) => /\brewound\b/.test(line) && line.includes(found.deployment));
  const seenThere = lowest !== null && lowest <= block;
  if (!seenThere && (code !== 0 || told === undefined)) {
    throw new EmergencyError(
      "GRAPHMAN_FAILED",
      `graphman has not rewound ${found.deployment}: ${lines.slice(-3).join(" | ") || `it ended with ${String(code)} and said nothing`}`,
      `it stays paused at block ${still.latest?.number ?? 0}. Correct what graphman says and type the same command again; or let it go on as it was: npx hardhat indexer start --indexer ${indexer.name}`,
    );
  }
  const from = still.latest?.number ?? 0;
  return {
    seen: seenThere
      ? `it was seen at block ${lowest}, down from ${from}`
      : `graphman says that it has taken it from block ${from} to ${block}`,
  };
}

async function check(
  { code, lines }: { readonly code: number | null; readonly lines: readonly string[] },
  command: string,
  hash: string,
): Promise<void> {
  if (code !== 0 || !lines.some((line) => line.includes(hash))) {
    throw new EmergencyError(
      "GRAPHMAN_FAILED",
      `"${command} info ${hash}" does not find the deployment: ${lines.slice(-3).join(" | ")}`,
      "correct how graphman is run: it must have the configuration of this graph-node",
    );
  }
  await Promise.resolve();
}

/** The lowest block that the deployment was seen at until a run had ended. Null when it could not be seen. */
async function lowestWhile(
  indexer: GraphNodeIndexer,
  hash: string,
  run: Promise<unknown>,
): Promise<number | null> {
  let lowest: number | null = null;
  const ended = run.then(
    () => true,
    () => true,
  );
  for (;;) {
    const at = await indexer.node.deployment(hash).then(
      (found) => found?.latest?.number ?? null,
      () => null,
    );
    lowest = at === null ? lowest : Math.min(lowest ?? at, at);
    if (await Promise.race([ended, indexer.wait(pollMs(indexer)).then(() => false)])) {
      return lowest;
    }
  }
}

/** graphman resumes what it has rewound. Where it did not come to that, this does. */
async function resume(indexer: GraphNodeIndexer, hash: string): Promise<void> {
  if ((await deploymentOf(indexer, hash)).paused !== false) {
    await switchPause(indexer, hash, false);
  }
}
