import { expect } from "chai";
import { id } from "ethers";

import { announcesMembers, grantTopics } from "../../../src/chain/authority/grants.js";
import { artifact } from "../../helpers/contracts.js";

describe("the events by which powers are given", () => {
  it("are looked for by their first topics, each once", async () => {
    const topics = await grantTopics();
    expect(new Set(topics).size).to.equal(topics.length);
    for (const event of [
      "OwnershipTransferred(address,address)",
      "RoleGranted(bytes32,address,address)",
      "PauserStatusChanged(address,bool)",
    ]) {
      expect(topics).to.include(id(event));
    }
    // `rely(address)` in MakerDAO's LogNote: a selector, and nothing behind it.
    expect(topics).to.include(`${id("rely(address)").slice(0, 10)}${"0".repeat(56)}`);
    for (const topic of topics) {
      expect(topic).to.match(/^0x[0-9a-f]{64}$/);
    }
  });

  it("name all members only where the code has one for lists", async () => {
    const code = async (name: string): Promise<string> => (await artifact(name)).deployedBytecode;
    expect(await announcesMembers(await code("RolePausable"))).to.equal(true);
    expect(await announcesMembers(await code("Powers"))).to.equal(true);
    expect(await announcesMembers((await code("Powers")).toUpperCase())).to.equal(true);
    // It says when its owner changes, which names one and no list.
    expect(await announcesMembers(await code("OwnablePausable"))).to.equal(false);
    expect(await announcesMembers(await code("SilentPower"))).to.equal(false);
    expect(await announcesMembers("0x")).to.equal(false);
  });
});
