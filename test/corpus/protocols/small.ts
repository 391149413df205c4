import { AbiCoder, getCreateAddress, id } from "ethers";

import { ZERO_ADDRESS } from "../../../src/chain/address.js";
import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";
import { answering, erc1967, plainToken } from "./shared.js";

const set = from("set-protocol-contracts@1.2.9");
const SetCore = set("build/contracts/Core.json");
const SetVault = set("build/contracts/Vault.json");
const SetTransfers = set("build/contracts/TransferProxy.json");
const setLibraries = {
  CoreIssuanceLibrary: set("build/contracts/CoreIssuanceLibrary.json"),
  CommonValidationsLibrary: set("build/contracts/CommonValidationsLibrary.json"),
  SetTokenLibrary: set("build/contracts/SetTokenLibrary.json"),
  ERC20Wrapper: set("build/contracts/ERC20Wrapper.json"),
};

export const setProtocol = protocol({
  name: "Set Protocol",
  cases: {
    core: {
      title: "Set Protocol Core, which has a state of operation",
      idiom: "setOperationState(uint8)",
      proxy: null,
      authority: "owner",
      verdict: "pausable",
      paused: false,
    },
  },

  async deploy(bench) {
    const libraries: Record<string, Awaited<ReturnType<typeof bench.deploy>>> = {};
    for (const [name, library] of Object.entries(setLibraries)) {
      libraries[name] = await bench.deploy(library, [], { libraries });
    }
    const transfers = await bench.deploy(SetTransfers, [], { libraries });
    const vault = await bench.deploy(SetVault, [], { libraries });
    const core = await bench.deploy(SetCore, [transfers.address, vault.address], { libraries });
    await transfers.send(deployer, "addAuthorizedAddress", core.address);
    await vault.send(deployer, "addAuthorizedAddress", core.address);
    await core.send(deployer, "transferOwnership", owner.address);
    const token = await plainToken(bench, stranger);
    await token.send(stranger, "approve", transfers.address, 1000);
    return {
      core: {
        address: core.address,
        stop: core.call(owner, "setOperationState", 1),
        start: core.call(owner, "setOperationState", 0),
        probe: core.call(stranger, "deposit", token.address, 10),
      },
    };
  },
});

const tbtc = from("@keep-network/tbtc@1.1.0");
const TbtcSystem = tbtc("artifacts/TBTCSystem.json");
const KeepSelection = tbtc("artifacts/KeepFactorySelection.json");
const Deposits = tbtc("artifacts/DepositFactory.json");
const DepositToken = tbtc("artifacts/TBTCDepositToken.json");
const Vending = tbtc("artifacts/VendingMachine.json");

export const keep = protocol({
  name: "Keep tBTC",
  cases: {
    system: {
      title: "tBTC system, whose new deposits can be paused once, for ten days",
      idiom: "emergencyPauseNewDeposits()",
      proxy: null,
      authority: "owner",
      verdict: "pausable",
      paused: false,
      // Nobody starts it for ten days, and those who go by the flag are other contracts.
      pausedAfter: null,
    },
    before: {
      title: "tBTC system that was not initialised and lets nobody in yet",
      idiom: null,
      proxy: null,
      authority: null,
      verdict: ["not-pausable", "unknown"],
      paused: null,
    },
  },

  async deploy(bench) {
    const selection = await bench.deploy(KeepSelection);
    const libraries = { "915347bd8351664a94208e28f8fe30b2d8": selection };
    const token = await plainToken(bench, owner);
    const create = async () =>
      await bench.deploy(TbtcSystem, [token.address, token.address], { libraries });
    const [system, before] = [await create(), await create()];
    const deposits = await bench.deploy(Deposits, [system.address]);
    const depositToken = await bench.deploy(DepositToken, [deposits.address]);
    const vending = await bench.deploy(Vending, [system.address]);
    await system.send(
      deployer,
      "initialize",
      token.address,
      deposits.address,
      token.address,
      token.address,
      depositToken.address,
      token.address,
      vending.address,
      3,
      3,
    );
    await system.send(deployer, "transferOwnership", owner.address);
    const open = (answer: string) => BigInt(answer) === 1n;
    return {
      system: {
        address: system.address,
        stop: system.call(owner, "emergencyPauseNewDeposits"),
        probe: { ...system.call(stranger, "getAllowNewDeposits"), works: open },
      },
      before: {
        address: before.address,
        probe: {
          ...before.call(stranger, "getAllowNewDeposits"),
          works: (answer: string) => !open(answer),
        },
        attempts: [before.call(owner, "emergencyPauseNewDeposits")],
      },
    };
  },
});

const Publisher = from("@thirdweb-dev/contracts@3.15.0")("abi/ContractPublisher.json");

export const thirdweb = protocol({
  name: "thirdweb",
  cases: {
    publisher: {
      title: "thirdweb ContractPublisher",
      idiom: "setPause(bool)",
      proxy: null,
      authority: "AccessControlEnumerable",
      verdict: "pausable",
      paused: false,
    },
  },

  async deploy(bench) {
    const publisher = await bench.deploy(Publisher, [admin.address, ZERO_ADDRESS, ZERO_ADDRESS]);
    return {
      publisher: {
        address: publisher.address,
        stop: publisher.call(admin, "setPause", true),
        start: publisher.call(admin, "setPause", false),
        probe: publisher.call(stranger, "setPublisherProfileUri", stranger.address, "ipfs://x"),
      },
    };
  },
});

const bridge = from("@arbitrum/token-bridge-contracts@1.2.5");
const gateway = (layer: string, name: string) =>
  bridge(`build/contracts/contracts/tokenbridge/${layer}/gateway/${name}.sol/${name}.json`);
const L2Gateway = gateway("arbitrum", "L2USDCGateway");

export const arbitrumTokens = protocol({
  name: "Arbitrum token bridge",
  cases: {
    l2: {
      title: "Arbitrum's USDC gateway, whose withdrawals are paused",
      idiom: "pauseWithdrawals()",
      proxy: "erc-1967",
      authority: "owner",
      verdict: "pausable",
      paused: false,
    },
  },

  async deploy(bench) {
    const token = await plainToken(bench, stranger);
    const code = await bench.deploy(L2Gateway);
    const l2 = await erc1967(bench, code, [
      "initialize",
      owner.address,
      admin.address,
      pauser.address,
      token.address,
      owner.address,
    ]);
    return {
      l2: {
        address: l2.address,
        stop: l2.call(owner, "pauseWithdrawals"),
        start: l2.call(owner, "unpauseWithdrawals"),
        probe: {
          ...l2.call(
            stranger,
            "outboundTransfer(address,address,uint256,bytes)",
            pauser.address,
            stranger.address,
            1,
            "0x",
          ),
          stoppedBy: id("L2USDCGateway_WithdrawalsPaused()").slice(2, 10),
        },
      },
    };
  },
});

const its = from("@axelar-network/interchain-token-service@2.2.0");
const Service = its("artifacts/contracts/InterchainTokenService.sol/InterchainTokenService.json");
const inIts = (path: string) => its(`artifacts/contracts/${path}`);
const ManagerDeployer = inIts("utils/TokenManagerDeployer.sol/TokenManagerDeployer.json");
const Manager = inIts("token-manager/TokenManager.sol/TokenManager.json");
const Handler = inIts("TokenHandler.sol/TokenHandler.json");
const ServiceProxy = its("artifacts/contracts/proxies/InterchainProxy.sol/InterchainProxy.json");

export const axelar = protocol({
  name: "Axelar",
  cases: {
    service: {
      title: "Axelar interchain token service",
      idiom: "setPauseStatus(bool)",
      proxy: "Axelar",
      authority: "two-step owner",
      verdict: "pausable",
      paused: false,
    },
  },

  async deploy(bench) {
    const token = await plainToken(bench, stranger);
    const part = await answering(bench, 1);
    const managers = await bench.deploy(ManagerDeployer);
    const handler = await bench.deploy(Handler);
    const sent = await bench.node.request("eth_getTransactionCount", deployer.address, "latest");
    // A token's manager asks the service, whose proxy comes two contracts later.
    const future = getCreateAddress({ from: deployer.address, nonce: Number(sent) + 2 });
    const manager = await bench.deploy(Manager, [future]);
    // Tokens are registered by a factory; here that is a plain account.
    const code = await bench.deploy(Service, [
      managers.address,
      part,
      part,
      part,
      stranger.address,
      "chain",
      "axelar1".padEnd(65, "q"),
      manager.address,
      handler.address,
    ]);
    const setup = AbiCoder.defaultAbiCoder().encode(
      ["address", "string", "string[]"],
      [admin.address, "chain", []],
    );
    const proxy = await bench.deploy(ServiceProxy, [code.address, owner.address, setup]);
    const service = await code.at(proxy.address);
    return {
      service: {
        address: service.address,
        stop: service.call(owner, "setPauseStatus", true),
        start: service.call(owner, "setPauseStatus", false),
        probe: service.call(stranger, "registerCustomToken", id("token"), token.address, 2, "0x"),
      },
    };
  },
});
