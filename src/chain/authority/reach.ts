import type { Address } from "../address.js";
import { counted, type AuthorityKind, type AuthorityNode } from "./node.js";

/** Whether accounts can act through a node of the tree. */
export interface Reach {
  /** Whether they can at once, without anybody else. */
  readonly now: boolean;
  /** The accounts that it takes; when not now, those of them that have a part in it. */
  readonly by: readonly Address[];
  /** "you hold 2 of the 2 keys that Safe 0x… needs", "only after a delay of 172800 s". */
  readonly why: string;
}

/** Whether people are behind a node: an account, or a contract that does what its members want. */
export function actsForPeople({ kind }: Pick<AuthorityNode, "kind">): boolean {
  return kind === "account" || kind === "delegated-account" || ACTS_FOR_MEMBERS.has(kind);
}

/** How soon an address can be made to act, in seconds, and by whose keys. */
interface Way {
  readonly seconds: number;
  readonly by: readonly Address[];
}

const NO_WAY: Way = { seconds: Infinity, by: [] };

/** Kinds that make any call that enough of their members want. Of the others it is not known. */
const ACTS_FOR_MEMBERS: ReadonlySet<AuthorityKind> = new Set([
  "safe",
  "multisig",
  "timelock",
  "governor",
  "proxy-admin",
]);

/**
 * Whether the given accounts can make a node act now: through thresholds, nested Safes and delays. Pure.
 * A contract of a kind that is not known to do what its members want counts as out of reach.
 * @param accounts those whose keys one has.
 */
export function reach(node: AuthorityNode, accounts: readonly Address[]): Reach {
  const ways = waysThrough(node, new Set(accounts));
  const { seconds, by } = ways.get(node.address) ?? NO_WAY;
  if (seconds === 0) {
    return { now: true, by, why: whyNow(node, ways, by) };
  }
  if (seconds < Infinity) {
    return { now: false, by, why: `only after a delay of ${seconds} s` };
  }
  return { now: false, by: helpers(node, ways), why: whyNot(node, ways) };
}

/**
 * The quickest way to every address of a tree. Begins with "no way" everywhere and gets better until
 * nothing changes, so that Safes which own each other give each other nothing.
 */
function waysThrough(
  root: AuthorityNode,
  accounts: ReadonlySet<Address>,
): ReadonlyMap<Address, Way> {
  const nodes = described(root);
  const ways = new Map<Address, Way>();
  for (let round = 0, changed = true; changed && round <= nodes.length; round++) {
    changed = false;
    for (const node of nodes) {
      const before = ways.get(node.address) ?? NO_WAY;
      const way = wayTo(node, accounts, ways);
      if (way.seconds < before.seconds) {
        ways.set(node.address, way);
        changed = true;
      }
    }
  }
  return ways;
}

/** Every address once, where it is described; the lowest first, so that one round is enough as a rule. */
function described(root: AuthorityNode): readonly AuthorityNode[] {
  const below = root.members.flatMap(described);
  return root.shownAbove ? below : [...below, root];
}

function wayTo(
  node: AuthorityNode,
  accounts: ReadonlySet<Address>,
  ways: ReadonlyMap<Address, Way>,
): Way {
  if (node.kind === "account" || node.kind === "delegated-account") {
    return accounts.has(node.address) ? { seconds: 0, by: [node.address] } : NO_WAY;
  }
  if (!ACTS_FOR_MEMBERS.has(node.kind)) {
    return NO_WAY;
  }
  const alone = quickest(node, "alone", ways)[0] ?? NO_WAY;
  const together = allOf(node, ways);
  const best = alone.seconds < together.seconds ? alone : together;
  return { seconds: best.seconds + node.delaySeconds, by: best.by };
}

/** The members that decide, as many as are needed, and one that helps where that is needed. */
function allOf(node: AuthorityNode, ways: ReadonlyMap<Address, Way>): Way {
  const deciding = quickest(node, "decides", ways).slice(0, node.needed);
  const needsHelp = node.members.some(({ part }) => part === "helps");
  const helping = needsHelp ? [quickest(node, "helps", ways)[0] ?? NO_WAY] : [];
  if (node.needed === 0 || deciding.length < node.needed) {
    return NO_WAY;
  }
  const used = [...deciding, ...helping];
  return {
    seconds: Math.max(...used.map(({ seconds }) => seconds)),
    by: [...new Set(used.flatMap(({ by }) => by))],
  };
}

function quickest(
  node: AuthorityNode,
  part: AuthorityNode["part"],
  ways: ReadonlyMap<Address, Way>,
): readonly Way[] {
  const members = node.members.filter((member) => member.part === part);
  return members
    .map((member) => {
      const { seconds, by } = ways.get(member.address) ?? NO_WAY;
      return { seconds: seconds + member.waitSeconds, by };
    })
    .sort((a, b) => a.seconds - b.seconds);
}

function isReached({ address }: AuthorityNode, ways: ReadonlyMap<Address, Way>): boolean {
  return (ways.get(address) ?? NO_WAY).seconds < Infinity;
}

/** The accounts that have a part in a node, though it is not enough. */
function helpers(node: AuthorityNode, ways: ReadonlyMap<Address, Way>): readonly Address[] {
  const reached = described(node).filter((each) => each !== node && isReached(each, ways));
  return [...new Set(reached.flatMap(({ address }) => ways.get(address)?.by ?? []))];
}

function whyNow(
  node: AuthorityNode,
  ways: ReadonlyMap<Address, Way>,
  by: readonly Address[],
): string {
  if (node.members.length === 0) {
    return `you have the key of ${node.address}`;
  }
  const doubt = node.unknown.length === 0 ? "" : ` (but not known: ${node.unknown.join("; ")})`;
  const module = node.members.find((each) => each.part === "alone" && isReached(each, ways));
  if (module !== undefined && allOf(node, ways).seconds > 0) {
    return `you act as ${module.address}, which may act alone for ${named(node)}${doubt}`;
  }
  return node.needed === 1
    ? `${named(node)} acts for ${by.join(", ")} at once${doubt}`
    : `you hold ${node.needed} of the ${node.needed} keys that ${named(node)} needs${doubt}`;
}

function whyNot(node: AuthorityNode, ways: ReadonlyMap<Address, Way>): string {
  const deciding = node.members.filter(({ part }) => part === "decides");
  const held = deciding.filter((each) => isReached(each, ways)).length;
  switch (node.kind) {
    case "nobody":
      return `${node.address} is ${node.about}`;
    case "account":
    case "delegated-account":
      return `you do not have the key of ${node.address}`;
    case "governor":
      return `${named(node)} acts only after a vote, which takes at least ${node.delaySeconds} s`;
    case "safe":
    case "multisig":
    case "timelock":
    case "proxy-admin":
      break;
    case "access-manager":
    case "ds-auth":
    case "ownable":
    case "access-control":
    case "registry":
    case "contract":
      return held === 0
        ? `you have no part in ${named(node)}`
        : `${named(node)} names you, but whether it makes this call for you is not known`;
  }
  if (node.needed > 0 && held >= node.needed) {
    return `${named(node)} also needs an executor, and you are none`;
  }
  if (node.needed === 1) {
    return `you are none of those who decide for ${named(node)}`;
  }
  return `you hold ${held === 0 ? "none" : held} of the ${node.needed} keys that ${named(node)} needs (it has ${counted(deciding.length, "owner")})`;
}

const NAMES: Record<AuthorityKind, string> = {
  account: "account",
  "delegated-account": "account",
  safe: "Safe",
  multisig: "the wallet",
  timelock: "the timelock",
  governor: "the governor",
  "proxy-admin": "ProxyAdmin",
  "access-manager": "AccessManager",
  "ds-auth": "contract",
  ownable: "contract",
  "access-control": "contract",
  registry: "the registry",
  contract: "contract",
  nobody: "nobody",
};

/** "Safe 0x…", with the label where there is one. */
function named({ kind, label, address }: AuthorityNode): string {
  return `${NAMES[kind]} ${label === null ? address : `${label} (${address})`}`;
}
