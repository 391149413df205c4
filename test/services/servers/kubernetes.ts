import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";

import { stages } from "./kubernetes-stages.js";
import {
  freePort,
  inTemporaryFolder,
  onFreePort,
  startProcess,
  type RunningProcess,
} from "./process.js";
import { runToEnd } from "./run-to-end.js";
import { pathOf } from "./tools.js";

/** What `startKubernetes` starts, for `describeWith`. */
export const KUBERNETES_TOOLS = ["control-plane", "kwok", "kubectl"] as const;

/** A real control plane, with kwok in place of the kubelets. */
export interface Kubernetes {
  /** The file that kubectl and clients are given. */
  readonly kubeconfig: string;
  /** "https://127.0.0.1:40123". */
  readonly server: string;
  /** Of somebody who may do everything. */
  readonly token: string;
  /** What its certificate is checked with, in PEM. */
  readonly certificate: string;
  /** Makes a namespace that nobody else uses. */
  namespace(): Promise<string>;
  /** Asks the API server itself; never throws for what it answers. */
  api(
    method: string,
    path: string,
    body?: unknown,
    contentType?: string,
  ): Promise<{ readonly status: number; readonly text: string }>;
  /** Runs kubectl in a namespace. Never throws for what kubectl says. */
  kubectl(
    namespace: string,
    ...args: readonly string[]
  ): Promise<{ readonly code: number | null; readonly output: string }>;
  /** `kubectl apply` of a manifest. Never throws for what kubectl says. */
  apply(
    namespace: string,
    manifest: unknown,
  ): Promise<{ readonly code: number | null; readonly output: string }>;
  /** Kills the API server. @returns what starts it again, at the same address and with all it knew. */
  killApiServer(): Promise<() => Promise<void>>;
  /** Kills everything, and removes what it kept. */
  stop(): Promise<void>;
}

const NODES = ["node-1", "node-2", "node-3"];

/** Starts etcd, API server, controller manager, scheduler and kwok, each with files of its own, on free ports. */
export async function startKubernetes(): Promise<Kubernetes> {
  return await inTemporaryFolder("kubernetes", async (folder) => {
    const running: { stop(): Promise<void> }[] = [];
    const stop = async (): Promise<void> => {
      // SIGKILL: an API server that is asked politely keeps its port for a minute.
      await Promise.all(
        running.map(async (process) => {
          await process.stop();
        }),
      );
    };
    try {
      const etcd = await startEtcd(folder, running);
      const { server, token, certificate, killApiServer } = await startApiServer(
        folder,
        etcd,
        running,
      );
      const kubeconfig = join(folder, "kubeconfig.json");
      await writeFile(kubeconfig, JSON.stringify(kubeconfigFor(server, token, certificate)));
      const api = asker(server, token, certificate);
      await Promise.all([
        startControllers(kubeconfig, running),
        startKwok(folder, kubeconfig, running),
        ...NODES.map(async (name) => {
          await mustHave(api, "POST", "/api/v1/nodes", {
            apiVersion: "v1",
            kind: "Node",
            metadata: { name, labels: { "kubernetes.io/hostname": name } },
          });
        }),
      ]);
      let made = 0;
      let applied = 0;
      const kubectl: Kubernetes["kubectl"] = async (namespace, ...args) =>
        await runToEnd(
          pathOf("kubectl"),
          [
            ...["--kubeconfig", kubeconfig, "--cache-dir", join(folder, "kubectl")],
            ...["--namespace", namespace, ...args],
          ],
          { env: { KUBECONFIG: kubeconfig } },
        );
      return {
        kubeconfig,
        server,
        token,
        certificate,
        api,
        async namespace() {
          made += 1;
          const name = `test-${made}`;
          await mustHave(api, "POST", "/api/v1/namespaces", {
            apiVersion: "v1",
            kind: "Namespace",
            metadata: { name },
          });
          return name;
        },
        kubectl,
        async apply(namespace, manifest) {
          applied += 1;
          const file = join(folder, `manifest-${applied}.json`);
          await writeFile(file, JSON.stringify(manifest));
          return await kubectl(namespace, "apply", "--filename", file);
        },
        killApiServer,
        stop,
      };
    } catch (error) {
      await stop();
      throw error;
    }
  });
}

type Running = { stop(): Promise<void> }[];

/** Starts one part of the control plane. */
async function startPart(
  name: string,
  flags: Readonly<Record<string, string>>,
  running: Running,
  ready: () => Promise<boolean>,
): Promise<RunningProcess> {
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
  const command = pathOf("control-plane");
  const started = await startProcess({ name, command, args: [name, ...args], ready });
  running.push(started);
  return started;
}

async function startEtcd(folder: string, running: Running): Promise<string> {
  return await onFreePort(async (port) => {
    const url = `http://127.0.0.1:${port}`;
    const peer = `http://127.0.0.1:${await freePort()}`;
    const flags = {
      "data-dir": join(folder, "etcd"),
      "listen-client-urls": url,
      "advertise-client-urls": url,
      "listen-peer-urls": peer,
      "initial-advertise-peer-urls": peer,
      "initial-cluster": `default=${peer}`,
      // What it holds is thrown away.
      "unsafe-no-fsync": "true",
      "log-level": "error",
    };
    await startPart("etcd", flags, running, async () => (await fetch(`${url}/health`)).ok);
    return url;
  });
}

async function startApiServer(
  folder: string,
  etcd: string,
  running: Running,
): Promise<Pick<Kubernetes, "server" | "token" | "certificate" | "killApiServer">> {
  const certificates = join(folder, "certificates");
  await mkdir(certificates);
  const token = randomBytes(24).toString("hex");
  const tokens = join(folder, "tokens.csv");
  await writeFile(tokens, `${token},admin,admin,"system:masters"\n`);
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const privateKey = join(folder, "service-account.key");
  const publicKey = join(folder, "service-account.pub");
  await writeFile(privateKey, keys.privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(publicKey, keys.publicKey.export({ type: "spki", format: "pem" }));
  const certificateFile = join(certificates, "apiserver.crt");

  return await onFreePort(async (port) => {
    const server = `https://127.0.0.1:${port}`;
    const flags = {
      "etcd-servers": etcd,
      "bind-address": "127.0.0.1",
      "advertise-address": "127.0.0.1",
      "secure-port": String(port),
      "cert-dir": certificates,
      "token-auth-file": tokens,
      "service-account-issuer": "https://kubernetes.default.svc",
      "service-account-key-file": publicKey,
      "service-account-signing-key-file": privateKey,
      "service-cluster-ip-range": "10.0.0.0/24",
      "authorization-mode": "RBAC",
      // Pods need no tokens where nothing runs.
      "disable-admission-plugins": "ServiceAccount",
      "kubelet-preferred-address-types": "InternalIP",
    };
    const start = async (): Promise<RunningProcess> =>
      await startPart("kube-apiserver", flags, running, async () => {
        const certificate = await readFile(certificateFile, "utf8");
        return (await asker(server, token, certificate)("GET", "/readyz")).status === 200;
      });
    let now = await start();
    return {
      server,
      token,
      certificate: await readFile(certificateFile, "utf8"),
      async killApiServer() {
        await now.stop();
        return async () => {
          now = await start();
        };
      },
    };
  });
}

async function startControllers(kubeconfig: string, running: Running): Promise<void> {
  const common = {
    kubeconfig,
    "leader-elect": "false",
    "secure-port": "0",
    // Tests make more objects in a second than people do in a day.
    "kube-api-qps": "1000",
    "kube-api-burst": "2000",
  };
  const started = async (): Promise<boolean> => await Promise.resolve(true);
  await Promise.all([
    startPart(
      "kube-controller-manager",
      {
        ...common,
        // kwok's nodes say once that they are ready.
        "node-monitor-grace-period": "24h0m0s",
        // What an autoscaler does in 15 seconds, it does at once.
        "horizontal-pod-autoscaler-sync-period": "1s",
      },
      running,
      started,
    ),
    startPart("kube-scheduler", common, running, started),
  ]);
}

async function startKwok(folder: string, kubeconfig: string, running: Running): Promise<void> {
  const file = join(folder, "stages.yaml");
  // JSON is YAML.
  await writeFile(
    file,
    stages()
      .map((stage) => JSON.stringify(stage))
      .join("\n---\n"),
  );
  running.push(
    await startProcess({
      name: "kwok",
      command: pathOf("kwok"),
      args: [
        ...["--kubeconfig", kubeconfig, "--config", file],
        ...["--manage-all-nodes=true", "--node-ip", "127.0.0.1"],
      ],
      ready: () => true,
    }),
  );
}

function kubeconfigFor(server: string, token: string, certificate: string): object {
  const authority = Buffer.from(certificate).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    clusters: [{ name: "test", cluster: { server, "certificate-authority-data": authority } }],
    users: [{ name: "admin", user: { token } }],
  };
}

function asker(server: string, token: string, certificate: string): Kubernetes["api"] {
  return async (method, path, body, contentType = "application/json") =>
    await new Promise((resolve, reject) => {
      const request = httpsRequest(
        server + path,
        {
          method,
          ca: certificate,
          headers: { authorization: `Bearer ${token}`, "content-type": contentType },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (part: string) => {
            text += part;
          });
          response.on("error", reject);
          response.on("end", () => {
            resolve({ status: response.statusCode ?? 0, text });
          });
        },
      );
      request.on("error", reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

async function mustHave(
  api: Kubernetes["api"],
  method: string,
  path: string,
  body: unknown,
): Promise<void> {
  const { status, text } = await api(method, path, body);
  if (status >= 300) {
    throw new Error(`${method} ${path}: ${status} ${text}`);
  }
}
