import { z } from "zod";

const text = z.string().min(1);

const kubernetesName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "must be a name as Kubernetes has them: lower case");

const workload = z
  .object({
    kind: z.enum(["Deployment", "StatefulSet", "DaemonSet"]).optional(),
    name: kubernetesName,
    namespace: kubernetesName.optional(),
    context: text.optional(),
    kubeconfig: text.optional(),
  })
  .strict();

/** What a user may write about an indexer. */
export const indexer = z
  .object({
    kubernetes: workload.optional(),
    live: z.boolean().optional(),
    waitSeconds: z.number().positive().max(3600).optional(),
    dependsOn: z.array(text).optional(),
    writes: z.boolean().optional(),
    network: text.optional(),
  })
  .strict()
  .refine(({ kubernetes }) => kubernetes !== undefined, {
    path: ["kubernetes"],
    message: "must say where it runs: kubernetes",
  });

/** Indexers by name: what they depend on is among them, and none depends on itself in the end. */
export function indexers(name: z.ZodString) {
  return z.record(name, indexer).superRefine((all, context) => {
    for (const [each, { dependsOn = [] }] of Object.entries(all)) {
      for (const other of dependsOn) {
        if (all[other] === undefined) {
          context.addIssue({
            code: "custom",
            path: [each, "dependsOn"],
            message: `names "${other}", which is not among the indexers`,
          });
        }
      }
      if (leadsTo(all, each, each, new Set())) {
        context.addIssue({
          code: "custom",
          path: [each, "dependsOn"],
          message: "leads back to itself: none of them could be started first",
        });
      }
    }
  });
}

function leadsTo(
  all: Readonly<Record<string, z.infer<typeof indexer>>>,
  from: string,
  to: string,
  seen: Set<string>,
): boolean {
  if (seen.has(from)) {
    return false;
  }
  seen.add(from);
  const next = all[from]?.dependsOn ?? [];
  return next.includes(to) || next.some((other) => leadsTo(all, other, to, seen));
}
