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
import { recordsFolder } from "./site-state.js";
import { openRetention } from "./lifecycle.js";
import { inPlaceStore } from "./in-place-store.js";
import type { BucketWorld } from "./in-place-writer.js";

/** A bucket with a site, and the distribution in front of it, if there is one. */
export interface BucketPlace {
  readonly s3: EmergencyBucketUserConfig;
  readonly cloudfront: EmergencyDistributionUserConfig | undefined;
}

/** What is known of a site once its place was looked at. */
export type OpenedSite = Pick<Site, "store" | "versions" | "edge" | "notes" | "headersOf">;

/**
 * Opens a site in a bucket. How its releases are switched is found by looking at the distribution: by a
 * pointer where it has one, else file by file.
 * @throws EmergencyError DISTRIBUTION_UNKNOWN, BAD_CONFIG, and see awsError.
 */
export async function openBucketSite(
  { s3, cloudfront }: BucketPlace,
  world: BucketWorld,
): Promise<OpenedSite> {
  const access = accessOf(s3);
  const prefix = prefixOf(s3);
  const options = {
    bucket: s3.bucket,
    access,
    forcePathStyle: s3.forcePathStyle,
    encryption: s3.encryption,
    acl: s3.acl,
    ownPrefix: recordsFolder(prefix),
  };
  const bucket = await openBucket(options);
  const headersOf = headerRules(s3);
  const inPlace = (): Pick<Site, "store" | "versions"> => {
    const places = inPlaceStore(bucket, prefix, world);
    return {
      store: places,
      versions: { bucket, prefix, retention: openRetention(options), places },
    };
  };
  if (cloudfront === undefined) {
    return { ...inPlace(), edge: null, notes: [], headersOf };
  }
  const { edge, pointer, found } = await openEdge(access, cloudfront, {
    bucket: s3.bucket,
    prefix,
  });
  const places =
    pointer === null
      ? inPlace()
      : { store: folderStore(bucket, prefix, pointer, world), versions: null };
  return { ...places, edge, notes: [`in front of the site is ${edge.place}`, ...found], headersOf };
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
