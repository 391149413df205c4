import { awsError, awsErrorName, awsStatus } from "../aws-error.js";
import { openClient, type BucketOptions } from "./aws-bucket.js";

/** What a bucket does with versions by itself: one rule of its lifecycle that is switched on. */
export interface ExpiryRule {
  readonly id: string;
  /** Of the keys that it is for. */
  readonly prefix: string;
  /** It is only for objects of certain tags or sizes, so it may leave any object alone. */
  readonly isPartial: boolean;
  /** Versions that are not the newest are removed for good so many days after they ceased to be. */
  readonly noncurrent: { readonly days: number; readonly kept: number } | null;
  /** The newest version is hidden by a marker so many days after it was written, or from a date on. */
  readonly current: { readonly days: number } | { readonly date: Date } | null;
}

/** What a listing does not tell of the versions in a bucket. */
export interface Retention {
  /** Empty when there are none; undefined when we may not ask. */
  rules(): Promise<readonly ExpiryRule[] | undefined>;

  /** Whether a version can be read at once; one in an archive has to be fetched from there first. */
  isReadable(version: { readonly key: string; readonly versionId: string }): Promise<boolean>;

  /** Whether an object may send readers elsewhere, which means something only in a bucket that is a web site. */
  hasRedirects(): Promise<boolean>;
}

/** Storage classes whose versions may have to be fetched from an archive before they can be read. */
export const ARCHIVES: ReadonlySet<string> = new Set([
  "GLACIER",
  "DEEP_ARCHIVE",
  // After months without a reader, objects of this class may be moved into an archive, too.
  "INTELLIGENT_TIERING",
]);

/** Opens what a bucket says of its lifecycle; nothing is asked of it yet. */
export function openRetention(options: BucketOptions): Retention {
  const { bucket: Bucket } = options;
  const opened = openClient(options);
  // Whoever asks meets the error; nobody may ever ask.
  opened.catch(() => undefined);
  const place = `s3://${Bucket}`;

  return {
    async rules() {
      const { sdk, client, endpoint } = await opened;
      try {
        const { Rules } = await client.send(
          new sdk.GetBucketLifecycleConfigurationCommand({ Bucket }),
        );
        return (Rules ?? []).filter(({ Status }) => Status === "Enabled").map(ruleOf);
      } catch (error) {
        if (NONE.includes(awsErrorName(error))) {
          return [];
        }
        const action = "s3:GetLifecycleConfiguration";
        const refusal = awsError(error, `asking for the lifecycle of ${place}`, {
          action,
          endpoint,
        });
        if (refusal.code === "AWS_DENIED") {
          return undefined;
        }
        throw refusal;
      }
    },

    async isReadable({ key, versionId }) {
      const { sdk, client, endpoint } = await opened;
      try {
        const { StorageClass, ArchiveStatus, Restore } = await client.send(
          new sdk.HeadObjectCommand({ Bucket, Key: key, VersionId: versionId }),
        );
        const isArchived =
          StorageClass === "GLACIER" ||
          StorageClass === "DEEP_ARCHIVE" ||
          ArchiveStatus !== undefined;
        // ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"
        return !isArchived || Restore?.includes('ongoing-request="false"') === true;
      } catch (error) {
        if (awsStatus(error) === 404) {
          return false;
        }
        const action = "s3:GetObjectVersion";
        throw awsError(error, `looking at ${key} in ${place}`, { action, endpoint });
      }
    },

    async hasRedirects() {
      const { sdk, client } = await opened;
      try {
        await client.send(new sdk.GetBucketWebsiteCommand({ Bucket }));
        return true;
      } catch (error) {
        // Who may not know looks at each object.
        return !NONE.includes(awsErrorName(error));
      }
    },
  };
}

/** How servers say that there is nothing of the kind, or that they know nothing of it. */
const NONE = [
  "NoSuchLifecycleConfiguration",
  "NoSuchWebsiteConfiguration",
  "NotImplemented",
  "MethodNotAllowed",
];

interface Rule {
  readonly ID?: string | undefined;
  readonly Prefix?: string | undefined;
  readonly Filter?: RuleFilter | undefined;
  readonly Expiration?:
    { readonly Days?: number | undefined; readonly Date?: Date | undefined } | undefined;
  readonly NoncurrentVersionExpiration?:
    | {
        readonly NoncurrentDays?: number | undefined;
        readonly NewerNoncurrentVersions?: number | undefined;
      }
    | undefined;
}

interface RuleFilter {
  readonly Prefix?: string | undefined;
  readonly Tag?: unknown;
  readonly ObjectSizeGreaterThan?: number | undefined;
  readonly ObjectSizeLessThan?: number | undefined;
  readonly And?:
    | {
        readonly Prefix?: string | undefined;
        readonly Tags?: unknown;
        readonly ObjectSizeGreaterThan?: number | undefined;
        readonly ObjectSizeLessThan?: number | undefined;
      }
    | undefined;
}

function ruleOf(rule: Rule): ExpiryRule {
  const { Filter: filter, Expiration: current, NoncurrentVersionExpiration: noncurrent } = rule;
  const limits = [
    filter?.Tag,
    filter?.ObjectSizeGreaterThan,
    filter?.ObjectSizeLessThan,
    filter?.And?.Tags,
    filter?.And?.ObjectSizeGreaterThan,
    filter?.And?.ObjectSizeLessThan,
  ];
  return {
    id: rule.ID ?? "",
    prefix: filter?.And?.Prefix ?? filter?.Prefix ?? rule.Prefix ?? "",
    isPartial: limits.some((limit) => limit !== undefined),
    noncurrent:
      noncurrent?.NoncurrentDays === undefined
        ? null
        : { days: noncurrent.NoncurrentDays, kept: noncurrent.NewerNoncurrentVersions ?? 0 },
    current:
      current?.Days !== undefined
        ? { days: current.Days }
        : current?.Date !== undefined
          ? { date: current.Date }
          : null,
  };
}
