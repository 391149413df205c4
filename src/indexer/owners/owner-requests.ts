import { EmergencyError } from "../../errors.js";
import type { StepRequest } from "../../step.js";
import type { IndexerBook } from "../indexer.js";
import { findOwners } from "./find-owners.js";

/** What is wanted of the owners of what will be changed. */
export interface OwnerPolicy {
  /** "suspend": before anything is changed; "ignore": go on although something will put it back. */
  readonly owner: "suspend" | "ignore";
  /** Whether they are resumed at the end; otherwise they stay suspended, which is said. */
  readonly resume: boolean;
}

/** What is put before and behind the steps that change one indexer. */
export interface OwnerRequests {
  readonly first: readonly StepRequest[];
  readonly last: readonly StepRequest[];
}

/**
 * The steps on the owners of indexers, by indexer. Nothing where nothing keeps a workload as it is.
 * @param names of indexers that run in a cluster.
 */
export async function ownerRequests(
  indexers: IndexerBook,
  names: readonly string[],
  { owner, resume }: OwnerPolicy,
): Promise<ReadonlyMap<string, OwnerRequests>> {
  return new Map(
    await Promise.all(
      names.map(async (name): Promise<readonly [string, OwnerRequests]> => {
        const { owners } = await findOwners(await indexers(name));
        if (owners.length === 0) {
          return [name, { first: [], last: [] }];
        }
        const resumes = resume && owner === "suspend";
        const first: StepRequest = {
          id: `suspend ${name}`,
          kind: "indexer-suspend",
          intent: {
            indexer: name,
            ...(owner === "ignore" ? { owner } : {}),
            ...(resumes ? { resumes } : {}),
          },
        };
        const last = { id: `resume ${name}`, kind: "indexer-resume", intent: { indexer: name } };
        return [name, { first: [first], last: resumes ? [last] : [] }];
      }),
    ),
  );
}

/**
 * What is wanted of owners, as it is typed.
 * @throws EmergencyError BAD_ARGUMENTS
 */
export function parseOwnerPolicy(owner: string | undefined, resume: boolean): OwnerPolicy {
  const typed = owner?.trim() ?? "suspend";
  if (typed !== "suspend" && typed !== "ignore") {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `"${typed}" cannot be done with what keeps a workload as it is`,
      "--owner suspend (the default), or --owner ignore",
    );
  }
  if (typed === "ignore" && resume) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      "what is ignored is not suspended, so there is nothing to resume",
      "leave out --resume or --owner ignore",
    );
  }
  return { owner: typed, resume };
}
