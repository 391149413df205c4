import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { configuredContracts, findContracts, namesOf } from "../../src/chain/address-book.js";
import type { Chain } from "../../src/chain/chain.js";
import { namedCalls } from "../../src/chain/experiments/history.js";
import { openFork } from "../../src/chain/fork.js";
import { projectArtifacts } from "../../src/chain/inspection/artifacts.js";
import type { InspectedContract } from "../../src/chain/inspection/contract.js";
import { functionsOf } from "../../src/chain/inspection/functions.js";
import { knownAbis, readAbiFile, type KnownAbis } from "../../src/chain/inspection/known-abi.js";
import type { AddressBook, KnownContract } from "../../src/chain/known-contract.js";
import type { NamedContract } from "../../src/chain/label.js";
import { customSource } from "../../src/chain/pausing/custom.js";
import { verifyPausable } from "../../src/chain/pausing/verify-pausable.js";
import type { PausableReports } from "../../src/chain/pausing/report.js";
import { EmergencyError } from "../../src/errors.js";
import { once } from "../../src/once.js";
import { addressBook, needed } from "./writing-task.js";

/** What both tasks that examine contracts are told. */
export interface ExaminationArguments {
  readonly contract: string | undefined;
  readonly abi: string | undefined;
  readonly calls: string | undefined;
  readonly output: string | undefined;
  readonly json: boolean;
}

/** Where `--calls` is not given. */
const NO_CALLS = { calls: [], unknown: [] } as const;

/** Examines the contracts that were named, or all that the configuration names. */
export async function examination(
  hre: HardhatRuntimeEnvironment,
  chain: Chain,
  args: ExaminationArguments,
  all: boolean,
  example: string,
): Promise<PausableReports> {
  const book = addressBook(hre, chain);
  const contracts: readonly KnownContract[] = all
    ? await allConfigured(book)
    : await findContracts(book, needed(args.contract, "--contract", example), "--contract");
  const file = args.abi === undefined ? undefined : await readAbiFile(args.abi);
  const artifacts = projectArtifacts(hre.artifacts);
  const names = await namesOf(book);
  const abis = async (contract: InspectedContract, named?: NamedContract): Promise<KnownAbis> => {
    const known = contracts.find(({ address }) => address === contract.address);
    return await knownAbis(contract, {
      artifacts,
      ...(known === undefined ? {} : { known }),
      // A file describes what was asked about, and nothing around it.
      ...(file === undefined || named === undefined ? {} : { file }),
    });
  };
  return await verifyPausable(
    chain,
    contracts,
    async (chainId, block) => await openFork(hre, chain, chainId, block),
    {
      functionsOf: async (contract, named) =>
        await functionsOf(contract, await abis(contract, named)),
      abiOf: async (contract, named) => {
        const known = await abis(contract, named);
        // What is behind matters more than the proxy's few functions.
        const sources = contract.codes.toReversed().flatMap(({ address }) => {
          const here = known.get(address) ?? [];
          return here.length === 0 ? ["from the bytecode"] : here.map(({ source }) => source);
        });
        return [...new Set(sources)].join("; ");
      },
      labelOf: (address) => names.get(address),
      custom: await customSource(book).load(),
      recorded: once(async (laboratory) =>
        args.calls === undefined ? NO_CALLS : await namedCalls(laboratory, args.calls),
      ),
    },
  );
}

/** @throws EmergencyError BAD_ARGUMENTS when the configuration names none for this network. */
async function allConfigured(book: AddressBook): Promise<readonly KnownContract[]> {
  const contracts = await configuredContracts(book);
  if (contracts.length === 0) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `the configuration names no contract on network "${book.network}"`,
      "add contracts to emergency.contracts in hardhat.config.ts, or name one with --contract",
    );
  }
  return contracts;
}
