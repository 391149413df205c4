// How long it takes to look at a thousand contracts, against whatsabi alone in the same run: kinds of
// proxies, implementations, code hashes, functions, and (ours only) the known ways to stop them. Prints;
// judges nothing.
//
//   node scripts/run.mjs bench inspect [contracts] [round trip to the node, in ms]
import { cpus } from "node:os";
import { setTimeout as wait } from "node:timers/promises";

import { whatsabi } from "@shazow/whatsabi";

import type { Address } from "../src/chain/address.js";
import { functionsOf } from "../src/chain/inspection/functions.js";
import { firstLook } from "../src/chain/pausing/first-look.js";
import { protocols } from "../test/corpus/protocols/index.js";
import { Workbench } from "../test/corpus/workbench.js";
import { startNode, type LocalNode } from "../test/helpers/anvil.js";
import { hex } from "../test/helpers/contracts.js";
import { nodeChain } from "../test/helpers/node-chain.js";
import { startProxy } from "../test/helpers/proxy.js";
import { summarise, table } from "./measure.js";

/** Both look at so many side by side in the second part. */
const SIDE_BY_SIDE = 20;
const CONTRACTS = 1_000;

/** Where proxies of the usual kinds keep what a copy needs as well. */
const SLOTS = [
  "0x0",
  "0x1",
  "0x2",
  "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc",
  "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103",
  "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50",
  "0x7050c9e0f4ca769c69bd3a8ef740bc37934f8e2c036e5a723fd8ee048ed3f8c3",
  "0xc5f16f0fcc639fa48a6947836d9850f504798523bf8c9a3a87d5876cf622bcf7",
];

/** The corpus of the tests, and copies of it whose code differs in its last bytes. */
async function populate(node: LocalNode, count: number): Promise<readonly Address[]> {
  const originals: Address[] = [];
  for (const { name, deploy } of protocols) {
    try {
      const subjects = await deploy(new Workbench(node));
      originals.push(...Object.values(subjects).map(({ address }) => address));
    } catch (error) {
      console.log(`Without ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const all = [...originals];
  for (let index = 0; all.length < count; index++) {
    const original = originals[index % originals.length];
    if (original === undefined) {
      throw new Error("nothing could be created");
    }
    all.push(await copy(node, original, index));
  }
  return all.slice(0, count);
}

async function copy(node: LocalNode, original: Address, index: number): Promise<Address> {
  const digits = index.toString(16).padStart(8, "0");
  const address: Address = `0xc0b1e5${"0".repeat(26)}${digits}`;
  const code = hex(await node.request("eth_getCode", original, "latest"));
  // Behind everything that runs, so that nothing can be remembered by its hash.
  await node.request("hardhat_setCode", address, `${code}${digits}`);
  await Promise.all(
    SLOTS.map(async (slot) => {
      const value = await node.request("eth_getStorageAt", original, slot, "latest");
      await node.request("hardhat_setStorageAt", address, slot, value);
    }),
  );
  return address;
}

interface Look {
  readonly name: string;
  readonly look: (addresses: readonly Address[]) => Promise<void>;
}

function ours(url: string): Look {
  return {
    name: "hardhat-emergency",
    async look(addresses) {
      const first = await firstLook(
        nodeChain(url),
        addresses.map((address) => ({ label: address, address })),
        [],
      );
      for (const seen of await first.whole()) {
        if ("contract" in seen) {
          await functionsOf(seen.contract, new Map());
        }
      }
    },
  };
}

function theirs(url: string): Look {
  let id = 0;
  const provider = {
    async request({ method, params }: { method: string; params?: unknown }): Promise<unknown> {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: id++, method, params }),
      });
      const answer: unknown = await response.json();
      if (typeof answer !== "object" || answer === null || !("result" in answer)) {
        throw new Error(`${method} was refused`);
      }
      return answer.result;
    },
  };
  return {
    name: "whatsabi",
    async look(addresses) {
      await Promise.all(
        addresses.map(async (address) => {
          await whatsabi
            .autoload(address, {
              provider,
              abiLoader: false,
              signatureLookup: false,
              followProxies: true,
            })
            // Some of the corpus it cannot follow. What it did until then counts.
            .catch(() => undefined);
        }),
      );
    },
  };
}

async function timed(run: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await run();
  return performance.now() - startedMs;
}

async function compare(
  looks: readonly Look[],
  groups: readonly (readonly Address[])[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const times = new Map<string, number[]>(looks.map(({ name }) => [name, []]));
  for (const [index, group] of groups.entries()) {
    for (const turn of looks.keys()) {
      // Another one goes first each time.
      const one = looks[(turn + index) % looks.length];
      if (one !== undefined) {
        const ms = await timed(async () => {
          await one.look(group);
        });
        times.get(one.name)?.push(ms / group.length);
      }
    }
  }
  return times;
}

/** Looks at contracts, one by one and side by side, and prints what it took. */
export async function inspectBench(count = CONTRACTS, roundTripMs = 0): Promise<void> {
  const node = await startNode();
  const proxy = await startProxy(node.url);
  if (roundTripMs > 0) {
    proxy.answerBy(async (_request, forward) => {
      await wait(roundTripMs);
      return await forward();
    });
  }
  try {
    const addresses = await populate(node, count);
    const url = roundTripMs > 0 ? proxy.url : node.url;
    const looks = [ours(url), theirs(url)];
    const [warm] = addresses;
    for (const { look } of looks) {
      await look(warm === undefined ? [] : [warm]);
    }
    const parts: Figures[] = [];
    const groups = Array.from({ length: Math.ceil(addresses.length / SIDE_BY_SIDE) }, (_, index) =>
      addresses.slice(index * SIDE_BY_SIDE, (index + 1) * SIDE_BY_SIDE),
    );
    const alone = addresses.map((address) => [address]);
    parts.push({ title: "one by one", times: await compare(looks, alone) });
    parts.push({ title: `${SIDE_BY_SIDE} side by side`, times: await compare(looks, groups) });
    print(parts, addresses.length, roundTripMs);
  } finally {
    await proxy.close();
    await node.stop();
  }
}

interface Figures {
  readonly title: string;
  readonly times: ReadonlyMap<string, readonly number[]>;
}

function print(parts: readonly Figures[], count: number, roundTripMs: number): void {
  console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}.`);
  console.log(`${count} contracts; the node answers after ${roundTripMs} ms.\n`);
  const rows = [["milliseconds a contract", "median", "least", "most", "all together, s"]];
  const ratios: Record<string, number> = {};
  for (const { title, times } of parts) {
    const totals: number[] = [];
    for (const [name, of] of times) {
      const figures = summarise(of.map((ms) => ({ ms }))).get("ms");
      const total = of.reduce((sum, ms) => sum + ms, 0) * (count / of.length);
      totals.push(total);
      rows.push([
        `${name}, ${title}`,
        ...[figures?.median, figures?.least, figures?.most].map((ms) => (ms ?? NaN).toFixed(1)),
        (total / 1000).toFixed(1),
      ]);
    }
    const [own = NaN, other = NaN] = totals;
    ratios[`hardhat-emergency / whatsabi, ${title}`] = Math.round((own / other) * 100) / 100;
  }
  console.log(table(rows));
  console.log("");
  console.log(JSON.stringify({ count, roundTripMs, node: process.version, ratios }));
}
