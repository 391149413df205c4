import { powersHeldBy } from "../authority/held.js";
import type { Chain } from "../chain.js";
import type { ContractFunction } from "../inspection/functions.js";
import type { ProxyKind } from "../inspection/proxies.js";
import type { NamedContract } from "../label.js";
import type { FunctionEffect } from "./effect.js";
import type { UpgradeReport } from "./report.js";

/** What is known about a contract when one asks what else can be done about it. */
export interface Situation {
  readonly named: NamedContract;
  /** Undefined: it is no proxy. */
  readonly kind: ProxyKind | undefined;
  readonly upgrade: UpgradeReport | null;
  readonly functions: readonly ContractFunction[];
  /** What its functions did on the fork; empty where that was not tried. */
  readonly effects: readonly FunctionEffect[];
  /** Whether the network's own accounts can pause it now. */
  readonly pausable: boolean;
}

/** By these names contracts let somebody take out what they hold. */
const TAKES_OUT =
  /^(rescue|sweep|recover|salvage|skim|drain|retrieve|emergencyWithdraw|emergencyExit|withdrawAll|withdrawStuck|claimStuck)/i;

/** Whether `npx hardhat upgrade` knows how proxies of a kind are upgraded. */
export function isUpgradedByCommand(kind: ProxyKind | undefined): boolean {
  return kind === "transparent" || kind === "uups" || kind === "erc1967";
}

/** More functions than this are counted instead of named. */
const MOST_NAMED = 4;

/**
 * What else can be done about a contract, one line each, with the command that does it where there is
 * one. Only what is really there: a power to upgrade that somebody holds, functions that the contract
 * has, roles that it holds in other contracts now.
 */
export async function alternativesTo(
  chain: Chain,
  block: number,
  { named, kind, upgrade, functions, effects, pausable }: Situation,
): Promise<readonly string[]> {
  return [
    ...upgradeLine(named, kind, upgrade),
    ...takeOutLine(functions, effects),
    // The events of all contracts are a lot to ask for; who can pause has a better way.
    ...(pausable ? [] : await revokeLines(chain, block, named)),
    ...(pausable
      ? []
      : [
          "create a corrected contract at a new address and lead users there: npx hardhat deploy-fixed",
        ]),
  ];
}

function upgradeLine(
  { label }: NamedContract,
  kind: ProxyKind | undefined,
  upgrade: UpgradeReport | null,
): readonly string[] {
  const holders = upgrade?.callers.filter(({ proved }) => proved) ?? [];
  const [holder] = holders;
  if (upgrade === null || holder === undefined) {
    return [];
  }
  const who =
    upgrade.canYou.now === true
      ? `you can now (${upgrade.canYou.why})`
      : `${holder.address} can, you cannot now (${upgrade.canYou.why})`;
  const command = isUpgradedByCommand(kind)
    ? `npx hardhat upgrade --proxy ${label} --implementation <name>`
    : `by ${upgrade.how ?? ""} on ${upgrade.to ?? label}`;
  return [`upgrade it: ${who}; ${command} (shown on a fork)`];
}

function takeOutLine(
  functions: readonly ContractFunction[],
  effects: readonly FunctionEffect[],
): readonly string[] {
  const found = functions.filter(
    ({ signature, mutability }) =>
      mutability !== "view" && signature !== undefined && TAKES_OUT.test(signature),
  );
  if (found.length === 0) {
    return [];
  }
  const named = found.slice(0, MOST_NAMED).map(({ selector, signature }) => {
    const effect = effects.find((one) => one.selector === selector);
    const works = effect?.verdict === "open" || effect?.verdict === "blocked";
    return `${signature ?? selector}${works ? ` (works on the fork, ${effect.origin})` : ""}`;
  });
  const more = found.length > MOST_NAMED ? ` and ${found.length - MOST_NAMED} more` : "";
  return [
    `take out what it holds: it has ${named.join(", ")}${more} (by name; who may call it was not tried)`,
  ];
}

async function revokeLines(
  chain: Chain,
  block: number,
  { address }: NamedContract,
): Promise<readonly string[]> {
  const held = await powersHeldBy(chain, address, block);
  return (held ?? []).map(
    ({ at, what }) =>
      `take away its power in ${at}: it holds ${what} there (event, and a call at block ${block})`,
  );
}
