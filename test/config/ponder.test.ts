import { expect } from "chai";

import { ponder } from "../../src/config/indexers/ponder-schema.js";
import { resolveIndexer } from "../../src/config/indexers/resolve.js";
import { indexer } from "../../src/config/indexers/schema.js";

const DATABASE = "postgresql://u:p@host/app";

describe("the configuration of a Ponder app", () => {
  it("has a secret connection string, and defaults", async () => {
    const variable = { _type: "ConfigurationVariable", name: "PONDER_DATABASE" };
    expect(ponder.safeParse({ database: variable, views: "api" }).success).to.equal(true);
    const url = "https://next.example/";
    expect(ponder.safeParse({ database: DATABASE, views: "api", url }).success).to.equal(true);
    const resolved = resolveIndexer({ ponder: { database: DATABASE, views: "api", url } }).ponder;
    expect(resolved).to.include({ views: "api", url: "https://next.example", maxBehind: 5 });
    expect(await resolved?.database.get()).to.equal(DATABASE);
    expect(JSON.stringify(resolved)).not.to.contain(DATABASE);
  });

  it("may stand beside a workload, and says what it lacks", () => {
    const app = { database: DATABASE, views: "api" };
    expect(indexer.safeParse({ ponder: app, kubernetes: { name: "api" } }).success).to.equal(true);
    const bad = [
      {},
      { database: DATABASE },
      { ...app, views: "" },
      { ...app, views: "x".repeat(46) },
      { ...app, url: "next.example" },
      { ...app, maxBehind: -1 },
      { ...app, schema: "one" },
    ];
    for (const one of bad) {
      expect(ponder.safeParse(one).success, JSON.stringify(one)).to.equal(false);
    }
  });
});
