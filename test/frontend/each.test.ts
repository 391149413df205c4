import { expect } from "chai";

import { each } from "../../src/frontend/each.js";

describe("work on every item", () => {
  it("gives the results in the order of the items, and does no more at a time than it may", async () => {
    let now = 0;
    let most = 0;
    const results = await each([3, 1, 2], 2, async (item) => {
      most = Math.max(most, ++now);
      for (let turn = 0; turn < item; turn++) {
        await Promise.resolve();
      }
      now--;
      return item * 10;
    });
    expect(results).to.deep.equal([30, 10, 20]);
    expect(most).to.equal(2);
  });

  it("is over when it fails: nothing is begun any more, and nothing is under way", async () => {
    const begun: number[] = [];
    let ended = 0;
    const thrown: unknown = await each([1, 2, 3, 4, 5, 6], 3, async (item) => {
      begun.push(item);
      await Promise.resolve();
      ended++;
      if (item === 1) {
        throw new Error("the first");
      }
      await Promise.resolve();
    }).catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(Error).with.property("message", "the first");
    expect(begun).to.deep.equal([1, 2, 3]);
    expect(ended).to.equal(3);
  });
});
