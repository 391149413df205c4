import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";

import type { CloudFrontClient, DistributionConfig } from "@aws-sdk/client-cloudfront";

import { repository } from "../../helpers/repository.js";
import { functionArn } from "./functions.js";
import { CACHE_POLICIES } from "./moto-cloudfront.js";

/** A distribution that a test wants. */
export interface Wanted {
  readonly bucket: string;
  readonly originPath?: string;
  readonly comment?: string;
  readonly aliases?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly cachePolicy?: keyof typeof CACHE_POLICIES;
  /** With the viewer-request function of this name. */
  readonly viewerRequest?: string;
  /** What is shown for a status, and for how long it is kept, in seconds. */
  readonly errorPages?: readonly {
    readonly status: number;
    readonly path: string;
    readonly ttlSeconds: number;
  }[];
  readonly isStaging?: boolean;
  readonly policy?: string;
}

/** A configuration as people have it. */
export function configOf(wanted: Wanted): DistributionConfig {
  const { aliases = [], viewerRequest, errorPages = [] } = wanted;
  return {
    CallerReference: randomUUID(),
    Comment: wanted.comment ?? "",
    Enabled: true,
    Staging: wanted.isStaging ?? false,
    ContinuousDeploymentPolicyId: wanted.policy ?? "",
    DefaultRootObject: "index.html",
    Aliases: { Quantity: aliases.length, Items: [...aliases] },
    Origins: {
      Quantity: 2,
      Items: [
        {
          Id: "api",
          DomainName: "api.example.org",
          OriginPath: "/v1",
          CustomOriginConfig: {
            HTTPPort: 80,
            HTTPSPort: 443,
            OriginProtocolPolicy: "https-only",
          },
        },
        {
          Id: "site",
          DomainName: `${wanted.bucket}.s3.eu-west-1.amazonaws.com`,
          OriginPath: wanted.originPath ?? "",
          S3OriginConfig: { OriginAccessIdentity: "" },
        },
      ],
    },
    DefaultCacheBehavior: {
      TargetOriginId: "site",
      ViewerProtocolPolicy: "redirect-to-https",
      CachePolicyId: CACHE_POLICIES[wanted.cachePolicy ?? "optimized"],
      ...(viewerRequest === undefined
        ? {}
        : {
            FunctionAssociations: {
              Quantity: 1,
              Items: [{ FunctionARN: functionArn(viewerRequest), EventType: "viewer-request" }],
            },
          }),
    },
    CustomErrorResponses: {
      Quantity: errorPages.length,
      Items: errorPages.map(({ status, path: page, ttlSeconds }) => ({
        ErrorCode: status,
        ResponsePagePath: page,
        ResponseCode: "200",
        ErrorCachingMinTTL: ttlSeconds,
      })),
    },
  };
}

/** Makes a distribution. @returns its id and host. */
export async function makeDistribution(
  client: CloudFrontClient,
  wanted: Wanted,
): Promise<{ readonly id: string; readonly domainName: string }> {
  const { CreateDistributionWithTagsCommand } = await import("@aws-sdk/client-cloudfront");
  const { Distribution } = await client.send(
    new CreateDistributionWithTagsCommand({
      DistributionConfigWithTags: {
        DistributionConfig: configOf(wanted),
        Tags: {
          Items: Object.entries(wanted.tags ?? {}).map(([Key, Value]) => ({ Key, Value })),
        },
      },
    }),
  );
  return { id: Distribution?.Id ?? "", domainName: Distribution?.DomainName ?? "" };
}

/** The function that we ship, with other constants. */
export async function viewerRequestSource(
  constants: { readonly key?: string; readonly singlePage?: boolean } = {},
): Promise<string> {
  const file = path.join(repository, "src", "frontend", "cloudfront", "viewer-request.js");
  const source = await readFile(file, "utf8");
  return source
    .replace('RELEASE_KEY = "release"', `RELEASE_KEY = "${constants.key ?? "release"}"`)
    .replace("SINGLE_PAGE = false", `SINGLE_PAGE = ${String(constants.singlePage ?? false)}`);
}

/** Makes a key value store and publishes a function that reads it, as docs/cloudfront.md says. */
export async function installFunction(
  client: CloudFrontClient,
  name: string,
  source: string,
): Promise<{ readonly keyValueStore: string }> {
  const { CreateFunctionCommand, CreateKeyValueStoreCommand, PublishFunctionCommand } =
    await import("@aws-sdk/client-cloudfront");
  const { KeyValueStore } = await client.send(new CreateKeyValueStoreCommand({ Name: name }));
  const keyValueStore = KeyValueStore?.ARN ?? "";
  const { ETag } = await client.send(
    new CreateFunctionCommand({
      Name: name,
      FunctionConfig: {
        Comment: "which release is served",
        Runtime: "cloudfront-js-2.0",
        KeyValueStoreAssociations: {
          Quantity: 1,
          Items: [{ KeyValueStoreARN: keyValueStore }],
        },
      },
      FunctionCode: Buffer.from(source),
    }),
  );
  await client.send(new PublishFunctionCommand({ Name: name, IfMatch: ETag }));
  return { keyValueStore };
}
