import { expect } from "chai";

import { owner, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { deploy } from "../../helpers/contracts.js";

describe("an account with transactions under way", () => {
  const chain = useChain();

  it("is told in the plan that they go first", async () => {
    const contract = await deploy(chain.node, "OwnablePausable", [owner.address]);
    await chain.node.request("evm_setAutomine", false);
    try {
      const transfer = { from: owner.address, to: stranger.address, value: "0x1", gas: "0x5208" };
      await chain.node.request("eth_sendTransaction", transfer);
      const project = await chain.project({ accounts: [owner] });
      const { stdout } = await project.run("pause", { contract, dryRun: true });
      expect(stdout).to.contain("BEHIND 1 earlier transaction");
    } finally {
      await chain.node.request("evm_setAutomine", true);
      await chain.node.request("evm_mine");
    }
  });
});
