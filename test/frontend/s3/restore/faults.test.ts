import { expect } from "chai";

import type { Bucket } from "../../../../src/frontend/s3/bucket.js";
import { ModelBucket } from "../../../../src/frontend/s3/restore/model-bucket.js";
import { inSeconds } from "../../../../src/frontend/s3/restore/time.js";
import { entriesOf, expectNothingLost, visibleState } from "./histories.js";
import { performed, planFor, restoreSite, restoreTo, restoreUnrehearsed } from "./restores.js";
import { Killed, killedAt, wrapped, type WrappedBucket } from "./wrapped-buckets.js";

const HTML = { contentType: "text/html" };

/** A site that was deployed twice: objects were added, overwritten, deleted, and given other headers. */
async function twoDeploys() {
  let ms = Date.UTC(2026, 10, 20, 12);
  const now = (): Date => new Date(ms);
  const bucket = new ModelBucket({ versioning: "enabled", now });
  const put = async (key: string, text: string, headers = HTML): Promise<void> => {
    await bucket.put(key, Buffer.from(text), headers);
  };
  await put("index.html", "old page");
  await put("about.html", "about");
  await put("config.json", "{}");
  await put("assets/app-B1f2kQzA.js", "old code");
  await put("assets/lib-C1f2kQzA.js", "old library");
  await put("same.txt", "the same");
  const time = inSeconds(now());
  const state = await visibleState(bucket, "");
  ms += 60_000;
  await put("assets/app-BX9f3kQz.js", "new code");
  await put("index.html", "new page");
  await put("about.html", "about", { contentType: "text/plain" });
  await put("new.html", "a new page");
  await bucket.remove(["assets/app-B1f2kQzA.js", "assets/lib-C1f2kQzA.js"]);
  await bucket.remove(["assets/lib-C1f2kQzA.js"]);
  ms += 60_000;
  return { bucket, now, time, state, before: await visibleState(bucket, "") };
}

/** Somebody who does not care. */
const strangers: Readonly<Record<string, (bucket: Bucket, key: string) => Promise<void>>> = {
  writes: async (bucket, key) => {
    await bucket.put(key, Buffer.from("a stranger was here"), HTML);
  },
  deletes: async (bucket, key) => {
    await bucket.remove([key]);
  },
};

describe("restoring versions under faults", () => {
  for (const when of ["before", "after"] as const) {
    it(`goes on to the right state when killed ${when} any request, with no version too many`, async () => {
      const whole = await twoDeploys();
      await restoreUnrehearsed(
        restoreSite(whole.bucket, "", { now: whole.now }),
        restoreTo({ time: whole.time }),
      );
      const entries = (await entriesOf(whole.bucket, "")).length;

      let wasKilled = true;
      let number = 0;
      while (wasKilled) {
        number++;
        const { bucket, now, time, state, before } = await twoDeploys();
        const request = restoreTo({ time });
        const dying = killedAt(bucket, number, when);
        wasKilled = await restoreUnrehearsed(restoreSite(dying, "", { now }), request).then(
          () => false,
          (error: unknown) => {
            if (error instanceof Killed) {
              return true;
            }
            throw error;
          },
        );
        const story = `killed ${when} request ${number}`;
        const again = await restoreUnrehearsed(restoreSite(bucket, "", { now }), request);
        expect(again.status, story).to.be.oneOf(["done", "already"]);
        expect(await visibleState(bucket, ""), story).to.deep.equal(state);
        expect((await entriesOf(bucket, "")).length, story).to.equal(entries);
        if (again.inverse !== undefined) {
          const undone = await restoreUnrehearsed(restoreSite(bucket, "", { now }), again.inverse);
          expect(undone.status, story).to.equal("done");
          expect(await visibleState(bucket, ""), story).to.deep.equal(before);
        }
      }
      expect(number, "requests").to.be.greaterThan(15);
    });
  }

  for (const ignoresConditions of [false, true]) {
    const server = ignoresConditions ? "a server that heeds no condition" : "S3";
    for (const [deed, stranger] of Object.entries(strangers)) {
      it(`hides nothing that a stranger ${deed} meanwhile, on ${server}`, async () => {
        const keys = [
          "index.html",
          "about.html",
          "assets/app-B1f2kQzA.js",
          "assets/app-BX9f3kQz.js",
          "new.html",
        ];
        for (const key of keys) {
          for (let number = 1, isOver = false; !isOver; number++) {
            const { bucket, now, time } = await twoDeploys();
            const plan = await planFor(restoreSite(bucket, "", { now }), restoreTo({ time }));
            let theirs: string | undefined;
            let lastListing = 0;
            const before = async (request: number, method: string): Promise<void> => {
              lastListing = method === "listVersions" ? request : lastListing;
              if (request === number) {
                await stranger(bucket, key);
                theirs = (await visibleState(bucket, ""))[key];
              }
            };
            const shared: WrappedBucket = wrapped(bucket, { before, ignoresConditions });
            const entries = await entriesOf(bucket, "");
            const { failure, outcomes } = await performed(restoreSite(shared, "", { now }), plan);
            isOver = number > shared.requests();
            const story = `${key}, at request ${number}: ${failure?.code ?? outcomes[0]?.status ?? ""}`;
            if (isOver) {
              expect(outcomes[0]?.status).to.equal("done");
            } else {
              expect((await visibleState(bucket, ""))[key], story).to.equal(theirs);
              expectNothingLost(entries, await entriesOf(bucket, ""));
              expect(failure?.code ?? outcomes[0]?.status, story).to.be.oneOf([
                "PRIOR_STATE_CHANGED",
                "not-verified",
                // Deleting what is deleted, or is about to be, changes nothing, and nobody sees what comes last.
                ...(deed === "deletes" || number > lastListing ? ["done"] : []),
              ]);
            }
          }
        }
      });
    }
  }
});
