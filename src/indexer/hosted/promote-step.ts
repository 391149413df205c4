import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { Inverse, Verification } from "../../step.js";
import { mayHaveHappened } from "../lost-answer.js";
import { nothingToDo, SubgraphStep, type SubgraphChange, type Tell } from "../subgraph-step.js";
import { progressOf, unfitToServe } from "../version-state.js";
import {
  VERSION_NAME,
  type Host,
  type HostedBook,
  type HostedIndexer,
  type HostedVersion,
} from "./hosted.js";

const promoteIntent = z
  .object({
    indexer: z.string(),
    /** The version to serve: "1.0.1". It goes into a URL. */
    to: z.string().regex(VERSION_NAME, "must be the name of a version"),
    /** The version that is served now, where the host does not say which it is. */
    from: z.string().regex(VERSION_NAME, "must be the name of a version").optional(),
  })
  .strict();

type Intent = z.infer<typeof promoteIntent>;

/** What a look has found. */
interface Seen {
  readonly candidate: HostedVersion | null;
  readonly served: HostedVersion | null;
  /** The version that `from` names. */
  readonly from: HostedVersion | null;
}

/** Moves a tag, or what is live, to another version of a hosted subgraph, once that is healthy and far enough. */
export function hostedPromoteStep(
  kind: Host["kind"],
  book: HostedBook,
): SubgraphStep<HostedIndexer, Intent, Seen> {
  return new SubgraphStep(change(kind), book);
}

function change(kind: Host["kind"]): SubgraphChange<HostedIndexer, Intent, Seen> {
  return {
    kind: `${kind}-promote`,
    intent: promoteIntent,
    async look({ host }, { to, from }) {
      const [candidate, served, before] = await Promise.all([
        host.version(to),
        host.served(),
        from === undefined ? null : host.version(from),
      ]);
      return { candidate, served, from: before };
    },
    facts: ({ candidate, served, from }) => ({
      "deployment that is served": served?.deployment ?? null,
      "version that is served": served?.version ?? from?.version ?? null,
      "deployment to serve": candidate?.deployment ?? null,
      "health of it": candidate?.health ?? null,
      synced: candidate?.synced ?? null,
      paused: candidate?.paused ?? null,
    }),
    decide,
    async act({ host }, { candidate }, _action, tell) {
      const name = candidate?.version ?? "";
      tell("for the host");
      try {
        await host.serve(name);
      } catch (error) {
        if (!mayHaveHappened(error) || !isServed(await host.served(), candidate)) {
          throw error;
        }
      }
      return { version: name };
    },
    readBack: async (indexer, { to }, _step, tell) => await readServed(indexer, to, tell),
  };
}

function decide({ name, host }: HostedIndexer, { to, from }: Intent, seen: Seen) {
  const { candidate, served, from: before } = seen;
  if (candidate === null) {
    throw new EmergencyError(
      "UNKNOWN_VERSION",
      `${host.place}: there is no version "${to}"`,
      "deploy it with the host's own command line, and correct its name",
    );
  }
  const outputs = { version: to, deployment: candidate.deployment ?? "" };
  if (isServed(served, candidate)) {
    return {
      ...nothingToDo(`${host.place} serves ${to}`, [`it ${progressOf(candidate)}`]),
      outputs,
    };
  }
  const unfit = unfitToServe(candidate, served);
  if (unfit !== undefined) {
    throw new EmergencyError(
      "VERSION_NOT_READY",
      `${host.place}: ${to} cannot be served: ${unfit}`,
      "wait until it is healthy and synced, and type the same command again. Readers go on with the version that they have",
    );
  }
  if (from !== undefined && served?.version === null && !isServed(served, before)) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `${host.place}: it is not "${from}" that is served now, but ${served.deployment ?? "something else"}`,
      "leave --from out, or name the version that is live",
    );
  }
  const old = served?.version ?? from ?? null;
  return {
    title: `serve ${to} at ${host.place}`,
    actions: [
      { type: `${host.kind}-promote`, summary: `serve ${to} in place of ${inWords(served, old)}` },
    ],
    expected: [
      {
        fact: "deployment that is served",
        before: served?.deployment ?? null,
        after: candidate.deployment,
      },
    ],
    outputs,
    inverse: inverseOf(name, host, served, old),
    notes: [
      `it ${progressOf(candidate)}${served === null ? "" : `; what is served now ${progressOf(served)}`}`,
      ...(candidate.head === null
        ? [
            "the host does not say how far the chain is: the version was compared with what is served now",
          ]
        : []),
    ],
  };
}

function inWords(served: HostedVersion | null, old: string | null): string {
  return old ?? served?.deployment ?? "nothing";
}

function inverseOf(
  indexer: string,
  host: Host,
  served: HostedVersion | null,
  old: string | null,
): Inverse {
  if (old !== null) {
    return { kind: `${host.kind}-promote`, intent: { indexer, to: old } };
  }
  return {
    none:
      served === null
        ? "nothing was served before"
        : `${host.place} does not say which version was served (${served.deployment ?? "unknown"}); promote it by its name, or give that with --from`,
  };
}

function isServed(served: HostedVersion | null, candidate: HostedVersion | null): boolean {
  if (served === null || candidate === null) {
    return false;
  }
  return served.version === null
    ? served.deployment === candidate.deployment
    : served.version === candidate.version;
}

/** What is served is asked for at the host's edge, which learns of a change somewhat later. */
const PATIENCE_MS = 30_000;

const POLL_MS = 1_000;

async function readServed(
  { host, now, wait, waitMs }: HostedIndexer,
  to: string,
  tell: Tell,
): Promise<Verification> {
  const startedMs = now();
  const patienceMs = Math.min(PATIENCE_MS, waitMs);
  for (;;) {
    const [served, candidate] = await Promise.all([host.served(), host.version(to)]);
    if (served !== null && isServed(served, candidate)) {
      const evidence = [`${host.place} serves ${to}, which ${progressOf(served)}`];
      return served.health === "healthy"
        ? { verified: true, evidence }
        : { verified: false, evidence, problem: "it is not healthy any more" };
    }
    if (now() - startedMs >= patienceMs) {
      const got = served?.version ?? served?.deployment ?? "nothing";
      return { verified: false, evidence: [], problem: `${host.place} still serves ${got}` };
    }
    tell("until readers get it");
    await wait(Math.min(POLL_MS, patienceMs / 4));
  }
}
