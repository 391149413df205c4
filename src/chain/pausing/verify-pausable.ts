import { EmergencyError } from "../../errors.js";
import { sameAddress, type Address, type Hex } from "../address.js";
import { whoMayCall, type Authority, type Holder } from "../authority/holders.js";
import type { Chain } from "../chain.js";
import type { Fork } from "../fork.js";
import {
  describeContract,
  inspectContract,
  type InspectedContract,
  type Proxy,
} from "../inspection/contract.js";
import { describeName, type NamedContract } from "../label.js";
import { hexResult, quantity, staticCall } from "../reads.js";
import type { PauseMechanism, PlainFunction } from "./mechanism.js";
import { recognise, recognitionReads, type NotRecognised } from "./recognise.js";

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
  const [reports, accounts] = await Promise.all([
    Promise.all(contracts.map(async (contract) => await look(chain, contract))),
    chain.accounts(),
  ]);
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

/** What was read from the live chain about one contract. */
interface Seen {
  readonly named: NamedContract;
  readonly chainId: number;
  readonly block: number;
  readonly contract: InspectedContract;
  readonly known:
    | {
        readonly mechanism: PauseMechanism;
        readonly paused: boolean;
        readonly pausers: Authority;
        readonly unpausers: Authority;
      }
    | NotRecognised;
}

async function look(chain: Chain, named: NamedContract): Promise<Seen> {
  const { address } = named;
  const { chainId, block, contract, replies } = await inspectContract(
    chain,
    address,
    recognitionReads(address),
  );
  const seen = { named, chainId, block: block.number, contract };
  const recognised = recognise(contract, replies);
  if ("reason" in recognised) {
    return { ...seen, known: recognised };
  }
  const { mechanism, paused } = recognised;
  const [pausers, unpausers] = await Promise.all(
    [mechanism.pause, mechanism.unpause].map(
      async ({ selector }) => await whoMayCall(chain, address, selector, block.number),
    ),
  );
  const nobody = { needs: "unknown", holders: [], unknown: [] };
  return {
    ...seen,
    known: { mechanism, paused, pausers: pausers ?? nobody, unpausers: unpausers ?? nobody },
  };
}

/** Proofs run one after the other on one fork; each leaves it as it was. */
async function proveAll(
  seen: readonly Seen[],
  accounts: readonly Address[],
  makeFork: () => Promise<Fork>,
): Promise<readonly PausableReport[]> {
  const needsFork = seen.some(({ known }) => "mechanism" in known);
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
      const proof =
        fork === undefined || !("mechanism" in one.known)
          ? undefined
          : await prove(fork, one, one.known);
      reports.push(reportOf(one, accounts, proof, reason));
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
  known: Extract<Seen["known"], { mechanism: PauseMechanism }>,
): Promise<Proof> {
  const { mechanism, paused } = known;
  const mark = await fork.mark();
  const evidence: string[] = [];
  const unknown: string[] = [];
  // A contract that is paused already is proved the other way round: start it, then stop it again.
  const order: readonly ("pause" | "unpause")[] = paused
    ? ["unpause", "pause"]
    : ["pause", "unpause"];
  let pauses: boolean | undefined;
  let stopped = paused;
  try {
    for (const direction of order) {
      // To stop what is stopped shows nothing: its read-back may say so whatever is done.
      if (direction === "pause" && stopped) {
        unknown.push(
          "it is paused now and does not start on the fork, so no new pause can be shown",
        );
        break;
      }
      const authority = direction === "pause" ? known.pausers : known.unpausers;
      const tried = await callAsHolder(
        fork,
        contract.address,
        mechanism[direction],
        authority.holders,
      );
      if (tried === undefined) {
        evidence.push(`fork: nobody was found for whom ${mechanism[direction].signature} succeeds`);
        continue;
      }
      const now = await readPaused(fork, contract.address, mechanism);
      const works = now === (direction === "pause");
      stopped = now !== false;
      evidence.push(
        `fork: ${mechanism[direction].signature} as ${tried.address} succeeds; ${mechanism.readBack.signature} is then ${now ?? "not readable"}`,
      );
      if (direction === "pause") {
        pauses = works;
      } else if (!works) {
        evidence.push(
          `fork: ${mechanism.unpause.signature} does not start ${describeName(named)} again`,
        );
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
  { selector }: PlainFunction,
  holders: readonly Holder[],
): Promise<Holder | undefined> {
  for (const holder of holders) {
    const reply = await fork.send({
      from: holder.address,
      to,
      data: selector,
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
): Promise<boolean | undefined> {
  const [reply] = await fork.rpc.batch([staticCall(address, readBack.selector)("latest")]);
  const answer = hexResult(reply);
  return answer === undefined ? undefined : readBack.decode(answer);
}

function reportOf(
  { named, block, contract, known }: Seen,
  accounts: readonly Address[],
  proof: Proof | undefined,
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
  if ("reason" in known) {
    return {
      ...base,
      verdict: known.known ? "not-pausable" : "unknown",
      paused: null,
      mechanisms: [],
      ours: [],
      evidence: known.known
        ? [`${known.reason} (code of ${contract.logic.address} at block ${block})`]
        : [],
      unknown: known.known ? [] : [known.reason],
    };
  }
  const { mechanism, paused, pausers } = known;
  const call = (fn: PlainFunction): PauseCall => ({
    to: named.address,
    signature: fn.signature,
    args: [],
    data: fn.selector,
  });
  const callers = pausers.holders.map(({ address, via, proved }) => ({ address, via, proved }));
  const unknown = [
    ...pausers.unknown,
    ...(proof?.unknown ?? []),
    ...(noFork === "" ? [] : [`no proof on a fork: ${noFork}`]),
  ];
  return {
    ...base,
    verdict: verdictOf(proof, unknown),
    paused,
    mechanisms: [
      {
        id: mechanism.id,
        discovered: false,
        call: call(mechanism.pause),
        inverse: call(mechanism.unpause),
        readback: mechanism.readBack.signature,
        callers,
      },
    ],
    ours: callers
      .filter(({ address }) => accounts.some((account) => sameAddress(account, address)))
      .map(({ address }) => address),
    evidence: [
      `${mechanism.readBack.signature} is ${paused} (call at block ${block})`,
      `${mechanism.pause.signature} needs ${pausers.needs}`,
      ...(proof?.evidence ?? []),
    ],
    unknown,
  };
}

function verdictOf(proof: Proof | undefined, unknown: readonly string[]): Verdict {
  if (proof?.pauses !== undefined) {
    return proof.pauses ? "pausable" : "not-pausable";
  }
  // Nobody could be tried. If all who might hold the power are known, nobody can.
  return unknown.length > 0 || proof === undefined ? "unknown" : "not-pausable";
}
