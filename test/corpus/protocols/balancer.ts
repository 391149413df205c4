import { admin, owner, pauser, stranger } from "../../helpers/accounts.js";
import { hex } from "../../helpers/contracts.js";
import { protocol } from "../case.js";
import { compiled } from "../compile.js";
import { plainToken } from "./shared.js";

const vault = "@balancer-labs/v2-vault";
const compile = compiled({
  compiler: "solc@0.7.6",
  packages: {
    [vault]: `${vault}@3.0.1`,
    "@balancer-labs/v2-interfaces": "@balancer-labs/v2-interfaces@0.2.1",
    "@balancer-labs/v2-solidity-utils": "@balancer-labs/v2-solidity-utils@3.0.1",
  },
  runs: 400,
});
const Vault = compile(`${vault}/contracts/Vault.sol`, "Vault");
const Authorizer = compile(
  `${vault}/contracts/authorizer/TimelockAuthorizer.sol`,
  "TimelockAuthorizer",
);

const MONTH_SECONDS = 2_592_000;

export const balancerV2 = protocol({
  name: "Balancer v2",
  cases: {
    vault: {
      title: "Balancer v2 Vault within its pause window",
      idiom: "setPaused(bool) within a window",
      proxy: null,
      authority: "authorizer",
      verdict: "pausable",
      paused: false,
    },
    late: {
      title: "Balancer v2 Vault whose pause window has closed",
      idiom: null,
      proxy: null,
      authority: null,
      verdict: "not-pausable",
      paused: false,
    },
  },

  async deploy(bench) {
    const token = await plainToken(bench, stranger);
    // The entry point for contracts that are not the Vault: here there are none.
    const entry = await bench.create(
      hex(`0x601d600c600039601d6000f373${owner.address.slice(2).toLowerCase()}60005260206000f3`),
    );
    const authorizer = await bench.deploy(Authorizer, [admin.address, entry, 0]);
    const windows = [3 * MONTH_SECONDS, MONTH_SECONDS];
    const made = await bench.deploy(Vault, [authorizer.address, token.address, ...windows]);
    const late = await bench.deploy(Vault, [authorizer.address, token.address, 0, 0]);
    for (const each of [made, late]) {
      const action = await each.read("getActionId", each.data("setPaused", true).slice(0, 10));
      await authorizer.send(admin, "grantPermissions", [action], pauser.address, [each.address]);
      await token.send(stranger, "approve", each.address, 1000);
    }
    const deposit = [[0, token.address, 10, stranger.address, stranger.address]];
    return {
      vault: {
        address: made.address,
        stop: made.call(pauser, "setPaused", true),
        start: made.call(pauser, "setPaused", false),
        probe: made.call(stranger, "manageUserBalance", deposit),
      },
      late: {
        address: late.address,
        probe: late.call(stranger, "manageUserBalance", deposit),
        attempts: [owner, pauser, admin].map((account) => late.call(account, "setPaused", true)),
      },
    };
  },
});
