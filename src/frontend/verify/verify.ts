import { EmergencyError, asError, messageOf } from "../../errors.js";
import { urlOf } from "../served.js";
import type { LaunchedBrowser } from "./browser/launch.js";
import { visit, type Visit } from "./browser/visit.js";
import type { ReadableChain } from "./browser/wallet.js";
import { crawl, whyMissing } from "./crawl.js";
import { addressesOf, httpClient, type Answer, type Credentials, type Get } from "./http-get.js";
import {
  contractReport,
  judgeAddresses,
  judgeCodes,
  oldAddressReport,
  type UnwantedAddress,
  type WantedContract,
} from "./judge-addresses.js";
import {
  judgeCrawl,
  judgeDifferences,
  judgeHeaders,
  judgeRelease,
  judgeWorkers,
} from "./judge-files.js";
import { judgeChains, judgeVisits } from "./judge-visits.js";
import { checkRelease, type Releases } from "./release-check.js";
import type { CodeReport, FileReport, FrontendVerification, Problem } from "./report.js";
import { lookAgain } from "./second-look.js";
import { ServedFiles, type ServedFile } from "./served-files.js";
import { shownUrl } from "./shown.js";

/** What is to be proven. */
export interface VerifyWish {
  /** Null when only a URL was given. */
  readonly frontend: string | null;
  /** Without credentials. */
  readonly url: string;
  readonly credentials: Credentials | undefined;
  readonly contracts: readonly WantedContract[];
  readonly old: readonly UnwantedAddress[];
  /** The release that should be served, where one is known. */
  readonly releases: Releases | undefined;
  /** Paths of files that the site reads its addresses from when it starts. */
  readonly configFiles: readonly string[];
  /** The account that the page's wallet shows; undefined: only a visitor without a wallet comes. */
  readonly walletAccount: string | undefined;
  /** How long, in milliseconds, a page may go on with requests before it is judged as it is. */
  readonly settleMs: number;
}

/** The network that the contracts are on, and the code that was found there. */
export interface VerifiedChain extends ReadableChain {
  readonly network: string;
  readonly codes: readonly CodeReport[];
}

/** What verifying needs of the world. */
export interface VerifyTools {
  /** Starts a browser; or says why there is none. */
  readonly openBrowser: () => Promise<LaunchedBrowser>;
  /** The network; or why it could not be looked at. */
  readonly chain: VerifiedChain | { readonly why: string };
  /** Said while it goes on. */
  readonly progress: (doing: string) => void;
}

/**
 * Proves what users are served: fetches the page and all that it names, visits it with a browser, and
 * compares with the release, the configuration and the chain. Changes nothing.
 * @throws EmergencyError SITE_UNREACHABLE when nothing answers at the URL.
 */
export async function verifyFrontend(
  wish: VerifyWish,
  tools: VerifyTools,
): Promise<FrontendVerification> {
  const startedMs = performance.now();
  const { chain } = tools;
  const site = new URL(wish.url);
  const client = httpClient(site, wish.credentials);
  try {
    tools.progress("fetching what the page names");
    const page = await firstAnswer(client.get, wish.url);
    const configUrls = wish.configFiles.map((path) => urlOf(wish.url, path));
    const files = new ServedFiles(
      [...wish.contracts, ...wish.old].map(({ address }) => address),
      configUrls,
    );
    const pageFailure = whyMissing(page);
    const followed = await crawl(client.get, page, files, configUrls);

    tools.progress("visiting the page with a browser");
    const { launched, visits } = await visitAll(wish, tools, page, files);

    tools.progress("asking again, past caches");
    const own = files.all().filter(({ url }) => new URL(url).origin === site.origin);
    const again = await lookAgain(client.get, files, own, await addressesOf(wish.url));

    const release =
      wish.releases === undefined
        ? undefined
        : await checkRelease(client.get, wish.url, wish.releases, files);

    const evidence = {
      files: files.all(),
      visits,
      codes: "why" in chain ? [] : chain.codes,
      site: wish.url,
    };
    const contracts = wish.contracts.map((contract) => contractReport(contract, evidence));
    const old = wish.old.map((address) => oldAddressReport(address, evidence));

    const addresses = judgeAddresses(contracts, wish.contracts, old, visits.length > 0);
    const codes = judgeCodes(evidence.codes);
    const visited = judgeVisits(visits);
    const parts = [
      addresses,
      ...(release === undefined ? [] : [judgeRelease(release)]),
      judgeCrawl(followed, wish.url),
      judgeDifferences(again, wish.url),
      judgeHeaders(ownFiles(files, site), wish.url),
      judgeWorkers(followed.precached, files, wish.url),
      visited,
      codes,
    ];
    const problems: readonly Problem[] = [
      ...(pageFailure === undefined
        ? []
        : [{ kind: "page-not-served", what: `the page is not served: ${pageFailure}` } as const]),
      ...parts.flatMap((part) => part.problems),
      ...("why" in chain
        ? []
        : judgeChains(
            visits,
            wish.contracts.map(({ address }) => address),
            chain,
          )),
    ];
    const unknown = [
      ...("why" in launched
        ? [`what the page does in a browser is not known: ${launched.why}`]
        : []),
      ...visited.unknown,
      ...("why" in chain ? [`the contracts' code was not looked at: ${chain.why}`] : []),
      ...codes.unknown,
      ...(wish.contracts.length === 0
        ? ["no contract is configured, so that there is no address to look for"]
        : []),
    ];
    const notes = [
      ...parts.flatMap((part) => part.notes),
      ...(wish.releases === undefined ? ["there is no release to compare the files with"] : []),
    ];
    return {
      frontend: wish.frontend,
      url: wish.url,
      redirectedTo: page.finalUrl === wish.url ? null : shownUrl(page.finalUrl, wish.url),
      release:
        release === undefined
          ? null
          : {
              id: release.id,
              same: release.same,
              otherwise: release.otherwise.length,
              missing: release.missing.length,
              leftOver: release.leftOver.length,
            },
      verdict:
        problems.length > 0 ? "not-verified" : unknown.length > 0 ? "cannot-tell" : "verified",
      problems,
      unknown,
      notes,
      contracts,
      old,
      files: files.all().map((file) => fileReport(file, wish.url)),
      browser:
        "why" in launched
          ? null
          : { executable: launched.found.executable, version: launched.version },
      visits,
      chain: "why" in chain ? null : { network: chain.network, chainId: chain.chainId },
      durationMs: Math.round(performance.now() - startedMs),
    };
  } finally {
    client.close();
  }
}

async function firstAnswer(get: Get, url: string): Promise<Answer> {
  try {
    return await get({ url, manner: "visitor", page: true, fresh: true });
  } catch (error) {
    throw new EmergencyError(
      "SITE_UNREACHABLE",
      `nothing answers at ${url}: ${messageOf(error)}`,
      "check the address (--url, or url of the frontend in hardhat.config.ts) and that the web server runs",
      asError(error),
    );
  }
}

/** Two people visit: one without a wallet, and one with, where the chain can be read. */
async function visitAll(
  wish: VerifyWish,
  { openBrowser, chain }: VerifyTools,
  page: Answer,
  files: ServedFiles,
): Promise<{ readonly launched: LaunchedBrowser; readonly visits: readonly Visit[] }> {
  const launched = await openBrowser();
  if ("why" in launched) {
    return { launched, visits: [] };
  }
  const watched = [...wish.contracts, ...wish.old].map(({ address }) => address.toLowerCase());
  const onFile = (answer: Answer): void => {
    // What the page asks a service for is no file, unless it was served as one before.
    if (files.get(answer.url) !== undefined || answer.url === page.url || !isData(answer)) {
      files.add(answer, "browser");
    }
  };
  const visitors = [
    undefined,
    ...(wish.walletAccount === undefined || "why" in chain
      ? []
      : [{ chain, account: wish.walletAccount }]),
  ];
  const visits: Visit[] = [];
  try {
    for (const wallet of visitors) {
      const { url, credentials, settleMs } = wish;
      visits.push(
        await visit(launched.browser, { url, credentials, settleMs, watched, wallet }, onFile),
      );
    }
  } catch (error) {
    return { launched: { why: messageOf(error).split("\n")[0] ?? "" }, visits };
  } finally {
    await launched.browser.close().catch(() => undefined);
  }
  return { launched, visits };
}

function isData({ headers }: Answer): boolean {
  return (headers["content-type"] ?? "").includes("json");
}

function ownFiles(files: ServedFiles, site: URL): readonly ServedFile[] {
  return files.all().filter(({ url }) => new URL(url).origin === site.origin);
}

function fileReport(
  { url, kind, status, contentType, caching, variants }: ServedFile,
  site: string,
): FileReport {
  return {
    path: shownUrl(url, site),
    kind,
    status,
    contentType,
    caching,
    contents: variants.map(({ sha256, size, to }) => ({ sha256, size, to })),
  };
}
