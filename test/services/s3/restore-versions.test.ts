import {
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  RestoreObjectCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";

import { openBucket, type BucketOptions } from "../../../src/frontend/s3/aws-bucket.js";
import type { Bucket } from "../../../src/frontend/s3/bucket.js";
import { openRetention } from "../../../src/frontend/s3/lifecycle.js";
import { inSeconds } from "../../../src/frontend/s3/restore/time.js";
import { entriesOf, visibleState } from "../../frontend/s3/restore/histories.js";
import { restore, restoreSite, restoreTo } from "../../frontend/s3/restore/restores.js";
import { until } from "../../helpers/anvil.js";
import { useCredentials } from "../frontend/bucket-sites.js";
import { describeWith } from "../servers/describe-services.js";
import { startMoto } from "../servers/moto.js";
import type { S3Server } from "../servers/s3-server.js";
import { startVersitygw } from "../servers/versitygw.js";

/** The least that S3 takes as a part, but for the last one. */
const PART = 5 * 1024 ** 2;

const HEADERS = {
  contentType: "text/html; charset=utf-8",
  cacheControl: "no-cache",
  contentLanguage: "de",
  metadata: { commit: "c0ffee" },
};

for (const [tool, start] of [
  ["versitygw", startVersitygw],
  ["moto", startMoto],
] as const) {
  describeWith([tool], `older versions on ${tool}`, () => {
    let server: S3Server;
    let name: string;

    before(async () => {
      server = await start();
    });
    after(async () => {
      await server.stop();
    });
    useCredentials(() => server);
    beforeEach(async () => {
      name = await server.newBucket({ versioning: true });
    });

    async function open(options: Partial<BucketOptions> = {}): Promise<Bucket> {
      return await openBucket({ bucket: name, access: { endpoint: server.endpoint }, ...options });
    }

    async function secondIsOver(): Promise<string> {
      const second = inSeconds(new Date());
      await until("the second is over", () => inSeconds(new Date()) !== second);
      return second;
    }

    it("are found behind pages that hold only markers", async () => {
      const bucket = await open({ pageSize: 2 });
      await bucket.put("a.html", Buffer.from("1"), HEADERS);
      await bucket.put("z.html", Buffer.from("1"), HEADERS);
      const state = await visibleState(bucket, "");
      const time = await secondIsOver();
      for (let count = 0; count < 9; count++) {
        await bucket.remove(["a.html"]);
      }
      await secondIsOver();
      const markers = (await entriesOf(bucket, "")).filter(({ isMarker }) => isMarker);
      expect(markers).to.have.lengthOf(9);
      expect((await restore(restoreSite(bucket), restoreTo({ time }))).status).to.equal("done");
      expect(await visibleState(bucket, "")).to.deep.equal(state);
      expect((await entriesOf(bucket, "")).map(({ isMarker }) => isMarker)).to.deep.equal([
        false,
        false,
      ]);
    });

    it("keep headers and tags when they are too large to be copied at once", async () => {
      const bucket = await open({ copyInPartsAbove: PART });
      const bytes = Buffer.alloc(PART + 1000, "large ");
      await bucket.put("video.html", bytes, HEADERS, undefined, { team: "a b" });
      const time = await secondIsOver();
      await bucket.put("video.html", Buffer.from("small"), {});
      await secondIsOver();
      const site = restoreSite(bucket);
      expect((await restore(site, restoreTo({ time }))).status).to.equal("done");
      const now = await bucket.get({ key: "video.html" });
      expect(now?.bytes.equals(bytes)).to.equal(true);
      expect(now?.headers).to.include({ contentLanguage: "de", cacheControl: "no-cache" });
      expect(now?.headers.metadata).to.deep.equal({ commit: "c0ffee" });
      expect(await bucket.tags({ key: "video.html" })).to.deep.equal({ team: "a b" });
      // The copy has another ETag than the original.
      const count = (await entriesOf(bucket, "")).length;
      expect((await restore(site, restoreTo({ time }))).status).to.equal("already");
      expect((await entriesOf(bucket, "")).length).to.equal(count);
    });

    it("have no rules where nobody has made any", async () => {
      const options = { bucket: name, access: { endpoint: server.endpoint } };
      expect(await openRetention(options).rules()).to.deep.equal([]);
    });
  });
}

describeWith(["moto"], "what a bucket does with older versions, on moto", () => {
  let server: S3Server;

  before(async () => {
    server = await startMoto();
  });
  after(async () => {
    await server.stop();
  });
  useCredentials(() => server);

  it("is read from its lifecycle", async () => {
    const Bucket = await server.newBucket({ versioning: true });
    await server.client().send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: {
          Rules: [
            {
              ID: "old",
              Status: "Enabled",
              Filter: { Prefix: "web/" },
              // moto forgets NewerNoncurrentVersions.
              NoncurrentVersionExpiration: { NoncurrentDays: 30 },
            },
            {
              ID: "tagged",
              Status: "Enabled",
              Filter: { And: { Prefix: "logs/", Tags: [{ Key: "a", Value: "b" }] } },
              Expiration: { Days: 10 },
            },
            { ID: "off", Status: "Disabled", Filter: {}, Expiration: { Days: 1 } },
          ],
        },
      }),
    );
    const retention = openRetention({ bucket: Bucket, access: { endpoint: server.endpoint } });
    expect(await retention.rules()).to.deep.equal([
      {
        id: "old",
        prefix: "web/",
        isPartial: false,
        noncurrent: { days: 30, kept: 0 },
        current: null,
      },
      { id: "tagged", prefix: "logs/", isPartial: true, noncurrent: null, current: { days: 10 } },
    ]);
  });

  it("tells what lies in an archive, until it was fetched from there", async () => {
    const Bucket = await server.newBucket({ versioning: true });
    const client = server.client();
    const { VersionId } = await client.send(
      new PutObjectCommand({ Bucket, Key: "a b.html", Body: "1", StorageClass: "GLACIER" }),
    );
    const options = { bucket: Bucket, access: { endpoint: server.endpoint } };
    const retention = openRetention(options);
    const [version] = await (await openBucket(options)).listVersions("");
    expect(version).to.include({ storageClass: "GLACIER", versionId: VersionId });
    expect(version && (await retention.isReadable(version))).to.equal(false);
    await client.send(
      new RestoreObjectCommand({
        Bucket,
        Key: "a b.html",
        VersionId,
        RestoreRequest: { Days: 7 },
      }),
    );
    expect(version && (await retention.isReadable(version))).to.equal(true);
  });
});
