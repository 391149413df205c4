import path from "node:path";

import type * as UpgradesModule from "@openzeppelin/hardhat-upgrades";
import type { ContractFactory } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { EmergencyError, asError, messageOf } from "../../errors.js";
import { isRecord } from "../../json.js";
import type { Address, Hex } from "../address.js";
import { immutables } from "../inspection/artifacts.js";
import { sameRuntimeCode, type ImmutableReferences } from "../inspection/bytecode.js";
import { isHex } from "../reads.js";

/** A compiled contract of the project. */
export interface CompiledContract {
  /** "contracts/Marketplace.sol:Marketplace". */
  readonly fullName: string;
  readonly contractName: string;
  readonly abi: readonly unknown[];
  /** The creation code, without constructor arguments. */
  readonly bytecode: Hex;
  readonly deployedBytecode: Hex;
  readonly immutableReferences: ImmutableReferences;
}

/** What the project that is being rescued has compiled. */
export interface ProjectContracts {
  /**
   * A compiled contract by name, compiled first if need be.
   * @throws EmergencyError UNKNOWN_ARTIFACT with the names that are near.
   */
  find(name: string): Promise<CompiledContract>;
  /** The compiled contracts whose runtime code is the one given, metadata and immutables aside. */
  matching(code: Hex): Promise<readonly CompiledContract[]>;
  /**
   * Whether one contract may follow another behind a proxy, by @openzeppelin/hardhat-upgrades.
   * @returns what is wrong, in words; undefined when all is well.
   */
  layoutProblem(
    present: CompiledContract,
    next: CompiledContract,
    kind: UpgradeableKind,
  ): Promise<string | undefined>;
  /** The same against the layout that the project's `.openzeppelin` folder has recorded for a proxy. */
  layoutProblemByManifest(
    network: string,
    proxy: Address,
    next: CompiledContract,
    kind: UpgradeableKind,
  ): Promise<LayoutVerdict>;
}

/** The kinds of proxy that hardhat-upgrades compares layouts for, and that can be upgraded here. */
export type UpgradeableKind = "transparent" | "uups";

/** What the layout check says; not known where nothing is recorded. */
export type LayoutVerdict =
  { readonly known: true; readonly problem: string | undefined } | { readonly known: false };

/** The contracts of the Hardhat project that the command runs in. */
export function projectContracts(hre: HardhatRuntimeEnvironment): ProjectContracts {
  let built: Promise<HardhatRuntimeEnvironment> | undefined;
  const ready = async (): Promise<HardhatRuntimeEnvironment> => await (built ??= build(hre));
  // A plan is looked at again before it is performed; what was compiled does not change meanwhile.
  const matches = new Map<string, Promise<readonly CompiledContract[]>>();
  const problems = new Map<string, Promise<string | undefined>>();

  return {
    async find(name) {
      const { artifacts } = await ready();
      try {
        return parseArtifact(await artifacts.readArtifact(name));
      } catch (error) {
        throw new EmergencyError(
          "UNKNOWN_ARTIFACT",
          `the project has no compiled contract "${name}": ${messageOf(error)}`,
          "check the contract's name; a name that occurs twice is given as path/File.sol:Name",
          asError(error),
        );
      }
    },
    async matching(code) {
      return await remember(
        matches,
        code,
        async () => await matchingContracts(await ready(), code),
      );
    },
    async layoutProblem(present, next, kind) {
      const key = [present.fullName, next.fullName, kind].join(" ");
      return await remember(
        problems,
        key,
        async () => await compareLayouts(await ready(), present, next, kind),
      );
    },
    async layoutProblemByManifest(network, proxy, next, kind) {
      return await compareWithManifest(await ready(), network, proxy, next, kind);
    },
  };
}

async function remember<T>(
  memory: Map<string, Promise<T>>,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const known = memory.get(key) ?? make();
  memory.set(key, known);
  return await known;
}

async function matchingContracts(
  { artifacts }: HardhatRuntimeEnvironment,
  code: Hex,
): Promise<readonly CompiledContract[]> {
  const names = [...(await artifacts.getAllFullyQualifiedNames())];
  const all = await Promise.all(
    names.map(async (name) => tryParseArtifact(await artifacts.readArtifact(name))),
  );
  return all
    .filter((candidate) => candidate !== undefined)
    .filter((candidate) => sameRuntimeCode(code, candidate));
}

const UPGRADES_PLUGIN = "@openzeppelin/hardhat-upgrades";

/**
 * Compiles the project. The layout check needs what the upgrades plugin records while compiling;
 * where the project does not use that plugin, it is added for this process only, and its output kept
 * in a cache of its own. Loading it always would slow down every pause.
 */
async function build(hre: HardhatRuntimeEnvironment): Promise<HardhatRuntimeEnvironment> {
  const runtime = hre.config.plugins.some(({ id }) => id === UPGRADES_PLUGIN)
    ? hre
    : await withUpgradesPlugin(hre);
  try {
    await runtime.tasks.getTask("build").run({ quiet: true, noTests: true });
  } catch (error) {
    throw new EmergencyError(
      "UNKNOWN_ARTIFACT",
      `the project cannot be compiled: ${messageOf(error)}`,
      "npx hardhat build",
      asError(error),
    );
  }
  return runtime;
}

async function withUpgradesPlugin(
  hre: HardhatRuntimeEnvironment,
): Promise<HardhatRuntimeEnvironment> {
  const [{ createHardhatRuntimeEnvironment }, { default: plugin }] = await Promise.all([
    import("hardhat/hre"),
    import("@openzeppelin/hardhat-upgrades"),
  ]);
  const { userConfig, config, globalOptions } = hre;
  const directory = path.join(config.paths.cache, "hardhat-emergency");
  return await createHardhatRuntimeEnvironment(
    {
      ...userConfig,
      plugins: [...(userConfig.plugins ?? []), plugin],
      paths: {
        ...userConfig.paths,
        artifacts: path.join(directory, "artifacts"),
        cache: path.join(directory, "cache"),
      },
    },
    globalOptions,
    config.paths.root,
  );
}

/** Two compiled contracts, compared by hardhat-upgrades. */
async function compareLayouts(
  hre: HardhatRuntimeEnvironment,
  present: CompiledContract,
  next: CompiledContract,
  kind: UpgradeableKind,
): Promise<string | undefined> {
  // The check wants a connection, but reads nothing from it: an empty simulation keeps the live
  // chain out of it.
  return await withUpgrades(hre, "default", async (api, factory) => {
    await api.validateUpgrade(await factory(present), await factory(next), { kind });
  });
}

/** The layout that hardhat-upgrades has recorded in `.openzeppelin`, compared with a contract. */
async function compareWithManifest(
  hre: HardhatRuntimeEnvironment,
  network: string,
  proxy: Address,
  next: CompiledContract,
  kind: UpgradeableKind,
): Promise<LayoutVerdict> {
  const problem = await withUpgrades(hre, network, async (api, factory) => {
    await api.validateUpgrade(proxy, await factory(next), { kind });
  });
  return problem !== undefined && /not registered|is not known|was not found/i.test(problem)
    ? { known: false }
    : { known: true, problem };
}

type UpgradesApi = Awaited<ReturnType<typeof UpgradesModule.upgrades>>;

/** @returns what the check objects to, in its own words; undefined when it does not. */
async function withUpgrades(
  hre: HardhatRuntimeEnvironment,
  network: string,
  check: (
    api: UpgradesApi,
    factory: (contract: CompiledContract) => Promise<ContractFactory>,
  ) => Promise<void>,
): Promise<string | undefined> {
  const [{ upgrades }, { ContractFactory }] = await Promise.all([
    import("@openzeppelin/hardhat-upgrades"),
    import("ethers"),
  ]);
  const connection = await hre.network.create(network);
  try {
    const api = await upgrades(hre, connection);
    await check(
      api,
      async ({ abi, bytecode }) =>
        await Promise.resolve(new ContractFactory(JSON.stringify(abi), bytecode)),
    );
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    await connection.close();
  }
}

function parseArtifact(artifact: unknown): CompiledContract {
  const parsed = tryParseArtifact(artifact);
  if (parsed === undefined) {
    throw new Error(
      "it is abstract or an interface, its artifact is not whole, or needs libraries",
    );
  }
  return parsed;
}

/** @returns undefined for what cannot be deployed as it is: abstract, or with placeholders for libraries. */
function tryParseArtifact(artifact: unknown): CompiledContract | undefined {
  if (
    !isRecord(artifact) ||
    !isHex(artifact.bytecode) ||
    artifact.bytecode === "0x" ||
    !isHex(artifact.deployedBytecode) ||
    typeof artifact.contractName !== "string" ||
    !Array.isArray(artifact.abi)
  ) {
    return undefined;
  }
  return {
    fullName: `${String(artifact.sourceName)}:${artifact.contractName}`,
    contractName: artifact.contractName,
    abi: artifact.abi,
    bytecode: artifact.bytecode,
    deployedBytecode: artifact.deployedBytecode,
    immutableReferences: immutables(artifact.immutableReferences),
  };
}
