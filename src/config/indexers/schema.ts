import { z } from "zod";

import { configuration } from "./configuration-schema.js";
import { comparison } from "./compare-schema.js";
import { formatOf } from "./file-format.js";

import { ponder } from "./ponder-schema.js";
import { alchemy, goldsky, graphNode } from "./subgraph-schema.js";

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

const helm = z
  .object({
    release: kubernetesName.max(53),
    program: text.optional(),
    namespace: kubernetesName.optional(),
    context: text.optional(),
    kubeconfig: text.optional(),
  })
  .strict();

/** Where an indexer can be. */
const PLACES = ["kubernetes", "helm", "ponder", "graphNode", "goldsky", "alchemy"] as const;

/** A subgraph is in one place, and that is all there is to it. */
const ALONE: ReadonlySet<string> = new Set(["graphNode", "goldsky", "alchemy"]);

const followed = z
  .object({
    address: text,
    startBlock: text.optional(),
    previous: z
      .object({ address: text, startBlock: text.optional(), endBlock: text.optional() })
      .strict()
      .optional(),
    list: text.optional(),
    schema: text.optional(),
    file: z
      .object({
        configMap: kubernetesName,
        key: text,
        format: z.enum(["json", "yaml", "env"]).optional(),
      })
      .strict()
      .refine(({ key, format }) => format !== undefined || formatOf(key) !== undefined, {
        path: ["format"],
        message: 'must say what the file is: "json", "yaml" or "env"',
      })
      .optional(),
  })
  .strict()
  .refine(({ previous, list }) => previous === undefined || list === undefined, {
    path: ["previous"],
    message: "cannot be together with list: the old contract stays in the list",
  });

/** What a user may write about an indexer. */
export const indexer = z
  .object({
    kubernetes: workload.optional(),
    helm: helm.optional(),
    ponder: ponder.optional(),
    graphNode: graphNode.optional(),
    goldsky: goldsky.optional(),
    alchemy: alchemy.optional(),
    live: z.boolean().optional(),
    waitSeconds: z.number().positive().max(3600).optional(),
    dependsOn: z.array(text).optional(),
    writes: z.boolean().optional(),
    network: text.optional(),
    contracts: z.record(text, followed).optional(),
    compare: z.array(comparison).optional(),
    configuration: configuration.optional(),
  })
  .strict()
  .refine((one) => PLACES.some((place) => one[place] !== undefined), {
    path: ["kubernetes"],
    message: `must say where it runs: ${PLACES.join(", ")}`,
  })
  .refine(
    (one) => {
      const places = PLACES.filter((place) => one[place] !== undefined);
      return places.length <= 1 || !places.some((place) => ALONE.has(place));
    },
    {
      path: ["graphNode"],
      message:
        "stands alone: give what runs in a cluster a name of its own, and list it under dependsOn",
    },
  );

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
