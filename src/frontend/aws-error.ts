import { EmergencyError, asError, messageOf, type ErrorCode } from "../errors.js";
import { isRecord } from "../json.js";

/** What the caller knows and an error may not say. */
export interface AwsContext {
  /** The permission that the request needs: "s3:PutObject". */
  readonly action?: string;
  /** The server that was asked. */
  readonly endpoint?: string | undefined;
}

const NO_CREDENTIALS = ["CredentialsProviderError", "TokenProviderError", "ProviderError"];

const EXPIRED = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"];

const WRONG_KEY = [
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "UnrecognizedClientException",
  "InvalidToken",
  "SignatureDoesNotMatch",
  "AuthFailure",
  "IncompleteSignature",
  "InvalidSignatureException",
];

const WRONG_CLOCK = ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"];

const DENIED = ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden"];

const BUSY = [
  "SlowDown",
  "ServiceUnavailable",
  "InternalError",
  "InternalServerException",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "RequestTimeout",
];

const NO_NETWORK = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_SOCKET",
]);

/**
 * What AWS, or the way there, said, as a refusal that a person can act on. An {@link EmergencyError}
 * stays what it is.
 * @param doing what was being done, for people: "reading the distribution E123".
 */
export function awsError(error: unknown, doing: string, context: AwsContext = {}): EmergencyError {
  if (error instanceof EmergencyError) {
    return error;
  }
  const { code, what, next } = explain(error, context);
  return new EmergencyError(code, `${doing} failed: ${what}`, next, asError(error));
}

/** The name that AWS gives an error: "NoSuchKey"; empty when it is none of AWS. */
export function awsErrorName(error: unknown): string {
  if (!isRecord(error)) {
    return "";
  }
  const { name, Code } = error;
  // An answer without a body, as to HEAD, has only a status and leaves the SDK to make up a name.
  if (typeof name === "string" && !/^(Error|Unknown|UnknownError|\d+)$/.test(name)) {
    return name;
  }
  return typeof Code === "string" ? Code : "";
}

/** The HTTP status of an error of AWS; undefined when there was no answer. */
export function awsStatus(error: unknown): number | undefined {
  const metadata = isRecord(error) ? error.$metadata : undefined;
  const status = isRecord(metadata) ? metadata.httpStatusCode : undefined;
  return typeof status === "number" ? status : undefined;
}

interface Explained {
  readonly code: ErrorCode;
  readonly what: string;
  readonly next: string;
}

function explain(error: unknown, context: AwsContext): Explained {
  const name = awsErrorName(error);
  const status = awsStatus(error);
  const said = messageOf(error);
  const named = name === "" ? said : `${name}: ${said}`;
  if (NO_CREDENTIALS.includes(name)) {
    return {
      code: "AWS_CREDENTIALS",
      what: `no AWS credentials were found (${said})`,
      next: "log in (aws sso login), set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; then type the command again",
    };
  }
  if (EXPIRED.includes(name)) {
    return {
      code: "AWS_CREDENTIALS",
      what: `the AWS credentials have expired (${named})`,
      next: "log in again (aws sso login), or set new ones in the environment; then type the same command again: it goes on where it stopped",
    };
  }
  if (WRONG_CLOCK.includes(name) || /signature (not yet current|expired)/i.test(said)) {
    return {
      code: "AWS_CLOCK",
      what: `this computer's clock is wrong${skew(error)} (${named})`,
      next: "set the clock (sudo timedatectl set-ntp true); then type the command again",
    };
  }
  if (WRONG_KEY.includes(name)) {
    return {
      code: "AWS_CREDENTIALS",
      what: `AWS does not accept the credentials (${named})`,
      next: "look which ones are used (aws sts get-caller-identity, AWS_PROFILE) and whether the endpoint is the one that they are for",
    };
  }
  if (name === "NoSuchBucket") {
    return {
      code: "BUCKET_UNKNOWN",
      what: `there is no such bucket${at(context)} (${named})`,
      next: "look at s3.bucket, s3.region and s3.endpoint of the frontend, and at the account in use (aws s3 ls)",
    };
  }
  if (name === "NoSuchDistribution") {
    return {
      code: "DISTRIBUTION_UNKNOWN",
      what: `there is no such distribution (${named})`,
      next: "look at cloudfront of the frontend, and at the account in use (aws cloudfront list-distributions)",
    };
  }
  if (DENIED.includes(name) || status === 403) {
    const action = /not authorized to perform: ([\w:*]+)/.exec(said)?.[1] ?? context.action;
    return {
      code: "AWS_DENIED",
      what: `the credentials may not do this${action === undefined ? "" : `: ${action} is needed`} (${named})`,
      next: `have ${action ?? "the permission"} granted to them, or use others (AWS_PROFILE, profile, roleArn)`,
    };
  }
  if (BUSY.includes(name) || status === 503 || (status !== undefined && status >= 500)) {
    return {
      code: "AWS_UNAVAILABLE",
      what: `the server is too busy or has a fault, also after several attempts (${named})`,
      next: "type the same command again: what is done is not done twice",
    };
  }
  const network = networkFault(error);
  if (network !== undefined) {
    return {
      code: "AWS_UNAVAILABLE",
      what: `${context.endpoint ?? network.host ?? "the server"} cannot be reached (${network.why})`,
      next: "look at the network, at endpoint and region of the frontend, and at AWS_ENDPOINT_URL; then type the same command again",
    };
  }
  if (name === "AuthorizationHeaderMalformed") {
    return {
      code: "BAD_CONFIG",
      what: `the bucket is in another region (${named})`,
      next: "set s3.region of the frontend, or AWS_REGION, to the region of the bucket; then type the command again",
    };
  }
  if (/region is missing/i.test(said)) {
    return {
      code: "BAD_CONFIG",
      what: "no AWS region is configured",
      next: "set region of the frontend, or AWS_REGION",
    };
  }
  return {
    code: "AWS_REFUSED",
    what: named,
    next: "read what AWS says; then type the command again",
  };
}

function at({ endpoint }: AwsContext): string {
  return endpoint === undefined ? "" : ` at ${endpoint}`;
}

/** By how much the clock differs from that of the server, as the server's answer tells. */
function skew(error: unknown): string {
  const response = isRecord(error) ? error.$response : undefined;
  const headers = isRecord(response) ? response.headers : undefined;
  const date = isRecord(headers) ? (headers.date ?? headers.Date) : undefined;
  const serverMs = typeof date === "string" ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(serverMs)) {
    return "";
  }
  const seconds = Math.round((Date.now() - serverMs) / 1000);
  const size = Math.abs(seconds);
  const amount = size < 120 ? `${size} seconds` : `${Math.round(size / 60)} minutes`;
  return `: it is ${amount} ${seconds > 0 ? "fast" : "slow"}`;
}

interface NetworkFault {
  readonly host: string | undefined;
  readonly why: string;
}

/** Whether nobody answered. Looks into causes, and into attempts on several addresses of a host. */
function networkFault(error: unknown): NetworkFault | undefined {
  if (!isRecord(error)) {
    return undefined;
  }
  const { code, hostname, address, port, errors, cause, name } = error;
  if (typeof code === "string" && NO_NETWORK.has(code)) {
    const inner: unknown = Array.isArray(errors) ? errors[0] : undefined;
    const host =
      typeof hostname === "string"
        ? hostname
        : typeof address === "string"
          ? `${address}:${String(port)}`
          : networkFault(inner)?.host;
    return { host, why: messageOf(error) === "" ? code : messageOf(error) };
  }
  if (name === "TimeoutError") {
    return { host: undefined, why: messageOf(error) };
  }
  const deeper = networkFault(cause);
  return deeper === undefined && messageOf(error) === "fetch failed"
    ? { host: undefined, why: messageOf(cause) }
    : deeper;
}
