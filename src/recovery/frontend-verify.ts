import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { parseAddress } from "../chain/address.js";
import { openChain, networkName } from "../chain/connect.js";
import type { Chain } from "../chain/chain.js";
import { projectArtifacts } from "../chain/inspection/artifacts.js";
import { checkCode, type CodeCheck } from "../chain/inspection/code-check.js";
import { EmergencyError, messageOf } from "../errors.js";
import { oldAddresses } from "../frontend/known-addresses.js";
import { each } from "../frontend/each.js";
import { summaryOf, type Manifest } from "../frontend/manifest.js";
import type { ReleaseStore } from "../frontend/release-store.js";
import { launchBrowser } from "../frontend/verify/browser/launch.js";
import { NOBODY } from "../frontend/verify/browser/wallet.js";
import { withoutCredentials } from "../frontend/verify/http-get.js";
import type { UnwantedAddress, WantedContract } from "../frontend/verify/judge-addresses.js";
import type { Releases } from "../frontend/verify/release-check.js";
import type { FrontendVerification } from "../frontend/verify/report.js";
import { verifyFrontend, type VerifiedChain } from "../frontend/verify/verify.js";
import { openSite } from "./frontend-site.js";

/** What `frontend verify` is told. */
export interface VerifyOptions {
  readonly frontend: string | undefined;
  readonly url: string | undefined;
  /** Addresses, separated by commas, that should be nowhere. */
  readonly old: string | undefined;
  /** An executable; "none" leaves the browser out; undefined looks for one. */
  readonly browser: string | undefined;
  /** The account that the page's wallet shows; "none" leaves the wallet out. */
  readonly wallet: string | undefined;
}

/** Slower pages than this lose their visitors, and an emergency does not wait. */
const SETTLE_MS = 20_000;

/** Manifests that are read at the same time. */
const AT_A_TIME = 8;

type Runtime = Pick<
  HardhatRuntimeEnvironment,
  "config" | "globalOptions" | "network" | "hooks" | "artifacts"
>;

/**
 * Proves what the users of a frontend, or of a URL, are served. Changes nothing.
 * @param settleMs how long, in milliseconds, a page may go on with requests.
 * @throws EmergencyError UNKNOWN_FRONTEND, BAD_ARGUMENTS, BAD_ADDRESS, BAD_CONFIG, SITE_UNREACHABLE
 */
export async function verifyConfigured(
  hre: Runtime,
  options: VerifyOptions,
  progress: (doing: string) => void,
  settleMs = SETTLE_MS,
): Promise<FrontendVerification> {
  const given = await typedAddresses(options.old);
  const wallet =
    options.wallet === "none"
      ? undefined
      : options.wallet === undefined
        ? NOBODY
        : await parseAddress(options.wallet, "--wallet");
  const subject = await subjectOf(hre, options);
  const { url, credentials } = webAddress(subject.url);
  const chain = await lookAtChain(hre, subject.network, subject.contracts);
  try {
    const wish = {
      frontend: subject.frontend,
      url,
      credentials,
      contracts: subject.contracts,
      old: [...subject.old, ...given].filter(isFirst),
      releases: subject.releases,
      configFiles: subject.configFiles,
      walletAccount: wallet,
      settleMs,
    };
    const report = await verifyFrontend(wish, {
      openBrowser: async () =>
        options.browser === "none"
          ? { why: "--browser none left it out" }
          : await launchBrowser(options.browser),
      chain: chain.view,
      progress,
    });
    return { ...report, notes: [...subject.notes, ...report.notes] };
  } finally {
    await chain.close();
  }
}

/** What is verified: a configured frontend, or a URL with the configuration's contracts. */
interface Subject {
  readonly frontend: string | null;
  readonly url: string;
  readonly network: string;
  readonly contracts: readonly WantedContract[];
  readonly old: readonly UnwantedAddress[];
  readonly releases: Releases | undefined;
  readonly configFiles: readonly string[];
  readonly notes: readonly string[];
}

async function subjectOf(hre: Runtime, { frontend, url }: VerifyOptions): Promise<Subject> {
  const name = frontend ?? frontendAt(hre, url);
  if (name === undefined && url !== undefined) {
    return await bareUrl(hre, url);
  }
  const { site, config } = await openSite(hre, name);
  const chosen = url ?? site.url;
  if (chosen === undefined) {
    throw new EmergencyError(
      "BAD_CONFIG",
      `frontend "${site.name}" has no url, so that it is not known where users see it`,
      `set emergency.frontends.${site.name}.url in hardhat.config.ts, or give --url`,
    );
  }
  const notes: string[] = [];
  const { manifests, current, damaged, why } = await releasesIn(site.store);
  if (why !== undefined) {
    notes.push(`the releases in ${site.store.place} cannot be read: ${why}`);
  }
  const served = manifests.find(({ id }) => id === current);
  const old = oldAddresses(site, manifests.map(summaryOf), current);
  const contracts = Object.entries(site.contracts).map(([contract, configured]): WantedContract => {
    const left = old.some((one) => one.contract === contract && one.address === configured);
    const recorded = served?.contracts[contract]?.address;
    if (left && recorded !== undefined) {
      notes.push(
        `${contract} is still ${configured} in hardhat.config.ts, though the site was repointed to ${recorded}`,
      );
    }
    return {
      name: contract,
      address: left ? (recorded ?? configured) : configured,
      required: config.contracts !== undefined || recorded !== undefined,
    };
  });
  return {
    frontend: site.name,
    url: chosen,
    network: config.network ?? networkName(hre),
    contracts,
    old,
    releases:
      served === undefined
        ? undefined
        : {
            served,
            others: manifests.filter(({ id }) => id !== served.id),
            place: site.store.place,
            damaged,
          },
    configFiles: site.runtimeConfig === undefined ? [] : [site.runtimeConfig.file],
    notes,
  };
}

/** All releases with their files. What users are served can be seen without the right to read them. */
async function releasesIn(store: ReleaseStore): Promise<{
  readonly manifests: readonly Manifest[];
  readonly current: string | null;
  readonly damaged: readonly string[];
  readonly why?: string;
}> {
  try {
    const [releases, current] = await Promise.all([store.releases(), store.current()]);
    const manifests = await each(releases, AT_A_TIME, async ({ id }) => await store.manifest(id));
    const served = manifests.find(({ id }) => id === current);
    const damaged =
      served === undefined ? [] : [...(await store.damaged(served.id, served.files))].sort();
    return { manifests, current, damaged };
  } catch (error) {
    const why = error instanceof EmergencyError ? error.what : messageOf(error);
    return { manifests: [], current: null, damaged: [], why };
  }
}

/** The frontend that users see at a URL; without one the only frontend, if there is only one. */
function frontendAt({ config }: Runtime, url: string | undefined): string | undefined {
  if (url === undefined) {
    return undefined;
  }
  const same = (other: string | undefined): boolean =>
    other?.replace(/\/$/, "") === url.replace(/\/$/, "");
  return Object.entries(config.emergency.frontends).find(([, frontend]) => same(frontend.url))?.[0];
}

async function bareUrl(hre: Runtime, url: string): Promise<Subject> {
  const network = networkName(hre);
  const contracts: WantedContract[] = [];
  for (const [name, { address }] of Object.entries(hre.config.emergency.contracts)) {
    const here = typeof address === "string" ? address : address[network];
    if (here !== undefined) {
      const parsed = await parseAddress(here, `emergency.contracts.${name}`);
      contracts.push({ name, address: parsed, required: false });
    }
  }
  return {
    frontend: null,
    url,
    network,
    contracts,
    old: [],
    releases: undefined,
    configFiles: [],
    notes: [],
  };
}

interface LookedAt {
  readonly view: VerifiedChain | { readonly why: string };
  close(): Promise<void>;
}

/** The network, and the code of the contracts there; or why it cannot be looked at. */
async function lookAtChain(
  hre: Runtime,
  network: string,
  contracts: readonly WantedContract[],
): Promise<LookedAt> {
  const nothing = async (): Promise<void> => {
    await Promise.resolve();
  };
  const { config, hooks } = hre;
  if (config.networks[network]?.type === "edr-simulated") {
    const why = `network "${network}" is a simulation inside this process: name the real one with --network`;
    return { view: { why }, close: nothing };
  }
  const chain = await openChain({
    config,
    hooks,
    network: hre.network,
    globalOptions: { ...hre.globalOptions, network },
  });
  const close = async (): Promise<void> => {
    await chain.close();
  };
  try {
    return { view: await viewOf(hre, chain, contracts), close };
  } catch (error) {
    const why = error instanceof EmergencyError ? error.what : messageOf(error);
    return { view: { why }, close };
  }
}

async function viewOf(
  { config, artifacts: manager }: Runtime,
  chain: Chain,
  contracts: readonly WantedContract[],
): Promise<VerifiedChain> {
  const artifacts = projectArtifacts(manager);
  const chainId = await chain.chainId();
  const codes = await Promise.all(
    contracts.map(async ({ name, address }): Promise<CodeCheck> => {
      const known = { name, address: await parseAddress(address, name) };
      const { artifact } = config.emergency.contracts[name] ?? {};
      return await checkCode(chain, known, artifact, artifacts);
    }),
  );
  return {
    network: chain.network,
    chainId,
    codes,
    async ask(method, params) {
      const [reply] = await chain.rpc.batch([{ method, params }]);
      if (reply === undefined) {
        throw new Error("no answer");
      }
      return reply.ok
        ? reply
        : { ok: false, code: reply.failure.code, message: reply.failure.message };
    },
  };
}

async function typedAddresses(text: string | undefined): Promise<readonly UnwantedAddress[]> {
  const parts = (text ?? "").split(",").filter((part) => part.trim() !== "");
  return await Promise.all(
    parts.map(async (part) => ({
      contract: null,
      address: await parseAddress(part.trim(), "--old"),
    })),
  );
}

function isFirst(
  { address }: UnwantedAddress,
  index: number,
  all: readonly UnwantedAddress[],
): boolean {
  return all.findIndex((one) => one.address === address) === index;
}

/** @throws EmergencyError BAD_ARGUMENTS for what is no address of the web. */
function webAddress(text: string): ReturnType<typeof withoutCredentials> {
  if (!URL.canParse(text) || !/^https?:\/\//i.test(text)) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `"${text}" is no address of a website`,
      "give it with its protocol: --url https://app.example.org/",
    );
  }
  return withoutCredentials(text);
}
