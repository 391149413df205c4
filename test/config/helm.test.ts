import { expect } from "chai";

import { resolveIndexer } from "../../src/config/indexers/resolve.js";
import { indexer } from "../../src/config/indexers/schema.js";

describe("A Helm release in the configuration", () => {
  it("is where its workload is, unless it says otherwise", () => {
    const kubernetes = { name: "api", namespace: "market", context: "prod", kubeconfig: "k.yaml" };
    const place = { namespace: "market", context: "prod", kubeconfig: "k.yaml" };
    expect(resolveIndexer({ kubernetes, helm: { release: "web" } }).helm).to.deep.equal({
      ...{ release: "web", program: "helm", ...place },
    });
    const own = { release: "web", program: "bin/helm", namespace: "other", context: "test" };
    expect(resolveIndexer({ kubernetes, helm: own }).helm).to.deep.equal({
      ...own,
      kubeconfig: "k.yaml",
    });
    expect(resolveIndexer({ kubernetes }).helm).to.equal(undefined);
  });

  it("may stand alone, and has a name that Helm takes", () => {
    expect(indexer.safeParse({ helm: { release: "api" } }).success).to.equal(true);
    for (const release of ["", "API", "-api", "a".repeat(54)]) {
      expect(indexer.safeParse({ helm: { release } }).success, release).to.equal(false);
    }
    expect(indexer.safeParse({ helm: { release: "api", driver: "sql" } }).success).to.equal(false);
  });
});
