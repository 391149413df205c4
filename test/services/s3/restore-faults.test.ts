import { expect } from "chai";

import { each } from "../../../src/frontend/each.js";
import { openBucket } from "../../../src/frontend/s3/aws-bucket.js";
import type { Bucket, ObjectHeaders } from "../../../src/frontend/s3/bucket.js";
import { inSeconds } from "../../../src/frontend/s3/restore/time.js";
import { entriesOf, visibleState } from "../../frontend/s3/restore/histories.js";
import { restoreSite, restoreTo, restoreUnrehearsed } from "../../frontend/s3/restore/restores.js";
import { until } from "../../helpers/anvil.js";
import { useCredentials } from "../frontend/bucket-sites.js";
import { describeWith } from "../servers/describe-services.js";
import { startFaultyProxy, type FaultyProxy } from "../servers/faulty-proxy.js";
import { startMoto } from "../servers/moto.js";
import type { S3Server } from "../servers/s3-server.js";
import { startVersitygw } from "../servers/versitygw.js";

const HTML: ObjectHeaders = { contentType: "text/html", cacheControl: "no-cache" };

/** More requests than a restore of the small site takes. */
const MOST_REQUESTS = 45;

/** A site that was deployed twice, in a bucket of its own. */
interface TwoDeploys {
  readonly name: string;
  readonly bucket: Bucket;
  readonly state: Record<string, string>;
  readonly before: Record<string, string>;
}

/** How many requests are tried: moto takes ten times as long for each. */
for (const [tool, start, every] of [
  ["versitygw", startVersitygw, 1],
  ["moto", startMoto, 3],
] as const) {
  describeWith([tool], `restoring versions on ${tool} under faults`, () => {
    let server: S3Server;
    let proxy: FaultyProxy;

    before(async () => {
      server = await start();
      proxy = await startFaultyProxy(server.endpoint);
    });
    after(async () => {
      await proxy.stop();
      await server.stop();
    });
    useCredentials(() => server);

    async function secondIsOver(): Promise<string> {
      const second = inSeconds(new Date());
      await until("the second is over", () => inSeconds(new Date()) !== second);
      return second;
    }

    /** So many sites that were deployed twice, and the time between. */
    async function sites(count: number): Promise<{ time: string; sites: readonly TwoDeploys[] }> {
      const access = { endpoint: server.endpoint };
      const buckets = await each(Array.from({ length: count }), 8, async () => {
        const name = await server.newBucket({ versioning: true });
        const bucket = await openBucket({ bucket: name, access });
        await bucket.put("assets/app-B1f2kQzA.js", Buffer.from("old code"), {});
        await bucket.put("index.html", Buffer.from("old page"), HTML, undefined, { team: "web" });
        await bucket.put("about.html", Buffer.from("about"), HTML);
        return { name, bucket, state: await visibleState(bucket, "") };
      });
      const time = await secondIsOver();
      const deployed = await each(buckets, 8, async ({ name, bucket, state }) => {
        await bucket.put("assets/app-BX9f3kQz.js", Buffer.from("new code"), {});
        await bucket.put("index.html", Buffer.from("new page"), HTML);
        await bucket.put("about.html", Buffer.from("about"), { contentType: "text/plain" });
        await bucket.remove(["assets/app-B1f2kQzA.js"]);
        return { name, bucket, state, before: await visibleState(bucket, "") };
      });
      await secondIsOver();
      return { time, sites: deployed };
    }

    it("goes on to the right state when it is killed at any request", async function () {
      this.timeout(600_000);
      const { time, sites: all } = await sites(MOST_REQUESTS / every + 1);
      const [whole] = all;
      const request = restoreTo({ time });
      expect(whole).not.to.equal(undefined);
      const { bucket: first } = whole ?? { bucket: undefined };
      if (first === undefined) {
        return;
      }
      await restoreUnrehearsed(restoreSite(first), request);
      const entries = (await entriesOf(first, "")).length;

      let isOver = false;
      for (const [index, { name, bucket, state, before }] of all.slice(1).entries()) {
        // Half of them are killed before the server sees the request, half before the answer is back.
        const number = index * every + 1;
        const when = index % 2 === 0 ? "before" : "after";
        proxy.forget();
        const drop = () => "drop" as const;
        for (let left = number; left <= number + MOST_REQUESTS; left++) {
          proxy.onRequest(left, left === number ? { [when]: drop } : { before: drop });
        }
        process.env.AWS_MAX_ATTEMPTS = "1";
        const dying = await openBucket({ bucket: name, access: { endpoint: proxy.url } });
        const killed = await restoreUnrehearsed(restoreSite(dying), request).then(
          ({ status }) => status,
          (error: unknown) => String(error),
        );
        Reflect.deleteProperty(process.env, "AWS_MAX_ATTEMPTS");
        isOver = proxy.requests.length < number;

        const story = `killed ${when} request ${number}: ${killed}`;
        const again = await restoreUnrehearsed(restoreSite(bucket), request);
        expect(again.status, story).to.be.oneOf(["done", "already"]);
        expect(await visibleState(bucket, ""), story).to.deep.equal(state);
        expect((await entriesOf(bucket, "")).length, story).to.equal(entries);
        if (again.inverse !== undefined) {
          const undone = await restoreUnrehearsed(restoreSite(bucket), again.inverse);
          expect(undone.status, story).to.equal("done");
          expect(await visibleState(bucket, ""), story).to.deep.equal(before);
        }
      }
      expect(isOver, "every request was tried").to.equal(true);
    });

    it("needs no second command when answers get lost, or the server is busy", async function () {
      this.timeout(600_000);
      const { time, sites: all } = await sites(MOST_REQUESTS / every);
      for (const [index, { name, state }] of all.entries()) {
        proxy.forget();
        const number = index * every + 1;
        proxy.fail(
          {},
          index % 3 === 0
            ? { kind: "answer", status: 503, code: "SlowDown" }
            : { kind: "lose-answer" },
          { skip: number - 1 },
        );
        const bucket = await openBucket({ bucket: name, access: { endpoint: proxy.url } });
        const { status, result } = await restoreUnrehearsed(
          restoreSite(bucket),
          restoreTo({ time }),
        );
        expect(status, `request ${number}: ${result.failure?.what ?? ""}`).to.equal("done");
        expect(await visibleState(bucket, "")).to.deep.equal(state);
      }
    });
  });
}
