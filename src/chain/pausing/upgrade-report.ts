import type { Address } from "../address.js";
import { authorityTree, type TreeOptions } from "../authority/tree.js";
import type { Block, Chain } from "../chain.js";
import type { InspectedContract } from "../inspection/contract.js";
import { canYou } from "./can-you.js";
import type { ReachReport, UpgradeReport } from "./report.js";
import type { UpgradePower } from "./upgrade-power.js";

/** More holders than this are not described. */
const MOST_ROOTS = 10;

/** The power to change a contract's code, down to people, and whether it is within one's own reach. */
export async function upgradeReport(
  chain: Chain,
  block: Block,
  power: UpgradePower | null,
  { proxy }: InspectedContract,
  options: TreeOptions & { readonly accounts: readonly Address[] },
): Promise<UpgradeReport | null> {
  if (power === null) {
    return null;
  }
  const { how, to, data, authority } = power;
  const { holders, needs, unknown } = authority;
  const proved = holders.filter((holder) => holder.proved);
  // What no call shows, slots still say: who is named there decides, or nobody does.
  const roots = (proved.length > 0 ? proved : how === null ? holders : []).slice(0, MOST_ROOTS);
  const trees = await authorityTree(chain, block.number, roots, options);
  const call = to === null ? undefined : { to, data: data ?? "0x" };
  const reached = await canYou(chain, block, call, trees, options.accounts);
  return {
    how,
    to,
    needs,
    callers: holders.map(({ address, via, proved: shown }) => ({ address, via, proved: shown })),
    authority: trees,
    canYou: how === null && reached.now === true ? unshown(reached) : reached,
    evidence: [
      ...proved.map(
        ({ address }) =>
          `fork: ${how ?? ""} to the present code as ${address} succeeds (block ${block.number})`,
      ),
      ...named("admin", proxy?.admin ?? null, block),
      ...named("beacon", proxy?.beacon ?? null, block),
    ],
    unknown: proved.length > 0 ? [] : unknown,
  };
}

/** Within reach by what slots say, but no call was made that shows it. */
function unshown({ by, why, funds }: ReachReport): ReachReport {
  return { now: null, by, why: `${why}; not tried on a fork`, funds };
}

function named(slot: string, holder: Address | null, { number }: Block): readonly string[] {
  return holder === null ? [] : [`the ${slot} slot holds ${holder} (storage, block ${number})`];
}
