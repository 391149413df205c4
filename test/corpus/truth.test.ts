import { expect } from "chai";

import { useChain } from "../helpers/chain.js";
import { namedFiles } from "./artifacts.js";
import "./authorities.js";
import { awaiting } from "./awaiting.js";
import { deployed, works, type CaseFacts, type Subject } from "./case.js";
import { pinnedPackages } from "./packages.js";
import { protocols } from "./protocols/index.js";
import { Workbench } from "./workbench.js";

/** What is said of each contract is so: found out by calling, without the plugin. */
describe("the corpus", () => {
  for (const protocol of protocols) {
    const { name, cases } = protocol;
    describe(name, () => {
      let subjects: Readonly<Record<string, Subject>> = {};
      const chain = useChain(async (node) => {
        subjects = await deployed(new Workbench(node), protocol);
      });

      for (const [key, { title, paused, verdict }] of Object.entries(cases)) {
        it(title, async () => {
          const bench = new Workbench(chain.node);
          const subject = subjects[key];
          if (subject === undefined) {
            throw new Error(`${key} was not deployed`);
          }
          const { stop, start, probe, attempts = [] } = subject;
          expect(await works(bench, probe), "works as it was deployed").to.equal(paused !== true);
          if (stop === undefined) {
            expect([verdict].flat()[0], "what nothing stops").to.not.be.oneOf([
              "pausable",
              "pausable-elsewhere",
            ]);
            for (const attempt of attempts) {
              await bench.send(attempt).catch(() => undefined);
            }
            expect(await works(bench, probe), "works whatever was tried").to.equal(paused !== true);
            return;
          }
          const where = stop.to === subject.address ? "pausable" : "pausable-elsewhere";
          expect([verdict].flat()[0]).to.equal(where);
          if (paused === true) {
            if (start === undefined) {
              throw new Error("a case that is paused and can be paused has a start");
            }
            await bench.send(start);
            expect(await works(bench, probe), "works when it is started").to.be.true;
          }
          await bench.send(stop);
          expect(await works(bench, probe), "works when it is stopped").to.be.false;
          if (start !== undefined) {
            await bench.send(start);
            expect(await works(bench, probe), "works when it is started again").to.be.true;
          }
        });
      }
    });
  }

  it("has 20 idioms, 8 kinds of proxy, 6 kinds of authority, and lookalikes", () => {
    const facts = protocols.flatMap(({ cases }) => Object.values(cases));
    const kinds = (of: (facts: CaseFacts) => string | null): number =>
      new Set(facts.map(of).filter((kind) => kind !== null)).size;
    expect(kinds(({ idiom }) => idiom)).to.be.at.least(20);
    expect(kinds(({ proxy }) => proxy)).to.be.at.least(8);
    expect(kinds(({ authority }) => authority)).to.be.at.least(6);
    expect(facts.filter(({ idiom }) => idiom === null)).to.have.length.of.at.least(15);
  });

  it("has a title of its own for each case", () => {
    const titles = protocols.flatMap(({ cases }) => Object.values(cases).map(({ title }) => title));
    expect(new Set(titles).size).to.equal(titles.length);
    expect(titles).to.include.members(Object.keys(awaiting));
  });

  it("lists the files that it needs, and no others", () => {
    const listed = pinnedPackages().map(({ name, version, files }) => [
      `${name}@${version}`,
      files,
    ]);
    expect(Object.fromEntries(listed), "run bench/update-corpus.ts").to.deep.equal(namedFiles());
  });
});
