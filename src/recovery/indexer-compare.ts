import { setTimeout as wait } from "node:timers/promises";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { findContract } from "../chain/address-book.js";
import { look, lookAt, type Chain } from "../chain/chain.js";
import { networkName, openChain } from "../chain/connect.js";
import { addressBook } from "../chain/known-contract.js";
import { hexResult } from "../chain/reads.js";
import type {
  EmergencyComparisonConfig,
  EmergencyIndexerConfig,
  EmergencyRowsConfig,
} from "../config/types.js";
import { EmergencyError } from "../errors.js";
import type { ChainCalls } from "../indexer/compare/chain-calls.js";
import { compareRows, type CompareReport } from "../indexer/compare/compare.js";
import type { Columns, RowSource } from "../indexer/compare/rows.js";
import { overHttp, serverAt } from "../indexer/http.js";
import { registerSecret, registerSecretUrl } from "../redact.js";
import type { Indexers } from "./indexer-place.js";

/** What `indexer compare` is told. */
export interface CompareOptions {
  /** Names of comparisons, separated by commas; undefined: all. */
  readonly only: string | undefined;
  /** Null: the newest block that both have. */
  readonly block: number | null;
  readonly most: number;
  /** How long both are waited for until they are at one block, in milliseconds; null: half a minute. */
  readonly waitMs: number | null;
}

type Runtime = Pick<HardhatRuntimeEnvironment, "config" | "globalOptions" | "network" | "hooks">;

/** A database answers within a moment, and both indexers get a block within another one. */
const WAIT_MS = 30_000;

/**
 * Compares the configured rows of an indexer. Reads only.
 * @param advance told how many rows of which comparison have been compared.
 * @throws EmergencyError BAD_CONFIG, BAD_ARGUMENTS, and what every source of rows and the chain throw.
 */
export async function compareConfigured(
  hre: Runtime,
  { config }: Indexers,
  name: string,
  options: CompareOptions,
  advance: (comparison: string, rows: number) => void,
): Promise<readonly CompareReport[]> {
  const indexer = config(name);
  const chosen = comparisonsOf(name, indexer, options.only);
  const network = indexer.network ?? networkName(hre);
  const opened =
    hre.config.networks[network]?.type === "edr-simulated"
      ? undefined
      : await openChain({
          config: hre.config,
          hooks: hre.hooks,
          network: hre.network,
          globalOptions: { ...hre.globalOptions, network },
        });
  try {
    const chainId = opened === undefined ? null : (opened.configuredChainId ?? null);
    const reports: CompareReport[] = [];
    for (const comparison of chosen) {
      const chain = await chainOf(hre, opened, network, comparison);
      const columns = { key: comparison.key, columns: comparison.columns };
      const source = async (rows: EmergencyRowsConfig, which: string): Promise<RowSource> =>
        await openRows(rows, { name, indexer, which, columns, chainId });
      reports.push(
        await compareRows(
          {
            name: comparison.name,
            old: comparison.old === undefined ? undefined : await source(comparison.old, "old"),
            new: await source(comparison.new, "new"),
            key: comparison.key,
            chain: chain?.column,
          },
          {
            chain: chain?.calls,
            block: options.block,
            most: options.most,
            waitMs: options.waitMs ?? WAIT_MS,
            now: Date.now,
            wait: async (milliseconds) => {
              await wait(milliseconds);
            },
            advance: (rows) => {
              advance(comparison.name, rows);
            },
          },
        ),
      );
    }
    return reports;
  } finally {
    await opened?.close();
  }
}

function comparisonsOf(
  name: string,
  { compare }: EmergencyIndexerConfig,
  only: string | undefined,
): readonly EmergencyComparisonConfig[] {
  const known = compare.map((one) => one.name);
  if (known.length === 0) {
    throw new EmergencyError(
      "BAD_CONFIG",
      `it is not configured which rows of indexer "${name}" are compared`,
      `add it in hardhat.config.ts: emergency.indexers.${name}.compare = [{ name, old, new, key, columns }]`,
    );
  }
  if (only === undefined) {
    return compare;
  }
  return only.split(",").map((text) => {
    const found = compare.find((one) => one.name === text.trim());
    if (found === undefined) {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        `indexer "${name}" has no comparison "${text.trim()}"`,
        `name one of these with --only: ${known.join(", ")}`,
      );
    }
    return found;
  });
}

async function chainOf(
  hre: Runtime,
  chain: Chain | undefined,
  network: string,
  { name, chain: column }: EmergencyComparisonConfig,
): Promise<
  | { readonly calls: ChainCalls; readonly column: NonNullable<EmergencyComparisonConfig["chain"]> }
  | undefined
> {
  if (column === undefined) {
    return undefined;
  }
  if (chain === undefined) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `"${name}" is compared with the chain, and network "${network}" is a simulation inside this process`,
      "name the network that the indexer follows with --network, or in hardhat.config.ts: emergency.indexers.….network",
    );
  }
  const contract = column.contract.startsWith("$")
    ? column.contract
    : (await findContract(addressBook(hre, chain), column.contract, "compare.chain.contract"))
        .address;
  // The chain id is checked before anything is believed.
  await look(chain, []);
  return { calls: callsOf(chain), column: { ...column, contract } };
}

function callsOf(chain: Chain): ChainCalls {
  return {
    network: chain.network,
    newest: async () => (await look(chain, [])).block.number,
    async call(calls, block) {
      const replies = await lookAt(
        chain,
        block,
        calls.map((call) => (tag) => ({ method: "eth_call", params: [{ ...call }, tag] })),
      );
      return replies.map((reply) => {
        const answer = hexResult(reply);
        if (answer === undefined && !reply.ok && !isRevert(reply.failure)) {
          throw new EmergencyError(
            "RPC_REFUSED",
            `the node of network "${chain.network}" does not say how it was at block ${block}: ${reply.failure.message}`,
            "use a node that keeps old state, or compare at a newer block: --block",
          );
        }
        return answer ?? null;
      });
    },
  };
}

/** A contract that refuses is an answer; a node that has no state of the block is none. */
function isRevert({ code, message }: { readonly code: number; readonly message: string }): boolean {
  return code === 3 || /revert|invalid opcode|out of gas/i.test(message);
}

interface Opening {
  readonly name: string;
  readonly indexer: EmergencyIndexerConfig;
  /** "old" or "new". */
  readonly which: string;
  readonly columns: Columns;
  readonly chainId: number | null;
}

async function openRows(
  rows: EmergencyRowsConfig,
  { name, indexer, which, columns, chainId }: Opening,
): Promise<RowSource> {
  const setting = `emergency.indexers.${name}.compare.….${which}`;
  if ("graphql" in rows) {
    const url = await rows.graphql.get();
    registerSecretUrl(url);
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new EmergencyError(
        "BAD_CONFIG",
        `${setting}.graphql is no URL`,
        "it begins with http:// or https://",
      );
    }
    const { url: address, host, headers } = serverAt(url);
    for (const header of Object.values(headers)) {
      registerSecret(header);
    }
    const { graphNodeTable, ponderTable } = await import("../indexer/compare/graphql-sources.js");
    const server = {
      name: `the ${which} indexer's API`,
      url: address,
      headers,
      whenDenied: `correct the credentials in ${setting}.graphql`,
    };
    const http = overHttp(async (milliseconds) => {
      await wait(milliseconds);
    });
    const table = {
      ...columns,
      title: `${rows.field} at ${host}`,
      http,
      server,
      field: rows.field,
    };
    return rows.kind === "ponder" ? ponderTable(table, chainId) : graphNodeTable(table);
  }
  const secret = rows.database ?? indexer.ponder?.database;
  if (secret === undefined) {
    throw new EmergencyError(
      "BAD_CONFIG",
      `it is not configured in which database schema "${rows.schema}" is`,
      `add it in hardhat.config.ts: ${setting}.database = configVariable("DATABASE_URL")`,
    );
  }
  const { openDatabase } = await import("../indexer/ponder/pg-database.js");
  const { sqlTable } = await import("../indexer/compare/sql-source.js");
  const database = await openDatabase(await secret.get(), `${setting}.database`);
  const { schema, table } = rows;
  return sqlTable({ ...columns, database, schema, table }, chainId);
}
