import { expect } from "chai";

import type { Address } from "../../../src/chain/address.js";
import { protocols } from "../../corpus/protocols/index.js";
import { Workbench } from "../../corpus/workbench.js";
import { admin, owner, pauser } from "../../helpers/accounts.js";
import type { LocalNode } from "../../helpers/anvil.js";
import { useChain } from "../../helpers/chain.js";
import { deploy, deployTransparent, deployUups } from "../../helpers/contracts.js";
import type { ProxyRequest } from "../../helpers/proxy.js";
import { listOf, onlyDocument } from "../../helpers/refusal.js";

/** The limit: batches of JSON-RPC before experiments. */
const MOST_BATCHES = 3;

/** What a simulator asks when a fork is opened, and nothing else asks alone. */
const OPENING: readonly string[] = ["eth_chainId", "eth_blockNumber", "net_version"];

function opensFork({ methods }: ProxyRequest): boolean {
  return methods.every((method) => OPENING.includes(method));
}

type Create = (node: LocalNode) => Promise<Address>;

const contracts: Readonly<Record<string, Create>> = {
  "a token": async (node) => await deploy(node, "OwnablePausable", [owner.address]),
  "a token with roles": async (node) =>
    await deploy(node, "RolePausable", [admin.address, pauser.address]),
  "a contract under an access manager": async (node) =>
    await deploy(node, "ManagedPausable", [await deploy(node, "AccessManager", [admin.address])]),
  "a transparent proxy": async (node) =>
    (
      await deployTransparent(
        node,
        "Marketplace",
        "initialize",
        [admin.address, admin.address, pauser.address],
        admin,
      )
    ).proxy,
  "a UUPS proxy": async (node) =>
    (await deployUups(node, "UupsVaultV1", "initialize", [owner.address])).proxy,
  "a beacon proxy": async (node) => {
    const implementation = await deploy(node, "OwnablePausable", [owner.address]);
    const beacon = await deploy(node, "UpgradeableBeacon", [implementation, owner.address]);
    return await deploy(node, "BeaconProxy", [beacon, "0x5c975abb"]);
  },
  "a clone": async (node) => {
    const implementation = await deploy(node, "OwnablePausable", [owner.address]);
    const code = `0x363d3d373d3d3d363d73${implementation.slice(2)}5af43d82803e903d91602b57fd5bf3`;
    const address: Address = "0xc0de000000000000000000000000000000000001";
    await node.request("hardhat_setCode", address, code);
    return address;
  },
  "a diamond": async (node) =>
    await deploy(node, "PlainDiamond", [
      [await deploy(node, "UupsVaultV1"), await deploy(node, "OwnablePausable", [owner.address])],
      [["0x8456cb59", "0x3f4ba83a", "0x5c975abb"], ["0x8da5cb5b"]],
    ]),
  "an Aave pool, whose pause is three contracts away": async (node) => {
    const aave = protocols.find(({ name }) => name === "Aave v3");
    const subjects = await aave?.deploy(new Workbench(node));
    const pool = subjects?.pool?.address;
    if (pool === undefined) {
      throw new Error("the corpus has no Aave v3 pool");
    }
    return pool;
  },
};

describe("how often a node is asked about a contract before experiments", () => {
  const chain = useChain();

  /** What the node was asked before the fork was opened, and what was found out. */
  async function batchesBeforeFork(
    asked: readonly Address[],
  ): Promise<{ readonly batches: readonly ProxyRequest[]; readonly found: number }> {
    const proxy = await chain.proxy();
    const project = await chain.project({ url: proxy.url });
    const outcome = await project.run("verify-pausable", {
      contract: asked.join(","),
      json: true,
    });
    const opening = proxy.requests.findIndex(opensFork);
    expect(opening, "a fork was opened").to.be.greaterThan(0);
    const reports = listOf(onlyDocument(outcome), "contracts");
    return {
      batches: proxy.requests.slice(0, opening),
      found: reports.filter((report) => listOf(report, "mechanisms").length > 0).length,
    };
  }

  for (const [title, create] of Object.entries(contracts)) {
    it(`is at most ${MOST_BATCHES} times for ${title}`, async () => {
      const { batches, found } = await batchesBeforeFork([await create(chain.node)]);
      expect(batches.length).to.be.at.most(MOST_BATCHES);
      expect(found).to.equal(1);
    });
  }

  it(`is at most ${MOST_BATCHES} times for all of them together`, async () => {
    const addresses: Address[] = [];
    for (const create of Object.values(contracts)) {
      addresses.push(await create(chain.node));
    }
    const { batches, found } = await batchesBeforeFork(addresses);
    expect(batches.length).to.be.at.most(MOST_BATCHES);
    expect(found).to.equal(addresses.length);
  });
});
