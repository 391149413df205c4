import { expect } from "chai";

import {
  admin,
  deployer,
  owner,
  pauser,
  penniless,
  stranger,
  type TestAccount,
} from "./accounts.js";
import { startNode, type LocalNode, type NodeOptions } from "./anvil.js";
import { createCliProject, type CliOptions, type CliProject } from "./cli.js";
import { createProject, type Project, type ProjectOptions } from "./project.js";
import { startProxy, type NodeProxy } from "./proxy.js";

/** What a test says about its project; the rest follows from the chain. */
export type ProjectWishes = Partial<Omit<ProjectOptions, "accounts">> & {
  readonly accounts?: readonly TestAccount[] | "remote";
};

/** The chain of a test file, its projects, and what is in front of it. */
export interface TestChain {
  readonly node: LocalNode;
  /** A project whose network is this chain; removed after the test. */
  project(wishes?: ProjectWishes): Promise<Project>;
  /** The same, for commands that are typed. */
  cli(wishes?: ProjectWishes & Omit<CliOptions, keyof ProjectOptions>): Promise<CliProject>;
  /** A server in front of the node which can misbehave; stopped after the test. */
  proxy(): Promise<NodeProxy>;
  /** Runs something and proves that it changed neither the chain nor the project's records. */
  nothingWritten<T>(project: Project, run: () => Promise<T>): Promise<T>;
}

/** How a chain is shared. */
export interface ChainOptions extends NodeOptions {
  /** A new one for each test: what waits in a node's pool is not part of a snapshot. */
  readonly ofEachTest?: boolean;
}

/**
 * One chain for all tests of a `describe`: started before them, stopped after them, and between them
 * put back to what it was.
 * @param prepare puts contracts on the chain, once.
 */
export function useChain(
  prepare: (node: LocalNode) => Promise<void> = async () => {
    await Promise.resolve();
  },
  options: ChainOptions = {},
): TestChain {
  let started: LocalNode | undefined;
  let snapshot: unknown;
  const opened: { close: () => Promise<void> }[] = [];
  const node = (): LocalNode => {
    if (started === undefined) {
      throw new Error("the chain is there only while tests run");
    }
    return started;
  };

  function optionsFor({ accounts = [owner], ...others }: ProjectWishes): ProjectOptions {
    return {
      url: node().url,
      chainId: node().chainId,
      ...others,
      accounts: accounts === "remote" ? accounts : accounts.map(({ key }) => key),
    };
  }

  function removedLater<T extends { remove: () => Promise<void> }>(project: T): T {
    opened.push({
      close: async () => {
        await project.remove();
      },
    });
    return project;
  }

  const start = async (): Promise<void> => {
    started = await startNode(options);
    await prepare(started);
  };
  const stop = async (): Promise<void> => {
    await started?.stop();
  };
  if (options.ofEachTest === true) {
    beforeEach(start);
  } else {
    before(start);
    beforeEach(async () => {
      snapshot = await node().request("evm_snapshot");
    });
    after(stop);
  }
  afterEach(async () => {
    await Promise.all(
      opened.splice(0).map(async ({ close }) => {
        await close();
      }),
    );
    await (options.ofEachTest === true ? stop() : node().request("evm_revert", snapshot));
  });

  return {
    get node() {
      return node();
    },
    async project(wishes = {}) {
      return removedLater(await createProject(optionsFor(wishes)));
    },
    async cli(wishes = {}) {
      return removedLater(await createCliProject({ ...wishes, ...optionsFor(wishes) }));
    },
    async proxy() {
      const proxy = await startProxy(node().url);
      opened.push(proxy);
      return proxy;
    },
    async nothingWritten(project, run) {
      const before = { chain: await writtenOn(node()), records: await project.written() };
      const result = await run();
      expect({ chain: await writtenOn(node()), records: await project.written() }).to.deep.equal(
        before,
      );
      return result;
    },
  };
}

/** What changes on a chain when somebody writes: the height, and the accounts' next nonces. */
async function writtenOn(node: LocalNode): Promise<unknown> {
  const accounts = [deployer, owner, admin, pauser, stranger, penniless];
  return await Promise.all([
    node.request("eth_blockNumber"),
    ...accounts.map(
      async ({ address }) => await node.request("eth_getTransactionCount", address, "pending"),
    ),
  ]);
}
