import type {
  EmergencyBucketUserConfig,
  EmergencyDistributionUserConfig,
} from "../../config/types.js";
import type { AwsAccess } from "../aws.js";
import { openEdge } from "../cloudfront/open-edge.js";
import { headerRules } from "../header-rules.js";
import type { Site } from "../site.js";
import { openBucket } from "./aws-bucket.js";
import { folderStore } from "./folder-store.js";
import { inPlaceStore, type BucketWorld } from "./in-place-store.js";

/** A bucket with a site, and the distribution in front of it, if there is one. */
export interface BucketPlace {
  readonly s3: EmergencyBucketUserConfig;
  readonly cloudfront: EmergencyDistributionUserConfig | undefined;
}

/**
 * Opens a site in a bucket. How its releases are switched is found by looking at the distribution: by a
 * pointer where it has one, else file by file.
 * @throws EmergencyError DISTRIBUTION_UNKNOWN, BAD_CONFIG, and see awsError.
 */
export async function openBucketSite(
  { s3, cloudfront }: BucketPlace,
  world: BucketWorld,
): Promise<Pick<Site, "store" | "edge" | "notes" | "headersOf">> {
  const access = accessOf(s3);
  const prefix = prefixOf(s3);
  const bucket = await openBucket({
    bucket: s3.bucket,
    access,
    forcePathStyle: s3.forcePathStyle,
    encryption: s3.encryption,
    acl: s3.acl,
  });
  const headersOf = headerRules(s3);
  if (cloudfront === undefined) {
    return { store: inPlaceStore(bucket, prefix, world), edge: null, notes: [], headersOf };
  }
  const { edge, pointer, found } = await openEdge(access, cloudfront, {
    bucket: s3.bucket,
    prefix,
  });
  const store =
    pointer === null
      ? inPlaceStore(bucket, prefix, world)
      : folderStore(bucket, prefix, pointer, world);
  return { store, edge, notes: found, headersOf };
}

/** How the bucket is reached. */
export function accessOf({
  region,
  profile,
  roleArn,
  endpoint,
}: EmergencyBucketUserConfig): AwsAccess {
  return { region, profile, roleArn, endpoint };
}

/** What the site's keys begin with: empty, or with a slash at its end. */
export function prefixOf({ prefix }: EmergencyBucketUserConfig): string {
  return prefix === undefined ? "" : `${prefix}/`;
}
