import { EmergencyError } from "../errors.js";
import type { JsonObject } from "../json.js";
import { isImmutable } from "./content-headers.js";
import { parseIntent, repointIntent } from "./intents.js";
import { pathsWith } from "./known-addresses.js";
import type { Manifest } from "./manifest.js";
import { readRelease } from "./read-site.js";
import { ReleaseStep, atHand, type SiteState, type Wanted } from "./release-step.js";
import { repointFiles, repointKept } from "./repoint.js";

/** Makes the site talk to a contract's new address, without building it. */
export class FrontendRepointStep extends ReleaseStep {
  readonly kind = "frontend-repoint";
  /** Planning and performing look at the same release: it is worked through once. */
  readonly #known = new Map<string, Wanted>();

  protected async want(raw: JsonObject, { current }: SiteState): Promise<Wanted> {
    const intent = parseIntent(this.kind, repointIntent, raw);
    if (current === null) {
      throw new EmergencyError(
        "UNKNOWN_RELEASE",
        `${this.site.name} serves nothing yet`,
        "npx hardhat frontend deploy --from the folder of the built site",
      );
    }
    const from = oldAddress(this.site.contracts, current, intent);
    const key = [current.id, intent.contract, from, intent.address].join(" ");
    const known = this.#known.get(key) ?? (await this.#repointed(current, intent, from));
    this.#known.set(key, known);
    return known;
  }

  async #repointed(
    current: Manifest,
    { contract, address }: { readonly contract: string; readonly address: string },
    from: string,
  ): Promise<Wanted> {
    const { store, name } = this.site;
    const files = await readRelease(store, current.id, current.files);
    const wanted = {
      title: `point ${name} to ${address} instead of ${from} (${contract})`,
      without: from,
      restores: null,
      commit: current.commit,
      facts: { [`address of ${contract} in the site`]: from },
    };
    const present = pathsWith(address, files).length;
    if (pathsWith(from, files).length === 0 && present > 0) {
      const unchanged = {
        ...atHand(files, this.site),
        kept: new Map(),
        repoint: null,
        contracts: current.contracts,
      };
      return { ...wanted, ...unchanged, notes: [`${address} is in ${present} files already`] };
    }
    const repointed = repointFiles(files, from, address);
    const { changed, renamed, occurrences } = repointed;
    const still = changed.filter((path) => !renamed.has(path) && !isRevalidated(path));
    const others = Object.entries(current.contracts).filter(
      ([other, known]) => other !== contract && known.address === from,
    );
    return {
      ...wanted,
      ...atHand(repointed.files, this.site),
      kept: new Map([
        ...repointKept(await readRelease(store, current.id, current.kept), from, address),
        ...repointed.kept,
      ]),
      repoint: { contract, from, to: address },
      contracts: {
        ...current.contracts,
        [contract]: { address, files: pathsWith(address, repointed.files).length },
      },
      notes: [
        `${from} stands ${occurrences} times in the site; ${changed.length} files change, ${renamed.size} get another name`,
        ...still.map((path) => `${path} changes under the same name: its name holds no hash`),
        ...others.map(([other]) => `${other} has the same address, and is repointed with it`),
        `change the address of ${contract} in hardhat.config.ts and where the site is built from, too`,
      ],
    };
  }
}

/** Pages and data are asked for anew each time; scripts and styles may be cached under their names. */
function isRevalidated(path: string): boolean {
  return !/\.(?:m?js|css)(?:\.map)?$/.test(path) || isImmutable(path);
}

/** The address that the site uses now: as was said, as its release records, or as configured. */
function oldAddress(
  configured: Readonly<Record<string, string>>,
  current: Manifest,
  {
    contract,
    address,
    replaces,
  }: {
    readonly contract: string;
    readonly address: string;
    readonly replaces: string | null;
  },
): string {
  const recorded = current.contracts[contract]?.address;
  // Who types the same command again wants what is so already.
  const last = current.repoint?.contract === contract ? current.repoint.from : undefined;
  const from =
    replaces ??
    [recorded, configured[contract], last].find(
      (known) => known !== undefined && known !== address,
    );
  if (from === undefined || from === address) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      from === undefined
        ? `it is not known which address of ${contract} the site uses now`
        : `${address} is the address to replace and the new one`,
      "name the address that is in the site now with --replaces 0x…",
    );
  }
  return from;
}
