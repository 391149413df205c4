import { writeFile } from "node:fs/promises";

import type { Kubernetes } from "../servers/kubernetes.js";

/**
 * A kubeconfig of somebody with one of Kubernetes' own roles in one namespace, and no rights elsewhere.
 * @param role "view", "edit".
 */
export async function kubeconfigOfSomebody(
  kubernetes: Kubernetes,
  namespace: string,
  role: string,
): Promise<string> {
  const { kubeconfig, server, certificate } = kubernetes;
  const ask = async (...args: readonly string[]): Promise<string> => {
    const { code, output } = await kubernetes.kubectl(namespace, ...args);
    if (code !== 0) {
      throw new Error(output);
    }
    return output.trim();
  };
  await ask("create", "serviceaccount", "somebody");
  await ask(
    ...["create", "rolebinding", "somebody", `--clusterrole=${role}`],
    `--serviceaccount=${namespace}:somebody`,
  );
  const token = await ask("create", "token", "somebody");
  const file = `${kubeconfig}.${namespace}.somebody`;
  const authority = Buffer.from(certificate).toString("base64");
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "somebody",
      contexts: [{ name: "somebody", context: { cluster: "test", user: "somebody" } }],
      clusters: [{ name: "test", cluster: { server, "certificate-authority-data": authority } }],
      users: [{ name: "somebody", user: { token } }],
    }),
  );
  return file;
}
