import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { Facts } from "../../step.js";
import type { IndexerBook } from "../indexer.js";
import { recordHealth } from "./health-record.js";
import { readHistory, type History, type Revision } from "./history.js";
import { isMeantToRun } from "./stopped.js";
import { problemOf, waitForRollout } from "./status.js";
import { templateHash } from "./template.js";
import { nothingToDo, titleOf, WorkloadStep, type WorkloadChange } from "./workload-step.js";

const recordIntent = z
  .object({
    indexer: z.string(),
    /** ISO 8601. A record of this time or later is the one that is wanted, see `RestartStep`'s `since`. */
    since: z.string().datetime({ offset: true }),
  })
  .strict();

type Intent = z.infer<typeof recordIntent>;

/**
 * `indexer-record`: writes on the present revision that it works, so that `--to healthy` finds it when its pods
 * are long gone. Waits until it does.
 */
export function recordStep(indexers: IndexerBook): WorkloadStep<Intent, History> {
  return new WorkloadStep(record, indexers);
}

const record: WorkloadChange<Intent, History> = {
  kind: "indexer-record",
  intent: recordIntent,
  look: async ({ cluster, workload }) => await readHistory(cluster, workload),
  facts: ({ workload }): Facts => ({
    workload: workload.metadata.uid,
    "template of the workload": templateHash(workload.spec.template),
  }),
  decide(indexer, { since }, history) {
    const title = titleOf(indexer);
    const present = presentOf(title, history);
    if (!isMeantToRun(indexer.workload.kind, history.workload)) {
      throw new EmergencyError(
        "INDEXER_NOT_UP",
        `${title} has no pods that could work`,
        `start it first: npx hardhat indexer start --indexer ${indexer.name}`,
      );
    }
    if (isRecorded(present, since)) {
      return nothingToDo(
        `revision ${present.number} of ${title} is recorded to have worked at ${present.recorded?.at ?? ""}`,
      );
    }
    const { recorded } = present;
    return {
      title: `record that revision ${present.number} of ${title} works, when it does`,
      actions: [
        {
          type: "record-health",
          summary: `write on revision ${present.number} (${present.images.join(", ")}) that it works`,
        },
      ],
      expected: [
        {
          fact: "recorded",
          before: recorded === null ? null : `${recorded.health} at ${recorded.at}`,
          after: "healthy",
        },
      ],
      outputs: {},
      inverse: { none: "a record changes nothing that runs" },
      notes: [],
    };
  },
  writes: (indexer, _intent, _history, tell) => [
    async () => {
      const { cluster, workload: name, now } = indexer;
      const title = titleOf(indexer);
      if (!cluster.dryRun) {
        const problem = problemOf(await waitForRollout(indexer, tell));
        if (problem !== undefined) {
          throw new EmergencyError(
            "INDEXER_NOT_UP",
            problem,
            `see why: npx hardhat indexer status --indexer ${indexer.name}; then type the same command again`,
          );
        }
      }
      // What is there when the wait is over is what works.
      const present = presentOf(title, await readHistory(cluster, name));
      const health = { health: "healthy", at: now().toISOString() } as const;
      if (!(await recordHealth(cluster, name.kind, present, health))) {
        throw new EmergencyError(
          "PRIOR_STATE_CHANGED",
          `revision ${present.number} of ${title} is gone. Nothing was written`,
          "type the command again: it looks at the workload as it is now",
        );
      }
      return { did: "record", template: present.hash };
    },
  ],
  async readBack(indexer, { since }) {
    const { cluster, workload: name } = indexer;
    const title = titleOf(indexer);
    const present = presentOf(title, await readHistory(cluster, name));
    return isRecorded(present, since)
      ? {
          evidence: [
            `revision ${present.number} of ${title} (${present.images.join(", ")}) is recorded to have worked at ${present.recorded?.at ?? ""}`,
          ],
        }
      : { evidence: [], problem: `revision ${present.number} of ${title} bears no such record` };
  },
};

/** @throws EmergencyError UNKNOWN_REVISION */
function presentOf(title: string, { revisions }: History): Revision {
  const present = revisions.findLast((revision) => revision.present);
  if (present === undefined) {
    throw new EmergencyError(
      "UNKNOWN_REVISION",
      `the controller of ${title} has made no revision of its present template yet`,
      "wait a moment, and type the same command again",
    );
  }
  return present;
}

/** Records are to the second. */
function isRecorded({ recorded }: Revision, since: string): boolean {
  return recorded?.health === "healthy" && Date.parse(recorded.at) + 1_000 > Date.parse(since);
}
