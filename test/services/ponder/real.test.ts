import { expect } from "chai";
import { configVariable } from "hardhat/config";

import { ponderRows } from "../../../src/indexer/ponder/rows.js";
import { startNode, until, type LocalNode } from "../../helpers/anvil.js";
import { captured, createProject, type Outcome, type Project } from "../../helpers/project.js";
import { startProxy, type NodeProxy } from "../../helpers/proxy.js";
import { expectRefusal, expectSuccess, listOf, onlyDocument } from "../../helpers/refusal.js";
import { describeWith } from "../servers/describe-services.js";
import { startPostgres, type Postgres } from "../servers/postgres.js";
import { ponderIn, VIEWS } from "./promoting.js";
import { startReaders, type LoadReport } from "./readers.js";
import { createViews, startPonder, type Ponder, type PonderOptions } from "./start-ponder.js";
import {
  balanceOf,
  blockNumber,
  deployToken,
  migrate,
  mint,
  transfer,
  transfersOf,
  type Token,
} from "./token.js";

/** Nobody answers there: these commands need no chain. */
const NO_NODE = "http://127.0.0.1:9";

/** How often readers are sent to and fro. */
const MOVES = 20;

/** What makes the views twice: the order in which it breaks readers is a matter of luck. */
const ATTEMPTS = 5;

describeWith(["ponder", "postgres"], "A Ponder app that follows a token", () => {
  let node: LocalNode;
  let postgres: Postgres;
  let proxy: NodeProxy;
  let project: Project;
  let database: string;
  let old: Token;
  let fixed: Token;
  let incident: number;
  let two: Ponder | undefined;
  let one: Ponder | undefined;
  const outputs: string[] = [];

  before(async () => {
    [node, postgres] = await Promise.all([startNode(), startPostgres()]);
    database = await postgres.database();
    proxy = await startProxy(node.url);
    process.env.PONDER_TEST_DATABASE = database;
    const ponder = { database: configVariable("PONDER_TEST_DATABASE"), views: VIEWS };
    project = await createProject({
      url: NO_NODE,
      chainId: 1,
      accounts: [],
      emergency: { indexers: { token: { ponder, waitSeconds: 60 } } },
    });
  });
  after(async () => {
    delete process.env.PONDER_TEST_DATABASE;
    await Promise.all([one?.stop(), two?.stop()]);
    await proxy.close();
    await project.remove();
    await Promise.all([node.stop(), postgres.stop()]);
  });

  async function run(
    task: string,
    args: Readonly<Record<string, string | boolean>> = {},
  ): Promise<Outcome> {
    const { hre } = project;
    const outcome = await captured(
      async (): Promise<unknown> => await hre.tasks.getTask(["indexer", task]).run(args),
    );
    outputs.push(outcome.stdout, outcome.stderr, String(outcome.error));
    return outcome;
  }

  function optionsOf(
    schema: string,
    more: Pick<PonderOptions, "token" | "previous"> & { readonly rpcUrl?: string },
  ): PonderOptions {
    return { database, schema, rpcUrl: node.url, chainId: node.chainId, ...more };
  }

  it("is served from its first schema when it has caught up", async () => {
    old = await deployToken(node);
    for (const wei of [300, 400, 500]) {
      await mint(node, old, wei);
    }
    await transfer(node, old, 50);
    one = await startPonder(optionsOf("one", { token: old }));
    const first = await run("promote", { to: "one", wait: true, yes: true });
    expectSuccess(first);
    expect(first.stdout).to.contain('DONE point the views of "api" at "one"');
  }).timeout(60_000);

  it("is not served from a new schema that has not caught up", async () => {
    await mint(node, old, 666);
    incident = await blockNumber(node);
    fixed = await deployToken(node);
    await migrate(node, old, fixed);
    await transfer(node, fixed, 70);
    // Ponder calls itself ready at the newest block that is final: so there must be one.
    await node.request("hardhat_mine", "0x60");
    // Its node does not answer for logs, so that it cannot get ahead.
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    proxy.answerBy(async (request, forward) => {
      if (request.methods.includes("eth_getLogs")) {
        await held;
      }
      return await forward();
    });
    try {
      two = await startPonder(
        optionsOf("two", {
          rpcUrl: proxy.url,
          token: fixed,
          previous: { ...old, endBlock: incident },
        }),
      );
      const list = onlyDocument(await run("deployments", { json: true }));
      expect(list.served).to.deep.equal(["one"]);
      const states = listOf(list, "deployments").map(({ schema, ready, running }) => [
        ...[schema, ready, running],
      ]);
      expect(states).to.have.deep.members([
        ["one", true, true],
        ["two", false, true],
      ]);
      const refusal = expectRefusal(await run("promote", { yes: true }), "VERSION_NOT_READY");
      expect(refusal.what).to.contain('"two" has not caught up');
      expect(refusal.next).to.contain("--to two --wait");
    } finally {
      go();
    }
  }).timeout(60_000);

  it("is served from the new one when that is ready, with the rows that the chain has", async () => {
    const done = await run("promote", { to: "two", wait: true, yes: true, rehearse: true });
    expectSuccess(done);
    expect(done.stdout)
      .to.contain("In a transaction that is rolled back, promote token: works")
      .and.to.contain("undo    npx hardhat indexer promote --indexer token --to one")
      .and.to.contain('DONE point the views of "api" at "two"');
    await rowsAreThoseOfTheChain();
  }).timeout(60_000);

  it("goes back at once, and on again", async () => {
    expectSuccess(await run("promote", { to: "previous", yes: true }));
    expect(onlyDocument(await run("deployments", { json: true })).served).to.deep.equal(["one"]);
    const shown = await run("deployments");
    expect(shown.stdout).to.contain("* readers see it").and.to.contain('moved from "two" to "one"');
    expectSuccess(await run("promote", { to: "two", yes: true, json: true }));
    await rowsAreThoseOfTheChain();
  }).timeout(60_000);

  it(`serves readers who never see an error or an empty table, in ${MOVES} moves while it indexes`, async () => {
    const { errors, wrong, seen } = await underLoad(async (round) => {
      for (let move = 0; move < MOVES; move += 1) {
        await mint(node, fixed, 1000 + move);
        expectSuccess(await run("promote", { to: move % 2 === 0 ? "one" : "two", yes: true }));
        await round();
      }
    });
    expect({ errors, wrong }).to.deep.equal({ errors: [], wrong: [] });
    expect(Object.keys(seen)).to.have.lengthOf(2);
    await rowsAreThoseOfTheChain();
  }).timeout(120_000);

  it("breaks the same readers where Ponder makes the views itself, one after the other", async () => {
    let broken = 0;
    for (let attempt = 0; attempt < ATTEMPTS && broken === 0; attempt += 1) {
      const { errors, wrong } = await underLoad(async (round) => {
        await createViews(optionsOf(attempt % 2 === 0 ? "one" : "two", { token: fixed }), VIEWS);
        await round();
      });
      broken = errors.length + wrong.length;
    }
    expect(broken).to.be.greaterThan(0);
    // Whoever made them: this puts them right.
    expectSuccess(await run("promote", { to: "two", yes: true }));
    await rowsAreThoseOfTheChain();
  }).timeout(120_000);

  it("never shows the connection string", () => {
    const text = outputs.join("\n");
    const { password } = postgres;
    for (const secret of [database, password, encodeURIComponent(password)]) {
      expect(text).not.to.contain(secret);
    }
    expect(text).to.contain("database test_1 at 127.0.0.1");
  });

  /** Runs something while readers read. */
  async function underLoad(
    body: (round: () => Promise<void>) => Promise<void>,
  ): Promise<LoadReport> {
    const list = onlyDocument(await run("deployments", { json: true }));
    const builds = listOf(list, "deployments").map(
      ({ schema, buildId }) => [String(buildId), schema === "one" ? "1" : "2"] as const,
    );
    const load = startReaders(database, {
      // The new one has the history of the old token as well.
      whole: `SELECT (SELECT value->>'build_id' FROM ${VIEWS}._ponder_meta) AS build,
        count(DISTINCT token)::text AS what, count(*)::int AS rows FROM ${VIEWS}.balance`,
      part: `SELECT count(DISTINCT token)::text AS what FROM ${VIEWS}.transfer`,
      right: Object.fromEntries(builds),
    });
    try {
      await load.round();
      await body(async () => {
        await load.round();
      });
    } catch (error) {
      await load.stop();
      throw error;
    }
    return await load.stop();
  }

  /** Every balance and every transfer that readers see is the chain's, and nothing is missing. */
  async function rowsAreThoseOfTheChain(): Promise<void> {
    const block = await blockNumber(node);
    await until("both deployments are at the newest block", async () => {
      const list = onlyDocument(await run("deployments", { json: true }));
      return listOf(list, "deployments").every(({ checkpoints }) =>
        JSON.stringify(checkpoints).includes(`"block":${block},`),
      );
    });
    const { database: opened } = await ponderIn(database);
    const read = async (table: string) =>
      await ponderRows(opened, { schema: VIEWS, table, limit: 1000 });
    const blockOf = (token: string | null | undefined): number =>
      token === old.address.toLowerCase() ? incident : block;
    const balances = await read("balance");
    expect(balances).to.have.lengthOf(6);
    for (const { token, holder, value } of balances) {
      const real = await balanceOf(node, token ?? "", holder ?? "", blockOf(token));
      expect(value).to.equal(String(real));
    }
    const transfers = await read("transfer");
    for (const { address } of [old, fixed]) {
      const token = address.toLowerCase();
      const seen = transfers
        .filter((row) => row.token === token)
        .map(({ sender, receiver, value }) => [sender, receiver, value].join(" "));
      const real = await transfersOf(node, token, blockOf(token));
      expect([...seen].sort()).to.deep.equal([...real].sort());
      expect(real).not.to.deep.equal([]);
    }
  }
});
