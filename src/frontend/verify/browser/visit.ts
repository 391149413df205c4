import type { Browser, BrowserContext, Page, Request, Response } from "playwright-core";

import { messageOf } from "../../../errors.js";
import { isRecord } from "../../../json.js";
import type { Answer, Credentials } from "../http-get.js";
import { callsIn } from "../rpc.js";
import { shownText, shownUrl } from "../shown.js";
import { Activity } from "./activity.js";
import { RpcLog, type AddressUse, type AskedNode } from "./rpc-log.js";
import {
  WALLET_BINDING,
  answerAsWallet,
  chainIn,
  isRefusal,
  walletScript,
  type ReadableChain,
} from "./wallet.js";

/** A page without a request for so long has told what it has to tell: Playwright's "network idle". */
const QUIET_MS = 500;

/** A page that is busy for longer without a request is not waited for. */
const BUSY_MS = 5000;

/** A request of a page that did not work. */
export interface FailedRequest {
  /** As it may be shown. */
  readonly url: string;
  /** "status 404", "net::ERR_CONNECTION_REFUSED". */
  readonly why: string;
  /** "script", "fetch", "image". */
  readonly type: string;
  /** Of the site's own origin. */
  readonly own: boolean;
  /** To a node of a chain. */
  readonly rpc: boolean;
}

/** Something that the page's own policy has forbidden. */
export interface CspViolation {
  readonly directive: string;
  readonly blocked: string;
  /** It was only reported, and went on. */
  readonly reportOnly: boolean;
}

/** What a browser has seen of a page. */
export interface Visit {
  /** Whether the visitor had a wallet. */
  readonly wallet: boolean;
  /** Null when the page could be opened; else why not. */
  readonly failure: string | null;
  readonly title: string;
  /** It became quiet; otherwise it was still busy when the time was over. */
  readonly settled: boolean;
  readonly durationMs: number;
  readonly consoleErrors: readonly string[];
  /** Exceptions that nobody caught. */
  readonly pageErrors: readonly string[];
  readonly failedRequests: readonly FailedRequest[];
  readonly cspViolations: readonly CspViolation[];
  readonly nodes: readonly AskedNode[];
  readonly uses: readonly AddressUse[];
  /** Chains that the page asked the wallet to change to. */
  readonly wantedChains: readonly number[];
  /** What the wallet was asked to do and refused: "eth_sendTransaction". */
  readonly refused: readonly string[];
  /** What it did that could not be seen. */
  readonly unseen: readonly string[];
}

/** How a page is visited. */
export interface VisitWish {
  readonly url: string;
  readonly credentials: Credentials | undefined;
  /** How long, in milliseconds, a page may go on with requests. */
  readonly settleMs: number;
  /** Addresses that are looked for in everything that it sends, in small letters. */
  readonly watched: readonly string[];
  readonly wallet: { readonly chain: ReadableChain; readonly account: string } | undefined;
}

/**
 * Opens a page as somebody does who was never there, and watches until it has nothing more to ask for.
 * Nothing is clicked.
 * @param onFile gets every file that the browser was given.
 */
export async function visit(
  browser: Browser,
  wish: VisitWish,
  onFile: (answer: Answer) => void,
): Promise<Visit> {
  const startedMs = performance.now();
  const { origin } = new URL(wish.url);
  const [major = "140"] = browser.version().split(".");
  const context = await browser.newContext({
    // "HeadlessChrome" is not what visitors send, and some servers turn it away.
    userAgent: `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`,
    acceptDownloads: false,
    ...(wish.credentials === undefined ? {} : { httpCredentials: { ...wish.credentials, origin } }),
  });
  try {
    const watcher = new Watcher(wish, onFile);
    await watcher.watch(context);
    const page = await context.newPage();
    const deadline = performance.now() + wish.settleMs;
    const leftMs = (): number => Math.max(1, deadline - performance.now());
    let failure: string | null = null;
    let settled = false;
    try {
      await page.goto(wish.url, { waitUntil: "commit", timeout: leftMs() });
      await page.waitForLoadState("load", { timeout: leftMs() }).catch(() => undefined);
      settled = await untilQuiet(page, watcher.activity, leftMs);
    } catch (error) {
      failure = shownText(firstLine(messageOf(error)), wish.url);
    }
    watcher.close();
    await watcher.askForChains(context, origin);
    return {
      wallet: wish.wallet !== undefined,
      failure: failure ?? watcher.crash,
      title: failure === null ? shownText(await page.title().catch(() => ""), wish.url) : "",
      settled,
      durationMs: Math.round(performance.now() - startedMs),
      ...(await watcher.seen()),
    };
  } finally {
    await context.close().catch(() => undefined);
  }
}

/** Quiet on the network, and the page's own work done, with no request that it has led to. */
async function untilQuiet(page: Page, activity: Activity, leftMs: () => number): Promise<boolean> {
  for (;;) {
    if (!(await activity.quiet(QUIET_MS, leftMs()))) {
      return false;
    }
    const { count } = activity;
    const idle = page.evaluate(
      `new Promise((done) => requestIdleCallback(() => done(null), { timeout: ${BUSY_MS} }))`,
    );
    await Promise.race([idle.catch(() => undefined), after(leftMs())]);
    if (activity.count === count) {
      return true;
    }
  }
}

async function after(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

/** Everything that is noted down while a page is open. */
class Watcher {
  readonly activity = new Activity();
  crash: string | null = null;
  readonly #wish: VisitWish;
  readonly #origin: string;
  readonly #onFile: (answer: Answer) => void;
  readonly #rpc: RpcLog;
  readonly #reading = new Set<Promise<void>>();
  readonly #console: { readonly text: string; readonly url: string }[] = [];
  readonly #pageErrors: string[] = [];
  readonly #failed = new Map<string, FailedRequest>();
  /** Full URLs, to know which messages of the console only repeat them. */
  readonly #failedUrls = new Set<string>();
  readonly #csp: CspViolation[] = [];
  readonly #wanted = new Set<number>();
  readonly #refused = new Set<string>();
  readonly #unseen = new Set<string>();
  #open = true;

  constructor(wish: VisitWish, onFile: (answer: Answer) => void) {
    this.#wish = wish;
    this.#origin = new URL(wish.url).origin;
    this.#onFile = onFile;
    this.#rpc = new RpcLog(wish.watched);
  }

  async watch(context: BrowserContext): Promise<void> {
    context.on("request", (request) => {
      this.#requested(request);
    });
    context.on("response", (response) => {
      this.#answered(response);
    });
    context.on("requestfinished", (request) => {
      this.#finished(request);
    });
    context.on("requestfailed", (request) => {
      const why = request.failure()?.errorText ?? "failed";
      this.activity.end(request);
      // What a page itself breaks off, and what its policy forbids, is no failure of the network.
      if (!/ERR_ABORTED|ERR_BLOCKED_BY_CSP|^csp$/.test(why)) {
        this.#failedWith(request, why);
      }
    });
    context.on("console", (message) => {
      if (this.#open && message.type() === "error") {
        this.#console.push({ text: message.text(), url: message.location().url });
      }
    });
    context.on("weberror", (error) => {
      if (this.#open) {
        this.#pageErrors.push(firstLine(error.error().message));
      }
    });
    context.on("page", (page) => {
      this.#watchPage(page);
    });
    await context.exposeBinding(CSP_BINDING, (_source, violation: unknown) => {
      this.#violated(violation);
    });
    await context.addInitScript(CSP_SCRIPT);
    const { wallet } = this.#wish;
    if (wallet !== undefined) {
      await context.exposeBinding(WALLET_BINDING, async (_source, call: unknown) => {
        return await this.#wallet(wallet, call);
      });
      await context.addInitScript(walletScript(wallet.chain.chainId, wallet.account));
    }
  }

  /** What happens from now on is not the page's doing. */
  close(): void {
    this.#open = false;
  }

  /** Nodes that the page did not ask for their chain are asked now, as the page would. */
  async askForChains(context: BrowserContext, origin: string): Promise<void> {
    await Promise.all([...this.#reading]);
    await Promise.all(
      this.#rpc.withoutChain().map(async (url) => {
        const answer = await context.request
          .post(url, {
            headers: { "content-type": "application/json", origin },
            data: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
            timeout: BUSY_MS,
          })
          .then(async (response) => await response.text())
          .catch(() => "");
        this.#rpc.setChain(url, answer);
      }),
    );
  }

  async seen(): Promise<
    Pick<
      Visit,
      | "consoleErrors"
      | "pageErrors"
      | "failedRequests"
      | "cspViolations"
      | "nodes"
      | "uses"
      | "wantedChains"
      | "refused"
      | "unseen"
    >
  > {
    const { url } = this.#wish;
    const texts = this.#console
      .filter((message) => !this.#isToldAlready(message))
      .map(({ text }) => shownText(text, url));
    return {
      consoleErrors: [...new Set(texts)],
      pageErrors: [...new Set(this.#pageErrors.map((text) => shownText(text, url)))],
      failedRequests: [...this.#failed.values()],
      cspViolations: this.#csp,
      nodes: this.#rpc.nodes(),
      uses: await this.#rpc.uses(),
      wantedChains: [...this.#wanted],
      refused: [...this.#refused],
      unseen: [...this.#unseen],
    };
  }

  /** Browsers ask for an icon by themselves; requests that failed, and the policy, are told elsewhere. */
  #isToldAlready({ text, url }: { readonly text: string; readonly url: string }): boolean {
    if (text.startsWith("Failed to load resource")) {
      return this.#failedUrls.has(url) || url.endsWith("/favicon.ico");
    }
    return this.#csp.length > 0 && text.includes("Content Security Policy");
  }

  #requested(request: Request): void {
    const type = request.resourceType();
    // A stream of events never ends, and neither does music.
    if (type !== "eventsource" && type !== "media" && type !== "websocket") {
      this.activity.begin(request);
    }
    if (request.headers()["sec-fetch-dest"] === "sharedworker") {
      this.#unseen.add("it starts a shared worker, whose requests cannot be seen");
    }
    const body = request.postDataBuffer()?.toString("utf8") ?? "";
    if (!/^(?:data|blob):/.test(request.url())) {
      this.#rpc.sent(request.url(), request.method(), body);
    }
  }

  #answered(response: Response): void {
    const status = response.status();
    if (status >= 400) {
      this.#failedWith(response.request(), `status ${status}`);
    }
  }

  #finished(request: Request): void {
    this.#read(async () => {
      try {
        await this.#readAnswer(request);
      } catch {
        // A body that the browser has thrown away, as of a redirect, tells nothing.
      } finally {
        this.activity.end(request);
      }
    });
  }

  async #readAnswer(request: Request): Promise<void> {
    const response = await request.response();
    if (response === null || response.status() < 200 || response.status() >= 300) {
      return;
    }
    const url = request.url();
    if (request.method() === "POST") {
      const body = request.postDataBuffer()?.toString("utf8") ?? "";
      const calls = callsIn(body);
      if (calls !== undefined) {
        this.#rpc.received(url, await response.text(), calls);
      }
      return;
    }
    const own = url.startsWith(`${this.#origin}/`);
    const code = ["document", "script", "stylesheet"].includes(request.resourceType());
    if (request.method() === "GET" && (own || code)) {
      const [bytes, headers] = await Promise.all([response.body(), response.allHeaders()]);
      const status = response.status();
      this.#onFile({ url: withoutHash(url), finalUrl: withoutHash(url), status, headers, bytes });
    }
  }

  #failedWith(request: Request, why: string): void {
    if (!this.#open) {
      return;
    }
    const url = request.url();
    const body = request.postDataBuffer()?.toString("utf8") ?? "";
    const shown = shownUrl(url, this.#wish.url);
    this.#failedUrls.add(url);
    this.#failed.set(`${shown} ${why}`, {
      url: shown,
      why,
      type: request.resourceType(),
      own: url.startsWith(`${this.#origin}/`),
      rpc: callsIn(body) !== undefined,
    });
  }

  #watchPage(page: Page): void {
    page.on("crash", () => {
      this.crash = "the page has crashed";
    });
    page.on("websocket", (socket) => {
      const url = socket.url();
      const key = (id: unknown): string => `${url} ${JSON.stringify(id ?? null)}`;
      socket.on("framesent", ({ payload }) => {
        for (const { id } of this.#rpc.sent(url, "WebSocket", String(payload)) ?? []) {
          this.activity.begin(key(id));
        }
      });
      socket.on("framereceived", ({ payload }) => {
        for (const id of this.#rpc.received(url, String(payload))) {
          this.activity.end(key(id));
        }
      });
      socket.on("socketerror", (error) => {
        if (this.#open) {
          const shown = shownUrl(url, this.#wish.url);
          const why = shownText(error, this.#wish.url);
          const own = new URL(url).host === new URL(this.#wish.url).host;
          this.#failed.set(`${shown} ${why}`, {
            url: shown,
            why,
            type: "websocket",
            own,
            rpc: false,
          });
        }
      });
    });
  }

  async #wallet(
    { chain, account }: NonNullable<VisitWish["wallet"]>,
    raw: unknown,
  ): Promise<unknown> {
    const call = isRecord(raw) ? raw : {};
    const method = String(call.method);
    const params: readonly unknown[] = Array.isArray(call.params) ? call.params : [];
    const key = {};
    this.activity.begin(key);
    try {
      this.#rpc.asked({ id: null, method, params });
      this.#rpc.walletChain(chain.chainId);
      const wanted = chainIn(params);
      if (wanted !== undefined) {
        this.#wanted.add(Number(wanted));
      }
      const answer = await answerAsWallet(chain, account, method, params);
      if (isRefusal(answer)) {
        this.#refused.add(method);
      }
      return answer;
    } finally {
      this.activity.end(key);
    }
  }

  #violated(raw: unknown): void {
    if (!this.#open || !isRecord(raw)) {
      return;
    }
    const violation = {
      directive: String(raw.directive),
      blocked: shownText(shownUrl(String(raw.blocked), this.#wish.url), this.#wish.url),
      reportOnly: raw.disposition === "report",
    };
    const known = this.#csp.some(
      ({ directive, blocked }) =>
        directive === violation.directive && blocked === violation.blocked,
    );
    if (!known) {
      this.#csp.push(violation);
    }
  }

  #read(work: () => Promise<void>): void {
    const reading = work();
    this.#reading.add(reading);
    void reading.finally(() => this.#reading.delete(reading));
  }
}

function withoutHash(url: string): string {
  return url.replace(/#.*$/, "");
}

const CSP_BINDING = "__hardhatEmergencyPolicy";

const CSP_SCRIPT = `document.addEventListener("securitypolicyviolation", (event) => {
  window.${CSP_BINDING}?.({ directive: event.effectiveDirective, blocked: event.blockedURI, disposition: event.disposition });
}, true);`;
