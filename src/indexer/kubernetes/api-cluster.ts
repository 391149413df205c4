import { z } from "zod";

import { EmergencyError, asError } from "../../errors.js";
import { askPatiently, refusalOf, saidBy, type ApiAnswer, type ApiTools } from "./api.js";
import type { Cluster, ObjectKind, ObjectName, Written } from "./cluster.js";
import {
  clusterObjectSchema,
  controllerRevisionSchema,
  eventSchema,
  podSchema,
  replicaSetSchema,
  workloadSchema,
  type WorkloadKind,
  type WorkloadName,
} from "./objects.js";
import { selectorOf } from "./selector.js";

/** Who is said to have changed a field, in `metadata.managedFields`. */
export const FIELD_MANAGER = "hardhat-emergency";

/** More would be a large answer, fewer many questions. The same as kubectl's. */
const PAGE = "500";

const PLURALS: Record<WorkloadKind, string> = {
  Deployment: "deployments",
  StatefulSet: "statefulsets",
  DaemonSet: "daemonsets",
};

/** Those with a slash in their name are parts of others: "deployments/scale". */
const knownKinds = z
  .object({
    resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
  })
  .transform(({ resources }) =>
    resources
      .filter(({ name }) => !name.includes("/"))
      .map(({ name: plural, kind, namespaced }) => ({ kind, plural, namespaced })),
  );

/**
 * The cluster behind an API server, seen from one namespace.
 * @param dryRun whether the server is asked to keep nothing that is written.
 */
export function apiCluster(tools: ApiTools, namespace: string, dryRun: boolean): Cluster {
  const apps = `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}`;
  const core = `/api/v1/namespaces/${encodeURIComponent(namespace)}`;

  function parsed<T>(
    schema: z.ZodType<T, z.ZodTypeDef, unknown>,
    doing: string,
    answer: ApiAnswer,
  ): T {
    if (answer.status >= 300) {
      throw refusalOf(tools, doing, answer);
    }
    try {
      return schema.parse(JSON.parse(answer.text));
    } catch (error) {
      throw new EmergencyError(
        "CLUSTER_REFUSED",
        `${tools.server} answers with something that is not Kubernetes' when asked to ${doing}`,
        "check the server's address in the kubeconfig",
        asError(error),
      );
    }
  }

  async function list<T>(
    item: z.ZodType<T, z.ZodTypeDef, unknown>,
    doing: string,
    path: string,
    query: Readonly<Record<string, string>>,
  ): Promise<readonly T[]> {
    const page = z.object({
      metadata: z.object({ continue: z.string().default("") }).default({}),
      items: z.array(item).nullable(),
    });
    let items: T[] = [];
    let from: string | undefined = "";
    while (from !== undefined) {
      const answer: ApiAnswer = await askPatiently(tools, {
        method: "GET",
        path,
        query: { ...query, limit: PAGE, ...(from === "" ? {} : { continue: from }) },
      });
      if (answer.status === 410 && from !== "") {
        // The list has grown too old to be continued: from the start again.
        items = [];
        from = "";
        continue;
      }
      // A kind that the cluster does not know has no objects.
      if (answer.status === 404) {
        return [];
      }
      const { metadata, items: more } = parsed(page, doing, answer);
      items.push(...(more ?? []));
      from = metadata.continue === "" ? undefined : metadata.continue;
    }
    return items;
  }

  const writing = { fieldManager: FIELD_MANAGER, ...(dryRun ? { dryRun: "All" } : {}) };

  function folderOf({ apiVersion, plural, namespace: own = namespace }: ObjectKind): string {
    const group = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
    return `${group}${own === null ? "" : `/namespaces/${encodeURIComponent(own)}`}/${plural}`;
  }

  const objectPath = (name: ObjectName): string =>
    `${folderOf(name)}/${encodeURIComponent(name.name)}`;

  function written(doing: string, answer: ApiAnswer): Written {
    if (
      answer.status === 404 ||
      answer.status === 409 ||
      (answer.status === 422 && isFailedTest(answer))
    ) {
      return { refused: saidBy(answer) };
    }
    return { object: parsed(clusterObjectSchema, doing, answer) };
  }

  const pathOf = ({ kind, name }: WorkloadName): string =>
    `${apps}/${PLURALS[kind]}/${encodeURIComponent(name)}`;

  return {
    place: `namespace ${namespace}, ${tools.server}`,
    namespace,
    access: tools.access,
    dryRun,
    async workload(name) {
      const answer = await askPatiently(tools, { method: "GET", path: pathOf(name) });
      if (answer.status === 404) {
        throw new EmergencyError(
          "UNKNOWN_WORKLOAD",
          `there is no ${name.kind} "${name.name}" in namespace ${namespace} of ${tools.server}`,
          `correct kind, name, namespace or context in hardhat.config.ts; see what there is: kubectl ${tools.kubectl} get ${PLURALS[name.kind]} --all-namespaces`,
        );
      }
      return parsed(workloadSchema, `read ${described(name)}`, answer);
    },
    replicaSets: async (workload) =>
      await list(replicaSetSchema, "list its ReplicaSets", `${apps}/replicasets`, {
        labelSelector: selectorOf(workload),
      }),
    controllerRevisions: async (workload) =>
      await list(
        controllerRevisionSchema,
        "list its ControllerRevisions",
        `${apps}/controllerrevisions`,
        { labelSelector: selectorOf(workload) },
      ),
    pods: async (workload) =>
      await list(podSchema, "list its pods", `${core}/pods`, {
        labelSelector: selectorOf(workload),
      }),
    warnings: async () =>
      await list(eventSchema, "list the events of the namespace", `${core}/events`, {
        fieldSelector: "type=Warning",
      }),
    async lastLines(pod, container, lines) {
      for (const previous of ["true", "false"]) {
        // Whoever cannot read logs still wants to know the rest, and at once.
        const answer = await tools
          .ask({
            method: "GET",
            path: `${core}/pods/${encodeURIComponent(pod)}/log`,
            query: { container, previous, tailLines: String(lines) },
          })
          .catch(() => undefined);
        if (answer?.status === 200 && answer.text.trim() !== "") {
          return answer.text.trimEnd();
        }
      }
      return null;
    },
    async patch(name, operations) {
      const answer = await askPatiently(tools, {
        method: "PATCH",
        path: pathOf(name),
        query: writing,
        body: [...operations],
      });
      if (answer.status === 409 || (answer.status === 422 && isFailedTest(answer))) {
        return { refused: saidBy(answer) };
      }
      return { workload: parsed(workloadSchema, `patch ${described(name)}`, answer) };
    },
    async object(name) {
      const answer = await askPatiently(tools, { method: "GET", path: objectPath(name) });
      return answer.status === 404
        ? null
        : parsed(clusterObjectSchema, `read ${name.plural} "${name.name}"`, answer);
    },
    objects: async (kind, labelSelector) =>
      await list(
        clusterObjectSchema,
        `list ${kind.plural}`,
        folderOf(kind),
        labelSelector === undefined ? {} : { labelSelector },
      ),
    create: async (kind, object) =>
      written(
        `make ${kind.plural}`,
        await askPatiently(tools, {
          method: "POST",
          path: folderOf(kind),
          query: writing,
          body: object,
        }),
      ),
    patchObject: async (name, operations) =>
      written(
        `patch ${name.plural} "${name.name}"`,
        await askPatiently(tools, {
          method: "PATCH",
          path: objectPath(name),
          query: writing,
          body: [...operations],
        }),
      ),
    async kinds(apiVersion) {
      const path = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
      const answer = await askPatiently(tools, { method: "GET", path });
      return answer.status === 404
        ? []
        : parsed(knownKinds, `list the kinds of ${apiVersion}`, answer);
    },
    tryApply: async (name, manifest, { manager, force }) =>
      written(
        `apply ${name.plural} "${name.name}"`,
        await askPatiently(tools, {
          method: "PATCH",
          path: objectPath(name),
          query: { fieldManager: manager, force: String(force), dryRun: "All" },
          body: manifest,
          contentType: "application/apply-patch+yaml",
        }),
      ),
    async remove(name, { metadata: { uid, resourceVersion } }) {
      const answer = await askPatiently(tools, {
        method: "DELETE",
        path: objectPath(name),
        // With a body, an API server does not look for it in the query: it would really remove the object.
        body: {
          preconditions: { uid, resourceVersion },
          ...(dryRun ? { dryRun: ["All"] } : {}),
        },
      });
      if (answer.status === 409) {
        return false;
      }
      if (answer.status >= 300 && answer.status !== 404) {
        throw refusalOf(tools, `remove ${name.plural} "${name.name}"`, answer);
      }
      return true;
    },
  };
}

/** A patch whose `test` does not hold is as invalid to an API server as an object that breaks a rule. */
function isFailedTest(answer: ApiAnswer): boolean {
  return /\btest(ing)?\b.*fail|due to an error in our request/is.test(saidBy(answer));
}

function described({ kind, name }: WorkloadName): string {
  return `${kind} ${name}`;
}
