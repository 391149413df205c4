import { encodeBytes32String } from "ethers";

import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";

const file = from("@aave/core-v3@1.19.3");
const inProtocol = (folder: string, name: string) =>
  file(`artifacts/contracts/protocol/${folder}/${name}.sol/${name}.json`);

const AddressesProvider = inProtocol("configuration", "PoolAddressesProvider");
const AclManager = inProtocol("configuration", "ACLManager");
const Pool = inProtocol("pool", "Pool");
const Configurator = inProtocol("pool", "PoolConfigurator");
const Strategy = inProtocol("pool", "DefaultReserveInterestRateStrategy");
const AToken = inProtocol("tokenization", "AToken");
const StableDebt = inProtocol("tokenization", "StableDebtToken");
const VariableDebt = inProtocol("tokenization", "VariableDebtToken");
const Oracle = file("artifacts/contracts/mocks/oracle/PriceOracle.sol/PriceOracle.json");
const Mintable = file("artifacts/contracts/mocks/tokens/MintableERC20.sol/MintableERC20.json");
const logic = (name: string) => inProtocol("libraries/logic", name);
const libraries = {
  SupplyLogic: logic("SupplyLogic"),
  BorrowLogic: logic("BorrowLogic"),
  LiquidationLogic: logic("LiquidationLogic"),
  EModeLogic: logic("EModeLogic"),
  BridgeLogic: logic("BridgeLogic"),
  PoolLogic: logic("PoolLogic"),
  ConfiguratorLogic: logic("ConfiguratorLogic"),
};
const FlashLoanLogic = logic("FlashLoanLogic");

const RAY = 10n ** 27n;

export const aaveV3 = protocol({
  name: "Aave v3",
  cases: {
    pool: {
      title: "Aave v3 Pool, stopped through its PoolConfigurator",
      idiom: "Aave v3 setPoolPause(bool)",
      proxy: "Aave immutable-admin",
      authority: "ACLManager",
      verdict: "pausable-elsewhere",
      paused: false,
    },
    aToken: {
      title: "Aave v3 aToken, stopped with its reserve",
      idiom: "Aave v3 setReservePause(address,bool)",
      proxy: "Aave immutable-admin",
      authority: "ACLManager",
      verdict: "pausable-elsewhere",
      paused: false,
    },
    acl: {
      title: "Aave v3 ACLManager",
      idiom: null,
      proxy: null,
      authority: null,
      verdict: "not-pausable",
      paused: null,
    },
    underlying: {
      title: "A mintable ERC-20 that Aave lends",
      idiom: null,
      proxy: null,
      authority: null,
      verdict: "not-pausable",
      paused: null,
    },
  },

  async deploy(bench) {
    const provider = await bench.deploy(AddressesProvider, ["Market", deployer.address]);
    await provider.send(deployer, "setACLAdmin", admin.address);
    const acl = await bench.deploy(AclManager, [provider.address]);
    await provider.send(deployer, "setACLManager", acl.address);
    await acl.send(admin, "addPoolAdmin", admin.address);
    await acl.send(admin, "addEmergencyAdmin", pauser.address);

    const logics: Record<string, Awaited<ReturnType<typeof bench.deploy>>> = {};
    for (const [name, library] of Object.entries(libraries)) {
      logics[name] = await bench.deploy(library);
    }
    logics.FlashLoanLogic = await bench.deploy(FlashLoanLogic, [], { libraries: logics });

    const poolCode = await bench.deploy(Pool, [provider.address], { libraries: logics });
    await provider.send(deployer, "setPoolImpl", poolCode.address);
    const pool = await poolCode.at(await provider.read("getPool"));
    const configuratorCode = await bench.deploy(Configurator, [], { libraries: logics });
    await provider.send(deployer, "setPoolConfiguratorImpl", configuratorCode.address);
    const configurator = await configuratorCode.at(await provider.read("getPoolConfigurator"));
    await provider.send(deployer, "setPriceOracle", (await bench.deploy(Oracle)).address);

    const underlying = await bench.deploy(Mintable, ["Dai", "DAI", 18]);
    const rates = [8n * RAY, 1n, 4n, 75n, 1n, 4n, 1n, 1n, 20n].map((rate, index) =>
      index === 0 ? (RAY * 8n) / 10n : (rate * RAY) / 100n,
    );
    const strategy = await bench.deploy(Strategy, [provider.address, ...rates]);
    const [aTokenCode, stableCode, variableCode] = [
      await bench.deploy(AToken, [pool.address]),
      await bench.deploy(StableDebt, [pool.address]),
      await bench.deploy(VariableDebt, [pool.address]),
    ];
    await configurator.send(admin, "initReserves", [
      {
        aTokenImpl: aTokenCode.address,
        stableDebtTokenImpl: stableCode.address,
        variableDebtTokenImpl: variableCode.address,
        underlyingAssetDecimals: 18,
        interestRateStrategyAddress: strategy.address,
        underlyingAsset: underlying.address,
        treasury: owner.address,
        incentivesController: `0x${"0".repeat(40)}`,
        aTokenName: "Aave DAI",
        aTokenSymbol: "aDAI",
        variableDebtTokenName: "Aave variable debt DAI",
        variableDebtTokenSymbol: "vDAI",
        stableDebtTokenName: "Aave stable debt DAI",
        stableDebtTokenSymbol: "sDAI",
        params: encodeBytes32String(""),
      },
    ]);
    const reserve = await pool.bench.tryCall(
      pool.call(deployer, "getReserveData", underlying.address),
    );
    const aToken = await aTokenCode.at(`0x${(reserve ?? "").slice(2 + 64 * 8 + 24, 2 + 64 * 9)}`);
    await underlying.send(stranger, "mint(uint256)", 1000);
    await underlying.send(stranger, "approve", pool.address, 1000);
    await pool.send(stranger, "supply", underlying.address, 100, stranger.address, 0);

    return {
      pool: {
        address: pool.address,
        stop: configurator.call(pauser, "setPoolPause", true),
        start: configurator.call(pauser, "setPoolPause", false),
        probe: pool.call(stranger, "supply", underlying.address, 100, stranger.address, 0),
      },
      aToken: {
        address: aToken.address,
        stop: configurator.call(pauser, "setReservePause", underlying.address, true),
        start: configurator.call(pauser, "setReservePause", underlying.address, false),
        probe: aToken.call(stranger, "transfer", owner.address, 10),
      },
      acl: {
        address: acl.address,
        probe: acl.call(admin, "addRiskAdmin", owner.address),
        attempts: [acl.call(admin, "addEmergencyAdmin", owner.address)],
      },
      underlying: {
        address: underlying.address,
        probe: underlying.call(stranger, "transfer", owner.address, 1),
        attempts: [configurator.call(pauser, "setPoolPause", true)],
      },
    };
  },
});
