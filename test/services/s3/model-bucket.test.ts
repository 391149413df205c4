import { expect } from "chai";
import fc from "fast-check";

import { each } from "../../../src/frontend/each.js";
import { openBucket } from "../../../src/frontend/s3/aws-bucket.js";
import { ConditionFailed, type Bucket } from "../../../src/frontend/s3/bucket.js";
import { ModelBucket } from "../../../src/frontend/s3/restore/model-bucket.js";
import { canonicalJson } from "../../../src/json.js";
import { useCredentials } from "../frontend/bucket-sites.js";
import { describeWith } from "../servers/describe-services.js";
import { startMoto } from "../servers/moto.js";
import type { S3Server } from "../servers/s3-server.js";
import { startVersitygw } from "../servers/versitygw.js";

/**
 * What is done to both buckets. Left out is what the servers do otherwise than S3, which s3-servers.test.ts
 * names: conditions over markers and of copies, and deleting a key that never was.
 */
type Act =
  | {
      readonly type: "put";
      readonly key: string;
      readonly body: string;
      readonly language: string;
      readonly tags: Readonly<Record<string, string>>;
    }
  /** With a condition that holds, or that does not. */
  | { readonly type: "replace"; readonly key: string; readonly isSeen: boolean }
  | { readonly type: "delete"; readonly key: string }
  /** Of the version that is so far down. */
  | { readonly type: "copy"; readonly key: string; readonly depth: number; readonly to: string }
  | { readonly type: "take-marker-away"; readonly key: string; readonly which: number };

/** A type, because the SDK would send one of its own. */
const PLAIN = { contentType: "text/plain" };

const key = fc.constantFrom("a.txt", "b c+d%20é.txt", "日/本.html");

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    type: fc.constant("put" as const),
    key,
    body: fc.constantFrom("one", "two"),
    language: fc.constantFrom("de", "en"),
    tags: fc.constantFrom<Readonly<Record<string, string>>>({}, { team: "web" }, { "a b": "c/d" }),
  }),
  fc.record({ type: fc.constant("replace" as const), key, isSeen: fc.boolean() }),
  fc.record({ type: fc.constant("delete" as const), key }),
  fc.record({ type: fc.constant("copy" as const), key, depth: fc.nat({ max: 2 }), to: key }),
  fc.record({ type: fc.constant("take-marker-away" as const), key, which: fc.nat({ max: 1 }) }),
);

/** Does it, and says how it ended. */
async function perform(bucket: Bucket, one: Act): Promise<string> {
  const history = (await bucket.listVersions(one.key)).filter((entry) => entry.key === one.key);
  const [newest] = history;
  switch (one.type) {
    case "put": {
      const headers = {
        contentType: "text/plain; charset=utf-8",
        cacheControl: "no-cache",
        contentLanguage: one.language,
        metadata: { by: "alice" },
      };
      const stored = await bucket.put(one.key, Buffer.from(one.body), headers, undefined, one.tags);
      return `put ${stored.etag}`;
    }
    case "replace": {
      if (newest?.isMarker !== false) {
        return "nothing to replace";
      }
      const ifMatch = one.isSeen ? newest.etag : "0".repeat(32);
      // The port takes a write that finds its own bytes there for one whose answer got lost.
      const body = Buffer.from(one.isSeen ? "three" : "never there");
      try {
        const { etag } = await bucket.put(one.key, body, PLAIN, { ifMatch });
        return `replaced ${etag}`;
      } catch (error) {
        return error instanceof ConditionFailed ? `not what it was: ${error.key}` : String(error);
      }
    }
    case "delete":
      if (newest === undefined) {
        return "never there";
      }
      await bucket.remove([one.key]);
      return "deleted";
    case "copy": {
      const from = history.filter(({ isMarker }) => !isMarker)[one.depth];
      // Onto itself, versitygw edits the newest version in place.
      if (from === undefined || (from.isLatest && one.to === one.key)) {
        return "nothing to copy";
      }
      const { etag } = await bucket.copy({ key: one.key, versionId: from.versionId }, one.to);
      return `copied ${etag}`;
    }
    case "take-marker-away": {
      const marker = history.filter(({ isMarker }) => isMarker)[one.which];
      if (marker === undefined) {
        return "no marker";
      }
      await bucket.removeMarkers([marker]);
      return "taken away";
    }
  }
}

/** All that a bucket holds, without ids and times. */
async function contentOf(bucket: Bucket): Promise<readonly string[]> {
  const listing = await bucket.listVersions("");
  const entries = await Promise.all(
    listing.map(async (entry) => {
      const { isMarker, isLatest, etag, size, versionId } = entry;
      const content = isMarker ? undefined : await bucket.get(entry);
      // versitygw does not know the tags of the version "null".
      const tags = isMarker || versionId === "null" ? {} : await bucket.tags(entry);
      const kind = isMarker ? "marker" : "version";
      const named = versionId === "null" ? " null" : "";
      const said = canonicalJson({ ...content?.headers });
      const bytes = content?.bytes.toString("utf8") ?? "";
      return `${entry.key} ${kind}${named} ${isLatest} ${etag} ${size} ${bytes} ${said} ${canonicalJson(tags)}`;
    }),
  );
  const visible = await bucket.list("");
  return [...entries, ...visible.map((object) => `visible ${object.key} ${object.etag}`)];
}

for (const [tool, start, canSuspend] of [
  ["versitygw", startVersitygw, true],
  // moto forgets older versions when something is deleted while versioning is suspended.
  ["moto", startMoto, false],
] as const) {
  describeWith([tool], `the model of a bucket, and ${tool}`, () => {
    let server: S3Server;

    before(async () => {
      server = await start();
    });
    after(async () => {
      await server.stop();
    });
    useCredentials(() => server);

    async function pair() {
      const name = await server.newBucket({ versioning: true });
      const real = await openBucket({ bucket: name, access: { endpoint: server.endpoint } });
      const model = new ModelBucket({ versioning: "enabled", now: () => new Date() });
      return { name, real, model };
    }

    it("do the same, whatever is done to them", async function () {
      this.timeout(300_000);
      const stories = fc.sample(fc.array(act, { minLength: 4, maxLength: 14 }), {
        numRuns: 60,
        seed: 5,
      });
      await each(stories, 8, async (acts) => {
        const { real, model } = await pair();
        const story = JSON.stringify(acts);
        for (const one of acts) {
          const [wanted, got] = [await perform(model, one), await perform(real, one)];
          expect(got, story).to.equal(wanted);
        }
        expect(await contentOf(real), story).to.deep.equal(await contentOf(model));
      });
    });

    if (canSuspend) {
      it("replace the version null while versions are not kept, and nothing else", async () => {
        const { name, real, model } = await pair();
        const { PutBucketVersioningCommand } = await import("@aws-sdk/client-s3");
        const client = server.client();
        for (const bucket of [real, model]) {
          await bucket.put("k", Buffer.from("1"), PLAIN);
          await bucket.put("l", Buffer.from("1"), PLAIN);
        }
        await client.send(
          new PutBucketVersioningCommand({
            Bucket: name,
            VersioningConfiguration: { Status: "Suspended" },
          }),
        );
        model.setVersioning("suspended");
        for (const bucket of [real, model]) {
          expect(await bucket.versioning()).to.equal("suspended");
          await bucket.put("k", Buffer.from("2"), PLAIN);
          await bucket.put("k", Buffer.from("3"), PLAIN);
          await bucket.remove(["l"]);
        }
        expect(await contentOf(real)).to.deep.equal(await contentOf(model));
        expect(
          (await model.listVersions("k")).map(({ versionId }) => versionId === "null"),
        ).to.deep.equal([true, false]);
      });
    }
  });
}
