import { expect } from "chai";
import { AbiCoder } from "ethers";

import type { Address } from "../../../src/chain/address.js";
import { authorityTree, type AuthorityNode } from "../../../src/chain/authority/tree.js";
import { reach } from "../../../src/chain/authority/reach.js";
import { ERC1967Proxy, minimalProxy } from "../../corpus/protocols/shared.js";
import { Workbench } from "../../corpus/workbench.js";
import { admin, deployer, owner } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { nodeChain } from "../../helpers/node-chain.js";
import { latest, treeOf } from "./trees.js";

/** Nothing hostile may take longer, even on a busy machine. */
const BOUND_MS = 20_000;

const abi = AbiCoder.defaultAbiCoder();

/** How many nodes a tree has, and how deep it is. */
function sizeOf(node: AuthorityNode): { readonly nodes: number; readonly depth: number } {
  const below = node.members.map(sizeOf);
  return {
    nodes: below.reduce((sum, { nodes }) => sum + nodes, 1),
    depth: Math.max(0, ...below.map(({ depth }) => depth)) + 1,
  };
}

describe("the authority tree of hostile contracts", () => {
  const chain = useChain();
  const bench = (): Workbench => new Workbench(chain.node);
  let started: number;
  beforeEach(() => {
    started = performance.now();
  });
  afterEach(() => {
    expect(performance.now() - started).to.be.lessThan(BOUND_MS);
  });

  const JUNK: readonly (readonly [string, string])[] = [
    ["an address", abi.encode(["address"], [owner.address])],
    ["nothing but ones", `0x${"ff".repeat(32)}`],
    ["a list that points behind its end", abi.encode(["uint256", "uint256"], [32, 10n ** 30n])],
    ["half a word", `0x${"01".repeat(16)}`],
    ["a list of lists", abi.encode(["address[]"], [[owner.address, admin.address]])],
    ["nothing", "0x"],
  ];
  for (const [title, answer] of JUNK) {
    it(`that answer everything with ${title} give nobody a power`, async () => {
      const { address } = await bench().deployOwn("AnswersAnything", [answer]);
      const node = await treeOf(chain.node.url, address);
      expect(node.kind).to.equal("contract");
      expect(node.unknown).to.not.deep.equal([]);
      expect(reach(node, [owner.address, admin.address])).to.include({ now: false });
      expect(sizeOf(node).nodes).to.be.lessThan(50);
    });
  }

  for (const name of ["AnswersTooMuch", "NeverAnswers"]) {
    it(`${name}, behind a proxy that hides which functions it has`, async () => {
      const work = bench();
      const contract = await work.deployOwn(name);
      const proxy = await minimalProxy(work, contract);
      const node = await treeOf(chain.node.url, proxy.address);
      expect(node.kind).to.equal("contract");
    });
  }

  it("do not spoil the answers of honest ones beside them", async () => {
    const work = bench();
    const bomb = await minimalProxy(work, await work.deployOwn("AnswersTooMuch"));
    const owned = await work.deployOwn("TwoStepOwned", [owner.address]);
    const [first, second] = await authorityTree(
      nodeChain(chain.node.url),
      await latest(chain.node),
      [
        { address: bomb.address, via: "a test" },
        { address: owned.address, via: "a test" },
      ],
    );
    expect(first?.kind).to.equal("contract");
    expect(second?.kind).to.equal("ownable");
    expect(second?.members[0]?.address).to.equal(owner.address);
  });

  it("that form a chain end at a bound, and say so", async () => {
    const work = bench();
    let last: Address = owner.address;
    for (let length = 0; length < 12; length++) {
      last = (await work.deployOwn("TwoStepOwned", [last])).address;
    }
    const node = await treeOf(chain.node.url, last);
    expect(sizeOf(node).depth).to.equal(9);
    expect(JSON.stringify(node)).to.contain("too deep or too wide");
  });

  it("that form a circle end where it closes", async () => {
    const work = bench();
    const first = await work.deployOwn("TwoRulers", [owner.address, admin.address]);
    const second = await work.deployOwn("TwoRulers", [first.address, first.address]);
    await first.send(owner, "setGovernance", second.address);
    const node = await treeOf(chain.node.url, first.address);
    expect(sizeOf(node).nodes).to.be.lessThan(8);
    expect(node.members[0]?.members[0]).to.include({ address: first.address, shownAbove: true });
    expect(reach(node, [owner.address])).to.include({ now: false });
  });

  it("that name hundreds are cut off, and say so", async () => {
    const { address } = await bench().deployOwn("NamesMany", [400]);
    const node = await treeOf(chain.node.url, address);
    expect(node.members).to.have.lengthOf(50);
    expect(node.unknown.join()).to.contain("more members, who are not looked at");
    expect(node.unknown.join()).to.contain("only the first 200 of 400 grants");
  });

  it("that have a proxy of themselves", async () => {
    const work = bench();
    const owned = await work.deployOwn("TwoStepOwned", [owner.address]);
    const proxy = await work.deploy(ERC1967Proxy, [owned.address, "0x"]);
    const slot = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
    const word = `0x${proxy.address.slice(2).padStart(64, "0")}`;
    await chain.node.request("hardhat_setStorageAt", proxy.address, slot, word);
    const node = await treeOf(chain.node.url, proxy.address);
    expect(node.kind).to.equal("contract");
  });

  it("and a node that answers nothing is the node's fault", async () => {
    const proxy = await chain.proxy();
    proxy.answerBy(() => ({ status: 200, body: "<html>" }));
    const block = await latest(chain.node);
    const failed = await authorityTree(nodeChain(proxy.url), block, [
      { address: deployer.address, via: "a test" },
    ]).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).to.have.property("code", "RPC_INVALID");
  });

  it("takes few round trips: three for a level of contracts, one for people", async () => {
    const work = bench();
    const owners = [owner.address, admin.address];
    const wallets = await Promise.all(
      owners.map(async (each) => (await work.deployOwn("TwoStepOwned", [each])).address),
    );
    const node = nodeChain(chain.node.url);
    await authorityTree(
      node,
      await latest(chain.node),
      wallets.map((address) => ({ address, via: "a test" })),
    );
    expect(node.batches).to.have.lengthOf(3);
  });
});
