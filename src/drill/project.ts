import { rmSync } from "node:fs";
import { access, copyFile, mkdtemp } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { HardhatUserConfig } from "hardhat/types/config";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { EmergencyError } from "../errors.js";
import { DRILL_CHAIN_ID, ON_CALL_KEY } from "./node.js";

/** The drill's network, as its configuration calls it. */
export const DRILL_NETWORK = "drill";

/** The compiler that the example contracts are made for. */
const SOLC_VERSION = "0.8.30";

/** The contracts of OpenZeppelin that the example protocol is deployed behind. */
const PROXIES = [
  "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol",
  "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol",
];

/** What the drill's project is told about its chain, once that runs. */
export interface DrillChain {
  readonly url: string;
  /** Name to address. */
  readonly contracts: Readonly<Record<string, string>>;
  /** Where the outbox is kept; absolute. */
  readonly directory: string;
}

/**
 * A Hardhat project of the drill's own, inside this package: the example contracts, this plugin, and
 * nothing of the project that the drill is started from.
 * @param chain undefined while there is no chain yet.
 */
export async function drillProject(
  chain: DrillChain | undefined,
): Promise<HardhatRuntimeEnvironment> {
  const [
    { createHardhatRuntimeEnvironment },
    { default: upgrades },
    { default: emergency },
    { default: ethers },
  ] = await Promise.all([
    import("hardhat/hre"),
    import("@openzeppelin/hardhat-upgrades"),
    import("../index.js"),
    import("@nomicfoundation/hardhat-ethers"),
  ]);
  const root = await packageRoot();
  const compiler = ownCompiler();
  const config: HardhatUserConfig = {
    plugins: [ethers, upgrades, emergency],
    paths: {
      sources: path.join(root, "contracts", "examples"),
      artifacts: path.join(root, "prebuilt", "artifacts"),
      cache: compiler === undefined ? await shippedCache(root) : prebuiltCache(root),
    },
    solidity: {
      version: SOLC_VERSION,
      ...(compiler === undefined ? {} : { path: compiler, preferWasm: true }),
      settings: { optimizer: { enabled: true, runs: 200 }, evmVersion: "cancun" },
      npmFilesToBuild: PROXIES,
    },
    ...(chain === undefined ? {} : networkConfig(chain)),
    // In a foreign project the contracts come compiled with the package.
    ...(compiler === undefined ? { tasks: [await noBuild()] } : {}),
  };
  const options = chain === undefined ? {} : { network: DRILL_NETWORK };
  return await createHardhatRuntimeEnvironment(config, options, root);
}

function networkConfig(chain: DrillChain): HardhatUserConfig {
  return {
    networks: {
      [DRILL_NETWORK]: {
        type: "http",
        url: chain.url,
        chainId: DRILL_CHAIN_ID,
        accounts: [ON_CALL_KEY],
      },
    },
    emergency: { contracts: { ...chain.contracts }, directory: chain.directory },
  };
}

/**
 * Compiles the example contracts, or checks that they came compiled.
 * @throws EmergencyError DRILL_FAILED
 */
export async function compileExamples(hre: HardhatRuntimeEnvironment): Promise<void> {
  if (ownCompiler() !== undefined) {
    await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
    return;
  }
  const names = await hre.artifacts.getAllFullyQualifiedNames();
  if (names.size === 0) {
    throw new EmergencyError(
      "DRILL_FAILED",
      "the example contracts of this package are neither compiled nor can they be compiled",
      "npm install --save-dev solc@0.8.30 @openzeppelin/contracts @openzeppelin/contracts-upgradeable",
    );
  }
}

function prebuiltCache(root: string): string {
  return path.join(root, "prebuilt", "cache");
}

/** What the layout check recorded when the package was made, where it may be locked and written to. */
async function shippedCache(root: string): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "hardhat-emergency-drill-cache-"));
  process.once("exit", () => {
    rmSync(folder, { recursive: true, force: true });
  });
  await copyFile(
    path.join(prebuiltCache(root), "validations.json"),
    path.join(folder, "validations.json"),
  );
  return folder;
}

async function noBuild(): Promise<NonNullable<HardhatUserConfig["tasks"]>[number]> {
  const { overrideTask } = await import("hardhat/config");
  return overrideTask("build")
    .setInlineAction(async () => {
      await Promise.resolve();
    })
    .build();
}

/** The compiler from npm; there where this repository is developed, absent where it is only used. */
function ownCompiler(): string | undefined {
  const { resolve } = createRequire(import.meta.url);
  try {
    // Both are needed to compile: the compiler and what the examples inherit from.
    resolve("@openzeppelin/contracts-upgradeable/package.json");
    const manifest: unknown = createRequire(import.meta.url)("solc/package.json");
    const version =
      typeof manifest === "object" && manifest !== null && "version" in manifest
        ? manifest.version
        : undefined;
    return version === SOLC_VERSION ? resolve("solc/soljson.js") : undefined;
  } catch {
    return undefined;
  }
}

/** The folder of this package: above src/ in the repository, above dist/src/ when it is installed. */
async function packageRoot(): Promise<string> {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!(await exists(path.join(folder, "contracts", "examples")))) {
    const parent = path.dirname(folder);
    if (parent === folder) {
      throw new EmergencyError(
        "DRILL_FAILED",
        "the example contracts of this package are missing",
        "npm install --save-dev hardhat-emergency",
      );
    }
    folder = parent;
  }
  return folder;
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
