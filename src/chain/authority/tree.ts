import { sameAddress, type Address } from "../address.js";
import type { Chain } from "../chain.js";
import { coalescing } from "./coalesce.js";
import { describeAddresses } from "./describe.js";
import type { View } from "./kinds/kind.js";
import { lead, type AuthorityNode, type Finding, type Lead } from "./node.js";

export type { AuthorityKind, AuthorityNode, Part } from "./node.js";

/** What a caller may add to a tree. */
export interface TreeOptions {
  /** The name of an address, from the configuration or from deployment records. */
  readonly label?: (address: Address) => string | undefined;
  /**
   * Accounts that are asked about wherever members can only be found in logs: the network's own. So it
   * is known whether they hold a role even where a node keeps its logs to itself.
   */
  readonly accounts?: readonly Address[];
}

/** No honest chain of authority is deeper: Safe, module, Safe, timelock, governor, timelock, Safe, owner. */
const DEEPEST = 8;
/** More members of one node than this are counted instead of listed. */
const WIDEST = 50;
/** More addresses than this are not looked at, in all the trees of one call. */
const MOST_ADDRESSES = 300;

/**
 * From addresses that hold a power down to people: what each of them is, who decides for it, how many
 * must agree, and how long it takes. Everything is read at one block. A level of the trees takes at
 * most four round trips, and those for logs.
 *
 * Bounded whatever the contracts answer: the depth, the members of a node, and the addresses. What was
 * left out is said in `unknown`. An address that occurs again in the same tree refers to where it is described.
 * @param roots the holders, and why each of them is one.
 * @returns one tree a root, in their order. Plain data, for `--json`.
 */
export async function authorityTree(
  chain: Chain,
  blockNumber: number,
  roots: readonly { readonly address: Address; readonly via: string }[],
  options: TreeOptions = {},
): Promise<readonly AuthorityNode[]> {
  const view: View = {
    chain: coalescing(chain),
    blockNumber,
    also: options.accounts ?? [],
  };
  const findings = await describeLevels(
    view,
    roots.map(({ address }) => address),
  );
  return roots.map(({ address, via }) =>
    treeFrom(lead(address, via), findings, options.label ?? (() => undefined), new Set()),
  );
}

/** Level by level, each address once. */
async function describeLevels(
  view: View,
  roots: readonly Address[],
): Promise<ReadonlyMap<Address, Finding>> {
  const findings = new Map<Address, Finding>();
  let level = [...new Set(roots)];
  for (let depth = 0; depth < DEEPEST && level.length > 0; depth++) {
    const found = await describeAddresses(view, level.slice(0, MOST_ADDRESSES - findings.size));
    for (const [index, each] of found.entries()) {
      const address = level[index];
      if (address !== undefined) {
        findings.set(address, each);
      }
    }
    const next = found.flatMap(({ leads }) => leads.slice(0, WIDEST).map(({ address }) => address));
    level = [...new Set(next)].filter((address) => !findings.has(address));
  }
  return findings;
}

/** @param shown what this tree has described already; added to. */
function treeFrom(
  { address, via, part, waitSeconds }: Lead,
  findings: ReadonlyMap<Address, Finding>,
  label: (address: Address) => string | undefined,
  shown: Set<Address>,
): AuthorityNode {
  const found = findings.get(address) ?? NOT_LOOKED_AT;
  const { leads, ...rest } = found;
  const again = shown.has(address) && leads.length > 0;
  shown.add(address);
  const own = asidesMerged(leads.filter((each) => !sameAddress(each.address, address)));
  const left = own.length - WIDEST;
  return {
    address,
    label: label(address) ?? null,
    via,
    part,
    waitSeconds,
    ...rest,
    shownAbove: again,
    members: again
      ? []
      : own.slice(0, WIDEST).map((each) => treeFrom(each, findings, label, shown)),
    unknown:
      left > 0 && !again
        ? [...rest.unknown, `${left} more members, who are not looked at`]
        : rest.unknown,
  };
}

/** Who decides and also stands aside in another way is one member: "proposer …; canceller …". */
function asidesMerged(leads: readonly Lead[]): readonly Lead[] {
  const isFirst = (each: Lead): boolean =>
    leads.find(({ address }) => address === each.address) === each;
  return leads
    .filter((each) => each.part !== "aside" || isFirst(each))
    .map((each) => {
      const beside = leads.filter(
        (other) => other !== each && other.part === "aside" && other.address === each.address,
      );
      return isFirst(each)
        ? { ...each, via: [each, ...beside].map(({ via }) => via).join("; ") }
        : each;
    });
}

const NOT_LOOKED_AT: Finding = {
  kind: "contract",
  about: "not looked at",
  facts: {},
  delaySeconds: 0,
  needed: 1,
  leads: [],
  known: [],
  unknown: ["what this address is: the tree is too deep or too wide to go on"],
};
