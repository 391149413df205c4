import { expect } from "chai";

import { Activity } from "../../../src/frontend/verify/browser/activity.js";
import { findBrowser, type Machine } from "../../../src/frontend/verify/browser/find.js";
import { RpcLog } from "../../../src/frontend/verify/browser/rpc-log.js";
import {
  NOBODY,
  answerAsWallet,
  isRefusal,
  type WalletAnswer,
} from "../../../src/frontend/verify/browser/wallet.js";
import { redact, registerSecret } from "../../../src/redact.js";
import { unexpected } from "../../helpers/fake-chain.js";
import { NEW } from "../sites.js";

function machine(there: readonly string[], changes: Partial<Machine> = {}): Machine {
  return {
    platform: "linux",
    env: { PATH: "/usr/local/bin:/usr/bin" },
    isExecutable: async (file) => await Promise.resolve(there.includes(file)),
    playwright: async () => {
      await Promise.resolve();
      return undefined;
    },
    ...changes,
  };
}

describe("a browser", () => {
  it("is the one that is named, and no other", async () => {
    const here = machine(["/opt/chrome", "/usr/bin/chromium"]);
    expect(await findBrowser("/opt/chrome", here)).to.deep.equal({
      executable: "/opt/chrome",
      source: "--browser",
    });
    expect(await findBrowser("/opt/other", here)).to.equal(undefined);
  });

  it("is found in the environment, then by Playwright, then in the usual places", async () => {
    const env = { PATH: "/usr/bin", CHROME_PATH: "/opt/a", PUPPETEER_EXECUTABLE_PATH: "/opt/b" };
    const playwright = async (): Promise<string> => await Promise.resolve("/cache/chrome");
    const places = ["/opt/b", "/cache/chrome", "/usr/bin/chromium"];
    const found = async (there: readonly string[]): Promise<string | undefined> =>
      (await findBrowser(undefined, machine(there, { env, playwright })))?.executable;
    expect(await found(places)).to.equal("/opt/b");
    expect(await found(places.slice(1))).to.equal("/cache/chrome");
    expect(await found(places.slice(2))).to.equal("/usr/bin/chromium");
    expect(await found([])).to.equal(undefined);
  });

  it("is found on other systems", async () => {
    const mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
    expect(await findBrowser(undefined, machine([mac], { platform: "darwin" }))).to.include({
      executable: mac,
    });
    const windows = String.raw`C:\Program Files\Google\Chrome\Application\chrome.exe`;
    const env = { PROGRAMFILES: String.raw`C:\Program Files` };
    expect(await findBrowser(undefined, machine([windows], { platform: "win32", env }))).to.include(
      { executable: windows },
    );
  });
});

describe("a page's activity", () => {
  it("is over when nothing is open for a while, and not before", async () => {
    const activity = new Activity();
    activity.begin("a");
    let quiet = false;
    const waiting = activity.quiet(1, 60_000).then((result) => {
      quiet = result;
    });
    activity.begin("b");
    activity.end("a");
    await activity.quiet(1, 5);
    expect(quiet).to.equal(false);
    activity.end("b");
    await waiting;
    expect(quiet).to.equal(true);
  });

  it("is given up when it does not end", async () => {
    const activity = new Activity();
    activity.begin("a");
    expect(await activity.quiet(1, 5)).to.equal(false);
  });
});

describe("the wallet of a visitor", () => {
  const offline = { chainId: 5, ask: unexpected("ask") };

  async function answer(method: string, ...params: readonly unknown[]): Promise<WalletAnswer> {
    return await answerAsWallet(offline, NOBODY, method, params);
  }

  it("has an account and a chain", async () => {
    expect(await answer("eth_requestAccounts")).to.deep.equal({ result: [NOBODY] });
    expect(await answer("eth_chainId")).to.deep.equal({ result: "0x5" });
    expect(await answer("net_version")).to.deep.equal({ result: "5" });
    expect(await answer("wallet_switchEthereumChain", { chainId: "0x5" })).to.deep.equal({
      result: null,
    });
  });

  it("refuses whatever a person would be asked for, and hands it to nobody", async () => {
    for (const method of [
      "eth_sendTransaction",
      "eth_sendRawTransaction",
      "eth_signTypedData_v4",
      "eth_sign",
      "personal_sign",
      "wallet_sendCalls",
      "wallet_watchAsset",
    ]) {
      expect(isRefusal(await answer(method)), method).to.equal(true);
    }
    expect(isRefusal(await answer("wallet_switchEthereumChain", { chainId: "0x1" }))).to.equal(
      true,
    );
    // Development nodes have methods that change the chain.
    for (const method of ["anvil_setCode", "hardhat_setBalance", "evm_mine", "debug_setHead"]) {
      expect(await answer(method), method).to.have.nested.property("error.code", 4200);
    }
  });

  it("hands reads on to the node, and takes secrets out of what it says", async () => {
    registerSecret("canary-of-the-wallet");
    const ask = async (): Promise<{ ok: false; code: number; message: string }> =>
      await Promise.resolve({ ok: false, code: -32000, message: "no key canary-of-the-wallet" });
    expect(await answerAsWallet({ chainId: 5, ask }, NOBODY, "eth_call", [])).to.deep.equal({
      error: { code: -32000, message: "no key [secret]" },
    });
    const down = async (): Promise<never> => await Promise.reject(new Error("down"));
    expect(
      await answerAsWallet({ chainId: 5, ask: down }, NOBODY, "eth_call", []),
    ).to.have.nested.property("error.code", -32603);
  });
});

describe("the log of a page's calls", () => {
  const body = (method: string, id: number): string =>
    JSON.stringify({ jsonrpc: "2.0", id, method, params: [{ to: NEW }] });

  it("knows a node by its host only, and hides the key in its URL", async () => {
    const log = new RpcLog([]);
    const url = "https://node.example/v2/canarycanarycanary01";
    log.sent(url, "POST", body("eth_call", 1));
    expect(log.nodes()).to.deep.equal([
      { host: "node.example", calls: 1, answered: false, chainId: null },
    ]);
    expect(redact(`at ${url}`)).to.equal("at [secret]");
    expect(log.withoutChain()).to.deep.equal([url]);
    expect((await log.uses())[0]).to.include({ asked: "node.example", kind: "called", times: 1 });
  });

  it("does not take an answer with the same id for the chain's", () => {
    const log = new RpcLog([]);
    const url = "http://127.0.0.1/";
    const exchange = (method: string, result: string): void => {
      const calls = log.sent(url, "POST", body(method, 1));
      log.received(url, JSON.stringify({ id: 1, result }), calls);
    };
    exchange("eth_chainId", "0x5");
    exchange("eth_call", "0x01");
    expect(log.nodes()[0]).to.include({ chainId: 5, answered: true });
  });
});
