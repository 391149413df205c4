import { coalescing, withRpc } from "./authority/coalesce.js";
import { look, type Chain, type Look } from "./chain.js";
import { quantity, type Read } from "./reads.js";
import type { RpcCall, RpcReply } from "./rpc.js";

interface Entry {
  readonly call: RpcCall;
  /** Nobody needs the answer: it may turn out to be useful. */
  guess: boolean;
  readonly answered: Promise<RpcReply>;
  readonly resolve: (reply: RpcReply) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A few round trips for the reads of several contracts, all at one block. Whatever is asked for while
 * a batch is under way goes with the next one, each question once. When the round trips are used up,
 * those who ask wait until {@link goOn}.
 */
export class Rounds {
  /** Its reads are answered, sooner or later. */
  readonly chain: Chain;
  /** For what may be of use later: asked while there are round trips left, and refused from then on. */
  readonly guesses: Chain;
  /** Fulfilled when somebody waits for {@link goOn}. */
  readonly spent: Promise<void>;

  readonly #together: Chain;
  readonly #most: number;
  readonly #known = new Map<string, Entry>();
  #waiting: Entry[] = [];
  #round = 0;
  #busy = false;
  #open = false;
  #isSpent: () => void = () => undefined;

  /** @param most how many round trips there are before {@link goOn}. */
  constructor(chain: Chain, most: number) {
    this.#together = coalescing(chain);
    this.#most = most;
    this.chain = withRpc(chain, { batch: async (calls) => await this.#batch(calls, false) });
    this.guesses = withRpc(chain, { batch: async (calls) => await this.#batch(calls, true) });
    this.spent = new Promise((resolve) => {
      this.#isSpent = resolve;
    });
  }

  /** The first round trip: finds the block, and remembers what the reads say of it. */
  async look(reads: readonly Read[]): Promise<Look> {
    const counted = withRpc(this.#together, {
      batch: async (calls) => {
        this.#round++;
        return await this.#together.rpc.batch(calls);
      },
    });
    const seen = await look(counted, reads);
    const tag = quantity(seen.block.number);
    for (const [index, read] of reads.entries()) {
      const reply = seen.replies[index];
      if (reply !== undefined) {
        this.#entry(read(tag), false).resolve(reply);
      }
    }
    return seen;
  }

  /** Lets all further reads through, in as many round trips as they take. */
  goOn(): void {
    this.#open = true;
    this.#soon();
  }

  async #batch(calls: readonly RpcCall[], guess: boolean): Promise<readonly RpcReply[]> {
    return await Promise.all(
      calls.map(async (call) => {
        const known = this.#known.get(keyOf(call));
        if (known !== undefined) {
          known.guess &&= guess;
          return await known.answered;
        }
        if (guess && this.#round >= this.#most) {
          return TOO_LATE;
        }
        const entry = this.#entry(call, guess);
        this.#waiting.push(entry);
        this.#soon();
        return await entry.answered;
      }),
    );
  }

  #entry(call: RpcCall, guess: boolean): Entry {
    let resolve: Entry["resolve"] = () => undefined;
    let reject: Entry["reject"] = () => undefined;
    const answered = new Promise<RpcReply>((...settle) => {
      [resolve, reject] = settle;
    });
    const entry = { call, guess, answered, resolve, reject };
    this.#known.set(keyOf(call), entry);
    return entry;
  }

  /** After everything that can run now has run, and so has asked, also through others that wait so. */
  #soon(): void {
    setImmediate(() => setImmediate(() => void this.#flush()));
  }

  async #flush(): Promise<void> {
    if (this.#busy || this.#waiting.length === 0) {
      return;
    }
    const asked = this.#waiting;
    this.#waiting = [];
    if (this.#round >= this.#most && !this.#open) {
      this.#waiting = asked.filter((entry) => !this.#refused(entry));
      if (this.#waiting.length > 0) {
        this.#isSpent();
      }
      return;
    }
    this.#round++;
    this.#busy = true;
    try {
      const replies = await this.#together.rpc.batch(asked.map(({ call }) => call));
      for (const [index, { resolve }] of asked.entries()) {
        resolve(replies[index] ?? TOO_LATE);
      }
    } catch (error) {
      for (const { call, reject } of asked) {
        this.#known.delete(keyOf(call));
        reject(error);
      }
    } finally {
      this.#busy = false;
      this.#soon();
    }
  }

  #refused(entry: Entry): boolean {
    if (entry.guess) {
      this.#known.delete(keyOf(entry.call));
      entry.resolve(TOO_LATE);
    }
    return entry.guess;
  }
}

function keyOf({ method, params }: RpcCall): string {
  return JSON.stringify([method, params]);
}

const TOO_LATE: RpcReply = { ok: false, failure: { code: 0, message: "not asked" } };
