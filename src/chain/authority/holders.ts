import type { Address, Hex } from "../address.js";
import { ZERO_ADDRESS, sameAddress } from "../address.js";
import { lookAt, type Chain } from "../chain.js";
import { codeAt, hexResult, simulation } from "../reads.js";
import { describeRevert, parseRevert, type Revert } from "../revert.js";
import type { RpcFailure } from "../rpc.js";
import {
  managedCandidates,
  ownerCandidates,
  pointerCandidates,
  roleCandidates,
} from "./candidates.js";

/** Somebody who might hold a power. */
export interface Candidate {
  readonly address: Address;
  /** How we came to think so: "owner()", "holds role PAUSER_ROLE (event RoleGranted)". */
  readonly via: string;
  /** Why not now, where that is known: "only after a delay of 86400 s". */
  readonly obstacle?: string;
}

/** Somebody who holds the power: the call was simulated as this address and succeeds. */
export interface Holder extends Candidate {
  readonly kind: "account" | "contract";
  readonly proved: boolean;
}

/** Who may make a call. */
export interface Authority {
  /** What the contract asks for, in words: "Ownable: the owner", "anybody". */
  readonly needs: string;
  /** Proved ones first. */
  readonly holders: readonly Holder[];
  /** What could not be known, in words. Empty: everybody who may hold the power was looked at. */
  readonly unknown: readonly string[];
}

/** Candidates, and what is not known about them. */
export interface Candidates {
  readonly needs: string;
  readonly candidates: readonly Candidate[];
  readonly unknown: readonly string[];
}

/**
 * An address that nobody has a key for and no contract trusts: the first 20 bytes of
 * keccak256("hardhat-emergency.stranger").
 */
export const STRANGER: Address = "0x4b0cd0Fd613B7C1b926A5EECCDD5D8784F8a48d7";

/**
 * Another one, the first 20 bytes of keccak256("hardhat-emergency.passer-by"). What a stranger can do to
 * himself alone, like locking his own account, he does not do to this one.
 */
export const PASSER_BY: Address = "0x482Fa4C31D19122C836E16D0785538844141E613";

/** Who may make a call that a stranger may make. */
export const ANYBODY: Candidates = {
  needs: "nothing: the call succeeds for anybody",
  candidates: [{ address: PASSER_BY, via: "anybody may; this address stands for all" }],
  unknown: [],
};

/**
 * Finds who may make a call to a contract. A stranger's call is refused, and the refusal says what
 * is missing; whoever may hold that is looked up and then tried. A name or an event alone proves
 * nothing: only holders whose simulated call succeeds are `proved`.
 */
export async function whoMayCall(
  chain: Chain,
  target: Address,
  data: Hex,
  blockNumber: number,
  also: readonly Candidate[] = [],
): Promise<Authority> {
  const [reply] = await lookAt(chain, blockNumber, [
    simulation({ from: STRANGER, to: target, data }),
  ]);
  const failure = reply?.ok === false ? reply.failure : undefined;
  const revert = failure === undefined ? undefined : await parseRevert(failure);
  const found =
    reply?.ok === true
      ? ANYBODY
      : ((await candidatesByRefusal(chain, target, data, blockNumber, revert)) ??
        (await pointerCandidates(chain, target, blockNumber)));
  const all = [...found.candidates, ...also];
  const distinct = all.filter(
    (candidate, index) =>
      candidate.address !== ZERO_ADDRESS &&
      all.findIndex((other) => sameAddress(other.address, candidate.address)) === index,
  );
  const replies = await lookAt(
    chain,
    blockNumber,
    distinct.flatMap(({ address }) => [
      simulation({ from: address, to: target, data }),
      codeAt(address),
    ]),
  );
  const tried = distinct.map((candidate, index): Holder => {
    const code = hexResult(replies[index * 2 + 1]);
    return {
      ...candidate,
      kind: code === undefined || code === "0x" ? "account" : "contract",
      proved: replies[index * 2]?.ok === true,
    };
  });
  // Those who were only tried are worth naming when it works.
  const holders = tried.filter(
    ({ address, proved }) =>
      proved || found.candidates.some((candidate) => sameAddress(candidate.address, address)),
  );
  const sorted = [...holders].sort((a, b) => Number(b.proved) - Number(a.proved));
  const refused = failure === undefined ? [] : [refusalOf(failure, revert)];
  const somebodyMay = sorted.some((holder) => holder.proved);
  return {
    needs: found.needs,
    holders: sorted,
    unknown:
      found.unknown.length > 0 && !somebodyMay ? [...refused, ...found.unknown] : found.unknown,
  };
}

function refusalOf(failure: RpcFailure, revert: Revert | undefined): string {
  const said = revert === undefined ? failure.message : describeRevert(revert);
  return `the call is refused with ${said}, and nobody was found for whom it succeeds`;
}

/** Whoever the refusal itself asks for; undefined when it is in no words that are known. */
export async function candidatesByRefusal(
  chain: Chain,
  target: Address,
  data: Hex,
  blockNumber: number,
  revert: Revert | undefined,
): Promise<Candidates | undefined> {
  const reason = revert?.reason ?? "";
  if (revert?.error === "OwnableUnauthorizedAccount(address)" || /not the owner/i.test(reason)) {
    return await ownerCandidates(chain, target, blockNumber);
  }
  const role =
    revert?.error === "AccessControlUnauthorizedAccount(address,bytes32)"
      ? revert.args[1]
      : /missing role (0x[0-9a-f]{64})/i.exec(reason)?.[1];
  if (role !== undefined) {
    return await roleCandidates(chain, target, role, blockNumber);
  }
  if (revert?.error === "AccessManagedUnauthorized(address)") {
    return await managedCandidates(chain, target, data, blockNumber);
  }
  return undefined;
}

/** A holder in one line, for people. */
export function describeHolder(holder: Holder): string {
  const proof = holder.proved
    ? "proved by a simulated call"
    : (holder.obstacle ?? "but its call fails");
  return `${holder.address} (${holder.kind === "contract" ? "a contract, " : ""}${holder.via}; ${proof})`;
}
