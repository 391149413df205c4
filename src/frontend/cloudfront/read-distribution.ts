import type { CachePolicy, CloudFrontClient, DistributionConfig } from "@aws-sdk/client-cloudfront";
import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import { awsError } from "../aws-error.js";
import type { DistributionChoice } from "./distribution-choice.js";
import { listDistributions } from "./find-distribution.js";

/** A CloudFront Function that sees each request before the cache. */
export interface ViewerRequestFunction {
  readonly name: string;
  readonly source: string;
  readonly keyValueStores: readonly string[];
}

/** How long a distribution keeps answers, and what they are filed under. */
export interface CacheRule {
  /** For people: "the cache policy Managed-CachingOptimized". */
  readonly name: string;
  /** In seconds; undefined where it is not known. */
  readonly minTtl: number | undefined;
  readonly defaultTtl: number | undefined;
  readonly maxTtl: number | undefined;
  /** Whether the same path with another query string is another entry. */
  readonly queryStrings: boolean;
}

/** A distribution that a continuous deployment policy links to the one that users are served from. */
export interface StagingDistribution {
  readonly id: string;
  readonly config: DistributionConfig;
  /** Whether the policy sends some of the users to it. */
  readonly hasTraffic: boolean;
}

/** What can be read of a distribution. */
export interface DistributionFacts {
  readonly id: string;
  readonly domainName: string;
  readonly config: DistributionConfig;
  readonly viewerRequest: ViewerRequestFunction | null;
  readonly staging: StagingDistribution | null;
  /** One for each way in which its behaviors cache; the default behavior's first. */
  readonly cacheRules: readonly CacheRule[];
}

/**
 * Reads a distribution, and what hangs on it as far as it matters for the choice.
 * @throws EmergencyError DISTRIBUTION_UNKNOWN, and see awsError.
 */
export async function readDistribution(
  client: CloudFrontClient,
  id: string,
  choice: DistributionChoice,
): Promise<DistributionFacts> {
  const { GetDistributionCommand } = await import("@aws-sdk/client-cloudfront");
  try {
    const { Distribution } = await client.send(new GetDistributionCommand({ Id: id }));
    const config = Distribution?.DistributionConfig;
    if (config === undefined) {
      throw new EmergencyError(
        "AWS_REFUSED",
        `CloudFront describes distribution ${id} without its configuration`,
        "look whether AWS_ENDPOINT_URL names a server that knows CloudFront",
      );
    }
    const wants = (pointer: DistributionChoice["pointer"]): boolean =>
      choice.pointer === undefined || choice.pointer === pointer;
    const [viewerRequest, staging, cacheRules] = await Promise.all([
      wants("key-value-store") ? readFunction(client, config) : null,
      wants("staging-distribution") ? readStaging(client, config) : null,
      readCacheRules(client, config),
    ]);
    return {
      id,
      domainName: Distribution?.DomainName ?? "",
      config,
      viewerRequest,
      staging,
      cacheRules,
    };
  } catch (error) {
    throw awsError(error, `reading the CloudFront distribution ${id}`, {
      action: "cloudfront:GetDistribution",
    });
  }
}

async function readFunction(
  client: CloudFrontClient,
  { DefaultCacheBehavior }: DistributionConfig,
): Promise<ViewerRequestFunction | null> {
  const association = DefaultCacheBehavior?.FunctionAssociations?.Items?.find(
    ({ EventType }) => EventType === "viewer-request",
  );
  const name = /:function\/(.+)$/.exec(association?.FunctionARN ?? "")?.[1];
  if (name === undefined) {
    return null;
  }
  const { DescribeFunctionCommand, GetFunctionCommand } =
    await import("@aws-sdk/client-cloudfront");
  const which = { Name: name, Stage: "LIVE" } as const;
  try {
    const [described, { FunctionCode }] = await Promise.all([
      client.send(new DescribeFunctionCommand(which)),
      client.send(new GetFunctionCommand(which)),
    ]);
    const stores =
      described.FunctionSummary?.FunctionConfig?.KeyValueStoreAssociations?.Items ?? [];
    return {
      name,
      source: Buffer.from(FunctionCode ?? []).toString("utf8"),
      keyValueStores: stores.flatMap(({ KeyValueStoreARN }) => KeyValueStoreARN ?? []),
    };
  } catch (error) {
    throw awsError(error, `reading the viewer-request function ${name}`, {
      action: "cloudfront:DescribeFunction and cloudfront:GetFunction",
    });
  }
}

async function readStaging(
  client: CloudFrontClient,
  { ContinuousDeploymentPolicyId: policy, Staging }: DistributionConfig,
): Promise<StagingDistribution | null> {
  if (policy === undefined || policy === "" || Staging === true) {
    return null;
  }
  const { GetContinuousDeploymentPolicyCommand, GetDistributionConfigCommand } =
    await import("@aws-sdk/client-cloudfront");
  try {
    const { ContinuousDeploymentPolicy } = await client.send(
      new GetContinuousDeploymentPolicyCommand({ Id: policy }),
    );
    const found = ContinuousDeploymentPolicy?.ContinuousDeploymentPolicyConfig;
    const names = found?.StagingDistributionDnsNames?.Items ?? [];
    const listed = await listDistributions(client);
    const staging = listed.find(({ domainName }) => names.includes(domainName));
    if (staging === undefined) {
      return null;
    }
    const { DistributionConfig } = await client.send(
      new GetDistributionConfigCommand({ Id: staging.id }),
    );
    return DistributionConfig === undefined
      ? null
      : { id: staging.id, config: DistributionConfig, hasTraffic: found?.Enabled === true };
  } catch (error) {
    throw awsError(error, `reading the continuous deployment policy ${policy}`, {
      action: "cloudfront:GetContinuousDeploymentPolicy",
    });
  }
}

async function readCacheRules(
  client: CloudFrontClient,
  { DefaultCacheBehavior, CacheBehaviors }: DistributionConfig,
): Promise<readonly CacheRule[]> {
  const { GetCachePolicyCommand } = await import("@aws-sdk/client-cloudfront");
  const rules = new Map<string, CacheRule>();
  for (const behavior of [DefaultCacheBehavior, ...(CacheBehaviors?.Items ?? [])]) {
    const policy = behavior?.CachePolicyId;
    if (policy === undefined || policy === "") {
      const rule = ownRule(behavior);
      rules.set(JSON.stringify(rule), rule);
    } else if (!rules.has(policy)) {
      rules.set(
        policy,
        await client.send(new GetCachePolicyCommand({ Id: policy })).then(
          ({ CachePolicy }) => ruleOf(policy, CachePolicy),
          // Who may only invalidate cannot read it. The worst case then is an entry for each query.
          () => ruleOf(policy, undefined),
        ),
      );
    }
  }
  return [...rules.values()];
}

/** What a behavior said before there were cache policies; many distributions are that old. */
const ownSettings = z.object({
  ForwardedValues: z.object({ QueryString: z.boolean().optional() }).optional(),
  MinTTL: z.number().optional(),
  DefaultTTL: z.number().optional(),
  MaxTTL: z.number().optional(),
});

function ownRule(behavior: unknown): CacheRule {
  const settings = ownSettings.safeParse(behavior).data;
  return {
    name: "the settings of the behavior itself",
    minTtl: settings?.MinTTL,
    defaultTtl: settings?.DefaultTTL,
    maxTtl: settings?.MaxTTL,
    queryStrings: settings?.ForwardedValues?.QueryString === true,
  };
}

function ruleOf(id: string, policy: CachePolicy | undefined): CacheRule {
  const config = policy?.CachePolicyConfig;
  const strings =
    config?.ParametersInCacheKeyAndForwardedToOrigin?.QueryStringsConfig?.QueryStringBehavior;
  return {
    name:
      config === undefined
        ? `the cache policy ${id}, which cannot be read`
        : `the cache policy ${config.Name ?? id}`,
    minTtl: config?.MinTTL,
    defaultTtl: config?.DefaultTTL,
    maxTtl: config?.MaxTTL,
    queryStrings: config === undefined || (strings !== undefined && strings !== "none"),
  };
}
