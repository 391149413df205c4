import type { CloudFrontClient } from "@aws-sdk/client-cloudfront";

import type { AwsAccess } from "../aws.js";
import { cloudFrontClient, keyValueStoreClient } from "./clients.js";
import { waitUntilDeployed } from "./deployed.js";
import type { DistributionChoice, SiteBucket } from "./distribution-choice.js";
import type { Edge } from "./edge.js";
import { findDistribution } from "./find-distribution.js";
import { inspectDistribution, type Inspection } from "./inspect-distribution.js";
import { KeyValueStorePointer } from "./key-value-store.js";
import { OriginPathPointer } from "./origin-path.js";
import { REAL_PACE, type Pace } from "./pace.js";
import { performInvalidation } from "./perform-invalidation.js";
import { planInvalidation } from "./plan-invalidation.js";
import type { Pointer } from "./pointer.js";
import { readDistribution } from "./read-distribution.js";
import { StagingDistributionPointer } from "./staging-distribution.js";

/** A distribution in front of a site, looked at. */
export interface OpenEdge {
  readonly edge: Edge;
  /** Null when nothing in it says which release is served: files are replaced in place. */
  readonly pointer: Pointer | null;
  readonly inspection: Inspection;
  /** What was found and what follows from it, for people. */
  readonly found: readonly string[];
}

/**
 * Finds the distribution, and looks what it is for the site.
 * @param access that of the bucket; its endpoint is not CloudFront's, which the environment names.
 * @param pace how it waits; a test gives its own.
 * @throws EmergencyError DISTRIBUTION_UNKNOWN, BAD_CONFIG, and see awsError.
 */
export async function openEdge(
  access: AwsAccess,
  choice: DistributionChoice,
  site: SiteBucket,
  pace: Pace = REAL_PACE,
): Promise<OpenEdge> {
  const { region, profile, roleArn } = access;
  const own: AwsAccess = { region, profile, roleArn };
  const client = await cloudFrontClient(own);
  const id = await findDistribution(client, choice);
  const inspection = inspectDistribution(await readDistribution(client, id, choice), choice, site);
  return {
    inspection,
    found: inspection.found,
    edge: edgeOf(client, id, inspection, pace),
    pointer: await pointerOf(client, id, inspection, { access: own, site, pace }),
  };
}

function edgeOf(
  client: CloudFrontClient,
  distributionId: string,
  inspection: Inspection,
  pace: Pace,
): Edge {
  const followsPath =
    inspection.pointer === "origin-path" || inspection.pointer === "staging-distribution";
  return {
    place: inspection.place,
    plan: (changedPaths) => planInvalidation(changedPaths, inspection),
    async invalidate(paths, reference, progress) {
      // An edge that still has the old path would fill its cache with old files again. Whoever moved the
      // pointer has waited for that, unless it was killed.
      if (followsPath) {
        await waitUntilDeployed(client, distributionId, pace, progress);
      }
      return await performInvalidation(
        { client, distributionId, pace, progress },
        paths,
        reference,
      );
    },
  };
}

async function pointerOf(
  client: CloudFrontClient,
  id: string,
  { pointer, keyValueStore, stagingId, origin }: Inspection,
  world: { readonly access: AwsAccess; readonly site: SiteBucket; readonly pace: Pace },
): Promise<Pointer | null> {
  const { access, site, pace } = world;
  if (keyValueStore !== null) {
    const { arn, key } = keyValueStore;
    return new KeyValueStorePointer(await keyValueStoreClient(access), arn, key);
  }
  if (stagingId !== null) {
    return new StagingDistributionPointer(client, { primary: id, staging: stagingId }, site, pace);
  }
  return pointer === "origin-path" && origin !== null
    ? new OriginPathPointer(client, id, origin.id, pace)
    : null;
}
