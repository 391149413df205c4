import { sameAddress, checksummed, type Address, type Hex } from "../address.js";
import { consultedBy, type Consulted } from "../experiments/consulted.js";
import type { Laboratory } from "../experiments/laboratory.js";
import { tryCall, type Trial } from "../experiments/trial.js";
import { canCall } from "../inspection/opcodes.js";
import { codeAt, hexResult, quantity } from "../reads.js";
import { describeRevert, parseRevert, type Revert } from "../revert.js";
import {
  ANYBODY,
  PASSER_BY,
  STRANGER,
  candidatesByRefusal,
  type Authority,
  type Candidate,
  type Candidates,
  type Holder,
} from "./holders.js";
import { announcesMembers, grantTopics } from "./grants.js";
import type { Log } from "./logs.js";

/** A call whose callers are looked for. */
export interface PowerCall {
  readonly to: Address;
  readonly data: Hex;
}

/** What a call must do to count as made. The default: it changes a storage word or a balance. */
export type Accepts = (trial: Trial) => boolean;

/** More than this are not tried: they come from a list of users, not of officers. */
const MOST_CANDIDATES = 200;

/**
 * Finds who may make a call, by experiment on a fork. A stranger's call is refused; what it looked at
 * before it was refused (storage, immutables, other contracts) and the events in which powers were
 * given name the candidates; each of them makes the call. Whoever's call succeeds and changes
 * something holds the power. Code that says nothing about itself is understood as well as code
 * that does.
 * @param also who is tried in any case, and named only when it works.
 */
export async function findCallers(
  laboratory: Laboratory,
  call: PowerCall,
  also: readonly Candidate[] = [],
  accepts: Accepts = changesState,
): Promise<Authority> {
  const { fork } = laboratory;
  const refused = await tryCall(fork, { from: STRANGER, ...call });
  if (refused.ok && accepts(refused)) {
    return await authority(laboratory, call, accepts, ANYBODY, also);
  }
  const revert = await parseRevert({ code: 3, message: "", data: refused.output });
  const [named, mine, others] = await Promise.all([
    candidatesByRefusal(laboratory.chain, call.to, call.data, laboratory.block, revert),
    consultedBy(fork, { from: STRANGER, ...call }),
    consultedBy(fork, { from: PASSER_BY, ...call }),
  ]);
  const contracts = [call.to, ...mine.contracts];
  const granted = await grantedTo(laboratory, contracts);
  const found: Candidates = {
    needs: named?.needs ?? needsOf(mine, revert),
    candidates: [
      ...(named?.candidates ?? []),
      ...mine.addresses.map((address) => ({ address, via: whereFrom(mine, address) })),
      ...granted.candidates,
    ],
    unknown:
      named?.unknown ??
      openQuestions(mine, others, granted.fromBlock, await announced(laboratory, contracts)),
  };
  const result = await authority(laboratory, call, accepts, found, also);
  if (result.holders.some(({ proved }) => proved)) {
    return result;
  }
  const senders = await sendersOf(laboratory, contracts);
  const second = await authority(
    laboratory,
    call,
    accepts,
    { ...found, candidates: [...found.candidates, ...senders] },
    also,
  );
  return second.holders.some(({ proved }) => proved)
    ? second
    : { ...result, unknown: withRefusal(result.unknown, refused, revert) };
}

/** Whether a call changed anything that lasts. A log alone may be a complaint. */
export function changesState(trial: Trial): boolean {
  return trial.ok && (trial.slots.length > 0 || trial.balances.length > 0);
}

async function authority(
  { fork }: Laboratory,
  call: PowerCall,
  accepts: Accepts,
  { needs, candidates, unknown }: Candidates,
  also: readonly Candidate[],
): Promise<Authority> {
  const all = [...candidates, ...also];
  const distinct = all
    .filter(
      (candidate, index) =>
        BigInt(candidate.address) !== 0n &&
        all.findIndex((other) => sameAddress(other.address, candidate.address)) === index,
    )
    .slice(0, MOST_CANDIDATES);
  const codes = await fork.rpc.batch(distinct.map(({ address }) => codeAt(address)("latest")));
  const holders: Holder[] = [];
  for (const [index, candidate] of distinct.entries()) {
    const proved = accepts(await tryCall(fork, { from: candidate.address, ...call }));
    const code = hexResult(codes[index]) ?? "0x";
    // An ERC-7702 account has code and a key.
    const kind = code === "0x" || code.startsWith("0xef0100") ? "account" : "contract";
    holders.push(
      proved && kind === "contract" && !canCall(code)
        ? { ...candidate, kind, proved: false, obstacle: MUTE }
        : { ...candidate, kind, proved },
    );
  }
  // Who was only tried is worth naming when it works; who was named for a reason also when it does not.
  const named = holders.filter(
    ({ address, proved, obstacle, via }) =>
      proved ||
      obstacle !== undefined ||
      (via !== "" &&
        !via.startsWith(SEEN) &&
        candidates.some((candidate) => sameAddress(candidate.address, address))),
  );
  return {
    needs,
    holders: named.sort((a, b) => Number(b.proved) - Number(a.proved)),
    unknown,
  };
}

const MUTE = "it has the power, but its code makes no calls: it can never use it";

/** How a candidate that was merely met on the way is described; those who fail are not named. */
const SEEN = "seen";

/** Accounts in the events by which contracts give powers, the newest first. */
export async function grantedTo(
  laboratory: Laboratory,
  contracts: readonly Address[],
): Promise<{ candidates: readonly Candidate[]; fromBlock: number }> {
  const topics = await grantTopics();
  const searches = await Promise.all(
    contracts.map(async (address) => ({
      address,
      search: await laboratory.logsOf(address, [topics]),
    })),
  );
  const candidates: Candidate[] = [];
  for (const { address, search } of searches) {
    for (const log of [...search.logs].reverse()) {
      for (const account of accountsIn(log)) {
        candidates.push({
          address: await checksummed(account),
          via: `${SEEN} in an event of ${address}`,
        });
      }
    }
  }
  return { candidates, fromBlock: Math.max(0, ...searches.map(({ search }) => search.fromBlock)) };
}

/** Transactions of the newest logs; their senders have used the contract, perhaps with this power. */
const MOST_TRANSACTIONS = 24;

async function sendersOf(
  laboratory: Laboratory,
  contracts: readonly Address[],
): Promise<readonly Candidate[]> {
  const searches = await Promise.all(
    contracts.map(async (address) => await laboratory.logsOf(address, [])),
  );
  const hashes = new Set(
    searches.flatMap(({ logs }) =>
      logs.slice(-MOST_TRANSACTIONS).map(({ transaction }) => transaction),
    ),
  );
  const accounts = new Set<string>();
  for (const { logs } of searches) {
    for (const account of logs.slice(-MOST_TRANSACTIONS).flatMap(accountsIn)) {
      accounts.add(account);
    }
  }
  const replies = await laboratory.chain.rpc.batch(
    [...hashes]
      .filter((hash) => hash !== "")
      .slice(-MOST_TRANSACTIONS)
      .map((hash) => ({ method: "eth_getTransactionByHash", params: [hash] })),
  );
  for (const reply of replies) {
    const from = reply.ok ? senderIn(reply.result) : undefined;
    if (from !== undefined) {
      accounts.add(from);
    }
  }
  return await Promise.all(
    [...accounts].map(async (account) => ({
      address: await checksummed(account),
      via: `${SEEN} in a transaction of ${contracts[0] ?? "it"}`,
    })),
  );
}

function senderIn(transaction: unknown): string | undefined {
  if (typeof transaction !== "object" || transaction === null || !("from" in transaction)) {
    return undefined;
  }
  const { from } = transaction;
  return typeof from === "string" && /^0x[0-9a-f]{40}$/i.test(from) ? from : undefined;
}

/** What looks like accounts in an event, indexed or not. */
function accountsIn({ topics, data }: Log): readonly string[] {
  return [...topics.slice(1), ...words(data)]
    .filter(looksLikeAccount)
    .map((word) => `0x${word.slice(-40)}`);
}

function words(data: string): string[] {
  return data.slice(2).match(/.{64}/g) ?? [];
}

/** A word that holds twenty bytes and no more, and is no small number. */
function looksLikeAccount(text: string): boolean {
  return /^(0x)?0{24}[0-9a-f]{40}$/i.test(text) && !/0{20}[0-9a-f]{20}$/i.test(text);
}

/** In which word of which storage an address was found, as evidence. */
function whereFrom({ slots }: Consulted, address: Address): string {
  const digits = address.slice(2).toLowerCase();
  const found = slots.find(({ value }) => value.toString(16).includes(digits.replace(/^0+/, "")));
  return found === undefined
    ? `${SEEN} while the call was refused`
    : `storage slot ${shortSlot(found.slot)} of ${found.address}, which the call looks at`;
}

function shortSlot(slot: string): string {
  const value = BigInt(slot);
  return value < 2n ** 64n ? quantity(value) : slot;
}

function needsOf({ slots, contracts }: Consulted, revert: Revert | undefined): string {
  const said = revert === undefined ? "" : `; others are refused with ${describeRevert(revert)}`;
  const asked = contracts.length === 0 ? "" : `, and asks ${contracts.join(", ")}`;
  return slots.length === 0 && contracts.length === 0
    ? `an authority of its own kind${said}`
    : `an authority of its own kind: it looks at ${slots.length} storage word(s)${asked}${said}`;
}

/**
 * What the two refusals leave open. When the same words were looked at whoever called, and all
 * addresses in them were tried, there is nobody else. When the words depend on the caller, there is a
 * list that cannot be read from its end.
 */
function openQuestions(
  mine: Consulted,
  others: Consulted,
  fromBlock: number,
  announcesAll: boolean,
): readonly string[] {
  if (!mine.whole || !others.whole) {
    return ["the refused call is too long to be followed"];
  }
  const theirs = new Set(others.slots.map(({ address, slot }) => `${address} ${slot}`));
  const listed = mine.slots.find(({ address, slot }) => !theirs.has(`${address} ${slot}`));
  if (listed === undefined || (announcesAll && fromBlock === 0)) {
    return [];
  }
  const history =
    fromBlock === 0 ? "" : `, and the node gives events only from block ${fromBlock} on`;
  return [
    `${listed.address} keeps a list of who may: nobody was found on it by the events it has given${history}`,
  ];
}

/** Whether one of the contracts names in events whom it puts on a list. */
async function announced({ fork }: Laboratory, contracts: readonly Address[]): Promise<boolean> {
  const codes = await fork.rpc.batch(contracts.map((address) => codeAt(address)("latest")));
  const answers = await Promise.all(
    codes.map(async (reply) => await announcesMembers(hexResult(reply) ?? "0x")),
  );
  return answers.includes(true);
}

function withRefusal(
  unknown: readonly string[],
  { output, error }: Trial,
  revert: Revert | undefined,
): readonly string[] {
  if (unknown.length === 0) {
    return [];
  }
  const said =
    revert === undefined
      ? (error ?? `nothing done (${output.slice(0, 66)})`)
      : describeRevert(revert);
  return [
    `the call is refused with ${said}, and nobody was found for whom it succeeds`,
    ...unknown,
  ];
}
