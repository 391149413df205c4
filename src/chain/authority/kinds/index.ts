import type { Getter, SeenContract } from "../contracts.js";
import type { Facts, Finding, Lead, Part } from "../node.js";
import { accessControl } from "./access-control.js";
import { accessManager } from "./access-manager.js";
import { aragonApp, aragonVoting } from "./aragon.js";
import { compoundTimelock } from "./compound-timelock.js";
import { dsAuth } from "./ds-auth.js";
import { dsPause } from "./ds-pause.js";
import { governor } from "./governor.js";
import type { Kind, View } from "./kind.js";
import { multisig } from "./multisig.js";
import { ownable } from "./ownable.js";
import { pauserRegistry, rolesAuthority } from "./registry.js";
import { pointers } from "./pointers.js";
import { SAFE_GETTERS } from "./safe.js";
import { timelockController } from "./timelock-controller.js";
import { zodiacDelay } from "./zodiac-delay.js";

/** Kinds that act for their members. A contract is one of them at most; the first that fits is taken. */
const ACTING: readonly Kind[] = [
  multisig,
  timelockController,
  compoundTimelock,
  dsPause,
  zodiacDelay,
  governor,
  aragonVoting,
  accessManager,
];

/** Kinds of rules that a contract of its own kind obeys. It may obey several. The best known first. */
const RULES: readonly Kind[] = [
  pauserRegistry,
  rolesAuthority,
  dsAuth,
  accessControl,
  aragonApp,
  ownable,
];

/** Everything that is asked of a contract whose kind is not known yet. */
export const ALL_GETTERS: readonly Getter[] = [
  ...new Map(
    [...SAFE_GETTERS, ...[...ACTING, ...RULES, pointers].flatMap(({ getters }) => getters)].map(
      (each) => [each.selector, each],
    ),
  ).values(),
];

/** What a contract is, which is no Safe. */
export async function recogniseKind(seen: SeenContract, view: View): Promise<Finding> {
  for (const kind of ACTING) {
    const found = await kind.read(seen, view);
    if (found !== undefined) {
      return found;
    }
  }
  const rules = await Promise.all(RULES.map(async ({ read }) => await read(seen, view)));
  const [first, ...others] = rules.filter((each) => each !== undefined);
  const pointed = await pointers.read(seen, view);
  if (first === undefined) {
    return pointed ?? UNKNOWN;
  }
  const also = pointed === undefined ? [] : [{ ...pointed, leads: pointed.leads.map(asAside) }];
  return merged(first, [...others, ...also]);
}

const UNKNOWN: Finding = {
  kind: "contract",
  about: "a contract of an unknown kind",
  facts: {},
  delaySeconds: 0,
  needed: 1,
  leads: [],
  known: [],
  unknown: ["what this contract obeys"],
};

/** One finding of several about the same contract. The first says what it is. */
function merged(first: Finding, others: readonly Finding[]): Finding {
  const named = others.filter(({ kind }) => kind !== "contract");
  return {
    ...first,
    about: [first, ...named].map(({ about }) => about).join("; "),
    facts: [...named, first].reduce<Facts>((all, { facts }) => ({ ...all, ...facts }), {}),
    leads: distinctLeads([first, ...others].flatMap(({ leads }) => leads)),
    known: [...new Set([first, ...named].flatMap(({ known }) => known))],
    unknown: [...new Set([first, ...named].flatMap(({ unknown }) => unknown))],
  };
}

/** Whom a getter names beside the rules of the contract decides nothing that is known. */
function asAside(each: Lead): Lead {
  return { ...each, part: "aside" };
}

/** Each address once, with all the ways in which it is named, and the strongest of its parts. */
function distinctLeads(leads: readonly Lead[]): readonly Lead[] {
  const byAddress = new Map<string, Lead>();
  for (const each of leads) {
    const before = byAddress.get(each.address);
    if (before === undefined) {
      byAddress.set(each.address, each);
      continue;
    }
    const known = before.via.includes(each.via);
    byAddress.set(each.address, {
      ...before,
      via: known ? before.via : `${before.via}; ${each.via}`,
      part: STRENGTH[each.part] > STRENGTH[before.part] ? each.part : before.part,
    });
  }
  return [...byAddress.values()];
}

const STRENGTH: Record<Part, number> = { aside: 0, helps: 1, decides: 2, alone: 3 };
