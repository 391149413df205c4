import type { Deployment, GraphNode } from "./graph-node.js";

/**
 * A graph-node that is only looked at, and that remembers what it would have been told: a step that builds on
 * another is planned on what that one leaves behind. graph-node has no dry run of its own.
 */
export function rememberingNode(node: GraphNode): GraphNode {
  const paused = new Map<string, boolean>();
  /** What queries to a name get; null when it was removed. */
  const names = new Map<string, string | null>();

  const seen = (deployment: Deployment | null): Deployment | null => {
    const switched = deployment === null ? undefined : paused.get(deployment.deployment);
    return deployment === null || switched === undefined
      ? deployment
      : { ...deployment, paused: switched };
  };
  return {
    ...node,
    deployment: async (hash) => seen(await node.deployment(hash)),
    async versions(name) {
      const hash = names.get(name);
      if (hash === null) {
        return { current: null, pending: null };
      }
      if (hash !== undefined) {
        return { current: seen(await node.deployment(hash)), pending: null };
      }
      const { current, pending } = await node.versions(name);
      return { current: seen(current), pending: seen(pending) };
    },
    async served(target) {
      const hash = "name" in target ? names.get(target.name) : undefined;
      if (hash === null) {
        return null;
      }
      return await node.served(hash === undefined ? target : { hash });
    },
    async pause(hash) {
      paused.set(hash, true);
      await Promise.resolve();
    },
    async resume(hash) {
      paused.set(hash, false);
      await Promise.resolve();
    },
    create: async () => {
      await Promise.resolve();
    },
    async deploy(name, hash) {
      names.set(name, hash);
      await Promise.resolve();
    },
    async remove(name) {
      names.set(name, null);
      await Promise.resolve();
    },
  };
}
