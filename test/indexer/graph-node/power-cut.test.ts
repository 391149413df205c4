import { expect } from "chai";

import { createCliProject, type CliProject, type Finished } from "../../helpers/cli.js";
import { hashFor } from "./model.js";
import {
  startGraphNode,
  SUBGRAPH,
  TOKEN,
  type GraphNodeStandIn,
  type Interface,
} from "./stand-in.js";

const OLD = hashFor("old");

describe("a typed rewind whose process is killed", () => {
  let node: GraphNodeStandIn;
  let project: CliProject;
  beforeEach(async () => {
    node = await startGraphNode();
    node.model.add(SUBGRAPH, OLD);
    project = await createCliProject({
      url: "http://127.0.0.1:9",
      chainId: 1,
      accounts: [],
      emergency: { indexers: { market: { graphNode: node.config, waitSeconds: 20 } } },
    });
  });
  afterEach(async () => {
    await project.remove();
    await node.stop();
  });

  const moments: readonly Interface[] = ["control", "graphman"];
  for (const moment of moments) {
    it(`ends as it should when it is typed again (killed at its request to ${moment})`, async () => {
      const args = ["indexer", "rewind", "--block", "9000", "--yes"];
      const first = project.start(args);
      let killed: Promise<Finished> | undefined;
      node.trouble = ({ to }) => {
        if (to === moment) {
          killed ??= first.kill();
        }
        return undefined;
      };
      await first.finished;
      expect(killed, "it was killed").not.to.equal(undefined);
      const again = await project.run(args);
      expect(again.exitCode, again.stderr).to.equal(0);
      expect(node.model.deployments.get(OLD)).to.include({
        paused: false,
        running: true,
        rewoundTo: 9_000,
      });
      expect(node.model.violations).to.deep.equal([]);
      expect(node.refusals).to.deep.equal([]);
      const shown = [again, await first.finished].map(({ stdout, stderr }) => stdout + stderr);
      expect(shown.join("")).not.to.contain(TOKEN);
    });
  }
});
