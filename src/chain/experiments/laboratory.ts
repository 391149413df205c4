import type { Address } from "../address.js";
import { findLogs, type LogSearch } from "../authority/logs.js";
import type { Chain, Fork } from "../chain.js";

/**
 * A place for experiments: a fork on which anything may be tried, and the live chain that it copies,
 * of which only its history is read. One for all contracts of a command.
 */
export class Laboratory {
  readonly chain: Chain;
  /** The block that everything is true at. */
  readonly block: number;
  readonly fork: Fork;
  readonly #logs = new Map<string, Promise<LogSearch>>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(chain: Chain, block: number, fork: Fork) {
    this.chain = chain;
    this.block = block;
    this.fork = fork;
  }

  /**
   * Waits for its turn, and takes back whatever the experiment did to the fork. Experiments of
   * several contracts share the fork and must not see each other's changes.
   */
  async alone<T>(experiment: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const mine = (async () => {
      await before.catch(() => undefined);
      return await this.undone(experiment);
    })();
    this.#turn = mine.catch(() => undefined);
    return await mine;
  }

  /** Runs a part of an experiment, and takes back what it did. */
  async undone<T>(part: () => Promise<T>): Promise<T> {
    const mark = await this.fork.mark();
    try {
      return await part();
    } finally {
      await this.fork.back(mark);
    }
  }

  /** The logs of a contract on the live chain, up to the block; asked for once. */
  async logsOf(
    address: Address,
    topics: readonly (string | readonly string[])[],
  ): Promise<LogSearch> {
    const key = JSON.stringify([address, topics]);
    const known = this.#logs.get(key) ?? findLogs(this.chain, address, topics, this.block);
    this.#logs.set(key, known);
    return await known;
  }
}
