import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { createHardhatRuntimeEnvironment } from "hardhat/hre";

import { isRecord } from "../../src/json.js";
import { repository } from "./repository.js";

/** What a node of its own shall be like. */
export interface NodeOptions {
  /** Default: an id that is not one of development nodes, so that the plugin takes it for live. */
  readonly chainId?: number;
  /** Transactions stay pending until `evm_mine`. */
  readonly noMining?: boolean;
}

/** A chain of one test file's own. */
export interface LocalNode {
  readonly url: string;
  readonly chainId: number;
  /** The result of a JSON-RPC call. Throws the node's refusal. */
  request(method: string, ...params: readonly unknown[]): Promise<unknown>;
  stop(): Promise<void>;
}

/** Neither a public chain nor an id that only development nodes have. */
export const LIVE_CHAIN_ID = 7_357_001;

/** Nothing that is waited for takes a tenth of it, even on a machine that is busy with other things. */
const DEADLINE_MS = 60_000;

/**
 * Starts a node on a free port: anvil where there is one, else Hardhat's own. It ends with this
 * process, however that ends.
 */
export async function startNode(options: NodeOptions = {}): Promise<LocalNode> {
  const anvil = findAnvil();
  return anvil === undefined ? await startHardhatNode(options) : await startAnvil(anvil, options);
}

/** `EMERGENCY_TEST_NODE=hardhat` runs the tests as on a machine without anvil. */
function findAnvil(): string | undefined {
  if (process.env.EMERGENCY_TEST_NODE === "hardhat") {
    return undefined;
  }
  const installed = join(repository, "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "anvil"));
  return [installed, ...onPath].find((file) => existsSync(file));
}

/**
 * A shell holds anvil and waits for its own standard input to end: the kernel closes that when this
 * process is gone, even after SIGKILL.
 */
const GUARD = '"$@" < /dev/null & node=$!; cat > /dev/null; kill -9 "$node" 2> /dev/null';

async function startAnvil(anvil: string, options: NodeOptions): Promise<LocalNode> {
  const chainId = options.chainId ?? LIVE_CHAIN_ID;
  const args = ["--port", "0", "--chain-id", String(chainId)];
  const guard = spawn(
    "sh",
    ["-c", GUARD, "sh", anvil, ...args, ...(options.noMining === true ? ["--no-mining"] : [])],
    { stdio: ["pipe", "pipe", "ignore"] },
  );
  const ended = new Promise<void>((resolve) => guard.once("exit", resolve));
  const port = await printedPort(guard);
  // Nobody reads it from now on, and a full pipe would hold the node up.
  guard.stdout.resume();
  const node = nodeAt(`http://127.0.0.1:${port}`, chainId, async () => {
    guard.stdin.end();
    await ended;
  });
  await untilItAnswers(node);
  return node;
}

/** The port that the system chose, as anvil prints it: "Listening on 127.0.0.1:35869". */
async function printedPort(child: ChildProcess): Promise<number> {
  return await new Promise((resolve, reject) => {
    let printed = "";
    child.stdout?.setEncoding("utf8");
    child.stdout?.on("data", (text: string) => {
      printed += text;
      const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(printed)?.[1];
      if (port !== undefined) {
        resolve(Number(port));
      }
    });
    child.once("error", reject);
    child.stdout?.once("end", () => {
      reject(new Error(`anvil ended before it listened:\n${printed}`));
    });
  });
}

async function startHardhatNode(options: NodeOptions): Promise<LocalNode> {
  const chainId = options.chainId ?? LIVE_CHAIN_ID;
  const hre = await createHardhatRuntimeEnvironment(
    {
      networks: {
        node: {
          type: "edr-simulated",
          chainId,
          mining: { auto: options.noMining !== true },
        },
      },
    },
    {},
    repository,
  );
  const server = await hre.network.createServer("node", "127.0.0.1", 0);
  const { port } = await server.listen();
  const node = nodeAt(`http://127.0.0.1:${port}`, chainId, async () => {
    await server.close();
  });
  await untilItAnswers(node);
  return node;
}

function nodeAt(url: string, chainId: number, stop: () => Promise<void>): LocalNode {
  return {
    url,
    chainId,
    stop,
    async request(method, ...params) {
      return await requestOf(url, method, params);
    },
  };
}

async function requestOf(
  url: string,
  method: string,
  params: readonly unknown[],
): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const answer: unknown = await response.json();
  if (!isRecord(answer) || "error" in answer) {
    throw new Error(`${method} was refused: ${JSON.stringify(answer)}`);
  }
  return answer.result;
}

async function untilItAnswers(node: LocalNode): Promise<void> {
  await until(`${node.url} answers`, async () => {
    try {
      return Number(await node.request("eth_chainId")) === node.chainId;
    } catch {
      return false;
    }
  });
}

/** Waits for a condition by asking again and again; fails by name when it never comes. */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) {
      throw new Error(`waited ${DEADLINE_MS / 1000} s in vain until ${what}`);
    }
    await wait(10);
  }
}
