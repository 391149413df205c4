import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { openChain } from "../chain/connect.js";
import { openFork } from "../chain/fork.js";
import { isHex, quantity } from "../chain/reads.js";
import { describeFailure } from "../chain/revert.js";
import { EmergencyError, messageOf } from "../errors.js";
import { isRecord } from "../json.js";
import { DRILL_CHAIN_ID, startNode, type NodeKind } from "./node.js";
import { NodeClient } from "./node-client.js";
import { compileExamples, drillProject, DRILL_NETWORK } from "./project.js";
import {
  ACCOUNTS,
  attackCall,
  changedUsers,
  coins,
  compiled,
  deployProtocol,
  readBalances,
  trade,
  type Balances,
  type Protocol,
} from "./protocol.js";

/** What the drill tells while it runs. */
export interface DrillView {
  /** Something happened. Milliseconds since the start. */
  event(atMs: number, text: string): void;
  /** A task is about to run, as a person would type it. */
  command(atMs: number, line: string): void;
  /** Something was claimed, and is proved or not. */
  proof(proof: Proof): void;
}

/** A claim and what was read to prove it. */
export interface Proof {
  readonly atMs: number;
  readonly claim: string;
  readonly holds: boolean;
  readonly evidence: string;
}

/** How the drill ended. Plain JSON. */
export interface DrillReport {
  readonly node: string;
  readonly chainId: number;
  readonly proofs: readonly Proof[];
  /** In wei of the coin, decimal. */
  readonly lostWei: string;
  readonly savedWei: string;
  /** From the moment the person acts until the pause is read back, in milliseconds. */
  readonly untilPausedMs: number;
  readonly durationMs: number;
}

/** The pace of the attacker, in milliseconds. A block a transaction would be slower. */
const ATTACK_EVERY_MS = 100;
/** How much the attacker has taken when somebody notices. */
const NOTICED_AFTER = 5;

/**
 * A whole recovery, for real, on a chain that is started for it: the attacker drains the example
 * protocol while the same tasks that people type stop it, rehearse the repair, upgrade it and start
 * it again. Every claim is proved by what is read from the chain.
 * @param outer where the command was typed; only its simulator is used.
 * @throws EmergencyError DRILL_FAILED when something cannot be started; a failed proof is in the report.
 */
export async function runDrill(
  outer: HardhatRuntimeEnvironment,
  kind: NodeKind,
  view: DrillView,
  startedMs: number,
): Promise<DrillReport> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "hardhat-emergency-drill-"));
  const project = await drillProject(undefined);
  await compileExamples(project);
  const node = await startNode(outer, kind, ACCOUNTS);
  try {
    const [broken, fixed, coin] = await Promise.all(
      ["Marketplace", "MarketplaceV2", "Coin"].map(
        async (name) => (await compiled(project, name)).abi,
      ),
    );
    const fixedAbi = fixed ?? [];
    const client = new NodeClient(node.url, [broken ?? [], fixedAbi, coin ?? []]);
    const drill = new Drill(client, fixedAbi, view, startedMs);
    drill.tell(`${node.name} runs at ${node.url}, chain id ${DRILL_CHAIN_ID}`);
    return await drill.run(project, node, directory);
  } finally {
    await node.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** An attack that goes on in the background. */
interface Attack {
  /** When enough is gone for somebody to notice. */
  readonly noticed: Promise<void>;
  /** Why its last transaction failed. */
  readonly stopped: Promise<string>;
  end(): void;
}

/** One drill on one chain. */
class Drill {
  readonly #client: NodeClient;
  readonly #view: DrillView;
  readonly #startedMs: number;
  readonly #fixedAbi: readonly unknown[];
  readonly #proofs: Proof[] = [];

  constructor(
    client: NodeClient,
    fixedAbi: readonly unknown[],
    view: DrillView,
    startedMs: number,
  ) {
    this.#client = client;
    this.#fixedAbi = fixedAbi;
    this.#view = view;
    this.#startedMs = startedMs;
  }

  async run(
    project: HardhatRuntimeEnvironment,
    node: { readonly url: string; readonly name: string },
    directory: string,
  ): Promise<DrillReport> {
    const client = this.#client;
    const protocol = await deployProtocol(project, client);
    const before = await readBalances(client, protocol);
    this.tell(
      `a marketplace runs at ${protocol.marketplace}: ${protocol.users.length} users, ${coins(before.poolWei)} in escrow`,
    );
    const { coin, marketplace } = protocol;
    const hre = await drillProject({ url: node.url, contracts: { marketplace, coin }, directory });

    const attack = this.#beginAttack(protocol);
    try {
      return await this.#recover(hre, node.name, protocol, before, attack);
    } finally {
      attack.end();
    }
  }

  async #recover(
    hre: HardhatRuntimeEnvironment,
    node: string,
    protocol: Protocol,
    before: Balances,
    attack: Attack,
  ): Promise<DrillReport> {
    const client = this.#client;
    await attack.noticed;
    const noticed = await readBalances(client, protocol);
    const noticedMs = Date.now();
    this.tell(`the attacker drains it: ${coins(noticed.shortfallWei)} are gone, and it goes on`);

    await this.#task(hre, ["verify-pausable"], { contract: "marketplace" });
    await this.#task(hre, ["pause"], { contract: "marketplace", yes: true });
    const untilPausedMs = Date.now() - noticedMs;
    const refusal = await attack.stopped;
    const paused = await readBalances(client, protocol);
    this.#prove(
      "the attacker's next attack fails",
      refusal.startsWith("EnforcedPause"),
      `cancel(${protocol.listing}) is refused: ${refusal}`,
    );
    await this.#proveHeld(protocol, paused);
    this.#proveUsers("no user has other coins than before the attack", before, paused);

    await this.#upgrade(hre, protocol, paused);
    const upgraded = await readBalances(client, protocol);
    this.#proveUsers("no user's coins have changed by the upgrade", before, upgraded);
    await this.#proveOnFork(hre, protocol);

    await this.#task(hre, ["unpause"], { contract: "marketplace", yes: true, rehearse: true });
    const again = await client.attempt(attackCall(protocol));
    this.#prove(
      "the attack fails on the new code, with the contract open",
      !again.ok && again.refusal.startsWith("NotCancellable"),
      again.ok
        ? "the attack succeeded"
        : `cancel(${protocol.listing}) is refused: ${again.refusal}`,
    );
    const problem = await trade(client, protocol);
    this.#prove(
      "users can trade again",
      problem === undefined,
      problem ?? "a user listed, another bought and settled, the seller withdrew the price",
    );
    const end = await readBalances(client, protocol);
    return {
      node,
      chainId: DRILL_CHAIN_ID,
      proofs: this.#proofs,
      lostWei: end.shortfallWei.toString(),
      savedWei: end.poolWei.toString(),
      untilPausedMs,
      durationMs: this.#elapsed(),
    };
  }

  /** Says what happened, with the time. */
  tell(text: string): void {
    this.#view.event(this.#elapsed(), text);
  }

  #elapsed(): number {
    return Date.now() - this.#startedMs;
  }

  #prove(claim: string, holds: boolean, evidence: string): void {
    const proof = { atMs: this.#elapsed(), claim, holds, evidence };
    this.#proofs.push(proof);
    this.#view.proof(proof);
  }

  /** The attacker goes on until a transaction fails, as a real one would. */
  #beginAttack(protocol: Protocol): Attack {
    let notice = (): void => undefined;
    const noticed = new Promise<void>((resolve) => {
      notice = resolve;
    });
    let over = false;
    const loop = async (): Promise<string> => {
      for (let count = 1; !over; count++) {
        const outcome = await this.#client.attempt(attackCall(protocol));
        if (!outcome.ok) {
          notice();
          return outcome.refusal;
        }
        if (count > NOTICED_AFTER) {
          notice();
        }
        await wait(ATTACK_EVERY_MS);
      }
      return "nothing: the drill ended before";
    };
    const stopped = loop();
    // When the drill fails before it asks, nobody else hears of the attacker's own failure.
    stopped.catch(notice);
    return {
      noticed,
      stopped,
      end: () => {
        over = true;
      },
    };
  }

  /** Between two looks nothing has left the pool, although the attacker has tried. */
  async #proveHeld(protocol: Protocol, paused: Balances): Promise<void> {
    const outcome = await this.#client.attempt(attackCall(protocol));
    const now = await readBalances(this.#client, protocol);
    this.#prove(
      "nothing leaves the escrow any more",
      !outcome.ok && now.poolWei === paused.poolWei,
      `${coins(now.poolWei)} are in it, before and after one more attempt`,
    );
  }

  #proveUsers(claim: string, before: Balances, after: Balances): void {
    const changed = changedUsers(before, after);
    this.#prove(
      claim,
      changed === 0,
      `escrow and wallet of ${before.escrowWei.length} users compared, ${changed} differ`,
    );
  }

  async #upgrade(
    hre: HardhatRuntimeEnvironment,
    protocol: Protocol,
    paused: Balances,
  ): Promise<void> {
    // At most a hundredth of the escrow may leave in one block from now on.
    const limitWei = paused.poolWei / 100n;
    await this.#task(hre, ["upgrade"], {
      proxy: "marketplace",
      implementation: "MarketplaceV2",
      call: "initializeV2",
      callArgs: `${limitWei},${paused.shortfallWei}`,
      yes: true,
    });
    const loss = await this.#client.read(protocol.marketplace, protocol.fixedAbi, "lossWei");
    const version = await this.#client.read(protocol.marketplace, protocol.fixedAbi, "version");
    this.#prove(
      "the marketplace runs the new code, initialised",
      version === "2" && loss === paused.shortfallWei,
      `version() is "${String(version)}", lossWei() is ${String(loss)}`,
    );
  }

  /**
   * Before the contract is opened again: on a fork it is opened, and the attack tried there.
   * While it is paused the attack fails anyway, and proves nothing about the new code.
   */
  async #proveOnFork(hre: HardhatRuntimeEnvironment, protocol: Protocol): Promise<void> {
    const chain = await openChain(hre);
    const [latest] = await chain.rpc.batch([{ method: "eth_blockNumber", params: [] }]);
    const block = latest?.ok === true && isHex(latest.result) ? Number(latest.result) : 0;
    const fork = await openFork(hre, chain, DRILL_CHAIN_ID, block);
    try {
      const { onCall, marketplace, abi } = protocol;
      const unpause = await fork.send({
        from: onCall,
        to: marketplace,
        data: abi.encodeFunctionData("unpause"),
        gas: quantity(1_000_000),
      });
      const attack = await fork.send({
        ...attackCall(protocol),
        to: marketplace,
        gas: quantity(1_000_000),
      });
      const refusal = attack.ok ? "" : await describeFailure(attack.failure, [this.#fixedAbi]);
      this.#prove(
        "the attack would fail on the new code (tried on a fork, opened there)",
        unpause.ok && !attack.ok && refusal.startsWith("NotCancellable"),
        attack.ok
          ? "the attack succeeded on the fork"
          : `cancel(${protocol.listing}) is refused on the fork: ${refusal}`,
      );
    } finally {
      await fork.close();
      await chain.close();
    }
  }

  /** Runs a task as a person would, and takes its own word on how it ended. */
  async #task(
    hre: HardhatRuntimeEnvironment,
    id: string[],
    args: Readonly<Record<string, string | boolean>>,
  ): Promise<void> {
    const line = ["npx hardhat", ...id, "--network", DRILL_NETWORK, ...asOptions(args)].join(" ");
    this.#view.command(this.#elapsed(), line);
    let problem: string | undefined;
    try {
      const result: unknown = await hre.tasks.getTask(id).run({ ...args });
      problem =
        isRecord(result) && result.success === true ? undefined : "it ended without success";
    } catch (error) {
      problem = messageOf(error);
    }
    if (problem !== undefined) {
      this.#prove(`${id.join(" ")} works`, false, problem);
      throw new EmergencyError("DRILL_FAILED", `${line}: ${problem}`, line);
    }
  }
}

/** Arguments as they are typed: `callArgs` is `--call-args`. */
function asOptions(args: Readonly<Record<string, string | boolean>>): string[] {
  return Object.entries(args).flatMap(([name, value]) => {
    const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return typeof value === "string" ? [option, value] : value ? [option] : [];
  });
}
