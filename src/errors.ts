import { HardhatPluginError } from "hardhat/plugins";

import { redact } from "./redact.js";

/** The plugin's id, as Hardhat prints it in front of every error. */
export const PLUGIN_ID = "hardhat-emergency";

/**
 * Every refusal of the plugin, by its stable code. Scripts may rely on the codes; the wording may
 * change. The text says what the code means, for the reference in the README.
 */
export const ERROR_CODES = {
  BAD_ADDRESS: "an address is mistyped: wrong length, wrong characters or wrong checksum",
  BAD_ARGUMENTS: "an option has a value that cannot be used",
  BAD_CONFIG: "something in hardhat.config.ts cannot be used",
  BAD_PLAN: "a plan file cannot be read, was changed after it was made, or is for another command",
  UNKNOWN_CONTRACT: "no contract of this name is known",
  AMBIGUOUS_CONTRACT: "a name stands for several addresses",
  UNKNOWN_NETWORK: "no network of this name is configured",
  NO_CODE: "there is no contract at the address",
  CONFIG_VARIABLE_MISSING: "a configuration variable that the network needs is not set",
  HARDHAT: "Hardhat itself refused; its message says why",
  WRONG_CHAIN: "the node serves another chain than the configuration says",
  CHAIN_ID_NOT_CONFIGURED: "a live network has no chain id to check the node against",
  RPC_UNREACHABLE: "the node does not answer",
  RPC_INVALID: "the node answered with something that is not a valid JSON-RPC answer",
  RPC_REFUSED: "the node answered with an error",
  NO_SIGNER: "the network has no account to sign with",
  NOT_OUR_ACCOUNT: "--from is not one of the network's accounts",
  NO_AUTHORITY: "none of the accounts may do this",
  OUT_OF_FUNDS: "the account cannot pay for the transaction",
  NOT_PAUSABLE: "the contract has no pause that the plugin knows",
  IRREVERSIBLE: "it could not be undone, or cannot be",
  WOULD_REVERT: "the transaction would fail",
  UNKNOWN_PROXY: "the address is not a proxy that the plugin can upgrade",
  UNKNOWN_ARTIFACT: "no compiled contract of this name exists in the project",
  INCOMPATIBLE_LAYOUT: "the new implementation is not upgrade safe for this proxy",
  LAYOUT_UNKNOWN: "the storage layout of the present implementation is not known",
  CONSTRUCTOR_ARGUMENTS_UNKNOWN: "the old contract's constructor arguments cannot be found",
  PRIOR_STATE_CHANGED: "the chain, or the site, is no longer as it was when the plan was made",
  REHEARSAL_FAILED: "the plan did not work on the fork",
  DIFFERS_FROM_REHEARSAL: "the transaction did something that the rehearsal did not show",
  NOT_CONFIRMED: "the network's name was not typed",
  CONFIRMATION_NEEDED: "nobody can be asked and --yes was not given",
  NOT_MINED: "the transaction was sent but not mined in time",
  REVERTED: "the transaction was mined and failed",
  NO_FORK: "a fork of the network cannot be made",
  CALL_FAILED: "the function call failed",
  DRILL_FAILED: "a proof of the drill failed",
  NO_ANVIL: "anvil is not installed",
  UNEXPECTED: "something that the plugin did not foresee",
  STORE_UNUSABLE: "the .emergency folder cannot be read or written",
  SITE_UNREACHABLE: "nothing answers at the frontend's URL",
  UNKNOWN_FRONTEND: "no frontend of this name is configured",
  UNKNOWN_RELEASE: "the frontend has no such release",
  BROKEN_RELEASE: "the files of a release are not those of its manifest",
  FRONTEND_UNUSABLE: "the frontend's directory cannot be used for releases",
  FRONTEND_LOCKED: "somebody else is changing the frontend",
  OLD_ADDRESS: "the site would talk to a contract address that is not the one in use",
  OLD_ADDRESS_NOT_FOUND: "the old address is in none of the site's files",
  CANNOT_REPOINT:
    "the site, or the indexer, cannot be repointed with confidence by changing what is there",
  CANNOT_BUILD: "the site cannot be built from the commit that is wanted",
  BUILD_FAILED: "the site's build failed, or did not make the site that it should",
  AWS_CREDENTIALS: "there are no AWS credentials, they have expired, or AWS does not accept them",
  AWS_DENIED: "the AWS credentials may not do what is needed",
  AWS_UNAVAILABLE: "a server of AWS cannot be reached, or is too busy",
  AWS_CLOCK: "this computer's clock differs too much from that of AWS",
  AWS_REFUSED: "AWS refused for a reason of its own; its message says why",
  BUCKET_UNKNOWN: "there is no such bucket",
  DISTRIBUTION_UNKNOWN:
    "no CloudFront distribution, or more than one, is what the configuration says",
  INVALIDATION_FAILED: "what the caches hold could not be invalidated",
  POINTER_UNUSABLE: "what says which release is served cannot be moved without changing more",
  POINTER_CHANGED: "somebody else has moved what says which release is served",
  VERSIONS_EXPIRED: "the bucket may not hold any more what was visible then",
  VERSIONS_NOT_KEPT:
    "the bucket keeps no versions, so data would be lost, or there is none to go back to",
  VERSION_ARCHIVED: "a version lies in an archive and has to be fetched from there first",
  CLUSTER_UNREACHABLE: "the Kubernetes API server does not answer, or cannot now",
  CLUSTER_CREDENTIALS:
    "the Kubernetes API server does not accept the credentials in the kubeconfig",
  CLUSTER_DENIED: "the credentials may not do in the cluster what is needed",
  CLUSTER_REFUSED:
    "the Kubernetes API server refuses for a reason of its own; its message says why",
  UNKNOWN_INDEXER: "no indexer of this name is configured",
  UNKNOWN_HELM_RELEASE: "there is no Helm release of this name in the namespace",
  HELM_MISSING: "the helm program is not installed, or cannot be used",
  HELM_PENDING: "helm is, or may be, at work on the release; or it never came to be deployed",
  HELM_RECORD_UNREADABLE: "what helm has recorded of a revision cannot be read",
  HELM_FAILED: "helm refused, or did not come to its end; its message says why",
  UNKNOWN_WORKLOAD: "the cluster has no such Deployment, StatefulSet or DaemonSet",
  UNKNOWN_REVISION: "the workload has no such revision",
  UNKNOWN_SNAPSHOT: "there is no such snapshot of a configuration, or a copy in it is gone",
  BAD_CONFIGURATION: "the configuration that is wanted is not where it should come from",
  CONFIGURATION_OWNED: "something keeps a ConfigMap or Secret as it is, and would put it back",
  OWNER_PUTS_BACK: "something keeps the workload as it is, and cannot be told to leave it alone",
  OWNER_BUSY: "what keeps the workload as it is is still at work, and may put back what is changed",
  ROLLOUT_PAUSED: "the rollout is paused, so that changing the template would change no pod",
  AUTOSCALED: "an autoscaler would change the number of pods again",
  CANNOT_SCALE: "a DaemonSet has one pod on each node, and no number of pods",
  REPLICAS_UNKNOWN: "nobody remembers how many pods the workload had before it was stopped",
  INDEXER_NOT_UP: "the indexer does not work now, so it is not recorded that it does",
  UNKNOWN_VARIABLE: "the workload has no such variable, or the file no such place",
  OTHER_ADDRESS: "the indexer follows another contract than the one that should be replaced",
  HISTORY_LOST: "an indexer would lose the history of the old contract",
  START_BLOCK_UNKNOWN: "the block that a contract was deployed in cannot be found on the chain",
  INDEXER_UNREACHABLE: "a server of the indexer does not answer, or cannot now",
  INDEXER_DENIED: "a server of the indexer does not accept the token or the key",
  INDEXER_REFUSED: "a server of the indexer refuses for a reason of its own; its message says why",
  UNKNOWN_VERSION: "the indexer has no such version, or serves none",
  VERSION_NOT_READY:
    "a version of the indexer is not healthy, or not as far as it must be to be served",
  VERSION_INCOMPLETE: "a version of the indexer lacks what readers read now",
  VERSION_EXISTS: "another version already has this label",
  UNSAFE_REWIND: "the indexer cannot be rewound to this block",
  NO_GRAPHMAN: "only the program graphman can do this, and it is not configured or does not run",
  GRAPHMAN_FAILED: "the program graphman has ended with an error",
  PAUSE_NOT_CONFIRMED: "the indexer was told to pause, and goes on",
  VIEWS_BUSY: "somebody reads an indexer's views and does not end, so that they cannot be moved",
  INDEXER_LOCKED: "somebody else is changing the indexer at this moment",
  DATABASE_UNREACHABLE: "the database server does not answer, or the connection to it broke",
  DATABASE_CREDENTIALS: "the database server does not accept the login",
  DATABASE_DENIED: "the login may not do in the database what is needed",
  DATABASE_REFUSED: "the database server refuses for a reason of its own; its message says why",
} as const;

/** A stable error code, see {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * A refusal or failure that the person at the keyboard can act on. Hardhat prints it without a
 * stack trace.
 */
export class EmergencyError extends HardhatPluginError {
  /** The stable code. */
  readonly code: ErrorCode;
  /** What happened, without code and advice. */
  readonly what: string;
  /** The next command to type, or what to change. */
  readonly next: string;

  constructor(code: ErrorCode, what: string, next: string, cause?: Error) {
    const safeWhat = redact(what);
    const safeNext = redact(next);
    super(PLUGIN_ID, `${code}: ${safeWhat}\nNext: ${safeNext}`, scrubbed(cause));
    this.code = code;
    this.what = safeWhat;
    this.next = safeNext;
  }
}

/** `--show-stack-traces` prints the cause as well, so it may hold no secret either. */
function scrubbed(cause: Error | undefined): Error | undefined {
  if (cause === undefined) {
    return undefined;
  }
  const safe = new Error(redact(cause.message));
  safe.name = cause.name;
  safe.stack = redact(cause.stack ?? cause.message);
  return safe;
}

/** The message of anything thrown, with secrets taken out. */
export function messageOf(thrown: unknown): string {
  return redact(thrown instanceof Error ? thrown.message : String(thrown));
}

/** Anything thrown as an `Error`, to be the cause of another one. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
