import { configurationRequests } from "../indexer/configuration/requests.js";
import type { ConfigurationRequests } from "../indexer/configuration/requests.js";
import type { Target } from "../indexer/kubernetes/choose-revision.js";
import { parseSource } from "./configuration-source.js";
import type { Indexers } from "./indexer-place.js";

/**
 * What has to be done with the configuration of each indexer that runs as a workload in a cluster. Helm brings
 * back its own.
 * @param root of the project: absolute.
 * @param typed where it should come from.
 * @param target where the workloads go; undefined: they stay.
 * @throws EmergencyError BAD_ARGUMENTS, BAD_CONFIG, and what `configurationRequests` throws.
 */
export async function configurationWork(
  { names, config, live }: Pick<Indexers, "names" | "config" | "live">,
  root: string,
  typed: string | undefined,
  target: Target | undefined,
): Promise<(name: string) => ConfigurationRequests> {
  const requests = await Promise.all(
    names
      .filter((name) => config(name).kubernetes !== undefined && config(name).helm === undefined)
      .map(async (name) => {
        const source = parseSource(typed, { name, config: config(name).configuration, root });
        return [name, await configurationRequests(await live(name), target, source)] as const;
      }),
  );
  const known = new Map(requests);
  return (name) => known.get(name) ?? { before: [], after: [] };
}
