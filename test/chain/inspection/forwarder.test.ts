import { expect } from "chai";

import { ZERO_ADDRESS, type Address } from "../../../src/chain/address.js";
import { inspectContract, type InspectedContract } from "../../../src/chain/inspection/contract.js";
import { followForwarder } from "../../../src/chain/inspection/forwarder.js";
import { owner } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { artifact, deploy, deployUups, execute } from "../../helpers/contracts.js";
import { bestOf, callOf, effectsOf, examinedOne, provedCallers } from "../../helpers/examined.js";
import { useLaboratories } from "../../helpers/laboratory.js";

describe("a forwarder that no slot gives away", () => {
  let servant: Address;
  const chain = useChain(async (node) => {
    servant = await deploy(node, "Servant", [owner.address]);
  });
  const laboratories = useLaboratories(chain);

  async function followed(
    address: Address,
  ): Promise<{ readonly before: InspectedContract; readonly after: InspectedContract }> {
    const laboratory = await laboratories.open();
    const { contract: before } = await inspectContract(laboratory.fork, address);
    return { before, after: await followForwarder(laboratory, before) };
  }

  /** Each runs the code of `Servant`, and hides where it is in another way. */
  const hiding = [
    {
      kind: "plain-storage",
      create: async () => await deploy(chain.node, "SlotForwarder", [servant]),
    },
    {
      kind: "resolved",
      create: async () =>
        await deploy(chain.node, "ResolvedForwarder", [
          await deploy(chain.node, "Directory", [servant]),
        ]),
    },
    {
      kind: "forwarder",
      create: async () => await deploy(chain.node, "CodeForwarder", [servant]),
    },
  ] as const;

  for (const { kind, create } of hiding) {
    it(`is seen through by watching where a call goes: ${kind}`, async () => {
      const address = await create();
      const { after } = await followed(address);
      expect(after.proxy).to.deep.include({ kind, implementation: servant, admin: null });
      expect(after.logic.address).to.equal(servant);
      expect(after.behind).to.deep.equal([]);
      expect(after.codes.map((code) => code.address)).to.deep.equal([address, servant]);

      // What is behind it is stopped, and by a call on the forwarder.
      const report = await examinedOne(chain, address);
      expect(report).to.deep.include({ verdict: "pausable", paused: false });
      expect(report.proxy).to.include({ kind, implementation: servant });
      const best = bestOf(report);
      expect(callOf(best, "call")).to.equal("setHalted(bool) true");
      expect(best.call).to.include({ to: address });
      expect(provedCallers(best)).to.deep.equal([owner.address]);
      expect(effectsOf(best)["work()"]).to.equal("blocked, guarded");
    });
  }

  it("is seen through where it calls, and tells first who calls", async () => {
    const forwarded = await deploy(chain.node, "Forwarded", [owner.address]);
    const address = await deploy(chain.node, "CallForwarder", [forwarded]);
    const { after } = await followed(address);
    expect(after.proxy).to.deep.include({ kind: "call-forwarder", implementation: forwarded });
    const report = await examinedOne(chain, address);
    expect(report.verdict).to.equal("pausable");
    const best = bestOf(report);
    expect(callOf(best, "call")).to.equal("setFrozen(bool) true");
    expect(provedCallers(best)).to.deep.equal([owner.address]);
    expect(effectsOf(best)["work()"]).to.equal("blocked, guarded");
  });

  it("leads to what is behind the next proxy as well", async () => {
    const forwarded = await deploy(chain.node, "Forwarded", [owner.address]);
    const { abi } = await artifact("Forwarded");
    const told = abi.encodeFunctionData("setMessageSender", [owner.address]);
    const proxy = await deploy(chain.node, "ERC1967Proxy", [forwarded, told]);
    const address = await deploy(chain.node, "CallForwarder", [proxy]);
    const { after } = await followed(address);
    expect(after.proxy).to.deep.include({ kind: "call-forwarder", implementation: proxy });
    expect(
      after.behind.map(({ kind, implementation }) => ({ kind, implementation })),
    ).to.deep.equal([{ kind: "erc1967", implementation: forwarded }]);
    expect(after.logic.address).to.equal(forwarded);
    expect(after.codes.map((code) => code.address)).to.deep.equal([address, proxy, forwarded]);
  });

  it("is none where a fallback takes every call and hands nothing on", async () => {
    const listener = await deploy(chain.node, "Forwarded", [owner.address]);
    const { before, after } = await followed(await deploy(chain.node, "Swallower", [listener]));
    expect(after).to.equal(before);
    const permissive = await followed(await deploy(chain.node, "PermissiveFallback"));
    expect(permissive.after).to.equal(permissive.before);
  });

  it("is none where only some functions are delegated: it says that it does not know", async () => {
    const address = await deploy(chain.node, "PartlyDelegating", [servant]);
    const { after } = await followed(address);
    expect(after.proxy?.implementation ?? null).to.equal(null);
    const report = await examinedOne(chain, address);
    expect(report.verdict).to.equal("unknown");
    expect(JSON.stringify(report.unknown)).to.contain("of which is not known");
  });

  it("leads nowhere before it is set up, and has no functions then", async () => {
    const address = await deploy(chain.node, "SlotForwarder", [ZERO_ADDRESS]);
    const { after } = await followed(address);
    expect(after.proxy?.implementation).to.equal(ZERO_ADDRESS);
    expect(after.logic.address).to.equal(address);
    const report = await examinedOne(chain, address);
    expect(report.verdict).to.equal("not-pausable");
  });

  it("is left alone where a standard says what it is", async () => {
    const { proxy } = await deployUups(chain.node, "UupsVaultV1", "initialize", [owner.address]);
    await execute(chain.node, { name: "UupsVaultV1", address: proxy }, "deposit");
    const { before, after } = await followed(proxy);
    expect(after).to.equal(before);
    expect(after.proxy?.kind).not.to.equal("forwarder");
    const plain = await followed(servant);
    expect(plain.after).to.equal(plain.before);
  });
});
