import { EmergencyError, asError, messageOf } from "../../errors.js";
import { registerSecret } from "../../redact.js";
import type { Ask } from "./api.js";
import { apiCluster } from "./api-cluster.js";
import type { Cluster } from "./cluster.js";
import { rememberingCluster } from "./remembering-cluster.js";

/** Which cluster, and where in it. */
export interface ClusterPlace {
  /** A file; default: as kubectl finds it (`KUBECONFIG`, `~/.kube/config`, or the pod's own account). */
  readonly kubeconfig: string | undefined;
  /** Default: the kubeconfig's current one. */
  readonly context: string | undefined;
  /** Default: the context's. */
  readonly namespace: string | undefined;
}

/** One question may take so long. */
const PATIENCE_MS = 20_000;

/**
 * The cluster that a kubeconfig names, by Kubernetes' own client: it knows all ways to log in. What is asked
 * and answered is plain JSON all the same: the client's models would drop fields that they do not know.
 * @param dryRun whether the API server only tries what is written, and keeps nothing.
 * @throws EmergencyError BAD_CONFIG when there is no such kubeconfig or context.
 */
export async function openCluster(place: ClusterPlace, dryRun = false): Promise<Cluster> {
  const { KubeConfig, RequestContext, IsomorphicFetchHttpLibrary } = await loadClient();
  const config = new KubeConfig();
  try {
    if (place.kubeconfig === undefined) {
      config.loadFromDefault();
    } else {
      config.loadFromFile(place.kubeconfig);
    }
  } catch (error) {
    throw new EmergencyError(
      "BAD_CONFIG",
      `the kubeconfig ${place.kubeconfig ?? ""} cannot be read: ${messageOf(error)}`,
      "name another one in hardhat.config.ts: kubernetes.kubeconfig",
      asError(error),
    );
  }
  if (place.context !== undefined) {
    config.setCurrentContext(place.context);
  }
  const context = config.getContextObject(config.getCurrentContext());
  const cluster = config.getCurrentCluster();
  if (context === null || cluster === null) {
    const names = config.getContexts().map(({ name }) => name);
    throw new EmergencyError(
      "BAD_CONFIG",
      `the kubeconfig has no context "${place.context ?? config.getCurrentContext()}"`,
      names.length === 0
        ? "name a kubeconfig in hardhat.config.ts: kubernetes.kubeconfig"
        : `name one of these in hardhat.config.ts, kubernetes.context: ${names.join(", ")}`,
    );
  }
  if (cluster.server.startsWith("http:") && !cluster.skipTLSVerify) {
    throw new EmergencyError(
      "BAD_CONFIG",
      `${cluster.server} of context ${context.name} is not encrypted, and Kubernetes' client would send it your credentials`,
      "use an https:// server; or allow it in the kubeconfig: insecure-skip-tls-verify: true",
    );
  }
  const user = config.getCurrentUser();
  for (const secret of [user?.token, user?.password]) {
    if (typeof secret === "string") {
      registerSecret(secret);
    }
  }

  const library = new IsomorphicFetchHttpLibrary();
  const ask: Ask = async ({ method, path, query = {}, body, contentType }) => {
    const url = `${cluster.server.replace(/\/$/, "")}${path}?${new URLSearchParams(query).toString()}`;
    const request = new RequestContext(url, method);
    request.setSignal(AbortSignal.timeout(PATIENCE_MS));
    request.setHeaderParam("Accept", "application/json");
    if (body !== undefined) {
      const type = Array.isArray(body) ? "application/json-patch+json" : "application/json";
      request.setHeaderParam("Content-Type", contentType ?? type);
      request.setBody(
        contentType !== undefined && typeof body === "string" ? body : JSON.stringify(body),
      );
    }
    await config.applySecurityAuthentication(request);
    const response = await library.send(request).toPromise();
    return {
      status: response.httpStatusCode,
      retryAfter: response.headers["retry-after"],
      text: await response.body.text(),
    };
  };
  const opened = apiCluster(
    {
      ask,
      access: { kubeconfig: place.kubeconfig, context: context.name },
      server: `context ${context.name} (${cluster.server})`,
      kubectl: [
        ...(place.kubeconfig === undefined ? [] : [`--kubeconfig ${place.kubeconfig}`]),
        `--context ${context.name}`,
      ].join(" "),
    },
    place.namespace ?? context.namespace ?? "default",
    dryRun,
  );
  return dryRun ? rememberingCluster(opened) : opened;
}

/** Kubernetes' client needs a newer Node than this plugin. */
const loadClient = async () =>
  await import("@kubernetes/client-node").catch((error: unknown) => {
    throw new EmergencyError(
      "CLUSTER_UNREACHABLE",
      `Kubernetes' client cannot be loaded on Node ${process.versions.node}: ${messageOf(error)}`,
      "use Node 22.19 or later",
      asError(error),
    );
  });
