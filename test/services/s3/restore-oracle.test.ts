import { expect } from "chai";
import fc from "fast-check";

import { EmergencyError } from "../../../src/errors.js";
import { each } from "../../../src/frontend/each.js";
import { openBucket } from "../../../src/frontend/s3/aws-bucket.js";
import type { Bucket } from "../../../src/frontend/s3/bucket.js";
import { inSeconds } from "../../../src/frontend/s3/restore/time.js";
import {
  entriesOf,
  expectNothingLost,
  happen,
  histories,
  visibleState,
  type History,
} from "../../frontend/s3/restore/histories.js";
import { restoreUnrehearsed, restoreSite, restoreTo } from "../../frontend/s3/restore/restores.js";
import { until } from "../../helpers/anvil.js";
import { useCredentials } from "../frontend/bucket-sites.js";
import { describeWith } from "../servers/describe-services.js";
import { startMoto } from "../servers/moto.js";
import type { S3Server } from "../servers/s3-server.js";
import { startVersitygw } from "../servers/versitygw.js";

const HISTORIES = 200;

/** Histories that go on at the same time: more would only wait for each other. */
const AT_A_TIME = 12;

/** Entries in a page of a listing, in one history of ten each. versitygw never ends with pages of one. */
const PAGES = [2, 3, 5];

/** A history in a bucket. */
interface Case {
  readonly history: History;
  readonly bucket: Bucket;
  readonly prefix: string;
  /** What was visible at the end of the phase that is restored. */
  wanted: Record<string, string>;
}

for (const [tool, start] of [
  ["versitygw", startVersitygw],
  ["moto", startMoto],
] as const) {
  describeWith([tool], `restoring versions on ${tool}`, () => {
    let server: S3Server;

    before(async () => {
      server = await start();
    });
    after(async () => {
      await server.stop();
    });
    useCredentials(() => server);

    it(`makes visible what was, and its inverse what was before, in ${HISTORIES} histories`, async function () {
      // Some 15,000 requests, of which moto answers a few hundred a second.
      this.timeout(600_000);
      const access = { endpoint: server.endpoint };
      const all = fc.sample(histories(3, 5), { numRuns: HISTORIES, seed: 20_261_120 });
      const cases = await each([...all.entries()], AT_A_TIME, async ([index, history]) => {
        // A bucket of its own for each: moto copies all that a bucket holds with every listing of it.
        const name = await server.newBucket({ versioning: true });
        const pageSize = PAGES[index % 10];
        const bucket = await openBucket({ bucket: name, access, pageSize });
        const one: Case = {
          history,
          bucket,
          prefix: index % 2 === 0 ? "" : "the site/",
          wanted: {},
        };
        return one;
      });

      // All histories have the same seconds: what happens in one phase happens in a second or two.
      const times: string[] = [];
      for (const phase of [0, 1, 2]) {
        await each(cases, AT_A_TIME, async (one) => {
          const { history, bucket, prefix } = one;
          const end = times[history.goal];
          for (const event of history.phases[phase] ?? []) {
            await happen(bucket, prefix, event, end === undefined ? undefined : new Date(end));
          }
          if (phase === history.goal) {
            one.wanted = await visibleState(bucket, prefix);
          }
        });
        times.push(inSeconds(new Date()));
        await until("the second is over", () => inSeconds(new Date()) !== times.at(-1));
      }

      let restored = 0;
      await each(cases, AT_A_TIME, async ({ history, bucket, prefix, wanted }) => {
        const site = restoreSite(bucket, prefix);
        const request = restoreTo({ time: times[history.goal] ?? "" });
        const story = JSON.stringify(history);
        const [before, entries] = [
          await visibleState(bucket, prefix),
          await entriesOf(bucket, prefix),
        ];
        if (Object.keys(wanted).length === 0) {
          expect(await refusal(restoreUnrehearsed(site, request)), story).to.equal("BAD_ARGUMENTS");
          return;
        }
        const { status, inverse } = await restoreUnrehearsed(site, request);
        expect(status, story).to.be.oneOf(["done", "already"]);
        expect(await visibleState(bucket, prefix), story).to.deep.equal(wanted);
        expectNothingLost(entries, await entriesOf(bucket, prefix));
        if (inverse !== undefined) {
          restored++;
          expect((await restoreUnrehearsed(site, inverse)).status, story).to.equal("done");
          expect(await visibleState(bucket, prefix), story).to.deep.equal(before);
        }
      });
      expect(restored, "histories in which there was something to restore").to.be.greaterThan(100);
    });
  });
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
