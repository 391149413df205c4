import { EmergencyError } from "../../errors.js";
import { sameAddress, type Address } from "../address.js";
import { whoMayCall } from "../authority/holders.js";
import { reach } from "../authority/reach.js";
import { authorityTree, type AuthorityNode } from "../authority/tree.js";
import type { Block, Chain, Fork } from "../chain.js";
import { Laboratory } from "../experiments/laboratory.js";
import { describeContract, type InspectedContract } from "../inspection/contract.js";
import type { NamedContract } from "../label.js";
import { examine, type Examination, type ExaminationTools } from "./examine.js";
import { firstLook, type FirstLook, type Looked } from "./first-look.js";
import { describeCall } from "./mechanism.js";
import type { RouteProof } from "./proof.js";
import type {
  MechanismReport,
  PausableReport,
  PausableReports,
  PauseCall,
  ReachReport,
  Verdict,
} from "./report.js";
import type { TargetedCall } from "./route.js";
import { describeSummary, summarise } from "./summary.js";
import { alternativesTo } from "./alternatives.js";

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
      examined.map(async (one) => await reportOf(chain, block, one, accounts, tools)),
    ),
  };
}

/** An examination, or why there could be none. */
interface Examined {
  readonly examination: Examination;
  /** Why nothing could be tried on a fork; empty when it could. */
  readonly noFork: string;
}

async function examineAll(
  chain: Chain,
  { chainId, block, whole }: FirstLook,
  accounts: readonly Address[],
  makeFork: MakeFork,
  tools: VerifyTools,
): Promise<readonly Examined[]> {
  let fork: Fork;
  try {
    fork = await makeFork(chainId, block.number);
  } catch (error) {
    if (!(error instanceof EmergencyError) || error.code !== "NO_FORK") {
      throw error;
    }
    const noFork = error.what;
    return await Promise.all(
      (await whole()).map(async (looked) => ({
        examination: await withoutExperiments(chain, block, looked, accounts),
        noFork,
      })),
    );
  }
  try {
    await fork.withFreeGas();
    const laboratory = new Laboratory(chain, block.number, fork);
    return await Promise.all(
      (await whole()).map(async (looked) => ({
        examination: await examine(laboratory, block, looked, accounts, tools),
        noFork: "",
      })),
    );
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
  return {
    looked,
    functions: [],
    proofs,
    reasons: looked.search.reasons,
    undecided: [],
    unknown: [],
  };
}

async function reportOf(
  chain: Chain,
  block: Block,
  { examination, noFork }: Examined,
  accounts: readonly Address[],
  tools: VerifyTools,
): Promise<PausableReport> {
  const { looked, proofs, reasons, undecided } = examination;
  const { named, contract } = looked;
  const { proxy, logic } = contract;
  const [best] = proofs;
  const may = best?.pausers.holders.filter(({ proved }) => proved) ?? [];
  const authority = await authorityTree(chain, block.number, may.slice(0, MOST_ROOTS), {
    label: tools.labelOf,
    accounts,
  });
  const unproved = noFork === "" ? [] : [`no proof on a fork: ${noFork}`];
  const unknown = [
    ...proofs.flatMap(unknownOf),
    ...(proofs.some(({ pauses }) => pauses === true) ? [] : undecided),
    ...unproved,
    ...examination.unknown,
    ...(proxy?.kind === "unknown"
      ? ["it runs the code of another contract, but of which is not known"]
      : []),
  ];
  const verdict = verdictOf(examination, noFork !== "");
  const nothing = `at block ${block.number} nothing was found that stops it: ${reasons.join("; ")} (code of ${logic.address})`;
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
    abi: await tools.abiOf(contract, named),
    mechanisms: proofs.map(mechanismReport),
    ours: accounts.filter((account) => may.some(({ address }) => sameAddress(address, account))),
    canYou: reachOf(authority, accounts, may.length),
    authority,
    alternatives:
      verdict === "pausable" ? [] : await alternativesTo(chain, block, contract, accounts),
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

/** Paused when one of its mechanisms says so; not known when one says "partly", or there is none. */
function pausedNow(proofs: readonly RouteProof[]): boolean | null {
  // What does not stop the contract says nothing about it.
  const telling = proofs.filter(({ pauses }) => pauses !== false);
  if (telling.length === 0) {
    return null;
  }
  if (telling.some(({ paused }) => paused === true)) {
    return true;
  }
  return telling.some(({ paused }) => paused !== false) ? null : false;
}

function mechanismReport(proof: RouteProof): MechanismReport {
  const { route, paused, pausers, pauses, effects } = proof;
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
    callers: pausers.holders.map(({ address, via, proved }) => ({ address, via, proved })),
    limits: route.limits,
    expires: route.expires,
    functions: effects,
    summary: summarise(effects),
  };
}

/** Whether the network's own accounts can, through Safes and timelocks as well. */
function reachOf(
  authority: readonly AuthorityNode[],
  accounts: readonly Address[],
  holders: number,
): ReachReport {
  if (accounts.length === 0) {
    return { now: false, by: [], why: "the network has no accounts" };
  }
  if (holders === 0) {
    return { now: false, by: [], why: "nobody was found who can" };
  }
  const reaches = authority.map((node) => reach(node, accounts));
  const best = reaches.find(({ now }) => now) ?? reaches.find(({ by }) => by.length > 0);
  return best ?? reaches[0] ?? { now: null, by: [], why: "not known" };
}
