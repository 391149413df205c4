import { expect } from "chai";
import { Client } from "pg";

import { describeWith } from "./describe-services.js";
import { startPostgres } from "./postgres.js";

describeWith(["postgres"], "Postgres", () => {
  it("starts with a password that has to be encoded, and makes databases and roles", async () => {
    const postgres = await startPostgres();
    try {
      const url = await postgres.database();
      await postgres.sql(url, "CREATE ROLE reader LOGIN PASSWORD 'secret'; CREATE TABLE a (b int)");
      const client = new Client({ connectionString: postgres.as(url, "reader", "secret") });
      await client.connect();
      const { rows } = await client.query("SELECT current_user, current_database()");
      expect(rows).to.deep.equal([{ current_user: "reader", current_database: "test_1" }]);
      await client.end();
    } finally {
      await postgres.stop();
    }
  });
});
