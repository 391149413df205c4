import { xmlError, type Answer } from "./answers.js";
import { allInside, inside, unescaped } from "./cloudfront-xml.js";

/** An invalidation of a distribution. */
interface Invalidation {
  readonly distributionId: string;
  readonly id: string;
  readonly reference: string;
  readonly paths: readonly string[];
  isCompleted: boolean;
}

const MOST_PATHS = 3_000;
const MOST_WILDCARDS = 15;

/** What is asked to be invalidated. */
export interface Batch {
  readonly reference: string;
  readonly paths: readonly string[];
}

export function batchIn(body: string): Batch {
  return {
    reference: unescaped(inside(body, "CallerReference") ?? ""),
    paths: allInside(body, "Path").map(unescaped),
  };
}

/** The rules of CloudFront's invalidations, and which ones there are. In memory. */
export class Invalidations {
  readonly #all: Invalidation[] = [];

  /** Why a batch is not taken; undefined when it is. */
  refusal(distributionId: string, { paths }: Batch): Answer | undefined {
    const bad = paths.find((path) => !isValid(path));
    if (bad !== undefined || paths.length === 0) {
      return xmlError(
        400,
        "InvalidArgument",
        "Your request contains one or more invalid invalidation paths.",
      );
    }
    if (paths.length > MOST_PATHS) {
      return xmlError(413, "BatchTooLarge", "Invalidation batch specified is too large.");
    }
    const open = this.#of(distributionId).filter(({ isCompleted }) => !isCompleted);
    const inProgress = [...open.flatMap((each) => each.paths), ...paths];
    const wildcards = inProgress.filter((path) => path.endsWith("*")).length;
    return wildcards > MOST_WILDCARDS || inProgress.length - wildcards > MOST_PATHS
      ? xmlError(
          400,
          "TooManyInvalidationsInProgress",
          "Your request will cause you to exceed the maximum number of in-progress invalidations.",
        )
      : undefined;
  }

  /** The one that is there under this name, or why there cannot be another one. */
  existing(
    distributionId: string,
    { reference, paths }: Batch,
  ): { readonly id: string } | { readonly refused: Answer } | undefined {
    const found = this.#of(distributionId).find((each) => each.reference === reference);
    if (found === undefined) {
      return undefined;
    }
    return [...found.paths].sort().join("\n") === [...paths].sort().join("\n")
      ? { id: found.id }
      : {
          refused: xmlError(
            400,
            "InvalidationBatchAlreadyExists",
            "An invalidation with this caller reference and other paths exists.",
          ),
        };
  }

  add(distributionId: string, id: string, { reference, paths }: Batch): Invalidation {
    const added: Invalidation = { distributionId, id, reference, paths, isCompleted: false };
    this.#all.push(added);
    return added;
  }

  isCompleted(id: string): boolean {
    return this.#all.find((each) => each.id === id)?.isCompleted ?? false;
  }

  /** How many there have been. */
  get count(): number {
    return this.#all.length;
  }

  /** The paths of all there have been, oldest first. */
  get paths(): readonly (readonly string[])[] {
    return this.#all.map(({ paths }) => paths);
  }

  #of(distributionId: string): readonly Invalidation[] {
    return this.#all.filter((each) => each.distributionId === distributionId);
  }
}

/** Begins with a slash, and is percent-encoded as RFC 1738 wants it. */
function isValid(path: string): boolean {
  return /^\/(?:[A-Za-z0-9\-_.!$&'()+,;=:@/?~*]|%[0-9A-F]{2})*$/.test(path);
}

/** Whether an invalidation's path means an address. */
export function means(path: string, address: string): boolean {
  return path.endsWith("*") ? address.startsWith(path.slice(0, -1)) : path === address;
}
