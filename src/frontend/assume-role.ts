import { EmergencyError } from "../errors.js";
import { hide, type AwsCredentials } from "./aws-credentials.js";
import { awsError } from "./aws-error.js";

/** How long a role is ours, in seconds: the longest that every role allows. The SDK asks again in time. */
const SESSION_SECONDS = 3_600;

/** In milliseconds, for the one small answer. */
const TIMEOUT_MS = 15_000;

const API_VERSION = "2011-06-15";

/**
 * Assumes a role with the credentials of the chain or of a profile. The SDK's own client for this
 * service is no public package of ours, so one of its other clients signs the one request.
 * @throws EmergencyError AWS_CREDENTIALS, AWS_DENIED, AWS_UNAVAILABLE
 */
export async function assumeRole(
  roleArn: string,
  from: { readonly region: string | undefined; readonly profile: string | undefined },
): Promise<AwsCredentials> {
  const doing = `assuming the role ${roleArn}`;
  const { CloudFrontClient } = await import("@aws-sdk/client-cloudfront");
  const region = from.region ?? "us-east-1";
  const endpoint = new URL(
    process.env.AWS_ENDPOINT_URL_STS ??
      process.env.AWS_ENDPOINT_URL ??
      `https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`,
  );
  const client = new CloudFrontClient({
    region,
    ...(from.profile === undefined ? {} : { profile: from.profile }),
  });
  try {
    hide(await client.config.credentials());
    const signer = await client.config.signer({
      name: "sigv4",
      signingName: "sts",
      signingRegion: region,
      properties: {},
    });
    const body = new URLSearchParams({
      Action: "AssumeRole",
      Version: API_VERSION,
      RoleArn: roleArn,
      RoleSessionName: "hardhat-emergency",
      DurationSeconds: String(SESSION_SECONDS),
    }).toString();
    const signed = await signer.sign({
      method: "POST",
      protocol: endpoint.protocol,
      hostname: endpoint.hostname,
      ...(endpoint.port === "" ? {} : { port: Number(endpoint.port) }),
      path: "/",
      query: {},
      headers: {
        host: endpoint.host,
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      },
      body,
    });
    // The runtime writes this header itself, with the same value.
    const headers = Object.entries(signed.headers).filter(([name]) => name !== "host");
    const response = await fetch(new URL("/", endpoint), {
      method: "POST",
      headers,
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) {
      throw Object.assign(new Error(field(text, "Message") ?? `status ${response.status}`), {
        name: field(text, "Code") ?? "UnknownError",
        $metadata: { httpStatusCode: response.status },
        $response: { headers: Object.fromEntries(response.headers) },
      });
    }
    return credentialsIn(text);
  } catch (error) {
    throw awsError(error, doing, { action: "sts:AssumeRole", endpoint: endpoint.href });
  } finally {
    client.destroy();
  }
}

function credentialsIn(answer: string): AwsCredentials {
  const [accessKeyId, secretAccessKey, sessionToken, expiration] = [
    "AccessKeyId",
    "SecretAccessKey",
    "SessionToken",
    "Expiration",
  ].map((name) => field(answer, name));
  if (
    accessKeyId === undefined ||
    secretAccessKey === undefined ||
    sessionToken === undefined ||
    expiration === undefined
  ) {
    throw new EmergencyError(
      "AWS_CREDENTIALS",
      "the answer to the request for a role holds no credentials",
      "look whether AWS_ENDPOINT_URL names a server that knows roles",
    );
  }
  const credentials = {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiration: new Date(expiration),
  };
  hide(credentials);
  return credentials;
}

/** The text of the first XML element of this name. Those that are read here hold no markup. */
function field(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]?.trim();
}
