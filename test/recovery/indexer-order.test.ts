import { expect } from "chai";

import { resolveIndexer } from "../../src/config/indexers/resolve.js";
import type { EmergencyIndexerUserConfig } from "../../src/config/types.js";
import { inDependencyOrder, type IndexerWork } from "../../src/recovery/indexer-order.js";
import type { StepRequest } from "../../src/step.js";

type Settings = Pick<EmergencyIndexerUserConfig, "dependsOn" | "writes">;

const INDEXERS: Readonly<Record<string, Settings>> = {
  web: { dependsOn: ["api"] },
  api: { dependsOn: ["cache"] },
  cache: { dependsOn: ["sync"] },
  sync: { writes: true },
  audit: { writes: true, dependsOn: ["sync"] },
  docs: {},
};

function config(name: string): ReturnType<typeof resolveIndexer> {
  const settings = INDEXERS[name];
  if (settings === undefined) {
    throw new Error(`no ${name}`);
  }
  return resolveIndexer({ kubernetes: { name }, ...settings });
}

function step(what: string, name: string): StepRequest {
  return { id: `${what} ${name}`, kind: what, intent: { indexer: name } };
}

const rollBack = (name: string): IndexerWork => ({ main: [step("roll back", name)] });

function order(
  names: readonly string[],
  work: (name: string) => IndexerWork = rollBack,
  stopWriters = true,
): readonly string[] {
  return inDependencyOrder(names, config, work, stopWriters).map(({ id, after = [] }) =>
    after.length === 0 ? id : `${id} < ${after.join(", ")}`,
  );
}

describe("The order of several indexers", () => {
  it("is that of what they depend on, and those that do not wait for each other stand alone", () => {
    expect(order(["web", "docs", "api"])).to.deep.equal([
      "roll back api",
      "roll back web < roll back api",
      "roll back docs",
    ]);
  });

  it("goes through indexers that the command is not about", () => {
    expect(order(["api", "sync"]).at(-1)).to.equal("roll back api < stop sync, start sync");
  });

  it("stops writers before anything is changed, those that stand on others first, and starts them after", () => {
    expect(order(["docs", "audit", "sync", "api"])).to.deep.equal([
      "stop audit",
      "stop sync < stop audit",
      "roll back docs < stop sync",
      "roll back sync < stop sync",
      "start sync < roll back sync",
      "roll back audit < stop sync, start sync",
      "start audit < roll back audit",
      "roll back api < stop sync, start sync",
    ]);
  });

  it("starts writers that an earlier run has stopped, even where nothing is left to change", () => {
    expect(order(["sync"], rollBack, false)).to.deep.equal([
      "roll back sync",
      "start sync < roll back sync",
    ]);
  });

  it("lets owners know before the first stop, and take up again at the end", () => {
    const work = (name: string): IndexerWork => ({
      first: [step("suspend", name)],
      main: [step("configure", name), step("roll back", name)],
      last: [step("resume", name)],
    });
    expect(order(["sync", "api"], work)).to.deep.equal([
      "suspend sync",
      "suspend api < suspend sync",
      "stop sync < suspend api",
      "configure sync < stop sync",
      "roll back sync < configure sync",
      "start sync < roll back sync",
      "resume sync < start sync",
      "configure api < stop sync, resume sync",
      "roll back api < configure api",
      "resume api < roll back api",
    ]);
  });

  it("stops nobody for what is itself a stop or a start, and stops those first that stand on others", () => {
    const going = (way: "up" | "down") =>
      order(["api", "web", "sync"], (name) => ({ ...rollBack(name), order: way }));
    expect(going("up")).to.deep.equal([
      "roll back sync",
      "roll back api < roll back sync",
      "roll back web < roll back sync, roll back api",
    ]);
    expect(going("down")).to.deep.equal([
      "roll back web",
      "roll back api < roll back web",
      "roll back sync < roll back web, roll back api",
    ]);
  });
});
