import { EmergencyError } from "../errors.js";
import { sameAddress, type Address } from "./address.js";
import type { Chain } from "./chain.js";

/** More accounts than this are not tried one by one (a mnemonic gives 20). */
const MOST_ACCOUNTS = 20;

/**
 * The accounts that may sign: the one asked for, or all that the network has.
 * @throws EmergencyError NO_SIGNER, NOT_OUR_ACCOUNT
 */
export async function eligibleAccounts(
  chain: Chain,
  from: Address | undefined,
): Promise<readonly Address[]> {
  const accounts = await chain.accounts();
  if (accounts.length === 0) {
    throw new EmergencyError(
      "NO_SIGNER",
      `network "${chain.network}" has no account to sign with`,
      `add accounts: [configVariable("PAUSER_KEY")] to network "${chain.network}" in hardhat.config.ts, and set it with: npx hardhat keystore set PAUSER_KEY`,
    );
  }
  if (from === undefined) {
    return accounts.slice(0, MOST_ACCOUNTS);
  }
  const account = accounts.find((candidate) => sameAddress(candidate, from));
  // On a fork every account can sign: it is impersonated.
  if (account === undefined && chain.kind !== "fork") {
    const shown = accounts.slice(0, MOST_ACCOUNTS).join(", ");
    throw new EmergencyError(
      "NOT_OUR_ACCOUNT",
      `--from ${from} is not an account of network "${chain.network}"`,
      `name one of these with --from, or leave it out: ${shown}`,
    );
  }
  return [account ?? from];
}
