/**
 * Of these contracts `verify-pausable` does not tell the truth yet, by title, and what it lacks. Their
 * verdicts are not tested, unless `EMERGENCY_CORPUS=all`. The list only gets shorter.
 */
export const awaiting: Readonly<Record<string, string>> = {
  "Pendle's fixed price market, which pauses one asset at a time":
    "says not-pausable: does not try setPausePtTrading(address,bool) with an asset",
  "Unlock membership, which a manager disables for ever":
    "says not-pausable: what has no name and cannot be undone is not taken for a stop",
};
