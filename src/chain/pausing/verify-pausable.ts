import { EmergencyError } from "../../errors.js";
import { sameAddress, type Address, type Hex } from "../address.js";
import { whoMayCall, type Authority, type Holder } from "../authority/holders.js";
import type { Chain, Fork } from "../chain.js";
import {
  describeContract,
  inspectContract,
  type InspectedContract,
  type Proxy,
} from "../inspection/contract.js";
import { describeName, type NamedContract } from "../label.js";
import { hexResult, quantity, staticCall } from "../reads.js";
import {
  describeCall,
  type FixedCall,
  type PausedState,
  type PauseMechanism,
} from "./mechanism.js";
import {
  recognise,
  recognitionReads,
  type Recognition,
  type RecognisedPause,
} from "./recognise.js";

/** Whether a contract can be stopped by a call on itself. */
export type Verdict = "pausable" | "not-pausable" | "unknown";

/** A call that pauses or unpauses, whole. */
export interface PauseCall {
  readonly to: Address;
  readonly signature: string;
  readonly args: readonly string[];
  readonly data: Hex;
}

/** A way to stop a contract, and who may use it. */
export interface MechanismReport {
  readonly id: string;
  /** Found by experiment, rather than known by its idiom. */
  readonly discovered: boolean;
  readonly call: PauseCall;
  readonly inverse: PauseCall | null;
  readonly readback: string;
  readonly callers: readonly {
    readonly address: Address;
    readonly via: string;
    readonly proved: boolean;
  }[];
}

/** What `verify-pausable` found out about one contract. Plain JSON. */
export interface PausableReport {
  readonly label: string;
  readonly address: Address;
  readonly verdict: Verdict;
  /** Null when it cannot be read. */
  readonly paused: boolean | null;
  readonly proxy: Pick<Proxy, "kind" | "implementation" | "admin" | "beacon"> | null;
  /** The contract in one line, for people. */
  readonly about: string;
  readonly mechanisms: readonly MechanismReport[];
  /** The network's own accounts that may call it now. */
  readonly ours: readonly Address[];
  /** One line a claim, with how it is known. */
  readonly evidence: readonly string[];
  /** What could not be known. */
  readonly unknown: readonly string[];
}

/** The verdict on several contracts, all at one block each. */
export interface PausableReports {
  readonly chainId: number;
  readonly block: number;
  readonly contracts: readonly PausableReport[];
}

/** Makes a copy of the chain at a block. */
export type MakeFork = (chainId: number, block: number) => Promise<Fork>;

/**
 * Finds out whether contracts can be paused, by whom, and proves it: on a fork the pause is called
 * as somebody who may, read back, and taken back again. The live chain is only read.
 */
export async function verifyPausable(
  chain: Chain,
  contracts: readonly NamedContract[],
  makeFork: MakeFork,
): Promise<PausableReports> {
  const accounts = await chain.accounts();
  const reports = await Promise.all(
    contracts.map(async (contract) => await look(chain, contract, accounts)),
  );
  const [first] = reports;
  if (first === undefined) {
    throw new EmergencyError("BAD_ARGUMENTS", "no contract was named", "name one with --contract");
  }
  const block = Math.max(...reports.map((seen) => seen.block));
  const proved = await proveAll(
    reports,
    accounts,
    async () => await makeFork(first.chainId, block),
  );
  return { chainId: first.chainId, block, contracts: proved };
}

/** A mechanism that a contract has, and who may use it. */
interface SeenMechanism extends RecognisedPause {
  readonly pausers: Authority;
  /** Null when it cannot be undone. */
  readonly unpausers: Authority | null;
}

/** What was read from the live chain about one contract. */
interface Seen {
  readonly named: NamedContract;
  readonly chainId: number;
  readonly block: number;
  readonly contract: InspectedContract;
  readonly recognition: Recognition;
  /** The best first. */
  readonly mechanisms: readonly SeenMechanism[];
}

async function look(
  chain: Chain,
  named: NamedContract,
  accounts: readonly Address[],
): Promise<Seen> {
  const { address } = named;
  const { chainId, block, contract, replies } = await inspectContract(
    chain,
    address,
    recognitionReads(address),
  );
  const recognition = recognise(contract, replies);
  const ours = accounts.map((account) => ({
    address: account,
    via: `an account of network "${chain.network}"`,
  }));
  const mechanisms = await Promise.all(
    recognition.found.map(async (found) => {
      const { pause, unpause } = found.mechanism;
      const [pausers, unpausers] = await Promise.all([
        whoMayCall(chain, address, pause.data, block.number, ours),
        unpause === null ? null : whoMayCall(chain, address, unpause.data, block.number, ours),
      ]);
      return { ...found, pausers, unpausers };
    }),
  );
  return { named, chainId, block: block.number, contract, recognition, mechanisms };
}

/** Proofs run one after the other on one fork; each leaves it as it was. */
async function proveAll(
  seen: readonly Seen[],
  accounts: readonly Address[],
  makeFork: () => Promise<Fork>,
): Promise<readonly PausableReport[]> {
  const needsFork = seen.some(({ mechanisms }) => mechanisms.length > 0);
  let fork: Fork | undefined;
  let reason = "";
  if (needsFork) {
    try {
      fork = await makeFork();
      await fork.withFreeGas();
    } catch (error) {
      if (!(error instanceof EmergencyError) || error.code !== "NO_FORK") {
        throw error;
      }
      reason = error.what;
    }
  }
  try {
    const reports: PausableReport[] = [];
    for (const one of seen) {
      const proofs: (Proof | undefined)[] = [];
      for (const mechanism of one.mechanisms) {
        proofs.push(fork === undefined ? undefined : await prove(fork, one, mechanism));
      }
      reports.push(reportOf(one, accounts, proofs, reason));
    }
    return reports;
  } finally {
    await fork?.close();
  }
}

/** What the experiment on the fork showed. */
interface Proof {
  /** True: stopped and read back. False: it does not stop. Undefined: nobody could be tried. */
  readonly pauses: boolean | undefined;
  readonly evidence: readonly string[];
  /** What it could not show, in words. */
  readonly unknown: readonly string[];
}

async function prove(
  fork: Fork,
  { named, contract }: Seen,
  { mechanism, paused, pausers, unpausers }: SeenMechanism,
): Promise<Proof> {
  const mark = await fork.mark();
  const evidence: string[] = [];
  const pausing = { call: mechanism.pause, holders: pausers.holders, target: true };
  const starting =
    mechanism.unpause === null || unpausers === null
      ? []
      : [{ call: mechanism.unpause, holders: unpausers.holders, target: false }];
  // A contract that is paused already is proved the other way round: start it, then stop it again.
  const order = paused === true ? [...starting, pausing] : [pausing, ...starting];
  const unknown: string[] = [];
  let pauses: boolean | undefined;
  let stopped = paused === true;
  try {
    for (const { call, holders, target } of order) {
      // To stop what is stopped shows nothing: its read-back may say so whatever is done.
      if (target && stopped) {
        unknown.push(
          "it is paused now and does not start on the fork, so no new pause can be shown",
        );
        break;
      }
      const tried = await callAsHolder(fork, contract.address, call, holders);
      if (tried === undefined) {
        evidence.push(`fork: nobody was found for whom ${describeCall(call)} succeeds`);
        continue;
      }
      const now = await readPaused(fork, contract.address, mechanism);
      stopped = now !== false;
      evidence.push(
        `fork: ${describeCall(call)} as ${tried.address} succeeds; ${mechanism.readBack.signature} is then ${now ?? "not readable"}`,
      );
      if (target) {
        pauses = now === true;
      } else if (now !== false) {
        evidence.push(`fork: ${describeCall(call)} does not start ${describeName(named)} again`);
      }
    }
  } finally {
    await fork.back(mark);
  }
  return { pauses, evidence, unknown };
}

/** Calls as the first of the holders for whom it succeeds. The trial decides, not the earlier simulation. */
async function callAsHolder(
  fork: Fork,
  to: Address,
  { data }: FixedCall,
  holders: readonly Holder[],
): Promise<Holder | undefined> {
  for (const holder of holders) {
    const reply = await fork.send({
      from: holder.address,
      to,
      data,
      gas: quantity(PROOF_GAS),
    });
    if (reply.ok) {
      return holder;
    }
  }
  return undefined;
}

/** Enough for any pause, and under the cap of one transaction (EIP-7825). */
const PROOF_GAS = 10_000_000;

async function readPaused(
  fork: Fork,
  address: Address,
  { readBack }: PauseMechanism,
): Promise<PausedState | undefined> {
  const [reply] = await fork.rpc.batch([staticCall(address, readBack.data)("latest")]);
  const answer = hexResult(reply);
  return answer === undefined ? undefined : readBack.decode(answer);
}

function reportOf(
  { named, block, contract, recognition, mechanisms }: Seen,
  accounts: readonly Address[],
  proofs: readonly (Proof | undefined)[],
  noFork: string,
): PausableReport {
  const { proxy } = contract;
  const base = {
    label: named.label,
    address: named.address,
    about: describeContract(contract),
    proxy:
      proxy === null
        ? null
        : {
            kind: proxy.kind,
            implementation: proxy.implementation,
            admin: proxy.admin,
            beacon: proxy.beacon,
          },
  };
  const [best] = mechanisms;
  if (best === undefined) {
    const { reason, known } = recognition;
    return {
      ...base,
      verdict: known ? "not-pausable" : "unknown",
      paused: null,
      mechanisms: [],
      ours: [],
      evidence: known ? [`${reason} (code of ${contract.logic.address} at block ${block})`] : [],
      unknown: known ? [] : [reason],
    };
  }
  const unproved = noFork === "" ? [] : [`no proof on a fork: ${noFork}`];
  const unknown = mechanisms.map(({ pausers }, index) => [
    ...pausers.unknown,
    ...(proofs[index]?.unknown ?? []),
    ...unproved,
  ]);
  const verdicts = proofs.map((proof, index) => verdictOf(proof, unknown[index] ?? []));
  const callers = mechanisms.flatMap(({ pausers }) => pausers.holders);
  return {
    ...base,
    verdict: bestVerdict(verdicts),
    paused: pausedNow(mechanisms),
    mechanisms: mechanisms.map((seen) => mechanismReport(named.address, seen)),
    ours: accounts.filter((account) =>
      callers.some(({ address, proved }) => proved && sameAddress(address, account)),
    ),
    evidence: mechanisms.flatMap(({ mechanism, paused, pausers }, index) => [
      `${mechanism.readBack.signature} is ${paused} (${mechanism.title}, call at block ${block})`,
      `${describeCall(mechanism.pause)} needs ${pausers.needs}`,
      ...(mechanism.unpause === null ? [`${describeCall(mechanism.pause)} cannot be undone`] : []),
      ...(proofs[index]?.evidence ?? []),
    ]),
    unknown: [...new Set(unknown.flat())],
  };
}

/** Paused when one of its mechanisms says so; not known when one says "partly". */
function pausedNow(mechanisms: readonly SeenMechanism[]): boolean | null {
  if (mechanisms.some(({ paused }) => paused === true)) {
    return true;
  }
  return mechanisms.some(({ paused }) => paused === "partly") ? null : false;
}

function mechanismReport(to: Address, { mechanism, pausers }: SeenMechanism): MechanismReport {
  const call = ({ signature, args, data }: FixedCall): PauseCall => ({ to, signature, args, data });
  return {
    id: mechanism.id,
    discovered: false,
    call: call(mechanism.pause),
    inverse: mechanism.unpause === null ? null : call(mechanism.unpause),
    readback: mechanism.readBack.signature,
    callers: pausers.holders.map(({ address, via, proved }) => ({ address, via, proved })),
  };
}

/** A contract can be paused when one of its mechanisms works. */
function bestVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("pausable")) {
    return "pausable";
  }
  return verdicts.includes("unknown") ? "unknown" : "not-pausable";
}

function verdictOf(proof: Proof | undefined, unknown: readonly string[]): Verdict {
  if (proof?.pauses !== undefined) {
    return proof.pauses ? "pausable" : "not-pausable";
  }
  // Nobody could be tried. If all who might hold the power are known, nobody can.
  return unknown.length > 0 || proof === undefined ? "unknown" : "not-pausable";
}
