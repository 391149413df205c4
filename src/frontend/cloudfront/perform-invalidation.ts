import { createHash } from "node:crypto";

import type { CloudFrontClient } from "@aws-sdk/client-cloudfront";

import { EmergencyError, asError, messageOf } from "../../errors.js";
import { awsError, awsErrorName } from "../aws-error.js";
import type { Invalidated } from "./edge.js";
import { isWildcard } from "./invalidation-path.js";
import { pauses, type Pace } from "./pace.js";
import { MOST_PATHS, MOST_WILDCARDS } from "./plan-invalidation.js";

/** Somebody else's invalidations are waited for so long, in milliseconds. */
const QUEUE_MS = 20 * 60_000;

/** Ours as well; they usually take one to five minutes. */
const PATIENCE_MS = 15 * 60_000;

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 20_000;

/** One distribution, and how its invalidations are waited for. */
export interface Invalidating {
  readonly client: CloudFrontClient;
  readonly distributionId: string;
  readonly pace: Pace;
  readonly progress: (text: string) => void;
}

/**
 * Invalidates paths and waits until that is done. Asked for again with the same reference and paths, it
 * waits for the invalidation that is there.
 * @throws EmergencyError INVALIDATION_FAILED when too many others are in progress all the time, or
 * CloudFront does not take the paths; and see awsError. Never because it takes long.
 */
export async function performInvalidation(
  into: Invalidating,
  paths: readonly string[],
  reference: string,
): Promise<Invalidated> {
  const since = into.pace.now().getTime();
  let last: Omit<Invalidated, "seconds"> = { id: "", completed: true };
  for (const batch of batchesOf(paths)) {
    const id = await create(into, batch, callerReference(reference, batch));
    last = { id, completed: await isCompleted(into, id) };
    if (!last.completed) {
      break;
    }
  }
  return { ...last, seconds: Math.round((into.pace.now().getTime() - since) / 1000) };
}

/**
 * What names an invalidation to CloudFront. It gives back the one that is there when it is asked for
 * the same paths under the same name, and refuses other paths: so the paths are part of the name.
 */
export function callerReference(reference: string, paths: readonly string[]): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([...paths].sort()))
    .digest("hex");
  return `hardhat-emergency/${reference}/${hash.slice(0, 16)}`;
}

/** Pure: no batch has more paths or wildcards than CloudFront works on at a time. */
export function batchesOf(paths: readonly string[]): readonly (readonly string[])[] {
  const batches: string[][] = [];
  let current: string[] = [];
  let wildcards = 0;
  for (const path of paths) {
    const adds = isWildcard(path) ? 1 : 0;
    if (
      current.length === MOST_PATHS ||
      wildcards + adds > MOST_WILDCARDS ||
      batches.length === 0
    ) {
      current = [];
      wildcards = 0;
      batches.push(current);
    }
    current.push(path);
    wildcards += adds;
  }
  return batches;
}

async function create(
  { client, distributionId, pace, progress }: Invalidating,
  paths: readonly string[],
  reference: string,
): Promise<string> {
  const { CreateInvalidationCommand } = await import("@aws-sdk/client-cloudfront");
  const request = new CreateInvalidationCommand({
    DistributionId: distributionId,
    InvalidationBatch: {
      CallerReference: reference,
      Paths: { Quantity: paths.length, Items: [...paths] },
    },
  });
  const since = pace.now().getTime();
  for (const pauseMs of pauses(FIRST_PAUSE_MS, LONGEST_PAUSE_MS)) {
    try {
      const { Invalidation } = await client.send(request);
      const id = Invalidation?.Id ?? "";
      const count = paths.length === 1 ? "1 path" : `${paths.length} paths`;
      progress(`invalidation ${id} of ${count} is ${Invalidation?.Status ?? "there"}`);
      return id;
    } catch (error) {
      const waitedMs = pace.now().getTime() - since;
      const name = awsErrorName(error);
      if (name === "TooManyInvalidationsInProgress" && waitedMs < QUEUE_MS) {
        progress(
          `other invalidations are in progress, as many as CloudFront takes; waiting since ${Math.round(waitedMs / 1000)} s`,
        );
        await pace.wait(pauseMs);
        continue;
      }
      throw failed(error, name, distributionId);
    }
  }
  throw new TypeError("pauses do not end");
}

function failed(error: unknown, name: string, distributionId: string): EmergencyError {
  const doing = `invalidating what distribution ${distributionId} has cached`;
  const why =
    name === "TooManyInvalidationsInProgress"
      ? "other invalidations are still in progress"
      : /^(InvalidArgument|BatchTooLarge|InvalidationBatchAlreadyExists|InconsistentQuantities)$/.test(
            name,
          )
        ? `CloudFront does not take the paths (${name}: ${messageOf(error)})`
        : undefined;
  return why === undefined
    ? awsError(error, doing, { action: "cloudfront:CreateInvalidation" })
    : new EmergencyError(
        "INVALIDATION_FAILED",
        `${doing} failed: ${why}. Users may be served old files until they expire`,
        `type the same command again; or: aws cloudfront create-invalidation --distribution-id ${distributionId} --paths "/*"`,
        asError(error),
      );
}

/** Waits. @returns false when it cannot be told yet: the invalidation goes on without us. */
async function isCompleted(
  { client, distributionId, pace, progress }: Invalidating,
  id: string,
): Promise<boolean> {
  const { GetInvalidationCommand } = await import("@aws-sdk/client-cloudfront");
  const request = new GetInvalidationCommand({ DistributionId: distributionId, Id: id });
  const since = pace.now().getTime();
  for (const pauseMs of pauses(FIRST_PAUSE_MS, LONGEST_PAUSE_MS)) {
    const { status, mayLook } = await client.send(request).then(
      ({ Invalidation }) => ({ status: Invalidation?.Status ?? "unknown", mayLook: true }),
      (error: unknown) => {
        // That we cannot look says nothing about the invalidation.
        const { code, what } = awsError(error, `looking at invalidation ${id}`, {
          action: "cloudfront:GetInvalidation",
        });
        return { status: what, mayLook: code === "AWS_UNAVAILABLE" };
      },
    );
    const elapsedMs = pace.now().getTime() - since;
    const seconds = Math.round(elapsedMs / 1000);
    if (status === "Completed") {
      progress(`invalidation ${id} is done after ${seconds} s`);
      return true;
    }
    if (!mayLook || elapsedMs >= PATIENCE_MS) {
      progress(`cannot tell yet whether invalidation ${id} is done (${status})`);
      return false;
    }
    if (seconds > 0) {
      progress(`invalidation ${id}: ${status} after ${seconds} s`);
    }
    await pace.wait(pauseMs);
  }
  return false;
}
