import type { Checkpoint } from "./checkpoint.js";
import type { Deployment } from "./deployments.js";

/** A chain on which a deployment is behind another one. */
export interface Behind {
  readonly chain: string;
  /** The other one's. */
  readonly served: number;
  /** null: it has not come to the first block yet. */
  readonly block: number | null;
}

/** The chains on which a deployment is more than so many blocks behind what readers see now. */
export function chainsBehind(
  target: Deployment,
  served: Deployment,
  maxBehind: number,
): readonly Behind[] {
  return served.checkpoints.flatMap((there: Checkpoint) => {
    const here = target.checkpoints.find(({ chainId }) => chainId === there.chainId);
    const block = here?.block ?? null;
    return block === null || block < there.block - maxBehind
      ? [{ chain: there.chain, served: there.block, block }]
      : [];
  });
}

/** "local at block 120", for people. */
export function describeCheckpoints({ checkpoints }: Deployment): string {
  return checkpoints.length === 0
    ? "before its first block"
    : checkpoints.map(({ chain, block }) => `${chain} at block ${block}`).join(", ");
}

/** "local at block 120, where readers see 1000", for people. */
export function describeBehind(behind: readonly Behind[]): string {
  return behind
    .map(
      ({ chain, block, served }) =>
        `${chain} ${block === null ? "before its first block" : `at block ${block}`}, where readers see ${served}`,
    )
    .join("; ");
}

/** "12 s ago", from milliseconds. */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  return hours > 0 ? `${hours} h ago` : minutes > 0 ? `${minutes} min ago` : `${seconds} s ago`;
}
