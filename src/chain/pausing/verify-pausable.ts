import { EmergencyError } from "../../errors.js";
import { sameAddress, type Address } from "../address.js";
import { whoMayCall, type Authority } from "../authority/holders.js";
import { authorityTree } from "../authority/tree.js";
import type { Block, Chain, Fork } from "../chain.js";
import { Laboratory } from "../experiments/laboratory.js";
import { codeHash } from "../inspection/bytecode.js";
import { describeContract, type InspectedContract } from "../inspection/contract.js";
import type { ContractFunction } from "../inspection/functions.js";
import type { NamedContract } from "../label.js";
import { examine, type Examination, type ExaminationTools } from "./examine.js";
import {
  eachByItself,
  firstLook,
  type FirstLook,
  type Looked,
  type NotLooked,
} from "./first-look.js";
import { describeCall, type PausedState } from "./mechanism.js";
import { closedRoute, type RouteProof } from "./proof.js";
import type {
  CallerReport,
  CodeReport,
  FunctionCounts,
  MechanismReport,
  PausableReport,
  PausableReports,
  PauseCall,
  Verdict,
} from "./report.js";
import type { TargetedCall } from "./route.js";
import { describeSummary, summarise } from "./summary.js";
import { alternativesTo } from "./alternatives.js";
import { canYou } from "./can-you.js";
import { slotPower, upgradePower, type UpgradePower } from "./upgrade-power.js";
import { upgradeReport } from "./upgrade-report.js";

/** Makes a copy of the chain at a block. */
export type MakeFork = (chainId: number, block: number) => Promise<Fork>;

/** What the caller knows besides the chain. */
export interface VerifyTools extends ExaminationTools {
  /** The name of an address, from the configuration or from deployment records. */
  readonly labelOf: (address: Address) => string | undefined;
  /** How a contract's functions are known, in words. */
  readonly abiOf: (contract: InspectedContract, named: NamedContract) => Promise<string>;
}

/**
 * Finds out whether contracts can be stopped, by whom, and what that stops, and proves it: on a fork
 * the pause is called as somebody who may, every function is exercised before and after, and the
 * pause is taken back again. The live chain is only read, all at one block.
 */
export async function verifyPausable(
  chain: Chain,
  contracts: readonly NamedContract[],
  makeFork: MakeFork,
  tools: VerifyTools,
): Promise<PausableReports> {
  if (contracts.length === 0) {
    throw new EmergencyError("BAD_ARGUMENTS", "no contract was named", "name one with --contract");
  }
  const first = await firstLook(chain, contracts, tools.custom);
  const { chainId, block } = first;
  const accounts = await chain.accounts();
  const examined = await examineAll(chain, first, accounts, makeFork, tools);
  return {
    chainId,
    block: block.number,
    contracts: await Promise.all(
      examined.map(async (one) =>
        "refusal" in one
          ? await reportOfNone(one)
          : await reportOf(chain, block, one, accounts, tools),
      ),
    ),
  };
}

/** An examination, or why there could be none. */
interface Examined {
  readonly examination: Examination;
  readonly upgrade: UpgradePower | null;
  /** Why nothing could be tried on a fork; empty when it could. */
  readonly noFork: string;
}

async function examineAll(
  chain: Chain,
  { chainId, block, whole }: FirstLook,
  accounts: readonly Address[],
  makeFork: MakeFork,
  tools: VerifyTools,
): Promise<readonly (Examined | NotLooked)[]> {
  let fork: Fork;
  try {
    fork = await makeFork(chainId, block.number);
  } catch (error) {
    if (!(error instanceof EmergencyError) || error.code !== "NO_FORK") {
      throw error;
    }
    const noFork = error.what;
    return await eachByItself(await whole(), async (seen) =>
      "refusal" in seen
        ? seen
        : {
            examination: await withoutExperiments(chain, block, seen, accounts),
            upgrade: slotPower(seen.contract),
            noFork,
          },
    );
  }
  try {
    await fork.withFreeGas();
    const laboratory = new Laboratory(chain, block.number, fork);
    return await eachByItself(await whole(), async (seen) => {
      if ("refusal" in seen) {
        return seen;
      }
      const examination = await examine(laboratory, block, seen, accounts, tools);
      const { functions } = examination;
      const { contract } = examination.looked;
      const upgrade = await laboratory.alone(
        async () => await upgradePower(laboratory, contract, functions, accounts),
      );
      return { examination, upgrade, noFork: "" };
    });
  } finally {
    await fork.close();
  }
}

/** Where no fork can be made: who may is simulated on the live chain; what it would do is not known. */
async function withoutExperiments(
  chain: Chain,
  block: Block,
  looked: Looked,
  accounts: readonly Address[],
): Promise<Examination> {
  const ours = accounts.map((address) => ({ address, via: "an account of this network" }));
  const proofs = await Promise.all(
    looked.search.found.map(async ({ route, paused }): Promise<RouteProof> => {
      const { to, data } = route.pause;
      return {
        route,
        paused,
        pausers: await whoMayCall(chain, to, data, block.number, ours),
        unpausers: null,
        pauses: undefined,
        effects: [],
        evidence: [],
        unknown: [],
      };
    }),
  );
  const closed = looked.search.closed.map(({ seen, reason }) => closedRoute(seen, reason));
  return {
    looked,
    functions: [],
    proofs: [...proofs, ...closed],
    reasons: looked.search.reasons,
    undecided: [],
    unknown: [],
  };
}

/** A report on what is no contract, or leads back to itself: its refusal, and nothing else. */
async function reportOfNone({ named, refusal }: NotLooked): Promise<PausableReport> {
  const { address } = named;
  const none = await codeHash("0x");
  return {
    label: named.label,
    address,
    verdict: "unknown",
    paused: null,
    proxy: null,
    about: "nothing that can be looked at",
    codeHash: none,
    implementation: { address, codeHash: none },
    codes: [],
    functions: { total: 0, mutating: 0, nameless: 0 },
    abi: "none",
    mechanisms: [],
    rejected: [],
    ours: [],
    canYou: { now: null, by: [], why: "it could not be looked at", funds: [] },
    authority: [],
    upgrade: null,
    alternatives: [],
    evidence: [`${refusal.code}: ${refusal.what}`],
    unknown: [`${refusal.what}; ${refusal.next}`],
  };
}

async function reportOf(
  chain: Chain,
  block: Block,
  { examination, upgrade: power, noFork }: Examined,
  accounts: readonly Address[],
  tools: VerifyTools,
): Promise<PausableReport> {
  const { looked, proofs, reasons, undecided } = examination;
  const { named, contract } = looked;
  const { proxy, logic } = contract;
  const [best] = proofs;
  const may = best?.pausers.holders.filter(({ proved }) => proved) ?? [];
  const options = { label: tools.labelOf, accounts };
  const [authority, upgrade, functions, codes] = await Promise.all([
    authorityTree(chain, block.number, may.slice(0, MOST_ROOTS), options),
    upgradeReport(chain, block, power, contract, options),
    // Without a fork they were not needed until now.
    examination.functions.length > 0 ? examination.functions : tools.functionsOf(contract, named),
    codesOf(contract),
  ]);
  const reached = await canYou(chain, block, best?.route.pause, authority, accounts);
  const unproved = noFork === "" ? [] : [`no proof on a fork: ${noFork}`];
  const unknown = [
    ...proofs.flatMap(unknownOf),
    ...(proofs.some(({ pauses }) => pauses === true) ? [] : undecided),
    ...unproved,
    ...examination.unknown,
    ...(upgrade?.unknown ?? []).map((line) => `who may upgrade it: ${line}`),
    ...(proxy?.kind === "unknown"
      ? ["it runs the code of another contract, but of which is not known"]
      : []),
  ];
  const verdict = verdictOf(examination, noFork !== "");
  const ways = waysAmong(proofs);
  const nothing = `at block ${block.number} nothing was found that stops it: ${reasons.join("; ")} (code of ${logic.address}${noFork === "" ? `, and its ${countOf(functions).mutating} functions that change state on a fork` : ""})`;
  return {
    label: named.label,
    address: named.address,
    verdict,
    paused: pausedNow(proofs),
    proxy:
      proxy === null
        ? null
        : {
            kind: proxy.kind,
            implementation: proxy.implementation,
            admin: proxy.admin,
            beacon: proxy.beacon,
          },
    about: describeContract(contract),
    codeHash: contract.codeHash,
    implementation: { address: logic.address, codeHash: logic.codeHash },
    codes,
    functions: countOf(functions),
    abi: await tools.abiOf(contract, named),
    mechanisms: ways.map((proof) => mechanismReport(proof, block.number)),
    rejected: proofs
      .filter((proof) => !ways.includes(proof))
      .map((proof) => mechanismReport(proof, block.number)),
    ours: accounts.filter((account) => may.some(({ address }) => sameAddress(address, account))),
    canYou: reached,
    authority,
    upgrade,
    alternatives: await alternativesTo(chain, block.number, {
      named,
      kind: proxy?.kind,
      upgrade,
      functions,
      effects: best?.effects ?? [],
      pausable: verdict !== "not-pausable" && reached.now === true,
    }),
    evidence:
      proofs.length === 0 ? [nothing] : proofs.flatMap((proof) => evidenceOf(proof, block.number)),
    unknown: [...new Set(unknown)],
  };
}

/** People want to know who may; twenty of them are enough to call. */
const MOST_ROOTS = 20;

function unknownOf({ pausers, pauses, unknown }: RouteProof): readonly string[] {
  return pauses === true ? unknown : [...unknown, ...pausers.unknown];
}

function evidenceOf(proof: RouteProof, block: number): readonly string[] {
  const { route, paused, pausers, evidence, effects } = proof;
  return [
    `${route.readBack.text} is ${paused ?? "not readable"} (${route.title}, call at block ${block})`,
    `${describeCall(route.pause)} needs ${pausers.needs}`,
    ...(route.unpause === null ? [`${describeCall(route.pause)} cannot be undone`] : []),
    ...(route.expires === null ? [] : [`it ends by itself: ${route.expires}`]),
    ...evidence,
    ...(effects.length === 0 ? [] : [`fork: ${describeSummary(summarise(effects))}`]),
  ];
}

/** What was seen to work; where nothing was, what was not seen to fail. */
function waysAmong(proofs: readonly RouteProof[]): readonly RouteProof[] {
  const working = proofs.filter(({ pauses }) => pauses === true);
  return working.length > 0 ? working : proofs.filter(({ pauses }) => pauses === undefined);
}

/** Pausable when one of its ways works; otherwise only then not pausable when all is known. */
function verdictOf({ proofs, undecided, looked }: Examination, withoutFork: boolean): Verdict {
  const best = proofs.find(({ pauses }) => pauses === true);
  if (best !== undefined) {
    return sameAddress(best.route.pause.to, looked.named.address)
      ? "pausable"
      : "pausable-elsewhere";
  }
  const open =
    undecided.length > 0 ||
    looked.contract.proxy?.kind === "unknown" ||
    (withoutFork && proofs.length > 0) ||
    proofs.some((proof) => proof.pauses === undefined && unknownOf(proof).length > 0);
  return open ? "unknown" : "not-pausable";
}

/**
 * Paused when a mechanism says so that stops the contract. Not known when only a part of it is
 * stopped, when nothing shows that the contract goes by what is said, or when there is no mechanism.
 */
function pausedNow(proofs: readonly RouteProof[]): boolean | null {
  // What does not stop the contract says nothing about it.
  const telling = proofs.filter(({ pauses, closed }) => pauses !== false || closed !== undefined);
  const states = (section: boolean): readonly (PausedState | null)[] =>
    telling
      .filter(({ route }) => (route.section === true) === section)
      .map(({ paused, obeyed }) => (paused === true && obeyed === false ? null : paused));
  const [whole, parts] = [states(false), states(true)];
  if (whole.includes(true)) {
    return true;
  }
  const all = [...whole, ...parts];
  if (all.length === 0 || all.some((state) => state === null || state === "partly")) {
    return null;
  }
  if (all.every((state) => state === true)) {
    return true;
  }
  return all.includes(true) ? null : false;
}

function callersOf({ holders }: Authority): readonly CallerReport[] {
  return holders.map(({ address, via, proved }) => ({ address, via, proved }));
}

function mechanismReport(proof: RouteProof, block: number): MechanismReport {
  const { route, paused, pausers, pauses, effects, unpausers } = proof;
  const call = ({ to, signature, args, data }: TargetedCall): PauseCall => ({
    to,
    signature,
    args,
    data,
  });
  return {
    id: route.id,
    title: route.title,
    discovered: route.discovered,
    call: call(route.pause),
    inverse: route.unpause === null ? null : call(route.unpause),
    readback: route.readBack.text,
    paused,
    works: pauses ?? null,
    needs: pausers.needs,
    callers: callersOf(pausers),
    starters: unpausers === null ? [] : callersOf(unpausers),
    limits: route.limits,
    expires: route.expires,
    functions: effects,
    summary: summarise(effects),
    evidence: evidenceOf(proof, block),
  };
}

async function codesOf({ codes }: InspectedContract): Promise<readonly CodeReport[]> {
  return await Promise.all(
    codes.map(async ({ address, code }) => ({ address, codeHash: await codeHash(code) })),
  );
}

function countOf(functions: readonly ContractFunction[]): FunctionCounts {
  return {
    total: functions.length,
    mutating: functions.filter(({ mutability }) => mutability !== "view").length,
    nameless: functions.filter(({ signature }) => signature === undefined).length,
  };
}
