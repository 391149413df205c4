import { authorityTree } from "../authority/tree.js";
import type { Address } from "../address.js";
import type { Block, Chain } from "../chain.js";
import type { InspectedContract } from "../inspection/contract.js";

/**
 * What can be done about a contract that cannot be paused, one line each, with the command that does
 * it where there is one.
 */
export async function alternativesTo(
  chain: Chain,
  block: Block,
  contract: InspectedContract,
  accounts: readonly Address[],
): Promise<readonly string[]> {
  const { proxy, address } = contract;
  const lines: string[] = [];
  const power = proxy?.admin ?? proxy?.beacon ?? null;
  if (proxy !== null && power !== null) {
    const [node] = await authorityTree(
      chain,
      block.number,
      [{ address: power, via: proxy.admin === null ? "its beacon" : "its proxy's admin" }],
      { accounts },
    );
    lines.push(
      `upgrade it: ${power} (${node?.about ?? "not known"}) decides; npx hardhat upgrade --proxy ${address} --implementation <name>`,
    );
  } else if (proxy?.kind === "uups" || proxy?.kind === "erc1967" || proxy?.kind === "diamond") {
    lines.push(
      `upgrade it, if you hold that power: npx hardhat upgrade --proxy ${address} --implementation <name>`,
    );
  }
  lines.push(
    "create a corrected contract at a new address and lead users there: npx hardhat deploy-fixed",
    "revoke the powers that it holds in other contracts, where they have such powers to revoke",
  );
  return lines;
}
