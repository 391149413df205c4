import { HDNodeWallet } from "ethers";

import type { Address, Hex } from "../../src/chain/address.js";
import { isHex } from "../../src/chain/reads.js";

/** An account of a development node, with its key. */
export interface TestAccount {
  readonly address: Address;
  readonly key: Hex;
}

/** The mnemonic of Hardhat's and anvil's development accounts. Everybody knows it. */
const MNEMONIC = "test test test test test test test test test test test junk";

const branch = HDNodeWallet.fromPhrase(MNEMONIC, "", "m/44'/60'/0'/0");

function account(index: number): TestAccount {
  const { address, privateKey } = branch.deriveChild(index);
  if (!isHex(address) || !isHex(privateKey)) {
    throw new TypeError("ethers gives addresses and keys as hex");
  }
  return { address, key: privateKey };
}

/** Creates the contracts, and holds no power unless a test gives it one. */
export const deployer = account(0);
export const owner = account(1);
export const admin = account(2);
export const pauser = account(3);
/** Has ETH, and no power anywhere. */
export const stranger = account(4);

/** Has a key, and neither ETH nor a transaction: no development node knows it. */
export const penniless = account(1000);
