import { ZERO_ADDRESS } from "../../../src/chain/address.js";
import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";

const file = from("@aave/protocol-v2@1.0.1");
const inContracts = (folder: string, name: string) =>
  file(`artifacts/contracts/${folder}/${name}.sol/${name}.json`);
const Provider = inContracts("protocol/configuration", "LendingPoolAddressesProvider");
const Pool = inContracts("protocol/lendingpool", "LendingPool");
const Configurator = inContracts("protocol/lendingpool", "LendingPoolConfigurator");
const Strategy = inContracts("protocol/lendingpool", "DefaultReserveInterestRateStrategy");
const AToken = inContracts("protocol/tokenization", "AToken");
const StableDebt = inContracts("protocol/tokenization", "StableDebtToken");
const VariableDebt = inContracts("protocol/tokenization", "VariableDebtToken");
const Mintable = inContracts("mocks/tokens", "MintableERC20");
const RateOracle = inContracts("mocks/oracle", "LendingRateOracle");
const logics = ["ReserveLogic", "GenericLogic", "ValidationLogic"].map(
  (name) => [name, inContracts("protocol/libraries/logic", name)] as const,
);

const RAY = 10n ** 27n;

export const aaveV2 = protocol({
  name: "Aave v2",
  cases: {
    pool: {
      title: "Aave v2 LendingPool, paused through its configurator by the emergency admin",
      idiom: "Aave v2 setPoolPause(bool)",
      proxy: "Aave immutable-admin",
      authority: "emergency admin",
      verdict: "pausable-elsewhere",
      paused: false,
    },
  },

  async deploy(bench) {
    const provider = await bench.deploy(Provider, ["Market"]);
    await provider.send(deployer, "setPoolAdmin", admin.address);
    await provider.send(deployer, "setEmergencyAdmin", pauser.address);
    const libraries: Record<string, Awaited<ReturnType<typeof bench.deploy>>> = {};
    for (const [name, logic] of logics) {
      libraries[name] = await bench.deploy(logic, [], { libraries });
    }
    const poolCode = await bench.deploy(Pool, [], { libraries });
    await provider.send(deployer, "setLendingPoolImpl", poolCode.address);
    const pool = await poolCode.at(await provider.read("getLendingPool"));
    const configuratorCode = await bench.deploy(Configurator);
    await provider.send(deployer, "setLendingPoolConfiguratorImpl", configuratorCode.address);
    const configurator = await configuratorCode.at(
      await provider.read("getLendingPoolConfigurator"),
    );
    const rateOracle = await bench.deploy(RateOracle);
    await provider.send(deployer, "setLendingRateOracle", rateOracle.address);

    const underlying = await bench.deploy(Mintable, ["Dai", "DAI", 18]);
    const rates = [(RAY * 8n) / 10n, 0n, RAY / 25n, RAY / 2n, RAY / 50n, RAY / 2n];
    const strategy = await bench.deploy(Strategy, [provider.address, ...rates]);
    const token = [pool.address, underlying.address] as const;
    const aToken = await bench.deploy(AToken, [
      ...token,
      owner.address,
      "Aave DAI",
      "aDAI",
      ZERO_ADDRESS,
    ]);
    const stable = await bench.deploy(StableDebt, [...token, "Stable", "sDAI", ZERO_ADDRESS]);
    const variable = await bench.deploy(VariableDebt, [...token, "Variable", "vDAI", ZERO_ADDRESS]);
    await configurator.send(
      admin,
      "initReserve",
      aToken.address,
      stable.address,
      variable.address,
      18,
      strategy.address,
    );
    await underlying.send(stranger, "mint", 1000);
    await underlying.send(stranger, "approve", pool.address, 1000);
    return {
      pool: {
        address: pool.address,
        stop: configurator.call(pauser, "setPoolPause", true),
        start: configurator.call(pauser, "setPoolPause", false),
        probe: pool.call(stranger, "deposit", underlying.address, 100, stranger.address, 0),
      },
    };
  },
});
