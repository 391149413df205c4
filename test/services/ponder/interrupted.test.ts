import { expect } from "chai";

import type { PonderIndexer } from "../../../src/indexer/ponder/ponder-indexer.js";
import { until } from "../../helpers/anvil.js";
import { describeWith } from "../servers/describe-services.js";
import { startPostgres, type Postgres } from "../servers/postgres.js";
import { connectTo } from "./connection.js";
import { startCuttingProxy } from "./cutting-proxy.js";
import { makeDeployment } from "./made-deployment.js";
import { performed, planned, ponderIn, promoted, refusalOf, VIEWS } from "./promoting.js";

describeWith(["postgres"], "Moving views, interrupted", () => {
  let postgres: Postgres;
  let url: string;
  let ponder: PonderIndexer;

  before(async () => {
    postgres = await startPostgres();
  });
  after(async () => {
    await postgres.stop();
  });
  beforeEach(async () => {
    url = await postgres.database();
    await makeDeployment(postgres, url, { schema: "one" });
    await makeDeployment(postgres, url, { schema: "two" });
    ponder = await ponderIn(url);
    await promoted(ponder, "one");
  });

  /** From where each view reads. */
  async function sources(): Promise<readonly string[]> {
    const client = await connectTo(url);
    const { rows } = await client.query<{ build: string; source: string }>(
      `SELECT DISTINCT m.value->>'build_id' AS build, b.source FROM ${VIEWS}._ponder_meta m, ${VIEWS}.balance b`,
    );
    await client.end();
    return rows.flatMap(({ build, source }) => [build.replace("build-", ""), source]);
  }

  // For the server, what it does not get is as if nobody had heard its last answer: there a sample will do.
  for (const [when, step] of [
    ["before", 4],
    ["after", 1],
  ] as const) {
    it(`at any moment, ${when} the server has got what was sent, is wholly done or not at all, and is finished by the same command`, async () => {
      let interrupted = 0;
      let done = 0;
      // What comes before only looks: each look is one connection, and the same each time.
      const counter = await startCuttingProxy(postgres.port, Infinity, when);
      const counted = url.replace(`:${postgres.port}/`, `:${counter.port}/`);
      await planned(await ponderIn(counted), "two");
      const looks = counter.sent();
      await counter.stop();
      for (let at = looks; ; at += step) {
        const plan = await planned(ponder, "two");
        const proxy = await startCuttingProxy(postgres.port, at, when);
        const through = url.replace(`:${postgres.port}/`, `:${proxy.port}/`);
        const outcome = await (async () => {
          const cut = await ponderIn(through);
          const { failure, outcomes } = await performed(cut, plan);
          return failure ?? outcomes[0]?.status;
        })().catch((error: unknown) => error);
        const over = proxy.sent() < at;
        await proxy.stop();
        // The server needs a moment to notice that its client has gone.
        let now: readonly string[] = [];
        await until("the server has noticed", async () => {
          now = await sources();
          return now.length === 2 && now[0] === now[1];
        });
        if (outcome === "done") {
          expect(now[0], `cut at ${at}`).to.equal("two");
          done += 1;
        } else {
          interrupted += 1;
          const said = await refusalOf(
            (async () => {
              await Promise.resolve();
              throw outcome instanceof Error ? outcome : new Error(String(outcome));
            })(),
          );
          expect(said.code).to.equal("DATABASE_UNREACHABLE");
          if (said.what.includes("nothing was changed")) {
            expect(now[0], `cut at ${at}`).to.equal("one");
          }
        }
        // The same command again.
        const again = await promoted(ponder, "two");
        expect(again.outcomes[0]?.status).to.equal(now[0] === "two" ? "already" : "done");
        expect(await sources()).to.deep.equal(["two", "two"]);
        if (over) {
          break;
        }
        await promoted(ponder, "one");
      }
      expect(interrupted).to.be.greaterThan(10 / step);
      // A lost answer to the last word is looked after at once, and the plan runs to its end.
      expect(done).to.be.greaterThan(when === "after" ? 1 : 0);
    }).timeout(120_000);
  }

  it("is one of two that are done at once, and the other one is told", async () => {
    await makeDeployment(postgres, url, { schema: "three" });
    const both = await Promise.all(
      ["two", "three"].map(async (schema) => {
        const plan = await planned(ponder, schema);
        return async () => await performed(ponder, plan);
      }),
    );
    const results = await Promise.all(both.map(async (perform) => await perform()));
    const codes = results.map(({ failure }) => failure?.code ?? "done");
    // One after the other they may both have been done, if the second one looked before the first had begun.
    expect(codes).to.include("done");
    for (const code of codes) {
      expect(code).to.be.oneOf(["done", "PRIOR_STATE_CHANGED", "INDEXER_LOCKED"]);
    }
    const [build, source] = await sources();
    expect(build).to.equal(source);
    expect(build).to.equal(codes[0] === "done" ? "two" : "three");
  });

  it("is refused while somebody reads and does not end, by name, and readers go on meanwhile", async () => {
    const reader = await connectTo(url, "a long report");
    await reader.query(`BEGIN; SELECT * FROM ${VIEWS}.balance`);
    const impatient = await ponderIn(url, { waitMs: 2_500 });
    const plan = await planned(impatient, "two");
    const other = await connectTo(url);
    const waits: number[] = [];
    const tried = { over: false };
    const reading = (async () => {
      while (!tried.over) {
        const startedMs = performance.now();
        await other.query(`SELECT * FROM ${VIEWS}.balance`);
        waits.push(performance.now() - startedMs);
      }
    })();
    const { failure } = await performed(impatient, plan);
    tried.over = true;
    await reading;
    expect(failure?.code).to.equal("VIEWS_BUSY");
    expect(failure?.what).to.contain("a long report").and.to.contain("Nothing was changed");
    expect(Math.max(...waits)).to.be.lessThan(1_000);
    expect((await sources())[0]).to.equal("one");
    // Patience helps.
    const patient = performed(ponder, await planned(ponder, "two"));
    await reader.query("COMMIT");
    expect((await patient).failure).to.equal(null);
    await Promise.all([reader.end(), other.end()]);
  });

  it("notices what somebody has changed between the last look and the change", async () => {
    const plan = await planned(ponder, "two");
    let looks = 0;
    const meddled: PonderIndexer = {
      ...ponder,
      unique: () => {
        looks += 1;
        return "run";
      },
      database: {
        ...ponder.database,
        session: async (use) => {
          // The last look is over when the run gets its name.
          if (looks === 1) {
            looks += 1;
            await postgres.sql(
              url,
              `CREATE OR REPLACE VIEW ${VIEWS}.transfer AS SELECT * FROM two.transfer`,
            );
          }
          return await ponder.database.session(use);
        },
      },
    };
    const { failure } = await performed(meddled, plan);
    expect(failure?.code).to.equal("PRIOR_STATE_CHANGED");
    expect((await sources())[0]).to.equal("one");
  });

  it("says what is wrong with the connection, and never with what it was tried", async () => {
    const secret = "s3cret:/ @word";
    const wrong = [
      [postgres.as(url, "postgres", secret), "DATABASE_CREDENTIALS"],
      [url.replace(`:${postgres.port}/`, ":9/"), "DATABASE_UNREACHABLE"],
      [`${url}x`, "BAD_CONFIG"],
      [`postgresql://u:${secret}@[/db`, "BAD_CONFIG"],
    ] as const;
    for (const [string, code] of wrong) {
      const refusal = await refusalOf(
        ponderIn(string).then(async (opened) => await planned(opened, "two")),
      );
      expect(refusal.code).to.equal(code);
      const text = JSON.stringify(refusal);
      expect(text).to.contain("emergency.indexers.api.ponder.database");
      for (const hidden of [secret, encodeURIComponent(secret), postgres.password, string]) {
        expect(text).not.to.contain(hidden);
      }
    }
  });
});
