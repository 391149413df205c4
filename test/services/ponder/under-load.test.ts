import { expect } from "chai";

import { describeWith } from "../servers/describe-services.js";
import { startPostgres, type Postgres } from "../servers/postgres.js";
import { makeDeployment } from "./made-deployment.js";
import { ponderIn, promoted, VIEWS } from "./promoting.js";
import { startReaders, type Questions } from "./readers.js";

/** How often the views are moved to and fro. */
const MOVES = 8;

const QUESTIONS: Questions = {
  whole: `SELECT (SELECT value->>'build_id' FROM ${VIEWS}._ponder_meta) AS build, min(source) AS what,
    count(*)::int AS rows FROM ${VIEWS}.balance`,
  part: `SELECT DISTINCT source AS what FROM ${VIEWS}.balance`,
  right: { "build-one": "one", "build-two": "two" },
};

describeWith(["postgres"], "Readers while the views are moved", () => {
  let postgres: Postgres;

  before(async () => {
    postgres = await startPostgres();
  });
  after(async () => {
    await postgres.stop();
  });

  it(`see no error, no empty table and never two deployments at once, in ${MOVES} moves`, async () => {
    const url = await postgres.database();
    await makeDeployment(postgres, url, { schema: "one" });
    await makeDeployment(postgres, url, { schema: "two" });
    const ponder = await ponderIn(url, { waitMs: 60_000 });
    await promoted(ponder, "one");
    const load = startReaders(url, QUESTIONS);
    for (let move = 0; move < MOVES; move += 1) {
      await promoted(ponder, move % 2 === 0 ? "two" : "one");
      await load.round();
    }
    const { errors, wrong, seen, reads } = await load.stop();
    expect({ errors, wrong }).to.deep.equal({ errors: [], wrong: [] });
    expect(Object.keys(seen).sort()).to.deep.equal(["build-one", "build-two"]);
    expect(reads).to.be.greaterThan(MOVES * 8);
  }).timeout(120_000);

  it("see no error either when a view has to be made anew", async () => {
    const url = await postgres.database();
    await makeDeployment(postgres, url, { schema: "one", kinds: ["a"] });
    await makeDeployment(postgres, url, { schema: "two", kinds: ["a", "b"] });
    const ponder = await ponderIn(url, { waitMs: 60_000 });
    await promoted(ponder, "one");
    const load = startReaders(url, QUESTIONS);
    for (const schema of ["two", "one", "two"]) {
      await promoted(ponder, schema);
      await load.round();
    }
    const { errors, wrong } = await load.stop();
    expect({ errors, wrong }).to.deep.equal({ errors: [], wrong: [] });
  }).timeout(60_000);
});
