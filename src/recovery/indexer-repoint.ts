import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { creationTransactionOf } from "../chain/address-book.js";
import { parseAddress, sameAddress, type Address } from "../chain/address.js";
import { isLive, look, type Chain } from "../chain/chain.js";
import { networkName, openChain } from "../chain/connect.js";
import { blockOfCreation, firstBlockWithCode } from "../chain/creation-block.js";
import { addressBook } from "../chain/known-contract.js";
import { codeAt, hexResult } from "../chain/reads.js";
import type { EmergencyIndexerConfig } from "../config/types.js";
import { EmergencyError } from "../errors.js";
import type { RepointIntent, SecondSource } from "../indexer/repoint/intent.js";
import { jsonObjectSchema } from "../json-schema.js";
import type { IndexerWork } from "./indexer-order.js";
import type { Indexers } from "./indexer-place.js";

/** What `indexer repoint` is told. Addresses are checksummed. */
export interface RepointOptions {
  /** By its name in the configuration. */
  readonly contract: string;
  readonly to: Address;
  /** Null: as configured, or as found. */
  readonly from: Address | null;
  /** Null: the block in which the chain has it from. */
  readonly startBlock: number | null;
  /** The last block that is read of the old contract; null: the newest one of now. */
  readonly endBlock: number | null;
  readonly schema: string | null;
  readonly forgetOld: boolean;
  readonly second: "old" | SecondSource | null;
}

type Runtime = Pick<HardhatRuntimeEnvironment, "config" | "globalOptions" | "network" | "hooks">;

/**
 * What has to be done to let indexers follow another contract. The chain is looked at here, once a network:
 * what crosses to the indexers goes as data.
 * @throws EmergencyError BAD_CONFIG, NO_CODE, START_BLOCK_UNKNOWN, and what every look at a chain throws.
 */
export async function repointWork(
  hre: Runtime,
  { names, config }: Indexers,
  options: RepointOptions,
): Promise<(name: string) => IndexerWork> {
  if (options.from !== null && sameAddress(options.from, options.to)) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `${options.to} is the address to replace and the new one`,
      "name the new address with --to, and the one that is followed now with --from",
    );
  }
  const works = new Map<string, IndexerWork>();
  const seen = new Map<string, Deployed>();
  for (const name of names) {
    const where = followedIn(name, config(name), options);
    const network = config(name).network ?? networkName(hre);
    const deployed = seen.get(network) ?? (await lookAtChain(hre, network, options));
    seen.set(network, deployed);
    const intent: RepointIntent = {
      indexer: name,
      ...options,
      where,
      configured: await configuredAddress(hre, options.contract, network),
      startBlock: where.startBlock === undefined ? null : deployed.startBlock(),
      endBlock: options.endBlock ?? deployed.latest,
    };
    works.set(name, {
      main: [
        { id: `repoint ${name}`, kind: "indexer-repoint", intent: jsonObjectSchema.parse(intent) },
      ],
    });
  }
  return (name) => works.get(name) ?? { main: [] };
}

function followedIn(
  name: string,
  { contracts }: EmergencyIndexerConfig,
  { contract, schema }: RepointOptions,
): RepointIntent["where"] {
  const where = contracts[contract];
  if (where === undefined) {
    const known = Object.keys(contracts);
    throw new EmergencyError(
      "BAD_CONFIG",
      `it is not configured where indexer "${name}" has the address of "${contract}" from`,
      known.length === 0
        ? `add it in hardhat.config.ts: emergency.indexers.${name}.contracts = { ${contract}: { address: "NAME_OF_THE_VARIABLE" } }`
        : `name one of these with --contract: ${known.join(", ")}; or add it in hardhat.config.ts: emergency.indexers.${name}.contracts`,
    );
  }
  if (schema !== null && where.schema === undefined) {
    throw new EmergencyError(
      "BAD_CONFIG",
      `it is not configured which variable of indexer "${name}" holds the name of its schema`,
      `add it in hardhat.config.ts: emergency.indexers.${name}.contracts.${contract}.schema = "DATABASE_SCHEMA"; or leave out --schema`,
    );
  }
  const { schema: variable, ...rest } = where;
  return schema === null || variable === undefined ? rest : { ...rest, schema: variable };
}

async function configuredAddress(
  { config }: Runtime,
  contract: string,
  network: string,
): Promise<string | null> {
  const known = config.emergency.contracts[contract]?.address;
  const address = typeof known === "string" ? known : known?.[network];
  return address === undefined
    ? null
    : await parseAddress(address, `emergency.contracts.${contract} in hardhat.config.ts`);
}

/** The new contract, as the chain has it. */
interface Deployed {
  readonly latest: number;
  /** @throws EmergencyError START_BLOCK_UNKNOWN */
  startBlock(): number;
}

async function lookAtChain(
  hre: Runtime,
  network: string,
  options: RepointOptions,
): Promise<Deployed> {
  const { config, hooks } = hre;
  if (config.networks[network]?.type === "edr-simulated") {
    throw new EmergencyError(
      "NO_CODE",
      `network "${network}" is a simulation inside this process: no indexer follows it`,
      "name the network that the indexer follows with --network, or in hardhat.config.ts: emergency.indexers.….network",
    );
  }
  const chain = await openChain({
    config,
    hooks,
    network: hre.network,
    globalOptions: { ...hre.globalOptions, network },
  });
  try {
    const { chainId, block, replies } = await look(chain, [codeAt(options.to)]);
    if (chain.configuredChainId === undefined && isLive(chain, chainId)) {
      throw new EmergencyError(
        "CHAIN_ID_NOT_CONFIGURED",
        `network "${network}" has no chainId in hardhat.config.ts, so it cannot be checked that its node (chain id ${chainId}) is the right one`,
        `add chainId: ${chainId} to network "${network}" if that is the chain you mean, then type the same command again`,
      );
    }
    if ((hexResult(replies[0]) ?? "0x") === "0x") {
      throw new EmergencyError(
        "NO_CODE",
        `there is no contract at ${options.to} on network "${network}" (block ${block.number}). Nothing was written`,
        "check the address and --network",
      );
    }
    const found = await startBlockOf(hre, chain, options, block.number);
    return {
      latest: block.number,
      startBlock() {
        if (found === undefined) {
          throw new EmergencyError(
            "START_BLOCK_UNKNOWN",
            `the node of network "${network}" keeps no old state, so it cannot be found in which block ${options.to} was deployed. Nothing was written`,
            "name it with --start-block: the block of the transaction that deployed it",
          );
        }
        return found;
      },
    };
  } finally {
    await chain.close();
  }
}

/**
 * The block that the new contract begins with.
 * @throws EmergencyError BAD_ARGUMENTS when the one that was named is too late.
 */
async function startBlockOf(
  hre: Runtime,
  chain: Chain,
  { to, startBlock }: RepointOptions,
  latest: number,
): Promise<number | undefined> {
  const record = await creationTransactionOf(addressBook(hre, chain), to);
  const recorded = record === undefined ? undefined : await blockOfCreation(chain, to, record);
  const found = recorded ?? (await firstBlockWithCode(chain, to));
  if (startBlock === null) {
    return found;
  }
  if (startBlock > (found ?? latest)) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      found === undefined
        ? `--start-block ${startBlock} is later than the newest block, ${latest}`
        : `${to} was deployed in block ${found}: from block ${startBlock} on its first events would be missing`,
      found === undefined
        ? "name the block that the contract was deployed in"
        : `leave out --start-block, or name block ${found} or an earlier one`,
    );
  }
  return startBlock;
}
