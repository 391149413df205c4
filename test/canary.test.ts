import { randomBytes } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";

import { expect } from "chai";
import { HDNodeWallet, Wallet } from "ethers";

import { checksummed, type Address } from "../src/chain/address.js";
import { useChain } from "./helpers/chain.js";
import type { Finished } from "./helpers/cli.js";
import { deploy, deployUups, execute, hex } from "./helpers/contracts.js";
import { stranger, type TestAccount } from "./helpers/accounts.js";
import type { Outcome, Project } from "./helpers/project.js";
import { sends, type NodeProxy, type ProxyRequest, type ProxyRule } from "./helpers/proxy.js";
import { expectSuccess } from "./helpers/refusal.js";

/**
 * Secrets that nobody has seen before. What is registered once in a process is hidden for ever, so
 * each case has its own.
 */
interface Canaries {
  readonly pathKey: string;
  readonly queryKey: string;
  /** In a header of every request. */
  readonly token: string;
  readonly account: TestAccount;
}

async function newCanaries(): Promise<Canaries> {
  const key = hex(`0x${randomBytes(32).toString("hex")}`);
  const address = await checksummed(new Wallet(key).address);
  return {
    pathKey: `canary${randomBytes(12).toString("hex")}`,
    queryKey: `canary${randomBytes(6).toString("hex")}`,
    token: `canary${randomBytes(10).toString("hex")}`,
    account: { address, key },
  };
}

/** Every spelling in which a secret could come out. */
function spellings({ pathKey, queryKey, token, account }: Canaries): string[] {
  const digits = account.key.slice(2);
  return [pathKey, queryKey, token, digits, digits.toUpperCase(), BigInt(account.key).toString()];
}

function urlOf(proxy: NodeProxy, { pathKey, queryKey }: Canaries): string {
  return `${proxy.url}/v3/${pathKey}?apikey=${queryKey}`;
}

/** A node, or what is in front of it, that repeats what it was asked. */
function echo({ path, body, headers }: ProxyRequest, proxy: NodeProxy): string {
  return `no such key: ${proxy.url}${path} ${path} ${headers.authorization ?? ""} ${body}`;
}

/** Ways in which a node can be, and what it then says. */
const moods: Readonly<Record<string, (proxy: NodeProxy) => ProxyRule>> = {
  "all is well": () => async (_request, forward) => await forward(),
  "the node is down": () => () => "drop",
  "the node answers garbage with the URL in it": (proxy) => (request) => ({
    status: 200,
    body: echo(request, proxy),
  }),
  "the node answers 401 with the URL in it": (proxy) => (request) => ({
    status: 401,
    body: JSON.stringify({ message: echo(request, proxy) }),
  }),
  "the node refuses every call with the URL in its words": (proxy) => (request) => ({
    status: 200,
    body: JSON.stringify(refusals(request, echo(request, proxy))),
  }),
  "the node refuses single calls with the URL in its words": (proxy) => async (request, forward) =>
    request.isBatch
      ? await forward()
      : { status: 200, body: JSON.stringify(refusals(request, echo(request, proxy))) },
  "the node cuts the connection when something is sent": () => async (request, forward) =>
    sends(request) ? "drop" : await forward(),
  "the node refuses what is sent, with the URL in its words":
    (proxy) => async (request, forward) =>
      sends(request)
        ? { status: 200, body: JSON.stringify(refusals(request, echo(request, proxy))) }
        : await forward(),
};

function refusals({ calls, isBatch }: ProxyRequest, message: string): unknown {
  const answers = calls.map(({ id }) => ({
    jsonrpc: "2.0",
    id,
    error: { code: -32000, message, data: message },
  }));
  return isBatch ? answers : answers[0];
}

describe("no secret is shown or written", () => {
  const chain = useChain();
  let canaries: Canaries;
  let proxy: NodeProxy;
  let ownable: Address;
  let vault: Address;
  beforeEach(async () => {
    canaries = await newCanaries();
    proxy = await chain.proxy();
    const { address } = canaries.account;
    await chain.node.request("hardhat_setBalance", address, "0x56bc75e2d63100000");
    ownable = await deploy(chain.node, "OwnablePausable", [address]);
    vault = (await deployUups(chain.node, "UupsVaultV1", "initialize", [address])).proxy;
  });

  const commands: readonly {
    readonly task: string;
    readonly args: () => Readonly<Record<string, string | boolean>>;
    readonly builds?: boolean;
    /** It writes a page of what it found. */
    readonly pages?: boolean;
  }[] = [
    { task: "call", args: () => ({ contract: ownable, function: "paused()" }) },
    { task: "verify-pausable", args: () => ({ contract: ownable }), pages: true },
    { task: "inspect", args: () => ({ contract: vault }), pages: true },
    { task: "pause", args: () => ({ contract: ownable, yes: true, rehearse: true }) },
    { task: "unpause", args: () => ({ contract: ownable, yes: true }) },
    {
      task: "upgrade",
      args: () => ({ proxy: vault, implementation: "UupsVaultV2", yes: true }),
      builds: true,
    },
    {
      task: "deploy-fixed",
      args: () => ({ contract: "WithConstructorArgumentsFixed", replaces: ownable, yes: true }),
      builds: true,
    },
  ];

  /** All that a run has left behind: what was printed, what was thrown, and every file. */
  async function traces(project: Project, outcomes: readonly Outcome[]): Promise<string> {
    const printed = outcomes.flatMap(({ stdout, stderr, error }) => [
      stdout,
      stderr,
      // As --show-stack-traces would print it, and more.
      inspect(error, { depth: null, showHidden: true }),
      String(error),
    ]);
    return [...printed, ...Object.values(await filesIn(project.folder))].join("\n");
  }

  function expectNone(text: string, secrets: readonly string[]): void {
    for (const secret of secrets) {
      const at = text.toLowerCase().indexOf(secret.toLowerCase());
      const around = text.slice(Math.max(0, at - 200), at + 200);
      expect(at, `a secret came out: ${around}`).to.equal(-1);
    }
  }

  for (const [mood, rule] of Object.entries(moods)) {
    for (const { task, args, builds = false, pages = false } of commands) {
      it(`by ${task} when ${mood}`, async () => {
        if (task === "unpause") {
          const { address } = canaries.account;
          await chain.node.request("hardhat_impersonateAccount", address);
          await execute(
            chain.node,
            { name: "OwnablePausable", address: ownable },
            "pause",
            [],
            canaries.account,
          );
        }
        const project = await chain.project({
          url: urlOf(proxy, canaries),
          accounts: [canaries.account],
          headers: { authorization: `Bearer ${canaries.token}` },
          builds,
        });
        proxy.answerBy(rule(proxy));
        const plan = join(project.folder, "plan.json");
        const writing = !["call", "verify-pausable", "inspect"].includes(task);
        const page = pages ? { output: join(project.folder, "pausing.md") } : {};
        const outcomes: Outcome[] = [];
        // In words, then in JSON: the first one may have done it, and the second one reports that.
        for (const json of [false, true]) {
          const saved = writing ? { savePlan: plan } : {};
          outcomes.push(await project.run(task, { ...args(), json, ...saved, ...page }));
        }
        if (mood === "all is well" && task !== "deploy-fixed") {
          outcomes.forEach(expectSuccess);
        }
        expectNone(await traces(project, outcomes), spellings(canaries));
      });
    }
  }

  it("when nobody of ours may", async () => {
    const other = await newCanaries();
    const project = await chain.project({ url: urlOf(proxy, other), accounts: [other.account] });
    const outcome = await project.run("pause", { contract: ownable, yes: true });
    expectNone(await traces(project, [outcome]), spellings(other));
  });

  describe("by the tool itself, in a process of its own,", () => {
    const pause = (): string[] => ["pause", "--network", "live", "--contract", ownable, "--yes"];

    /** Runs a command whose URL and key come out of the environment. */
    async function run(args: readonly string[], rule: ProxyRule, key?: string): Promise<Finished> {
      const project = await chain.cli({ keyVariables: ["CANARY_KEY"], urlVariable: "CANARY_URL" });
      proxy.answerBy(rule);
      const env = { CANARY_KEY: key ?? canaries.account.key, CANARY_URL: urlOf(proxy, canaries) };
      const finished = await project.run(args, { env });
      const files = Object.values(await project.written());
      const text = [finished.stdout, finished.stderr, ...files].join("\n");
      expectNone(text, spellings(canaries));
      return finished;
    }

    it("when all is well", async () => {
      const { exitCode, stderr } = await run(
        [...pause(), "--rehearse"],
        async (_request, forward) => await forward(),
      );
      expect(exitCode, stderr).to.equal(0);
    });

    for (const mood of Object.keys(moods).filter((name) => name !== "all is well")) {
      it(`with --show-stack-traces, when ${mood}`, async () => {
        const rule = moods[mood]?.(proxy);
        const args = ["--show-stack-traces", ...pause(), "--rehearse"];
        const { exitCode } = await run(args, rule ?? (() => "drop"));
        expect(exitCode).to.equal(1);
      });
    }

    it("with --show-stack-traces, when the key is not whole", async () => {
      const short = canaries.account.key.slice(0, -2);
      const { exitCode } = await run(
        ["--show-stack-traces", ...pause()],
        async (_request, forward) => await forward(),
        short,
      );
      expect(exitCode).to.equal(1);
    });

    it("when the accounts come from a mnemonic", async () => {
      const wallet = HDNodeWallet.createRandom();
      const phrase = wallet.mnemonic?.phrase ?? "";
      expect(phrase.split(" ")).to.have.lengthOf(12);
      const project = await chain.cli({ mnemonic: phrase });
      for (const contract of [ownable, stranger.address]) {
        const args = ["--show-stack-traces", "pause", "--network", "live", "--contract", contract];
        const { exitCode, stdout, stderr } = await project.run(args);
        expect(exitCode).to.equal(1);
        const files = Object.values(await project.written());
        expectNone([stdout, stderr, ...files].join("\n"), [phrase, wallet.privateKey.slice(2)]);
      }
    });
  });
});

async function filesIn(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const contents = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => {
        const file = join(parentPath, name);
        return [file, await readFile(file, "utf8")] as const;
      }),
  );
  return Object.fromEntries(contents);
}
