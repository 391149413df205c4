import type { EmergencyConfig, EmergencyUserConfig } from "./config/types.js";

declare module "hardhat/types/config" {
  interface HardhatUserConfig {
    /** Contracts and settings of hardhat-emergency. */
    emergency?: EmergencyUserConfig;
  }

  interface HardhatConfig {
    emergency: EmergencyConfig;
  }
}
