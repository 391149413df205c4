import { expect } from "chai";

import { checkCode, type CodeCheck } from "../../../src/chain/inspection/code-check.js";
import { projectArtifacts } from "../../../src/chain/inspection/artifacts.js";
import type { Address } from "../../../src/chain/address.js";
import { owner, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { deploy, deployUups } from "../../helpers/contracts.js";
import { nodeChain } from "../../helpers/node-chain.js";

describe("the code at a configured address", () => {
  const chain = useChain();

  async function check(address: Address, artifact?: string, foreign = false): Promise<CodeCheck> {
    const { hre } = await chain.project({ foreign });
    const known = { name: "market", address };
    return await checkCode(
      nodeChain(chain.node.url),
      known,
      artifact,
      projectArtifacts(hre.artifacts),
    );
  }

  it("is compared with the compiled contract that the configuration names", async () => {
    const address = await deploy(chain.node, "OwnablePausable", [owner.address]);
    const good = await check(address, "OwnablePausable");
    expect(good).to.include({ verdict: "expected", implementation: null });
    expect(good.codeHash).to.match(/^0x[0-9a-f]{64}$/);
    expect(await check(address, "RolePausable")).to.include({ verdict: "unexpected" });
    expect(await check(address, "NoSuchContract")).to.include({ verdict: "not-known" });
  });

  it("is found among all that is compiled when none is named", async () => {
    const address = await deploy(chain.node, "OwnablePausable", [owner.address]);
    expect((await check(address)).what).to.contain("OwnablePausable");
    const foreign = await check(address, undefined, true);
    expect(foreign.verdict).to.equal("not-compared");
    expect(foreign.what).to.contain(foreign.codeHash);
  });

  it("is that of the implementation behind a proxy", async () => {
    const { proxy, implementation } = await deployUups(chain.node, "UupsVaultV1", "initialize", [
      owner.address,
    ]);
    const found = await check(proxy, "UupsVaultV1");
    expect(found).to.include({ verdict: "expected", implementation });
    expect(found.implementationCodeHash).not.to.equal(found.codeHash);
    expect(await check(proxy, "UupsVaultV2")).to.include({ verdict: "unexpected" });
  });

  it("is missing where nothing was deployed", async () => {
    const found = await check(stranger.address, "OwnablePausable");
    expect(found).to.include({ verdict: "missing", codeHash: null });
    expect(found.what).to.contain("there is no contract");
  });
});
