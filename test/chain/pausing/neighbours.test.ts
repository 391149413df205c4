import { expect } from "chai";

import { sameAddress, type Address } from "../../../src/chain/address.js";
import type { Exercise } from "../../../src/chain/experiments/exercise.js";
import type { Laboratory } from "../../../src/chain/experiments/laboratory.js";
import { inspectContract } from "../../../src/chain/inspection/contract.js";
import { functionsOf } from "../../../src/chain/inspection/functions.js";
import { neighboursOf } from "../../../src/chain/pausing/neighbours.js";
import { exercise, subjectOf, type Subject } from "../../../src/chain/pausing/subject.js";
import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { deploy, deployUups, execute } from "../../helpers/contracts.js";
import { useLaboratories } from "../../helpers/laboratory.js";

describe("a contract under examination", () => {
  const chain = useChain();
  const laboratories = useLaboratories(chain);

  async function examine(address: Address): Promise<{
    readonly laboratory: Laboratory;
    readonly subject: Subject;
    readonly exercises: readonly Exercise[];
  }> {
    const laboratory = await laboratories.open();
    const { contract } = await inspectContract(laboratory.fork, address);
    const functions = await functionsOf(contract, new Map());
    const named = { label: address, address };
    const subject = await subjectOf(laboratory, named, contract, functions, [deployer.address], []);
    return { laboratory, subject, exercises: await exercise(laboratory, subject) };
  }

  async function neighbours(address: Address): Promise<readonly Address[]> {
    const { laboratory, subject, exercises } = await examine(address);
    return await neighboursOf(laboratory, subject, exercises);
  }

  describe("its neighbours", () => {
    it("are those whom its functions ask", async () => {
      const doorkeeper = await deploy(chain.node, "Doorkeeper", [owner.address]);
      const visitor = await deploy(chain.node, "Visitor", [doorkeeper]);
      expect(await neighbours(visitor)).to.deep.equal([doorkeeper]);
    });

    it("are those whom its restricted functions obey", async () => {
      const boss = await deploy(chain.node, "Boss", [owner.address]);
      const hidden = await deploy(chain.node, "Servant", [boss]);
      expect(await neighbours(hidden)).to.deep.equal([boss]);
    });

    it("are no people, and not the contract itself", async () => {
      const address = await deploy(chain.node, "OwnablePausable", [owner.address]);
      expect(await neighbours(address)).to.deep.equal([]);
      const configurator = await deploy(chain.node, "Reserves", [owner.address]);
      expect(await neighbours(configurator)).to.deep.equal([]);
    });

    it("are nearer the more often they are met", async () => {
      const { proxy: coin } = await deployUups(chain.node, "Coin", "initialize", [
        deployer.address,
      ]);
      const router = await deploy(chain.node, "EffectRouter");
      const shop = await deploy(chain.node, "EffectShop", [owner.address, coin, router]);
      await execute(chain.node, { name: "Coin", address: coin }, "mint", [shop, 10n]);
      const { laboratory, subject, exercises } = await examine(shop);
      const calling = (address: Address): readonly Exercise[] =>
        exercises.filter(({ before }) => before.frames.some(({ to }) => sameAddress(to, address)));
      for (const nearest of [coin, router]) {
        expect(calling(nearest)).not.to.be.empty;
        const often = Array.from({ length: 9 }, () => calling(nearest)).flat();
        const found = await neighboursOf(laboratory, subject, [...exercises, ...often]);
        expect(found).to.have.members([coin, router]);
        expect(found[0]).to.equal(nearest);
      }
    });
  });

  describe("its people", () => {
    it("are its users, a stranger, and whoever was given a power", async () => {
      const address = await deploy(chain.node, "RolePausable", [admin.address, pauser.address]);
      await execute(chain.node, { name: "RolePausable", address }, "work", [], stranger);
      const { subject } = await examine(address);
      expect(subject.cast.actors.map(({ who }) => who).slice(-1)).to.deep.equal(["a stranger"]);
      const users = subject.cast.actors.filter(({ who }) => who === "a user");
      expect(users.map((actor) => actor.address)).to.include(stranger.address);
      // Nobody is both: who holds a power and uses it is a user.
      const names = users.map((actor) => actor.address);
      expect(subject.cast.officers).to.include(pauser.address);
      expect(subject.cast.officers.filter((officer) => names.includes(officer))).to.deep.equal([]);
    });

    it("make real calls again before any are made up", async () => {
      const address = await deploy(chain.node, "RolePausable", [admin.address, pauser.address]);
      await execute(chain.node, { name: "RolePausable", address }, "work", [], stranger);
      const { exercises, subject } = await examine(address);
      expect(subject.recorded).not.to.be.empty;
      const origins = exercises.map(({ origin }) => origin);
      expect(origins.filter((origin) => origin.includes("replayed"))).to.have.length(1);
      const selectors = exercises.map(({ fn }) => fn.selector);
      expect(new Set(selectors).size).to.equal(selectors.length);
    });
  });
});
