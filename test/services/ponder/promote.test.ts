import { expect } from "chai";
import type { Client } from "pg";

import { describeWith } from "../servers/describe-services.js";
import { startPostgres, type Postgres } from "../servers/postgres.js";
import { listDeployments } from "../../../src/indexer/ponder/choose-deployment.js";
import { ponderRows } from "../../../src/indexer/ponder/rows.js";
import { connectTo } from "./connection.js";
import { makeDeployment } from "./made-deployment.js";
import {
  performed,
  planned,
  ponderIn,
  promoted,
  refusalOf,
  rehearsed,
  VIEWS,
} from "./promoting.js";

describeWith(["postgres"], "Promoting a schema of Ponder's", () => {
  let postgres: Postgres;
  let url: string;
  const opened: Client[] = [];

  before(async () => {
    postgres = await startPostgres();
  });
  after(async () => {
    await postgres.stop();
  });
  beforeEach(async () => {
    url = await postgres.database();
    await makeDeployment(postgres, url, { schema: "one", block: 100 });
    await makeDeployment(postgres, url, { schema: "two", block: 103, rows: 4 });
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(async (client) => client.end()));
  });

  async function connect(connectionString = url): Promise<Client> {
    const client = await connectTo(connectionString);
    opened.push(client);
    return client;
  }

  async function sources(): Promise<unknown> {
    const client = await connect();
    const { rows } = await client.query<{ source: string }>(
      `SELECT DISTINCT source FROM ${VIEWS}.balance`,
    );
    return rows.map(({ source }) => source);
  }

  it("makes the views, moves them, and moves them back at once", async () => {
    const ponder = await ponderIn(url);
    await promoted(ponder, "one");
    expect(await sources()).to.deep.equal(["one"]);
    // A login that reads unless it says otherwise does.
    const careful = `${url}?options=-c%20default_transaction_read_only%3Don`;
    await promoted(await ponderIn(careful), "two");
    expect(await sources()).to.deep.equal(["two"]);
    const list = await listDeployments(ponder);
    expect(list.served).to.deep.equal(["two"]);
    expect(list.mark).to.include({ from: "one", to: "two", by: "a test" });
    // The old one has stopped and is behind: where one comes from one may go back to.
    await postgres.sql(
      url,
      `UPDATE one._ponder_meta SET value = jsonb_set(value, '{heartbeat_at}', '1');
       UPDATE one._ponder_checkpoint SET latest_checkpoint = left(latest_checkpoint, 26) || repeat('0', 49)`,
    );
    const plan = await planned(ponder, "one");
    expect(plan.steps[0]?.notes.join("\n")).to.contain("behind").and.to.contain("nothing works on");
    await performed(ponder, plan);
    expect(await sources()).to.deep.equal(["one"]);
    const again = await promoted(ponder, "one");
    expect(again.outcomes[0]?.status).to.equal("already");
  });

  it("is rehearsed in the same transaction, which is rolled back", async () => {
    const ponder = await ponderIn(url);
    await promoted(ponder, "one");
    const plan = await rehearsed(ponder, await planned(ponder, "two"));
    expect(plan.rehearsal?.steps[0]?.verification.evidence.join()).to.contain("rolled back");
    expect(await sources()).to.deep.equal(["one"]);
    const { outcomes, failure } = await performed(ponder, plan);
    expect(failure).to.equal(null);
    expect(outcomes[0]?.status).to.equal("done");
    expect(await sources()).to.deep.equal(["two"]);
  });

  it("leaves views equal to those that Ponder makes, and who listens to them is told", async () => {
    await promoted(await ponderIn(url), "one");
    const client = await connect();
    const notices: string[] = [];
    client.on("notification", ({ channel }) => notices.push(channel));
    await client.query(`LISTEN ${VIEWS}_live_query`);
    await promoted(await ponderIn(url), "two");
    await postgres.sql(url, "UPDATE two._ponder_checkpoint SET chain_id = chain_id");
    await client.query("SELECT 1");
    expect(notices).to.deep.equal([`${VIEWS}_live_query`]);
    const { rows } = await client.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.views WHERE table_schema = '${VIEWS}' ORDER BY 1`,
    );
    expect(rows.map(({ name }) => name)).to.deep.equal([
      ...["_ponder_checkpoint", "_ponder_meta", "balance", "transfer"],
    ]);
  });

  it("keeps owners, grants, options and comments, and what is built on the views", async () => {
    await postgres.sql(
      url,
      `CREATE ROLE owner_1; CREATE ROLE reader_1; CREATE ROLE "Other ""1"""; GRANT owner_1 TO postgres;
       GRANT USAGE ON SCHEMA one, two TO owner_1;
       GRANT SELECT ON ALL TABLES IN SCHEMA one, two TO owner_1`,
    );
    await promoted(await ponderIn(url), "one");
    await postgres.sql(
      url,
      `GRANT USAGE, CREATE ON SCHEMA ${VIEWS} TO owner_1;
       GRANT SELECT ON ${VIEWS}.balance TO reader_1 WITH GRANT OPTION;
       GRANT SELECT (holder) ON ${VIEWS}.balance TO "Other ""1""";
       ALTER VIEW ${VIEWS}.balance SET (security_barrier = true);
       ALTER VIEW ${VIEWS}.balance OWNER TO owner_1;
       COMMENT ON VIEW ${VIEWS}.balance IS 'what everybody has';
       COMMENT ON VIEW ${VIEWS}._ponder_meta IS 'Ponder''s own';
       CREATE VIEW public.rich AS SELECT * FROM ${VIEWS}.balance WHERE value > 1`,
    );
    const client = await connect();
    const state = async (): Promise<unknown> =>
      (
        await client.query(
          `SELECT c.oid, relname, relowner::regrole::text, relacl::text, reloptions,
             (SELECT array_agg(attacl::text ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid) AS columns,
             split_part(obj_description(c.oid), E'\\n', 1) AS comment
           FROM pg_class c WHERE relnamespace = '${VIEWS}'::regnamespace ORDER BY relname`,
        )
      ).rows;
    const before = await state();
    await promoted(await ponderIn(url), "two");
    expect(await state()).to.deep.equal(before);
    const { rows } = await client.query("SELECT DISTINCT source FROM public.rich");
    expect(rows).to.deep.equal([{ source: "two" }]);
  });

  it("makes a view anew where an enum is another type, for the same people", async () => {
    await makeDeployment(postgres, url, { schema: "three", kinds: ["a", "b"], block: 103 });
    await makeDeployment(postgres, url, { schema: "four", kinds: ["a", "b", "c"], block: 103 });
    const ponder = await ponderIn(url);
    await promoted(ponder, "three");
    await postgres.sql(
      url,
      `CREATE ROLE reader_2; GRANT SELECT ON ${VIEWS}.balance TO reader_2;
       GRANT SELECT (kind) ON ${VIEWS}.balance TO PUBLIC;
       COMMENT ON VIEW ${VIEWS}.balance IS 'a \\ and a '' in it';
       COMMENT ON COLUMN ${VIEWS}.balance.kind IS 'which'`,
    );
    const client = await connect();
    const state = async (): Promise<unknown> =>
      (
        await client.query(
          `SELECT relowner::regrole::text, relacl::text, obj_description(c.oid), col_description(c.oid, 4),
             (SELECT array_agg(attacl::text ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0)
           FROM pg_class c WHERE c.oid = '${VIEWS}.balance'::regclass`,
        )
      ).rows;
    const before = await state();
    const plan = await planned(ponder, "four");
    expect(plan.steps[0]?.notes.join("\n")).to.contain("made anew");
    await performed(ponder, plan);
    expect(await sources()).to.deep.equal(["four"]);
    expect(await state()).to.deep.equal(before);
    // What hangs on it would be lost.
    await postgres.sql(url, `CREATE VIEW public.kinds AS SELECT kind FROM ${VIEWS}.balance`);
    const refusal = await refusalOf(planned(ponder, "three"));
    expect(refusal).to.include({ code: "VERSION_INCOMPLETE" });
    expect(refusal.what).to.contain("view kinds");
  });

  it("gives new views and new columns to those who may read the others", async () => {
    const ponder = await ponderIn(url);
    await promoted(ponder, "one");
    await postgres.sql(
      url,
      `CREATE ROLE reader_3; GRANT USAGE ON SCHEMA ${VIEWS} TO reader_3;
       GRANT SELECT ON ALL TABLES IN SCHEMA ${VIEWS} TO reader_3`,
    );
    await makeDeployment(postgres, url, {
      schema: "three",
      block: 103,
      columns: "memo text",
      tables: { approval: "id int" },
    });
    const plan = await planned(ponder, "three");
    expect(plan.steps[0]?.notes.join("\n")).to.contain("new columns behind the others: memo");
    await performed(ponder, plan);
    const client = await connect();
    await client.query("SET ROLE reader_3");
    expect((await client.query(`SELECT memo FROM ${VIEWS}.balance`)).rowCount).to.equal(3);
    expect((await client.query(`SELECT id FROM ${VIEWS}.approval`)).rowCount).to.equal(0);
    // And back: what readers have got used to would be missing.
    const refusal = await refusalOf(planned(ponder, "one"));
    expect(refusal.code).to.equal("VERSION_INCOMPLETE");
    expect(refusal.what).to.contain('"approval"').and.to.contain('"memo"');
  });

  it("repairs what somebody has left half done", async () => {
    const ponder = await ponderIn(url);
    await promoted(ponder, "one");
    await postgres.sql(url, `CREATE OR REPLACE VIEW ${VIEWS}.balance AS SELECT * FROM two.balance`);
    expect((await listDeployments(ponder)).served).to.deep.equal(["one", "two"]);
    const plan = await planned(ponder, "two");
    expect(plan.steps[0]?.expected[0]).to.include({ before: "one and two", after: "two" });
    await performed(ponder, plan);
    expect((await listDeployments(ponder)).served).to.deep.equal(["two"]);
  });

  const refused: readonly (readonly [
    string,
    Partial<Parameters<typeof makeDeployment>[2]>,
    string,
    RegExp,
  ])[] = [
    [
      "has not caught up",
      { ready: false, block: 40 },
      "VERSION_NOT_READY",
      /at block 40.*readers see local at block 100/,
    ],
    ["is behind", { block: 90 }, "VERSION_NOT_READY", /block 90, where readers see 100/],
    ["has stopped", { silentSeconds: 600 }, "VERSION_NOT_READY", /10 min ago/],
    [
      "is empty where there are rows now",
      { rows: 0 },
      "VERSION_INCOMPLETE",
      /no rows in balance, transfer/,
    ],
  ];
  for (const [how, made, code, what] of refused) {
    it(`is refused for one that ${how}`, async () => {
      const ponder = await ponderIn(url);
      await promoted(ponder, "one");
      await makeDeployment(postgres, url, { schema: "three", block: 103, ...made });
      const refusal = await refusalOf(planned(ponder, "three"));
      expect(refusal.code).to.equal(code);
      expect(refusal.what).to.match(what);
      expect(await sources()).to.deep.equal(["one"]);
    });
  }

  it("goes on with what is accepted by name", async () => {
    const ponder = await ponderIn(url);
    await promoted(ponder, "one");
    await makeDeployment(postgres, url, { schema: "three", block: 9, rows: 0, silentSeconds: 99 });
    expect(
      (await refusalOf(planned(ponder, "three", { accept: ["behind", "empty"] }))).next,
    ).to.contain("--accept stopped");
    await promoted(ponder, "three", { accept: ["behind", "empty", "stopped"] });
    expect(await sources()).to.deep.equal([]);
  });

  it("is refused for a schema that is not there, that lacks a table, or views that somebody has written", async () => {
    const ponder = await ponderIn(url);
    await promoted(ponder, "one");
    const unknown = await refusalOf(planned(ponder, "seven"));
    expect(unknown.code).to.equal("UNKNOWN_VERSION");
    expect(unknown.next).to.contain("one, two");
    await postgres.sql(url, "ALTER TABLE two.balance RENAME TO gone");
    expect((await refusalOf(planned(ponder, "two"))).what).to.contain('"balance"');
    await postgres.sql(
      url,
      `ALTER TABLE two.gone RENAME TO balance;
       CREATE OR REPLACE VIEW ${VIEWS}.balance AS SELECT * FROM one.balance WHERE value > 0`,
    );
    const own = await refusalOf(planned(ponder, "two"));
    expect(own.what).to.contain("somebody has written himself");
  });

  it("names the right that is missing", async () => {
    await promoted(await ponderIn(url), "one");
    await postgres.sql(
      url,
      `CREATE ROLE reads LOGIN PASSWORD 'reads-only'; GRANT USAGE ON SCHEMA one, two, ${VIEWS} TO reads;
       GRANT SELECT ON ALL TABLES IN SCHEMA one, two, ${VIEWS} TO reads`,
    );
    const reader = await ponderIn(postgres.as(url, "reads", "reads-only"));
    const denied = await refusalOf(planned(reader, "two"));
    expect(denied.code).to.equal("DATABASE_DENIED");
    expect(denied.what)
      .to.contain('belongs to "postgres"')
      .and.to.contain('"reads" may not create');
    await postgres.sql(url, "REVOKE ALL ON SCHEMA two FROM reads");
    expect((await refusalOf(planned(reader, "two"))).what).to.contain("may not look into it");
    // Views show what their owner may read, and he may not read the new tables.
    await postgres.sql(
      url,
      `CREATE ROLE owner_2; GRANT USAGE ON SCHEMA one TO owner_2;
       GRANT SELECT ON ALL TABLES IN SCHEMA one TO owner_2; GRANT CREATE ON SCHEMA ${VIEWS} TO owner_2;
       ALTER VIEW ${VIEWS}.balance OWNER TO owner_2`,
    );
    const owner = await refusalOf(planned(await ponderIn(url), "two"));
    expect(owner.code).to.equal("DATABASE_DENIED");
    expect(owner.what).to.contain('"owner_2", who may not read').and.to.contain("balance");
  });

  it("reads rows as text, in one order whatever the schema", async () => {
    const { database } = await ponderIn(url);
    const rows = await ponderRows(database, { schema: "two", table: "balance", limit: 2 });
    expect(rows).to.deep.equal([
      { holder: "holder1", source: "two", value: "1" },
      { holder: "holder2", source: "two", value: "2" },
    ]);
  });
});
