import { expect } from "chai";
import { id } from "ethers";

import { ALL_GETTERS } from "../../../src/chain/authority/kinds/index.js";
import { usualRoleName } from "../../../src/chain/authority/role-names.js";
import { hex } from "../../helpers/contracts.js";

describe("what is asked of an authority", () => {
  it("is asked by the right selectors", () => {
    for (const { signature, selector } of ALL_GETTERS) {
      expect(selector, signature).to.equal(id(signature).slice(0, 10));
    }
  });

  it("names roles by their hashes", () => {
    for (const name of ["PAUSER_ROLE", "EMERGENCY_ADMIN", "EXECUTE_ROLE", "UPGRADER_ROLE"]) {
      expect(usualRoleName(hex(id(name)))).to.equal(name);
    }
    expect(usualRoleName(hex(`0x${"0".repeat(64)}`))).to.equal("DEFAULT_ADMIN_ROLE");
    expect(usualRoleName(hex(id("something else")))).to.equal(undefined);
  });
});
