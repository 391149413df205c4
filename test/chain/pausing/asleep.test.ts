import { expect } from "chai";

import { owner } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { deploy, execute } from "../../helpers/contracts.js";
import { listOf, onlyDocument } from "../../helpers/refusal.js";

describe("verify-pausable of what is stopped in words of its own", () => {
  const chain = useChain();

  async function reportOn(contract: string): Promise<Record<string, unknown>> {
    const project = await chain.project();
    const outcome = await project.run("verify-pausable", { contract, json: true });
    const [report] = listOf(onlyDocument(outcome), "contracts");
    if (report === undefined) {
      throw new Error("the document holds no contract");
    }
    return report;
  }

  it("starts it on the fork first, and says that it is paused", async () => {
    const contract = await deploy(chain.node, "BornSuspended", [owner.address]);
    const report = await reportOn(contract);
    expect(report).to.include({ verdict: "pausable", paused: true });
    const [mechanism] = listOf(report, "mechanisms");
    expect(mechanism).to.include({ discovered: true, paused: true, works: true });
    expect(mechanism?.call).to.include({ to: contract, signature: "suspendTrading()" });
    expect(mechanism?.inverse).to.include({ to: contract, signature: "resumeTrading()" });
  });

  it("says that it runs once it was started", async () => {
    const contract = await deploy(chain.node, "BornSuspended", [owner.address]);
    const named = { name: "BornSuspended", address: contract };
    await execute(chain.node, named, "resumeTrading", [], owner);
    expect(await reportOn(contract)).to.include({ verdict: "pausable", paused: false });
  });
});
