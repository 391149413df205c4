import { createRequire } from "node:module";

import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";

import emergency from "./src/index.js";

/** The compiler from npm: nothing is downloaded. */
const solc = {
  version: "0.8.30",
  path: createRequire(import.meta.url).resolve("solc/soljson.js"),
  preferWasm: true,
  settings: { optimizer: { enabled: true, runs: 200 }, evmVersion: "cancun" },
};

export default defineConfig({
  plugins: [toolbox, emergency],
  solidity: { profiles: { default: solc, production: solc } },
  networks: {
    /** A node on this machine: `npx hardhat node`, or anvil. */
    localhost: { type: "http", url: "http://127.0.0.1:8545", chainId: 31337 },
  },
  test: { mocha: { timeout: 120_000, forbidOnly: true } },
});
