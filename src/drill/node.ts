import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { access } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { EmergencyError, asError, messageOf } from "../errors.js";

/** A chain of the drill's own. */
export interface DrillNode {
  readonly url: string;
  /** "Hardhat's node" or "anvil". */
  readonly name: string;
  stop(): Promise<void>;
}

/** Which node the drill runs on. */
export type NodeKind = "hardhat" | "anvil";

/**
 * The drill's own chain id. It belongs to no chain and is not one of the development ids, so the
 * commands treat the drill's chain as they would treat a live one.
 */
export const DRILL_CHAIN_ID = 911_911_911;

/** Every developer's test mnemonic: no key of the drill is worth anything. */
const DRILL_MNEMONIC = "test test test test test test test test test test test junk";

/** The first key of that mnemonic: the person on call. */
export const ON_CALL_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/**
 * Starts a chain on a free port of this machine.
 * @param accounts how many funded accounts it holds.
 * @throws EmergencyError NO_ANVIL, DRILL_FAILED
 */
export async function startNode(
  hre: HardhatRuntimeEnvironment,
  kind: NodeKind,
  accounts: number,
): Promise<DrillNode> {
  return kind === "anvil" ? await startAnvil(accounts) : await startHardhat(hre, accounts);
}

/** Hardhat's node, in this process: gone when the process is gone, however it ends. */
async function startHardhat(hre: HardhatRuntimeEnvironment, count: number): Promise<DrillNode> {
  const server = await hre.network.createServer(
    {
      network: "default",
      override: { chainId: DRILL_CHAIN_ID, accounts: keys(count) },
    },
    "127.0.0.1",
    0,
  );
  const { port } = await server.listen();
  return {
    url: `http://127.0.0.1:${port}`,
    name: "Hardhat's node",
    stop: async () => {
      await server.close();
    },
  };
}

/**
 * The person on call and as many others, with 10,000 ETH each. Made by hashing: Hardhat takes four
 * seconds to derive 300 keys from a mnemonic.
 */
function keys(count: number): { privateKey: string; balance: string }[] {
  const others = Array.from({ length: count - 1 }, (_, index) => {
    const digest = createHash("sha256").update(`hardhat-emergency drill ${index}`).digest("hex");
    return `0x${digest}`;
  });
  const balance = (10_000n * 10n ** 18n).toString();
  return [ON_CALL_KEY, ...others].map((privateKey) => ({ privateKey, balance }));
}

/** How long anvil may take to answer for the first time, in milliseconds. */
const ANVIL_START_MS = 20_000;

async function startAnvil(accounts: number): Promise<DrillNode> {
  const binary = await findAnvil();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = [
    ["--port", String(port)],
    ["--chain-id", String(DRILL_CHAIN_ID)],
    ["--accounts", String(accounts)],
    ["--mnemonic", DRILL_MNEMONIC],
    ["--silent"],
  ].flat();
  // A shell between us stops anvil when its standard input ends, which happens however this process
  // ends: a kill -9 cannot be caught, but it closes the pipe.
  const guard =
    'anvil=$1; shift; "$anvil" "$@" & child=$!; cat >/dev/null; kill "$child"; wait "$child"';
  const child = spawn("sh", ["-c", guard, "sh", binary, ...args], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => {
      resolve();
    });
  });
  const node = {
    url,
    name: "anvil",
    stop: async (): Promise<void> => {
      child.stdin.end();
      await exited;
    },
  };
  const deadline = Date.now() + ANVIL_START_MS;
  while (!(await answers(url))) {
    if (Date.now() > deadline || child.exitCode !== null) {
      await node.stop();
      throw new EmergencyError(
        "DRILL_FAILED",
        "anvil was started but does not answer",
        "npx hardhat drill --node hardhat",
      );
    }
    await wait(25);
  }
  return node;
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}',
    });
    return response.ok;
  } catch {
    return false;
  }
}

/** Anvil from npm, if it is installed beside us, else from PATH. */
async function findAnvil(): Promise<string> {
  const candidates = [anvilFromNpm(), ...anvilsOnPath()].filter((file) => file !== undefined);
  for (const candidate of candidates) {
    if (await exists(candidate)) {
      return candidate;
    }
  }
  throw new EmergencyError(
    "NO_ANVIL",
    "anvil is neither installed from npm nor on PATH",
    "npm install --save-dev @foundry-rs/anvil, or leave --node out",
  );
}

function anvilFromNpm(): string | undefined {
  const { platform, arch } = process;
  const name = `@foundry-rs/anvil-${platform}-${arch === "x64" ? "amd64" : arch}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return path.join(path.dirname(manifest), "bin", "anvil");
  } catch {
    return undefined;
  }
}

function anvilsOnPath(): string[] {
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => path.join(folder, "anvil"));
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

/** A port that was free a moment ago. Anvil prints nothing that could be read when it is silent. */
async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => {
      reject(
        new EmergencyError(
          "DRILL_FAILED",
          `no free port: ${messageOf(error)}`,
          "try again",
          asError(error),
        ),
      );
    });
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
