import { writeFile } from "node:fs/promises";

import type {
  EmergencyIndexerUserConfig,
  EmergencyWorkloadUserConfig,
} from "../../../src/config/types.js";
import type { WorkloadKind } from "../../../src/indexer/kubernetes/objects.js";
import { captured, createProject, type Outcome } from "../../helpers/project.js";
import type { Kubernetes } from "../servers/kubernetes.js";

/** Nobody answers there: commands on indexers need no chain. */
const NO_NODE = "http://127.0.0.1:9";

/** Commands on the workload "api" of a namespace, as they are typed. */
export interface Typed {
  /** `npx hardhat indexer <task> --yes`, unless `args` say otherwise. */
  run(task: string, args?: Readonly<Record<string, string | boolean>>): Promise<Outcome>;
  /** The project's own folder. */
  readonly folder: string;
  remove(): Promise<void>;
}

/** A project whose indexer "api" is the workload of that name. */
export async function typedIn(
  kubernetes: Pick<Kubernetes, "kubeconfig">,
  namespace: string,
  kind: WorkloadKind = "Deployment",
  more: Partial<EmergencyIndexerUserConfig> = {},
  workload: Partial<EmergencyWorkloadUserConfig> = {},
): Promise<Typed> {
  const { kubeconfig } = kubernetes;
  const project = await createProject({
    url: NO_NODE,
    chainId: 1,
    accounts: [],
    emergency: {
      indexers: {
        api: { kubernetes: { kind, name: "api", namespace, kubeconfig, ...workload }, ...more },
      },
    },
  });
  return {
    folder: project.folder,
    run: async (task, args = { yes: true }) =>
      await captured(
        async (): Promise<unknown> =>
          await project.hre.tasks.getTask(["indexer", task]).run({ ...args }),
      ),
    remove: async () => {
      await project.remove();
    },
  };
}

/** A kubeconfig of somebody who may do only this in a namespace, by rules of RBAC. */
export async function kubeconfigOf(
  kubernetes: Kubernetes,
  namespace: string,
  rules: readonly object[],
): Promise<string> {
  const make = async (path: string, object: object): Promise<void> => {
    const { status, text } = await kubernetes.api("POST", path, object);
    if (status !== 201) {
      throw new Error(text);
    }
  };
  const name = "somebody";
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const group = "rbac.authorization.k8s.io";
  const metadata = { name };
  await make(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata });
  await make(`${rbac}/roles`, { metadata, rules });
  await make(`${rbac}/rolebindings`, {
    metadata,
    roleRef: { apiGroup: group, kind: "Role", name },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  });
  const { output } = await kubernetes.kubectl(namespace, "create", "token", name);
  const file = `${kubernetes.kubeconfig}.${namespace}.somebody`;
  const authority = Buffer.from(kubernetes.certificate).toString("base64");
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      contexts: [{ name: "test", context: { cluster: "test", user: "user" } }],
      clusters: [
        {
          name: "test",
          cluster: { server: kubernetes.server, "certificate-authority-data": authority },
        },
      ],
      users: [{ name: "user", user: { token: output.trim() } }],
    }),
  );
  return file;
}
