import { EmergencyError } from "../errors.js";
import { canonicalJson, type JsonObject } from "../json.js";
import { parseIntent } from "../parse-intent.js";
import { addressesInUse } from "./building/addresses.js";
import { buildWith, checkBuilt } from "./building/built-site.js";
import { isImmutable, mayBeAskedForLater } from "./content-headers.js";
import { repointIntent, type RepointIntent } from "./intents.js";
import { contractsIn, pathsWith } from "./known-addresses.js";
import type { Manifest } from "./manifest.js";
import { ReleaseStep } from "./release-step.js";
import { atHand, type SiteState, type Wanted } from "./wanted.js";
import { checkOldAddresses } from "./old-address-check.js";
import { repointFiles, repointKept, type ChangedSite } from "./repoint.js";
import { counted } from "../numbers.js";
import { chooseWay, type Change } from "./repoint-way.js";
import { repointConfig } from "./runtime-config/repoint-config.js";
import { turnOf } from "./s3/upload-order.js";
import type { Site } from "./site.js";
import type { SiteFiles } from "./site-files.js";

/** What is the same for every way. */
type Common = Pick<Wanted, "title" | "without" | "restores" | "commit" | "facts">;

type Way = Omit<Wanted, keyof Common> & Partial<Common>;

/** Makes the site talk to a contract's new address: built again, or changed as it is. */
export class FrontendRepointStep extends ReleaseStep {
  readonly kind = "frontend-repoint";
  /** Planning and performing look at the same release: it is worked through once. */
  readonly #known = new Map<string, Wanted>();

  protected async want(raw: JsonObject, state: SiteState): Promise<Wanted> {
    const intent = parseIntent(this.kind, repointIntent, raw);
    const { current } = state;
    if (current === null) {
      throw new EmergencyError(
        "UNKNOWN_RELEASE",
        `${this.site.name} serves nothing yet`,
        "npx hardhat frontend deploy --from the folder of the built site",
      );
    }
    if (intent.ref !== null && intent.by !== "build") {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        "--ref names what is built, and nothing is built",
        "add --by build, or leave out --ref",
      );
    }
    const from = oldAddress(this.site.contracts, current, intent);
    const key = canonicalJson([current.id, intent, from]);
    const known = this.#known.get(key) ?? (await this.#repointed(state, current, intent, from));
    this.#known.set(key, known);
    return known;
  }

  async #repointed(
    state: SiteState,
    current: Manifest,
    intent: RepointIntent,
    from: string,
  ): Promise<Wanted> {
    const { name } = this.site;
    const { contract, address, by, chainId, startBlock } = intent;
    const files = await this.seen.read(current.id, current.files);
    const common: Common = {
      title: `point ${name} to ${address} instead of ${from} (${contract})`,
      without: from,
      restores: null,
      commit: current.commit,
      facts: { [`address of ${contract} in the site`]: from },
    };
    const present = pathsWith(address, files).length;
    const isThere = pathsWith(from, files).length === 0 && present > 0;
    if (isThere && chainId === null && startBlock === null) {
      const title = `point ${name} to ${address} (${contract})`;
      const notes = [`${address} is in ${counted(present, "file")} already`];
      return { ...common, ...unchanged(files, current, this.site), title, notes };
    }
    const change = { contract, from, to: address, chainId, startBlock };
    const { way, why } = chooseWay(this.site, files, change, by);
    const wanted = {
      build: async () => await this.#built(state, current, intent, from),
      config: async () => await this.#configured(current, files, change),
      bundle: async () => await this.#patched(current, files, change),
    };
    const { notes, ...rest } = await wanted[way]();
    return { ...common, ...rest, notes: [`${WAYS[way]}: ${why}`, ...notes] };
  }

  /** Built again with the new address. */
  async #built(
    state: SiteState,
    current: Manifest,
    { contract, address, ref, chainId, startBlock }: RepointIntent,
    from: string,
  ): Promise<Way> {
    const { contracts } = this.site;
    const addresses = {
      ...addressesInUse(contracts, state, "served"),
      [contract]: address,
    };
    const reference = { name: ref ?? knownCommit(current), kind: "commit" } as const;
    const block = startBlock === null ? null : { contract, block: startBlock };
    const numbers = { chainId, startBlock: block };
    const site = await buildWith(this.site, state, reference, addresses, numbers);
    checkBuilt(site, { contract, from, to: address });
    const old = state.old.filter(({ contract: name, address: one }) => addresses[name] !== one);
    checkOldAddresses(old, site.files, `the build of ${reference.name}`, false);
    const kept = [...current.files.filter(({ path }) => mayBeAskedForLater(path)), ...current.kept];
    return {
      ...atHand(site.files, this.site),
      kept: repointKept(await this.seen.read(current.id, kept), from, address),
      repoint: { contract, from, to: address },
      contracts: contractsIn(addresses, site.files),
      commit: site.commit,
      built: site.built,
      facts: { [`address of ${contract} in the site`]: from, "commit that is built": site.commit },
      notes: [
        ...site.notes,
        `change the address of ${contract} in hardhat.config.ts and where the site is built from, too`,
      ],
    };
  }

  /** With another runtime configuration, and what follows from its content. */
  async #configured(current: Manifest, files: SiteFiles, change: Change): Promise<Way> {
    const { runtimeConfig } = this.site;
    const { contract, from, to } = change;
    const { changed, changes } = repointConfig(runtimeConfig, files, change);
    if (changes.length === 0) {
      return { ...unchanged(files, current, this.site), notes: ["it is so already"] };
    }
    return {
      ...atHand(changed.files, this.site),
      kept: new Map([
        ...repointKept(await this.seen.read(current.id, current.kept), from, to),
        ...changed.kept,
      ]),
      repoint: { contract, from, to },
      contracts: withAddress(current, contract, to, changed.files),
      notes: [
        ...changes.map(
          ({ path, before, after }) =>
            `${path} in ${runtimeConfig?.file ?? ""} is ${after} instead of ${before}`,
        ),
        ...notesOn(current, change, changed),
        `change the address of ${contract} in hardhat.config.ts and where the file comes from, too`,
      ],
    };
  }

  /** With the address changed wherever it stands. */
  async #patched(current: Manifest, files: SiteFiles, change: Change): Promise<Way> {
    const { contract, from, to } = change;
    const repointed = this.#orBuild(contract, () => repointFiles(files, from, to));
    const { changed, renamed, occurrences } = repointed;
    return {
      ...atHand(repointed.files, this.site),
      kept: new Map([
        ...repointKept(await this.seen.read(current.id, current.kept), from, to),
        ...repointed.kept,
      ]),
      repoint: { contract, from, to },
      contracts: withAddress(current, contract, to, repointed.files),
      notes: [
        `${from} stands in the site ${counted(occurrences, "time")}; files that change: ${changed.length}, of which get another name: ${renamed.size}`,
        ...notesOn(current, change, repointed),
        `change the address of ${contract} in hardhat.config.ts and where the site is built from, too`,
      ],
    };
  }

  /** Whoever has configured how the site is built is told of that where the built files do not do. */
  #orBuild<T>(contract: string, change: () => T): T {
    try {
      return change();
    } catch (error) {
      const { build } = this.site;
      if (
        error instanceof EmergencyError &&
        error.code === "CANNOT_REPOINT" &&
        build?.variables[contract] !== undefined
      ) {
        const next = `type the same command with --by build: it runs ${build.command} with the new address`;
        throw new EmergencyError(error.code, error.what, next, error);
      }
      throw error;
    }
  }
}

const WAYS = {
  build: "the site is built again",
  config: "the runtime configuration is changed",
  bundle: "the built files are changed",
} as const;

/** What is served now. */
function unchanged(
  files: SiteFiles,
  current: Manifest,
  site: Site,
): Pick<Wanted, "files" | "content" | "kept" | "repoint" | "contracts"> {
  const { contracts } = current;
  return { ...atHand(files, site), kept: new Map(), repoint: null, contracts };
}

function withAddress(
  { contracts }: Manifest,
  contract: string,
  address: string,
  files: SiteFiles,
): Manifest["contracts"] {
  return { ...contracts, [contract]: { address, files: pathsWith(address, files).length } };
}

/** What a person should know of a site whose files were changed as they are. */
function notesOn(
  { contracts }: Manifest,
  { contract, from }: Change,
  { changed, renamed }: ChangedSite,
): readonly string[] {
  const still = changed.filter((path) => !renamed.has(path) && !isRevalidated(path));
  const others = Object.entries(contracts).filter(
    ([other, known]) => other !== contract && known.address === from,
  );
  return [
    ...still.map((path) => `${path} changes under the same name: its name holds no hash`),
    ...others.map(([other]) => `${other} has the same address, and is repointed with it`),
  ];
}

/**
 * The commit that the site was built from.
 * @throws EmergencyError CANNOT_BUILD when it is not known.
 */
function knownCommit({ commit, id }: Manifest): string {
  if (commit === null) {
    throw new EmergencyError(
      "CANNOT_BUILD",
      `it is not known which commit release ${id} was built from: it was deployed from a folder outside git`,
      "name the commit or tag to build with --ref",
    );
  }
  return commit;
}

/** Pages and data are asked for anew each time; scripts and styles may be cached under their names. */
function isRevalidated(path: string): boolean {
  // Browsers ask for a service worker anew whatever they have.
  const isAsked = !/\.(?:m?js|css)$/.test(path) || turnOf(path, undefined) === 3;
  return isAsked || isImmutable(path);
}

/** The address that the site uses now: as was said, as its release records, or as configured. */
function oldAddress(
  configured: Readonly<Record<string, string>>,
  current: Manifest,
  { contract, address, replaces }: RepointIntent,
): string {
  const recorded = current.contracts[contract]?.address;
  // Who types the same command again wants what is so already.
  const last = current.repoint?.contract === contract ? current.repoint.from : undefined;
  const from =
    replaces ??
    [recorded, configured[contract], last].find(
      (known) => known !== undefined && known !== address,
    );
  const names = new Set([...Object.keys(configured), ...Object.keys(current.contracts)]);
  if (from === undefined && !names.has(contract)) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `neither the configuration nor release ${current.id} knows a contract "${contract}"`,
      names.size === 0
        ? "name the address that is in the site now with --replaces 0x…"
        : `name one of these with --contract: ${[...names].join(", ")}; or the address that is in the site now with --replaces 0x…`,
    );
  }
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
