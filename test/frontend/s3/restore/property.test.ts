import { expect } from "chai";
import fc from "fast-check";

import { EmergencyError } from "../../../../src/errors.js";
import { ModelBucket } from "../../../../src/frontend/s3/restore/model-bucket.js";
import { inSeconds } from "../../../../src/frontend/s3/restore/time.js";
import {
  entriesOf,
  expectNothingLost,
  happen,
  histories,
  visibleState,
  type History,
} from "./histories.js";
import { restore, restoreSite, restoreTo } from "./restores.js";

/** A bucket with a clock of its own, in which one second lasts as long as a test wants. */
function clockedBucket() {
  let ms = Date.UTC(2026, 10, 20, 12);
  const now = (): Date => new Date(ms);
  return {
    bucket: new ModelBucket({ versioning: "enabled", now }),
    now,
    /** The next second begins. @returns the one that is over. */
    tick: () => {
      const over = inSeconds(now());
      ms += 1000;
      return over;
    },
  };
}

type World = ReturnType<typeof clockedBucket>;

/** Lets a history happen, and gives what was visible at the end of each phase, and when that was. */
async function live({ bucket, tick }: World, { phases, goal }: History) {
  const ends: { readonly time: string; readonly state: Record<string, string> }[] = [];
  for (const [phase, events] of phases.entries()) {
    for (const event of events) {
      const end = ends[goal];
      await happen(bucket, "", event, end === undefined ? undefined : new Date(end.time));
    }
    ends[phase] = { time: tick(), state: await visibleState(bucket, "") };
  }
  return ends;
}

async function refusal(run: Promise<unknown>): Promise<string> {
  try {
    await run;
    return "none";
  } catch (error) {
    if (error instanceof EmergencyError) {
      return error.code;
    }
    throw error;
  }
}

describe("restoring versions", () => {
  it("makes visible what was, and its inverse what was before it, and loses no version", async () => {
    await fc.assert(
      fc.asyncProperty(histories(3, 6), async (history) => {
        const world = clockedBucket();
        const { bucket, now, tick } = world;
        const site = restoreSite(bucket, "", { now });
        const ends = await live(world, history);
        const { time, state } = ends[history.goal] ?? { time: "", state: {} };
        const [before, entries] = [await visibleState(bucket, ""), await entriesOf(bucket, "")];
        const request = restoreTo({ time });
        if (Object.keys(state).length === 0) {
          expect(await refusal(restore(site, request))).to.equal("BAD_ARGUMENTS");
          return;
        }

        const { status, inverse } = await restore(site, request);
        expect(status).to.be.oneOf(["done", "already"]);
        expect(await visibleState(bucket, "")).to.deep.equal(state);
        expectNothingLost(entries, await entriesOf(bucket, ""));
        tick();

        const after = await entriesOf(bucket, "");
        expect((await restore(site, request)).status).to.equal("already");
        expect(await entriesOf(bucket, "")).to.deep.equal(after);

        if (inverse !== undefined) {
          expect((await restore(site, inverse)).status).to.equal("done");
          expect(await visibleState(bucket, "")).to.deep.equal(before);
          expectNothingLost(after, await entriesOf(bucket, ""));
        }
      }),
      { numRuns: 1500 },
    );
  });

  it("knows what was visible also where earlier restores have taken markers away", async () => {
    const phase = fc.nat({ max: 9 });
    const plans = fc.record({
      history: histories(3, 5),
      restores: fc.array(phase, { minLength: 1, maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(plans, async ({ history, restores }) => {
        const world = clockedBucket();
        const { bucket, now, tick } = world;
        const site = restoreSite(bucket, "", { now });
        // Nobody but us takes markers away.
        const phases = history.phases.map((events) =>
          events.filter(({ type }) => type !== "undelete"),
        );
        const ends = await live(world, { ...history, phases });
        for (const wish of restores) {
          const { time, state } = ends[wish % ends.length] ?? { time: "", state: {} };
          if (Object.keys(state).length > 0) {
            await restore(site, restoreTo({ time }));
            expect(await visibleState(bucket, "")).to.deep.equal(state);
            ends.push({ time: tick(), state });
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
