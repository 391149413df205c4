import { assumeRole } from "./assume-role.js";
import type { AwsCredentials } from "./aws-credentials.js";

/** How a bucket or a distribution is reached, as in the configuration. */
export interface AwsAccess {
  /** "eu-west-1"; what the environment or the profile says when it is not given. */
  readonly region?: string | undefined;
  /** A profile of ~/.aws/config; the SDK's own chain (environment, files, SSO, machine) when it is not given. */
  readonly profile?: string | undefined;
  /** Assumed with the credentials that the chain or the profile gives. */
  readonly roleArn?: string | undefined;
  /** Another server than Amazon's: "http://127.0.0.1:7070". AWS_ENDPOINT_URL and its like when not given. */
  readonly endpoint?: string | undefined;
}

/** The part of a client's configuration that all our AWS clients share. */
export interface AwsClientConfig {
  readonly region?: string;
  readonly profile?: string;
  readonly endpoint?: string;
  readonly credentials?: () => Promise<AwsCredentials>;
  readonly maxAttempts?: number;
  readonly requestHandler: {
    /** In milliseconds, until a connection is there. */
    readonly connectionTimeout: number;
    /** In milliseconds without a byte in either direction. */
    readonly socketTimeout: number;
  };
}

/** An answer of "slow down" goes away with time: the SDK waits longer before each of these. */
const ATTEMPTS = 6;

/** A host that does not answer at all must not hold up an emergency. */
const CONNECT_MS = 5_000;
const SILENCE_MS = 60_000;

/**
 * The configuration of any AWS client. Nothing is looked up or asked for yet: the SDK does that at the
 * first request, and again when credentials expire.
 */
export function awsClientConfig(access: AwsAccess): AwsClientConfig {
  const { profile, endpoint, roleArn } = access;
  const region = regionOf(access);
  const base: AwsClientConfig = {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(process.env.AWS_MAX_ATTEMPTS === undefined ? { maxAttempts: ATTEMPTS } : {}),
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
  };
  return roleArn === undefined
    ? base
    : { ...base, credentials: async () => await assumeRole(roleArn, { region, profile }) };
}

/** How often a request is made at most: what the environment says as elsewhere, or {@link ATTEMPTS}. */
export function attempts(): number {
  const said = Number.parseInt(process.env.AWS_MAX_ATTEMPTS ?? "", 10);
  return said >= 1 ? said : ATTEMPTS;
}

/**
 * The region that is configured or in the environment; undefined leaves it to the profile. The SDK
 * itself does not know AWS_DEFAULT_REGION, which the AWS command line does.
 */
export function regionOf(access: AwsAccess): string | undefined {
  return access.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
}
