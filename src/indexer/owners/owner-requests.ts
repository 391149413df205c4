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
 * @param isRelease whether an indexer is changed by Helm itself: then its release is no owner of it.
 */
export async function ownerRequests(
  indexers: IndexerBook,
  names: readonly string[],
  { owner, resume }: OwnerPolicy,
  isRelease: (name: string) => boolean = () => false,
): Promise<ReadonlyMap<string, OwnerRequests>> {
  return new Map(
    await Promise.all(
      names.map(async (name): Promise<readonly [string, OwnerRequests]> => {
        if (!(await isOwned(indexers, name, isRelease(name)))) {
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

async function isOwned(indexers: IndexerBook, name: string, isRelease: boolean): Promise<boolean> {
  try {
    const { owners } = await findOwners(await indexers(name));
    return owners.some(({ title }) => !isRelease || !title.startsWith("Helm release "));
  } catch (error) {
    // Whoever wants to change what is not there says so better.
    if (error instanceof EmergencyError && error.code === "UNKNOWN_WORKLOAD") {
      return false;
    }
    throw error;
  }
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
