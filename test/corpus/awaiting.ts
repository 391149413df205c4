/**
 * Of these contracts `verify-pausable` does not tell the truth yet, by title, and what it lacks. Their
 * verdicts are not tested, unless `EMERGENCY_CORPUS=all`. The list only gets shorter.
 */
export const awaiting: Readonly<Record<string, string>> = {
  "OpenZeppelin 4 ERC-721 preset whose roles were all renounced":
    "says unknown: does not count the members of the role, which are none",
  "OpenZeppelin 4 token preset, the implementation itself, which nobody initialised":
    "says unknown: does not count the members of the role, which are none",
  "Aave v2 LendingPool, paused through its configurator by the emergency admin":
    "says pausable, by setPause(true) as the configurator, which is no account of anybody",
  "A token that is frozen by the timelock of a governor":
    "discovers freeze(), but cannot say afterwards that it is paused",
  "Unlock membership, which a manager disables for ever":
    "cannot say afterwards that it is paused: isAlive() means the opposite",
  "Balancer v2 Vault whose pause window has closed":
    "says unknown: does not read that the window has closed",
  "Arbitrum rollup, whose proxy has one logic for its admin and one for all others":
    "names unpause() as the way back, which reverts: it is resume()",
  "Pendle's fixed price market, which pauses one asset at a time":
    "says not-pausable: does not try setPausePtTrading(address,bool) with an asset",
  "Across HubPool":
    "says unknown: exercises no function that its pause stops, as a proposal needs arguments",
  "Synthetix SNX behind its proxy, stopped through SystemStatus":
    "says pausable, and takes rebuildCache() for a stop",
  "Synthetix SystemStatus, which suspends sections":
    "exercises no function that a suspension stops: they are views",
  "Optimism portal, stopped through its SuperchainConfig":
    "says unknown: exercises no function that the pause stops, as a proof needs arguments",
  "tBTC system, whose new deposits can be paused once, for ten days":
    "says not-pausable: does not try emergencyPauseNewDeposits()",
  "T-REX security token without an agent, which runs":
    "says unknown: does not find that the list of agents is empty",
  "Venus core Comptroller: a Unitroller over a diamond":
    "says not-pausable: does not see the facets behind the Unitroller",
  "Venus Prime's liquidity provider": "says unknown: exercises no function that its pause stops",
  "Venus isolated pool's Comptroller, which pauses actions of markets":
    "says unknown: tries actions that do not exist",
  "Venus isolated market, stopped through its Comptroller":
    "takes exchangeRateCurrent() and accrueInterest() for stops, and needs 40 s",
  "The Graph's token gateway, paused at present":
    "says unknown: exercises no function that the pause stops, as it has never run",
  "Stargate v1 pool, stopped through its Router":
    "says pausable, by a call as the Router on the pool",
  "Axelar interchain token service": "says unknown: exercises no function that its pause stops",
  "Venus XVS, frozen by its owner":
    "discovers freeze(), but cannot say afterwards that it is paused",
};
