import { expect } from "chai";
import { configVariable } from "hardhat/config";

import { startNode, until, type LocalNode } from "../../helpers/anvil.js";
import { captured, createProject, type Outcome, type Project } from "../../helpers/project.js";
import { expectRefusal, expectSuccess, listOf, onlyDocument } from "../../helpers/refusal.js";
import { startPonder, type Ponder } from "../ponder/start-ponder.js";
import { deployToken, mint, transfer, type Token } from "../ponder/token.js";
import { describeWith } from "../servers/describe-services.js";
import { startPostgres, type Postgres } from "../servers/postgres.js";

/** The name of the variable in which the test hands the database over. */
const VARIABLE = "COMPARE_TEST_DATABASE";

describeWith(["ponder", "postgres"], "indexer compare with two Ponder apps", function () {
  this.timeout(120_000);
  let node: LocalNode;
  let postgres: Postgres;
  let database: string;
  let token: Token;
  let project: Project;
  const apps: Ponder[] = [];

  before(async () => {
    [node, postgres] = await Promise.all([startNode(), startPostgres()]);
    database = await postgres.database();
    process.env[VARIABLE] = database;
    token = await deployToken(node);
    for (const wei of [300, 400, 500]) {
      await mint(node, token, wei);
    }
    await transfer(node, token, 50);
    // Ponder calls itself ready at the newest block that is final.
    await node.request("hardhat_mine", "0x60");
    for (const schema of ["one", "two"]) {
      const { url: rpcUrl, chainId } = node;
      apps.push(await startPonder({ database, schema, rpcUrl, chainId, token }));
    }
    const [one, two] = apps;
    const rows = { key: ["token", "holder"], columns: ["value"] };
    const chain = {
      contract: "coin",
      function: "balanceOf(address)",
      args: ["$holder"],
      total: "totalSupply()",
    };
    const table = (schema: string) => ({ schema, table: "balance" });
    const api = (app: Ponder | undefined) => ({
      graphql: `${app?.url ?? ""}/graphql`,
      field: "balances",
    });
    project = await createProject({
      url: node.url,
      chainId: node.chainId,
      accounts: [],
      emergency: {
        contracts: { coin: token.address },
        indexers: {
          token: {
            ponder: { database: configVariable(VARIABLE), views: "api" },
            compare: [
              { name: "database", old: table("one"), new: table("two"), ...rows, chain },
              { name: "api", old: api(one), new: api(two), ...rows, chain },
              { name: "both ways", old: table("one"), new: api(two), ...rows },
            ],
          },
        },
      },
    });
    // At first they are behind, and rows that are not there yet are missing.
    await until("both apps have caught up", async () => (await run()).exitCode === 0);
  });
  after(async () => {
    Reflect.deleteProperty(process.env, VARIABLE);
    await Promise.all(
      apps.map(async (app) => {
        await app.stop();
      }),
    );
    await project.remove();
    await Promise.all([node.stop(), postgres.stop()]);
  });

  async function run(args: Readonly<Record<string, string | boolean>> = {}): Promise<Outcome> {
    const { hre } = project;
    const outcome = await captured(
      async (): Promise<unknown> => await hre.tasks.getTask(["indexer", "compare"]).run(args),
    );
    expect(outcome.stdout + outcome.stderr + String(outcome.error)).not.to.contain(database);
    return outcome;
  }

  /** What came of the checks of each comparison. */
  function verdicts(outcome: Outcome): unknown {
    return listOf(onlyDocument(outcome), "comparisons").map(({ name, checks }) => [
      name,
      ...listOf({ checks }, "checks").map(({ verdict }) => verdict),
    ]);
  }

  it("tells that all rows are equal, and as the chain says", async () => {
    const outcome = await run({ json: true });
    expectSuccess(outcome);
    expect(onlyDocument(outcome)).to.include({ ok: true, indexer: "token" });
    expect(verdicts(outcome)).to.deep.equal([
      ["database", "equal", "equal", "equal"],
      ["api", "equal", "equal", "equal"],
      ["both ways", "equal"],
    ]);
    const shown = await run();
    expect(shown.stdout)
      .to.contain("rows of the old and the new indexer: equal at block")
      .and.to.contain("3 rows: 0 missing, 0 too many, 0 different");
  });

  it("tells by one unit what is different, missing, or not as the chain says", async () => {
    await postgres.sql(
      database,
      // Ponder's own triggers are for its own connections.
      `SET session_replication_role = replica;
       UPDATE two.balance SET value = value + 1 WHERE holder = (SELECT min(holder) FROM two.balance);
       DELETE FROM two.balance WHERE holder = (SELECT max(holder) FROM two.balance)`,
    );
    const outcome = await run({ json: true, only: "database" });
    expect(outcome.exitCode).to.equal(3);
    expect(verdicts(outcome)).to.deep.equal([["database", "different", "different", "different"]]);
    const shown = await run({ only: "api" });
    expect(shown.exitCode).to.equal(3);
    expect(shown.stdout).to.contain("3 rows: 1 missing, 0 too many, 1 different");
  });

  it("cannot tell when one of them is behind for longer than it waits", async () => {
    const [one] = apps.splice(0, 1);
    await one?.stop();
    await mint(node, token, 10);
    await until("the other one has the next block", async () => {
      const outcome = await run({ json: true, only: "both ways", wait: "1" });
      return JSON.stringify(verdicts(outcome)) === JSON.stringify([["both ways", "cannot tell"]]);
    });
  });

  it("refuses what is not configured, or not there", async () => {
    expect(expectRefusal(await run({ only: "rows" }), "BAD_ARGUMENTS").next).to.contain(
      "both ways",
    );
    expectRefusal(await run({ only: "api" }), "INDEXER_UNREACHABLE");
  });
});
