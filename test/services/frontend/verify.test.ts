import { randomBytes } from "node:crypto";

import { expect } from "chai";
import { AbiCoder } from "ethers";

import type { Address } from "../../../src/chain/address.js";
import { launchBrowser } from "../../../src/frontend/verify/browser/launch.js";
import type { FrontendVerification } from "../../../src/frontend/verify/report.js";
import type { SiteFiles } from "../../../src/frontend/site-files.js";
import { verifyConfigured, type VerifyOptions } from "../../../src/recovery/frontend-verify.js";
import { siteOf } from "../../frontend/sites.js";
import {
  answering,
  deployed,
  kindsOf,
  serve,
  stopLater,
  stopServers,
  wordsOf,
} from "../../frontend/verify/world.js";
import type { FileHeaders } from "../../frontend/web-server.js";
import { owner } from "../../helpers/accounts.js";
import { startNode } from "../../helpers/anvil.js";
import { useChain, type ProjectWishes } from "../../helpers/chain.js";
import { deploy } from "../../helpers/contracts.js";
import { expectRejection, listOf, onlyDocument } from "../../helpers/refusal.js";
import { chromiumPath } from "../servers/chromium.js";
import { describeWith } from "../servers/describe-services.js";

/** `paused()`, which the contracts here have. */
const PAUSED = "0x5c975abb";

/** Multicall3, where it is on most chains. Here nothing is there; what is asked of it is seen all the same. */
const MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11";

describeWith(["chromium"], "verifying in a browser what is served", function () {
  this.timeout(120_000);
  let old: Address;
  let market: Address;
  const chain = useChain(async (node) => {
    old = await deploy(node, "OwnablePausable", [owner.address]);
    market = await deploy(node, "OwnablePausable", [owner.address]);
  });
  afterEach(stopServers);

  /** A site whose one script begins with what every page here needs. */
  function dapp(script: string, more: Readonly<Record<string, string>> = {}): SiteFiles {
    return siteOf({
      "index.html":
        '<!doctype html><html><head><title>dapp</title></head><body><script type="module" src="/assets/index-DkR2c9Pa.js"></script></body></html>',
      "assets/index-DkR2c9Pa.js": `${ASK}\nconst node="${chain.node.url}";\n${script}`,
      ...more,
    });
  }

  const ASK = `const ask = async (url, method, params) => (await (await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ jsonrpc: "2.0", id: 7, method, params }) })).json()).result;`;

  function calling(address: string): string {
    return `await ask(node, "eth_call", [{ to: ${address}, data: "${PAUSED}" }, "latest"]);`;
  }

  /** The page asks the right contract: what else it does is what a test is about. */
  function right(): string {
    return `await ask(node, "eth_chainId", []); ${calling(`"${market}"`)}`;
  }

  /** An address that no search of files finds: put together from pieces, too small to tell. */
  function assembled(address: string): string {
    const pieces = address.slice(2).match(/.{8}/g) ?? [];
    return ["0x", ...pieces].map((piece) => JSON.stringify(piece)).join("+");
  }

  function contractsHere(): ProjectWishes {
    return {
      emergency: { contracts: { market: { address: market, artifact: "OwnablePausable" } } },
    };
  }

  async function look(
    url: string,
    options: Partial<VerifyOptions> = {},
    wishes: ProjectWishes = contractsHere(),
    settleMs = 20_000,
  ): Promise<FrontendVerification> {
    const { hre } = await chain.project(wishes);
    const all = { frontend: undefined, url, old, browser: chromiumPath(), wallet: undefined };
    return await verifyConfigured(hre, { ...all, ...options }, () => undefined, settleMs);
  }

  async function lookAt(
    files: SiteFiles,
    options: Partial<VerifyOptions> = {},
    headers: FileHeaders = deployed,
  ): Promise<FrontendVerification> {
    return await look((await serve(files, headers)).url, options);
  }

  it("is content with a page that calls the right contract on the right chain", async () => {
    const report = await lookAt(dapp(right()));
    expect(report.problems).to.deep.equal([]);
    expect(report.unknown).to.deep.equal([]);
    expect(report.verdict).to.equal("verified");
    const [contract] = report.contracts;
    expect(contract?.inUse).to.equal("called");
    expect(contract?.uses[0]).to.include({
      kind: "called",
      method: "eth_call",
      asked: new URL(chain.node.url).host,
      chainId: chain.node.chainId,
    });
    expect(contract?.code?.verdict).to.equal("expected");
    expect(
      report.visits.map(({ wallet, settled, title }) => [wallet, settled, title]),
    ).to.deep.equal([
      [false, true, "dapp"],
      [true, true, "dapp"],
    ]);
  });

  it("finds the old address in a chunk that no visitor has loaded yet", async () => {
    const report = await lookAt(
      dapp(`${right()} export const later = () => import("./Later-Cq1xW_3t.js");`, {
        "assets/Later-Cq1xW_3t.js": `export const market = "${old}";`,
      }),
    );
    expect(kindsOf(report)).to.deep.equal(["old-address-served"]);
  });

  it("finds the old address that is only put together when the page runs", async () => {
    const report = await lookAt(dapp(`${right()} ${calling(assembled(old))}`));
    expect(kindsOf(report)).to.deep.equal(["old-address-used"]);
    expect(wordsOf(report, "old-address-used")).to.contain("eth_call");
    expect(report.old[0]?.files).to.deep.equal([]);
  });

  it("takes the new address that is only put together when the page runs for one in use", async () => {
    const report = await lookAt(dapp(calling(assembled(market))));
    expect(report.verdict).to.equal("verified");
    expect(report.contracts[0]).to.deep.include({ inUse: "called", files: [] });
  });

  it("says when the new address is nowhere", async () => {
    const report = await lookAt(dapp(`await ask(node, "eth_blockNumber", []);`));
    expect(kindsOf(report)).to.deep.equal(["address-not-in-use"]);
  });

  it("looks into multicalls, also into one inside another", async () => {
    const coder = AbiCoder.defaultAbiCoder();
    const aggregate = (target: string, data: string): string =>
      `0x82ad56cb${coder.encode(["tuple(address,bool,bytes)[]"], [[[target, true, data]]]).slice(2)}`;
    const nested = aggregate(MULTICALL3, aggregate(old, PAUSED));
    // Only the page puts it together: in the file the data would tell.
    const [head, tail] = nested.split(old.slice(2).toLowerCase());
    const data = `"${head}" + (${assembled(old.toLowerCase())}).slice(2) + "${tail}"`;
    const report = await lookAt(
      dapp(
        `${right()} await ask(node, "eth_call", [{ to: "${MULTICALL3}", data: ${data} }, "latest"]);`,
      ),
    );
    expect(kindsOf(report)).to.deep.equal(["old-address-used"]);
    expect(wordsOf(report, "old-address-used")).to.contain("through a multicall");
  });

  it("sees WebSockets, logs, workers and service workers", async () => {
    const socket = chain.node.url.replace("http", "ws");
    const report = await lookAt(
      dapp(
        `${right()}
        const socket = new WebSocket("${socket}");
        socket.onopen = () => socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_subscribe", params: ["logs", { address: ${assembled(old)} }] }));
        await ask(node, "eth_getLogs", [{ address: ["${market}", ${assembled(old)}], fromBlock: "latest" }]);
        new Worker("/worker.js", { type: "module" });
        await navigator.serviceWorker.register("/sw.js", { type: "module" });`,
        {
          "worker.js": `${ASK} ask("${chain.node.url}", "eth_getCode", [${assembled(old)}, "latest"]);`,
          "sw.js": `${ASK} addEventListener("install", (event) => event.waitUntil(ask("${chain.node.url}", "eth_getStorageAt", [${assembled(old)}, "0x0", "latest"])));`,
        },
      ),
    );
    expect(kindsOf(report)).to.deep.equal(["old-address-used"]);
    const words = wordsOf(report, "old-address-used");
    for (const method of ["eth_subscribe", "eth_getLogs", "eth_getCode", "eth_getStorageAt"]) {
      expect(words, method).to.contain(method);
    }
  });

  it("sees what other services are asked about", async () => {
    const report = await lookAt(
      dapp(
        `${right()} await fetch("/graphql?market=" + ${assembled(old)}, { method: "POST", body: "{}" }).catch(() => 0);`,
      ),
    );
    expect(wordsOf(report, "old-address-used")).to.contain("named in what the page asks");
  });

  it("tells of errors on the console, and of exceptions", async () => {
    const report = await lookAt(
      dapp(
        `${right()} console.error("no such pool"); Promise.reject(new Error("nobody caught this"));`,
      ),
    );
    expect(kindsOf(report)).to.have.members(["console-error", "page-error"]);
    expect(wordsOf(report, "console-error")).to.contain("no such pool");
    expect(wordsOf(report, "page-error")).to.contain("nobody caught this");
  });

  it("tells of a chunk that is not there", async () => {
    const report = await lookAt(dapp(`${right()} await import("./Gone-Cq1xW_3t.js");`));
    expect(kindsOf(report)).to.have.members(["file-missing", "page-error", "request-failed"]);
    expect(wordsOf(report, "request-failed")).to.contain("/assets/Gone-Cq1xW_3t.js");
  });

  it("tells of what the page's own policy forbids", async () => {
    const report = await lookAt(dapp(right()), {}, (file) => ({
      ...deployed(file),
      "content-security-policy": "connect-src 'self'",
    }));
    expect(kindsOf(report)).to.include("csp-violation");
    expect(wordsOf(report, "csp-violation")).to.contain("connect-src");
  });

  it("brings a wallet to a page that needs one, and signs nothing", async () => {
    const report = await lookAt(
      dapp(
        `window.addEventListener("eip6963:announceProvider", async ({ detail: { provider } }) => {
          const [account] = await provider.request({ method: "eth_requestAccounts" });
          await provider.request({ method: "eth_call", params: [{ to: ${assembled(market)}, data: "${PAUSED}" }, "latest"] });
          await window.ethereum.request({ method: "eth_call", params: [{ from: account, to: ${assembled(old)}, data: "${PAUSED}" }, "latest"] });
          await provider.request({ method: "personal_sign", params: ["0x00", account] }).catch(({ code }) => { document.title = "refused " + code; });
        }, { once: true });
        window.dispatchEvent(new Event("eip6963:requestProvider"));`,
      ),
    );
    expect(kindsOf(report)).to.deep.equal(["old-address-used"]);
    expect(wordsOf(report, "old-address-used")).to.contain("eth_call to the wallet");
    expect(report.contracts[0]?.inUse).to.equal("called");
    const visit = report.visits.find(({ wallet }) => wallet);
    expect(visit?.title).to.equal("refused 4001");
    expect(visit?.refused).to.deep.equal(["personal_sign"]);
  });

  it("does not wait for ever for a page that never settles", async () => {
    const silent = await answering(
      async () =>
        await new Promise(() => {
          // Nobody answers, as with a long poll.
        }),
    );
    const { url } = await serve(
      dapp(`${right()} fetch("${silent.url}", { mode: "no-cors" }).catch(() => 0);`),
    );
    const report = await look(url, { wallet: "none" }, contractsHere(), 3000);
    expect(report.verdict).to.equal("verified");
    expect(report.visits.map(({ settled }) => settled)).to.deep.equal([false]);
    expect(report.notes.join("\n")).to.contain("still busy");
  });

  it("tells of a page that talks to another chain, and of a wish for one", async () => {
    const other = await startNode({ chainId: 7_357_002 });
    stopLater(async () => {
      await other.stop();
    });
    const report = await lookAt(
      dapp(
        `await ask("${other.url}", "eth_call", [{ to: "${market}", data: "${PAUSED}" }, "latest"]);
        await window.ethereum?.request({ method: "wallet_switchEthereumChain", params: [{ chainId: "0x1" }] }).catch(() => 0);`,
      ),
    );
    expect(kindsOf(report)).to.deep.equal(["wrong-chain"]);
    const words = wordsOf(report, "wrong-chain");
    expect(words).to.contain("chain 7357002").and.to.contain("the wallet to change to chain 1");
  });

  it("tells of an address without code, and of other code than was expected", async () => {
    const { url } = await serve(dapp(right()));
    const nothing = await look(url, {}, { emergency: { contracts: { market: owner.address } } });
    expect(kindsOf(nothing)).to.include("no-code");
    const contracts = { market: { address: market, artifact: "RolePausable" } };
    const other = await look(url, {}, { emergency: { contracts } });
    expect(kindsOf(other)).to.deep.equal(["unexpected-code"]);
  });

  it("cannot tell without a browser, or without the chain", async () => {
    const { url } = await serve(dapp(right()));
    const blind = await look(url, { browser: "none" });
    expect(blind.verdict).to.equal("cannot-tell");
    expect(blind.unknown).to.have.length(1);
    await expectRejection(look(url, { browser: "/nowhere/chromium" }), "BAD_ARGUMENTS");
    const unreachable = { ...contractsHere(), url: "http://127.0.0.1:9" };
    const alone = await look(url, {}, unreachable);
    expect(alone.verdict).to.equal("cannot-tell");
    expect(alone.contracts[0]?.inUse).to.equal("called");
    expect(alone.visits).to.have.length(1);
  });

  it("finds an installed browser by itself", async () => {
    const launched = await launchBrowser(undefined);
    if ("why" in launched) {
      throw new Error(launched.why);
    }
    await launched.browser.close();
    expect(launched.found.executable).not.to.equal("");
  });

  it("shows no key of a node, whether the page has it or the configuration", async () => {
    const canaries = ["page", "said", "blocked", "own"].map(
      (name) => `canary${name}${randomBytes(8).toString("hex")}`,
    );
    const [inPage = "", said = "", blocked = "", own = ""] = canaries;
    const keyed = await answering(() => ({
      status: 401,
      headers: { "access-control-allow-origin": "*", "access-control-allow-headers": "*" },
      body: `no such key: ${inPage}`,
    }));
    const { url } = await serve(
      dapp(
        `const keyed = "${keyed.url}v2/${inPage}";
        await ask(keyed, "eth_call", [{ to: "${market}", data: "${PAUSED}" }, "latest"]).catch((error) => console.error(keyed, error.message, "${inPage}"));
        console.error("cannot reach https://node.example/v2/${said}");
        await fetch("https://blocked.example/v3/${blocked}").catch(() => 0);`,
      ),
      (file) => ({
        ...deployed(file),
        "content-security-policy": "connect-src 'self' http://127.0.0.1:*",
      }),
    );
    const project = await chain.cli({ ...contractsHere(), url: `${chain.node.url}/?key=${own}` });
    for (const flags of [[], ["--json"]]) {
      const { exitCode, stdout, stderr } = await project.run([
        ...["frontend", "verify", "--network", "live", "--url", url, "--old", old],
        ...["--browser", chromiumPath(), ...flags],
      ]);
      expect(exitCode, stderr).to.equal(3);
      expect(stdout).to.contain("https://node.example/…");
      for (const canary of canaries) {
        expect(stdout + stderr).not.to.contain(canary);
      }
    }
  });

  it("ends with 0 when it is proven, 3 when not, and 1 when nothing could be done", async () => {
    const { url } = await serve(dapp(right()));
    const project = await chain.cli(contractsHere());
    const run = async (...args: readonly string[]): ReturnType<typeof project.run> =>
      await project.run(["frontend", "verify", "--network", "live", ...args]);
    const good = await run("--url", url, "--old", old, "--browser", chromiumPath(), "--json");
    expect(good.exitCode, good.stderr + good.stdout).to.equal(0);
    const document = onlyDocument(good);
    expect(document).to.include({ schema: "hardhat-emergency/frontend-verify@1", ok: true });
    expect(listOf(document, "contracts")[0]).to.include({ name: "market", inUse: "called" });
    expect((await run("--url", url, "--browser", "none")).exitCode).to.equal(3);
    expect((await run("--url", "http://127.0.0.1:9/", "--browser", "none")).exitCode).to.equal(1);
    expect((await run("--url", url, "--old", "0x12")).exitCode).to.equal(1);
  });
});
