/**
 * What is loaded when it is needed. All in one small file: Hardhat rewrites every file with a dynamic
 * import while it loads it, which takes milliseconds, the more the larger the file.
 */

export const loadDeploymentRecords = async () => await import("./deployment-records.js");

export const loadHttps = async () => await import("node:https");

export const loadCustomMechanisms = async () => await import("./pausing/load-custom.js");

export const loadPauseRefusal = async () => await import("./pausing/pause-refusal.js");

export const loadPerform = async () => await import("./transactions/perform.js");

export const loadProxiedHttp = async () => await import("@nomicfoundation/hardhat-utils/request");

export const loadRevert = async () => await import("./revert.js");

export const loadRoutes = async () => await import("./pausing/routes.js");
