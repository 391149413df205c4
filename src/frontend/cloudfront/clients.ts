import { isIP } from "node:net";

import type { CloudFrontClient } from "@aws-sdk/client-cloudfront";
import type { CloudFrontKeyValueStoreClient } from "@aws-sdk/client-cloudfront-keyvaluestore";

import { awsClientConfig, type AwsAccess } from "../aws.js";
import { guardSecrets } from "../aws-credentials.js";

/** CloudFront is one service for the whole world; its requests are signed for this region. */
const HOME_REGION = "us-east-1";

/**
 * A client of CloudFront. Other servers are named by `endpoint`, AWS_ENDPOINT_URL_CLOUDFRONT or
 * AWS_ENDPOINT_URL.
 */
export async function cloudFrontClient(access: AwsAccess): Promise<CloudFrontClient> {
  const { CloudFrontClient } = await import("@aws-sdk/client-cloudfront");
  return guardSecrets(new CloudFrontClient(configOf(access)));
}

/**
 * A client of CloudFront's key value stores, which want requests signed for all regions at once.
 * Other servers are named by `endpoint`, AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE or AWS_ENDPOINT_URL.
 */
export async function keyValueStoreClient(
  access: AwsAccess,
): Promise<CloudFrontKeyValueStoreClient> {
  // It registers the signer that the client looks for.
  await import("@aws-sdk/signature-v4a");
  const { CloudFrontKeyValueStoreClient } =
    await import("@aws-sdk/client-cloudfront-keyvaluestore");
  const endpoint = endpointOf(access);
  const client = guardSecrets(
    new CloudFrontKeyValueStoreClient({
      ...configOf(access),
      ...(endpoint === undefined ? {} : { endpoint: stoodInFor(endpoint) }),
    }),
  );
  client.middlewareStack.add(
    (next) => async (args) => {
      const { request } = args;
      if (endpoint !== undefined && hasHostname(request)) {
        request.hostname = reachable(request.hostname, endpoint);
      }
      return await next(args);
    },
    { step: "build", name: "reachableHost" },
  );
  return client;
}

function endpointOf({ endpoint }: AwsAccess): string | undefined {
  return (
    endpoint ??
    process.env.AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE ??
    process.env.AWS_ENDPOINT_URL
  );
}

/**
 * The SDK puts the account in front of the host: "123456789012.example.org". An address that is a
 * number can have nothing in front of it, nor can this very machine: a name stands in for them until
 * that is done.
 */
const STAND_IN = "number.invalid";

function stoodInFor(endpoint: string): string {
  const url = new URL(endpoint);
  if (isIP(url.hostname.replace(/^\[|\]$/g, "")) > 0 || url.hostname === "localhost") {
    url.hostname = STAND_IN;
  }
  return url.href;
}

function reachable(hostname: string, endpoint: string): string {
  return hostname.endsWith(STAND_IN) ? new URL(endpoint).hostname : hostname;
}

function configOf(access: AwsAccess): ReturnType<typeof awsClientConfig> & { region: string } {
  return { ...awsClientConfig(access), region: access.region ?? HOME_REGION };
}

function hasHostname(request: unknown): request is { hostname: string } {
  return (
    typeof request === "object" &&
    request !== null &&
    "hostname" in request &&
    typeof request.hostname === "string"
  );
}
