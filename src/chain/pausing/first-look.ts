import { EmergencyError, type ErrorCode } from "../../errors.js";
import { codeHash } from "../inspection/bytecode.js";
import { checksummed, ZERO_ADDRESS, type Address, type Hex } from "../address.js";
import type { Block, Chain } from "../chain.js";
import { inspectContract, type InspectedContract } from "../inspection/contract.js";
import { PROXY_READS, proxyReads, readProxySigns } from "../inspection/proxies.js";
import type { NamedContract } from "../label.js";
import { codeAt, hexResult } from "../reads.js";
import type { RpcReply } from "../rpc.js";
import { Rounds } from "../rounds.js";
import type { CustomMechanism } from "./custom.js";
import { Explorer } from "./explorer.js";
import { IDIOMS } from "./idioms/catalogue.js";
import { CONTRACT, type Idiom } from "./idioms/idiom.js";
import { recognitionReads } from "./recognise.js";
import { findRoutes, type RouteSearch } from "./routes.js";

/** What was read of a contract on the live chain, before any experiment. */
export interface Looked {
  readonly named: NamedContract;
  readonly contract: InspectedContract;
  readonly search: RouteSearch;
}

/** A contract that could not be looked at, and why: there is none, or its proxies form a loop. */
export interface NotLooked {
  readonly named: NamedContract;
  readonly refusal: EmergencyError;
}

/**
 * What is said of one contract that is no contract, or leads nobody knows where, must not keep the
 * others from being judged. Of one alone, or of all, it is the refusal of the command.
 */
export async function eachByItself<S extends { readonly named: NamedContract }, T>(
  some: readonly S[],
  judge: (one: S) => Promise<T>,
): Promise<readonly (T | NotLooked)[]> {
  const refusals: EmergencyError[] = [];
  const all = await Promise.all(
    some.map(async (one): Promise<T | NotLooked> => {
      try {
        return await judge(one);
      } catch (error) {
        if (!(error instanceof EmergencyError) || !OF_ONE_CONTRACT.includes(error.code)) {
          throw error;
        }
        refusals.push(error);
        return { named: one.named, refusal: error };
      }
    }),
  );
  const [first] = refusals;
  if (first !== undefined && refusals.length === some.length) {
    throw first;
  }
  return all;
}

/** Refusals that say something about a contract, and nothing about the node. */
const OF_ONE_CONTRACT: readonly ErrorCode[] = ["NO_CODE", "UNKNOWN_PROXY"];

/** The first look at some contracts. */
export interface FirstLook {
  readonly chainId: number;
  readonly block: Block;
  /** All that was read, in the order of the contracts. Reads what takes more round trips now. */
  readonly whole: () => Promise<readonly (Looked | NotLooked)[]>;
}

/**
 * So many round trips tell all of most contracts: one for what is no proxy, two behind a proxy, three
 * behind a beacon; a pointer to another contract takes one, and that contract's code another. What
 * lies deeper is read while there is more to do than to wait for it.
 */
const ROUND_TRIPS = 3;

/**
 * Looks at contracts, all at one block, in at most three batches however many they are. Behind a proxy
 * the pointers to other contracts are asked for before its code is known, because that takes a round
 * trip of its own.
 * @throws EmergencyError NO_CODE, UNKNOWN_PROXY where that is so of all of them.
 */
export async function firstLook(
  chain: Chain,
  contracts: readonly NamedContract[],
  custom: readonly CustomMechanism[],
): Promise<FirstLook> {
  const rounds = new Rounds(chain, ROUND_TRIPS);
  const [{ chainId, block, replies }] = await Promise.all([
    rounds.look(contracts.flatMap(({ address }) => firstReads(address))),
    hashingLoaded(),
  ]);
  const each = firstReads(ZERO_ADDRESS).length;
  const looking = eachByItself(
    contracts.map((named, index) => ({ named, index })),
    async ({ named, index }): Promise<Looked> => {
      void guessAhead(
        rounds,
        block,
        named.address,
        replies.slice(index * each, (index + 1) * each),
      );
      const { contract } = await inspectContract(
        rounds.chain,
        named.address,
        [],
        undefined,
        undefined,
        block,
      );
      return { named, contract, search: await findRoutes(rounds.chain, block, contract, custom) };
    },
  );
  await Promise.race([looking, rounds.spent]);
  return {
    chainId,
    block,
    whole: async () => {
      rounds.goOn();
      return await looking;
    },
  };
}

/** What {@link inspectContract} and {@link findRoutes} ask of every contract. */
function firstReads(address: Address): ReturnType<typeof proxyReads> {
  return [codeAt(address), ...proxyReads(address), ...recognitionReads(address)];
}

/** Loading takes longer than an answer: whoever has to wait for it would miss the next batch. */
async function hashingLoaded(): Promise<void> {
  await Promise.all([codeHash("0x"), checksummed(ZERO_ADDRESS)]);
}

/** Walks the pointers of a proxy whose code is still on its way. What is learnt is remembered. */
async function guessAhead(
  rounds: Rounds,
  block: Block,
  address: Address,
  replies: readonly RpcReply[],
): Promise<void> {
  const code = hexResult(replies[0]) ?? "0x";
  const signs = await readProxySigns(code, replies.slice(1, 1 + PROXY_READS));
  if (signs === null) {
    return;
  }
  const explorer = new Explorer(rounds.guesses, block, unseen(address), true);
  // Its own getters can wait for its code, unless that takes all the round trips.
  const idioms = signs.kind === "beacon" ? IDIOMS : IDIOMS.filter(hasPointers);
  await Promise.all(
    idioms.map(async (idiom) => {
      await explorer.explore(idiom).catch(() => undefined);
    }),
  );
}

function hasPointers({ values = {} }: Idiom): boolean {
  return Object.values(values).some(({ from = CONTRACT }) => from === CONTRACT);
}

function unseen(address: Address): InspectedContract {
  const none: Hex = "0x";
  const logic = { address, code: none, codeHash: none };
  return { ...logic, proxy: null, behind: [], logic, codes: [] };
}
