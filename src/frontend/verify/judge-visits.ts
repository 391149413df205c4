import { WALLET } from "./browser/rpc-log.js";
import type { FailedRequest, Visit } from "./browser/visit.js";
import type { Findings } from "./judge-files.js";
import type { Problem } from "./report.js";
import { someOf } from "./shown.js";

/** What browsers stumbled over, and what they could not see. */
export function judgeVisits(
  visits: readonly Visit[],
): Findings & { readonly unknown: readonly string[] } {
  const problems: Problem[] = [];
  const notes: string[] = [];
  const unknown: string[] = [];
  for (const visit of visits) {
    const who = visit.wallet ? " (with a wallet)" : "";
    const add = (kind: Problem["kind"], what: string): void => {
      // What happens with a wallet as well is said once.
      if (!problems.some((problem) => problem.what === what)) {
        problems.push({ kind, what: visit.wallet ? `${what}${who}` : what });
      }
    };
    if (visit.failure !== null) {
      add("browser-failed", `a browser cannot open the page: ${visit.failure}`);
    }
    for (const text of visit.pageErrors) {
      add("page-error", `the page throws: ${text}`);
    }
    // Pages complain when a signature is refused; a visitor who clicks nothing does not see that.
    const refused = visit.refused.length > 0;
    for (const text of visit.consoleErrors) {
      if (refused) {
        notes.push(`after the wallet had refused, the page says: ${text}`);
      } else {
        add("console-error", `the page says an error: ${text}`);
      }
    }
    for (const { directive, blocked, reportOnly } of visit.cspViolations) {
      const what = `the page's own policy (${directive}) forbids ${blocked}`;
      if (reportOnly) {
        notes.push(`${what}; it is only reported`);
      } else {
        add("csp-violation", what);
      }
    }
    const noNode = visit.nodes.every(({ host, answered }) => host === WALLET || !answered);
    for (const request of visit.failedRequests) {
      const what = `a ${request.type} request to ${request.url} fails: ${request.why}`;
      if (stumblesOver(request) || (request.rpc && noNode)) {
        add("request-failed", what);
      } else {
        notes.push(what);
      }
    }
    if (refused) {
      notes.push(`the page asked the wallet for ${someOf(visit.refused)}, which was refused`);
    }
    if (visit.failure === null && !visit.settled) {
      notes.push(
        `the page was still busy after ${Math.round(visit.durationMs / 1000)} s${who}: only what it did until then was seen`,
      );
    }
    unknown.push(...visit.unseen);
  }
  return { problems, notes: [...new Set(notes)], unknown: [...new Set(unknown)] };
}

/** The site's own requests, and code from anywhere, are part of the page; the rest is company. */
function stumblesOver({ own, type, url }: FailedRequest): boolean {
  if (["document", "script", "stylesheet"].includes(type)) {
    return true;
  }
  return own && !["image", "font", "media", "ping"].includes(type) && !url.endsWith("/favicon.ico");
}

/** Whether the page talks to the chain that the contracts are on. */
export function judgeChains(
  visits: readonly Visit[],
  addresses: readonly string[],
  chain: { readonly network: string; readonly chainId: number },
): readonly Problem[] {
  const lower = new Set(addresses.map((address) => address.toLowerCase()));
  const lines = new Set<string>();
  for (const { uses, nodes, wantedChains } of visits) {
    for (const { address, asked, chainId } of uses) {
      if (lower.has(address) && chainId !== null && chainId !== chain.chainId) {
        lines.add(`the page asks for ${address} on chain ${chainId} (${asked})`);
      }
    }
    const known = nodes.filter(({ host, chainId }) => host !== WALLET && chainId !== null);
    if (known.length > 0 && known.every(({ chainId }) => chainId !== chain.chainId)) {
      const ids = [...new Set(known.map(({ chainId }) => String(chainId)))].join(", ");
      lines.add(`the page talks to chain ${ids} only`);
    }
    for (const wanted of wantedChains.filter((id) => id !== chain.chainId)) {
      lines.add(`the page wants the wallet to change to chain ${wanted}`);
    }
  }
  return [...lines].map((line) => ({
    kind: "wrong-chain",
    what: `${line}, but network ${chain.network} is chain ${chain.chainId}`,
  }));
}
