import { setTimeout as wait } from "node:timers/promises";

import type { Interface } from "ethers";

import { checksummed, type Address } from "../chain/address.js";
import { describeFailure } from "../chain/revert.js";
import { httpRpc, type Rpc, type RpcReply } from "../chain/rpc.js";
import { EmergencyError } from "../errors.js";
import { isRecord } from "../json.js";

/** A call that one of the node's own accounts makes. */
export interface NodeCall {
  readonly from: Address;
  /** Undefined creates a contract. */
  readonly to?: Address;
  readonly data: string;
}

/** How a transaction on the drill's chain ended. */
export interface NodeOutcome {
  readonly ok: boolean;
  /** Why not, in words. */
  readonly refusal: string;
  readonly contractAddress: Address | undefined;
  readonly gasUsed: number;
  readonly logs: readonly { readonly topics: readonly string[]; readonly data: string }[];
}

/** The drill's own chain mines at once; longer than this, in milliseconds, is a fault. */
const MINED_MS = 30_000;
/** Requests that go in one batch. */
const BATCH = 100;
/** Enough for each call of the drill; no time is lost on estimates. */
const GAS = "0x4c4b40";

/**
 * Plays the users and the attacker of the drill: sends real transactions from the accounts that the
 * drill's own node holds. Never used on any other chain.
 */
export class NodeClient {
  readonly #rpc: Rpc;
  readonly #abis: readonly (readonly unknown[])[];

  /** @param abis those whose errors may occur. */
  constructor(url: string, abis: readonly (readonly unknown[])[]) {
    this.#abis = abis;
    this.#rpc = httpRpc({
      networkName: "drill",
      url,
      headers: {},
      timeoutMs: 60_000,
      wait: async (milliseconds) => {
        await wait(milliseconds);
      },
    });
  }

  async accounts(): Promise<readonly Address[]> {
    const [reply] = await this.#rpc.batch([{ method: "eth_accounts", params: [] }]);
    const accounts = reply?.ok === true && Array.isArray(reply.result) ? reply.result : [];
    return await Promise.all(accounts.map(async (account) => await checksummed(String(account))));
  }

  /** Sends calls in order and waits for all of them. Throws when one fails that must not. */
  async sendAll(calls: readonly NodeCall[]): Promise<readonly NodeOutcome[]> {
    const hashes: RpcReply[] = [];
    for (const wave of waves(calls)) {
      hashes.push(...(await this.#send(wave)));
    }
    const outcomes: NodeOutcome[] = [];
    for (let start = 0; start < calls.length; start += BATCH) {
      const part = calls.slice(start, start + BATCH);
      outcomes.push(
        ...(await Promise.all(
          part.map(async (call, index) => await this.#outcome(hashes[start + index], call)),
        )),
      );
    }
    const failed = outcomes.findIndex((outcome) => !outcome.ok);
    if (failed !== -1) {
      throw new EmergencyError(
        "DRILL_FAILED",
        `the drill's own set-up failed: ${outcomes[failed]?.refusal ?? ""}`,
        "report this with the output of npx hardhat drill --json",
      );
    }
    return outcomes;
  }

  /** Tries one call for real: a transaction that is mined, or refused. */
  async attempt(call: NodeCall): Promise<NodeOutcome> {
    const [reply] = await this.#send([call]);
    return await this.#outcome(reply, call);
  }

  /** Reads a function and decodes it. */
  async read(
    to: Address,
    abi: Interface,
    name: string,
    args: readonly unknown[] = [],
  ): Promise<unknown> {
    const [value] = await this.readAll(abi, name, [{ to, args }]);
    return value;
  }

  /** Reads one function of many contracts, or with many arguments. The first returned value of each. */
  async readAll(
    abi: Interface,
    name: string,
    calls: readonly { readonly to: Address; readonly args: readonly unknown[] }[],
  ): Promise<readonly unknown[]> {
    const replies: RpcReply[] = [];
    for (let start = 0; start < calls.length; start += BATCH) {
      const part = calls.slice(start, start + BATCH).map(({ to, args }) => ({
        method: "eth_call",
        params: [{ to, data: abi.encodeFunctionData(name, args) }, "latest"],
      }));
      replies.push(...(await this.#rpc.batch(part)));
    }
    return replies.map((reply): unknown => {
      if (!reply.ok) {
        throw new EmergencyError(
          "DRILL_FAILED",
          `${name} cannot be read: ${reply.failure.message}`,
          "report this",
        );
      }
      const values: unknown = abi.decodeFunctionResult(name, String(reply.result))[0];
      return values;
    });
  }

  async #send(calls: readonly NodeCall[]): Promise<readonly RpcReply[]> {
    return await this.#rpc.batch(
      calls.map((call) => ({ method: "eth_sendTransaction", params: [{ ...call, gas: GAS }] })),
    );
  }

  async #outcome(sent: RpcReply | undefined, call: NodeCall): Promise<NodeOutcome> {
    if (sent?.ok !== true) {
      // Hardhat's node mines a failing transaction and answers with its error.
      const failure = sent?.failure ?? { code: 0, message: "no answer" };
      return refused(await describeFailure(failure, this.#abis));
    }
    for (const deadline = Date.now() + MINED_MS; Date.now() < deadline;) {
      const [reply] = await this.#rpc.batch([
        { method: "eth_getTransactionReceipt", params: [sent.result] },
      ]);
      if (reply?.ok === true && isRecord(reply.result)) {
        const { status, contractAddress, gasUsed, logs } = reply.result;
        if (status !== "0x1") {
          return refused(await this.#whyRefused(call));
        }
        return {
          ok: true,
          refusal: "",
          contractAddress:
            typeof contractAddress === "string" ? await checksummed(contractAddress) : undefined,
          gasUsed: Number(gasUsed),
          logs: (Array.isArray(logs) ? logs : []).filter(isRecord).map((log) => ({
            topics: Array.isArray(log.topics) ? log.topics.map(String) : [],
            data: String(log.data),
          })),
        };
      }
      await wait(10);
    }
    return refused("it was not mined");
  }

  /** A mined failure carries no reason; the same call, made again without a transaction, does. */
  async #whyRefused(call: NodeCall): Promise<string> {
    const [reply] = await this.#rpc.batch([{ method: "eth_call", params: [call, "latest"] }]);
    return reply?.ok === false ? await describeFailure(reply.failure, this.#abis) : "not known";
  }
}

/**
 * The calls in their order, in parts that hold each sender once. Anvil works on a batch all at once,
 * and gets one sender's transactions out of order.
 */
function waves(calls: readonly NodeCall[]): readonly (readonly NodeCall[])[] {
  const parts: NodeCall[][] = [];
  for (const call of calls) {
    const last = parts.at(-1);
    if (
      last === undefined ||
      last.length === BATCH ||
      last.some(({ from }) => from === call.from)
    ) {
      parts.push([call]);
    } else {
      last.push(call);
    }
  }
  return parts;
}

function refused(refusal: string): NodeOutcome {
  return { ok: false, refusal, contractAddress: undefined, gasUsed: 0, logs: [] };
}
