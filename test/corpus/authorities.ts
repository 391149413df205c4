import { from } from "./artifacts.js";

/** Real contracts that hold powers: what stands between a pause and the people who decide on it. */

const safe100 = from("@gnosis.pm/safe-contracts@1.0.0");
const safe111 = from("@gnosis.pm/safe-contracts@1.1.1");
const safe120 = from("@gnosis.pm/safe-contracts@1.2.0");
const safe130 = from("@gnosis.pm/safe-contracts@1.3.0");
const safe141 = from("@safe-global/safe-contracts@1.4.1");
const safe150 = from("@safe-global/safe-smart-account@1.5.0");
const artifacts = "build/artifacts/contracts";

/** A release of the Safe: its singleton, and the factory that makes proxies of it. */
export const SAFES = {
  "1.0.0": {
    singleton: safe100("build/contracts/GnosisSafe.json"),
    factory: safe100("build/contracts/ProxyFactory.json"),
  },
  "1.1.1": {
    singleton: safe111("build/contracts/GnosisSafe.json"),
    factory: safe111("build/contracts/ProxyFactory.json"),
  },
  "1.2.0": {
    singleton: safe120("build/contracts/GnosisSafe.json"),
    factory: safe120("build/contracts/GnosisSafeProxyFactory.json"),
  },
  "1.3.0": {
    singleton: safe130(`${artifacts}/GnosisSafe.sol/GnosisSafe.json`),
    factory: safe130(`${artifacts}/proxies/GnosisSafeProxyFactory.sol/GnosisSafeProxyFactory.json`),
  },
  "1.4.1": {
    singleton: safe141(`${artifacts}/Safe.sol/Safe.json`),
    factory: safe141(`${artifacts}/proxies/SafeProxyFactory.sol/SafeProxyFactory.json`),
  },
  "1.5.0": {
    singleton: safe150(`${artifacts}/Safe.sol/Safe.json`),
    factory: safe150(`${artifacts}/proxies/SafeProxyFactory.sol/SafeProxyFactory.json`),
  },
} as const;

/** A guard that lets only the owners execute. */
export const OwnersGuard = safe141(
  `${artifacts}/examples/guards/OnlyOwnersGuard.sol/OnlyOwnersGuard.json`,
);

const oz3 = from("@openzeppelin/contracts@3.4.2");
const oz4 = from("@openzeppelin/contracts@4.9.6");
const oz5 = from("@openzeppelin/contracts@5.4.0");

export const TimelockControllerV3 = oz3("build/contracts/TimelockController.json");
export const TimelockControllerV4 = oz4("build/contracts/TimelockController.json");
export const TimelockControllerV5 = oz5("build/contracts/TimelockController.json");
export const ProxyAdminV4 = oz4("build/contracts/ProxyAdmin.json");
export const AccessManagerV5 = oz5("build/contracts/AccessManager.json");

const uniswap = from("@uniswap/governance@1.0.2");

export const UniswapTimelock = uniswap("build/Timelock.json");
export const GovernorAlpha = uniswap("build/GovernorAlpha.json");
export const Uni = uniswap("build/Uni.json");

const aave = from("@aave/governance-v2@1.0.0");

export const ExecutorWithTimelock = aave(
  "artifacts/contracts/governance/ExecutorWithTimelock.sol/ExecutorWithTimelock.json",
);

export const VenusAccessControlManager = from("@venusprotocol/governance-contracts@2.9.0")(
  "artifacts/contracts/Governance/AccessControlManager.sol/AccessControlManager.json",
);

const aragon = from("@aragon/os@4.4.0");

export const AragonKernel = aragon("build/contracts/Kernel.json");
export const AragonAcl = aragon("build/contracts/ACL.json");
