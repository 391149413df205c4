import type { EmergencyRuntimeConfig } from "../../config/types.js";
import { EmergencyError } from "../../errors.js";
import { changeTexts, checkRepointed, holdersOf, type ChangedSite } from "../repoint.js";
import { byteText, type SiteFiles } from "../site-files.js";
import { changeConfig, type ConfigChange, type Wish } from "./change.js";

/**
 * A site whose runtime configuration holds another address, and another chain id and start block where
 * these are wanted. Pure.
 * @param config it must say where the contract's address is, and be of a file in the site.
 * @throws EmergencyError OLD_ADDRESS when other files hold the old address, too: users would not leave it;
 * CANNOT_REPOINT when the file does not hold it at the configured place.
 */
export function repointConfig(
  config: EmergencyRuntimeConfig | undefined,
  files: SiteFiles,
  {
    contract,
    from,
    to,
    chainId,
    startBlock,
  }: {
    readonly contract: string;
    readonly from: string;
    readonly to: string;
    readonly chainId: number | null;
    readonly startBlock: number | null;
  },
): { readonly changed: ChangedSite; readonly changes: readonly ConfigChange[] } {
  const path = config?.contracts[contract];
  const bytes = config === undefined ? undefined : files.get(config.file);
  if (config === undefined || path === undefined || bytes === undefined) {
    throw new TypeError(`no runtime configuration holds the address of ${contract}`);
  }
  const block = config.startBlock[contract];
  const wishes: readonly Wish[] = [
    { kind: "address", path, from, to },
    ...(chainId === null || config.chainId === undefined
      ? []
      : [{ kind: "number", path: config.chainId, to: chainId } as const]),
    ...(startBlock === null || block === undefined
      ? []
      : [{ kind: "number", path: block, to: startBlock } as const]),
  ];
  const fresh = changeConfig(config.file, bytes, wishes);
  const changed = changeTexts(files, new Map([[config.file, byteText(fresh.bytes)]]));
  const left = holdersOf(from, changed.files);
  if (left.length > 0) {
    const where = left.includes(config.file) ? ` (in ${config.file} at another place)` : "";
    throw new EmergencyError(
      "OLD_ADDRESS",
      `${left.join(", ")} would still hold ${from}${where}: a changed ${config.file} alone would not take users away from it. Nothing was written`,
      "repoint all of the built files with --by bundle, or build them again with --by build",
    );
  }
  checkRepointed(changed, files, from);
  return { changed, changes: fresh.changes };
}
