import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "chai";

import { describeWith } from "./describe-services.js";
import { startMoto } from "./moto.js";
import type { S3Server } from "./s3-server.js";
import { startVersitygw } from "./versitygw.js";

/*
 * What the servers do otherwise than S3, so that no test leans on it. Each line is a test below.
 *
 *                                                | S3                    | versitygw                | moto
 * PutObject If-None-Match over a delete marker   | succeeds              | PreconditionFailed       | succeeds
 * PutObject If-Match over a delete marker        | NoSuchKey             | compares with what is    | NoSuchKey
 *                                                |                       | below the marker         |
 * CopyObject, condition on the source            | PreconditionFailed    | PreconditionFailed       | not looked at
 * CopyObject, condition on the destination       | PreconditionFailed    | not looked at            | not looked at
 * CopyObject of the newest version onto itself   | one more version      | edits it in place        | one more version
 * CopyObject of what is deleted                  | NoSuchKey             | copies what is below     | NoSuchKey
 *                                                |                       | the marker               |
 * DeleteObject of a key that never was           | makes a marker        | makes none               | makes none
 * ListObjectVersions in pages                    | each entry once       | an entry may come twice, | each entry once
 *                                                |                       | pages of 1 never end     |
 * Suspended: PutObject, then DeleteObject        | older versions stay   | older versions stay      | all are gone
 * A wrong checksum                               | BadDigest             | BadDigest                | taken
 * A wrong secret                                 | SignatureDoesNotMatch | SignatureDoesNotMatch    | taken
 * Keys "a" and "a/b"                             | both                  | ObjectParentIsFile       | both
 *
 * Besides: versitygw drops encryption and ACLs and has no lifecycle (NotImplemented); it makes of "/a" the key "a",
 * refuses "a/" with bytes in it, and gives "a/" no versions. moto closes every connection, gives everybody every
 * object, and says that it has deleted versions that it never had.
 */
interface Deviations {
  readonly createOverMarker: string;
  readonly replaceOverMarker: string;
  readonly copyIfSource: string;
  readonly versionsAfterCopyOntoItself: number;
  readonly copyOfDeleted: string;
  readonly keptWhileSuspended: number;
  readonly wrongChecksum: string;
  readonly wrongSecret: string;
  readonly fileAndFolder: string;
}

const versitygw: Deviations = {
  createOverMarker: "PreconditionFailed",
  replaceOverMarker: "done",
  copyIfSource: "PreconditionFailed",
  versionsAfterCopyOntoItself: 1,
  copyOfDeleted: "done",
  keptWhileSuspended: 1,
  wrongChecksum: "BadDigest",
  wrongSecret: "SignatureDoesNotMatch",
  fileAndFolder: "ObjectParentIsFile",
};

const moto: Deviations = {
  createOverMarker: "done",
  replaceOverMarker: "NoSuchKey",
  copyIfSource: "done",
  versionsAfterCopyOntoItself: 2,
  copyOfDeleted: "NoSuchKey",
  keptWhileSuspended: 0,
  wrongChecksum: "done",
  wrongSecret: "done",
  fileAndFolder: "done",
};

const servers = [
  ["versitygw", startVersitygw, versitygw],
  ["moto", startMoto, moto],
] as const;

const NO_SUCH_ETAG = `"${"0".repeat(32)}"`;

for (const [tool, start, deviations] of servers) {
  describeWith([tool], `S3 of ${tool}`, () => {
    let server: S3Server;
    let client: S3Client;
    let Bucket: string;

    before(async () => {
      server = await start();
      client = server.client({ maxAttempts: 1 });
    });
    after(async () => {
      await server.stop();
    });
    beforeEach(async () => {
      Bucket = await server.newBucket({ versioning: true });
    });

    async function put(
      Key: string,
      Body: string,
      more: Partial<PutObjectCommandInput> = {},
    ): Promise<{ readonly ETag?: string | undefined; readonly VersionId?: string | undefined }> {
      return await client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
    }

    async function get(Key: string, VersionId?: string): Promise<string> {
      const answer = await client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
      return (await answer.Body?.transformToString()) ?? "";
    }

    async function remove(Key: string, VersionId?: string): Promise<string | undefined> {
      const command = new DeleteObjectCommand({ Bucket, Key, VersionId });
      return (await client.send(command)).VersionId;
    }

    /** All entries, in the order of the listing, each once: "key@version", with "!" for a marker. */
    async function list(MaxKeys = 1000): Promise<readonly string[]> {
      const entries = new Set<string>();
      let KeyMarker: string | undefined;
      let VersionIdMarker: string | undefined;
      do {
        const page = await client.send(
          new ListObjectVersionsCommand({ Bucket, MaxKeys, KeyMarker, VersionIdMarker }),
        );
        for (const { Key, VersionId } of page.Versions ?? []) {
          entries.add(`${Key ?? ""}@${VersionId ?? ""}`);
        }
        for (const { Key, VersionId } of page.DeleteMarkers ?? []) {
          entries.add(`${Key ?? ""}!${VersionId ?? ""}`);
        }
        KeyMarker = page.IsTruncated === true ? page.NextKeyMarker : undefined;
        VersionIdMarker = page.NextVersionIdMarker;
      } while (KeyMarker !== undefined);
      return [...entries];
    }

    it("keeps versions, also those of one second, newest first", async () => {
      const ids: string[] = [];
      for (const body of ["1", "2", "3", "4"]) {
        ids.unshift((await put("k", body)).VersionId ?? "");
      }
      expect(await list()).to.deep.equal(ids.map((id) => `k@${id}`));
      expect(await get("k", ids[3])).to.equal("1");
      expect(await get("k")).to.equal("4");
    });

    it("hides with a marker, and shows again without it", async () => {
      const { VersionId } = await put("k", "1");
      const marker = await remove("k");
      expect(await list()).to.have.members([`k@${VersionId ?? ""}`, `k!${marker ?? ""}`]);
      expect(await outcome(get("k"))).to.equal("NoSuchKey");
      await remove("k", marker);
      expect(await get("k")).to.equal("1");
    });

    it("lists versions in pages, all of them", async () => {
      for (const key of ["a", "b/1", "b/2", "c"]) {
        await put(key, "1");
        await put(key, "2");
        await remove(key);
      }
      const whole = await list();
      expect(whole).to.have.length(12);
      for (const size of [2, 3, 5]) {
        expect(await list(size), `pages of ${size}`).to.have.members([...whole]);
      }
    });

    it("creates only what is not there, replaces only what was seen, one of many at a time", async () => {
      const create = { IfNoneMatch: "*" };
      const first = await put("k", "1", create);
      expect(await outcome(put("k", "2", create))).to.equal("PreconditionFailed");
      expect(await outcome(put("k", "2", { IfMatch: NO_SUCH_ETAG }))).to.equal(
        "PreconditionFailed",
      );
      const racers = Array.from({ length: 8 }, async (_, n) => {
        return await outcome(put("k", `racer ${n}`, { IfMatch: first.ETag }));
      });
      const outcomes = await Promise.all(racers);
      expect(outcomes.filter((name) => name === "done")).to.have.length(1);
      expect(await outcome(put("absent", "1", { IfMatch: first.ETag }))).to.equal("NoSuchKey");
    });

    it("frees a name for If-None-Match when its version is deleted, not always by a marker", async () => {
      const { VersionId, ETag } = await put("lock", "1");
      await remove("lock", VersionId);
      await put("lock", "2", { IfNoneMatch: "*" });
      await remove("lock");
      const again = put("lock", "3", { IfNoneMatch: "*" });
      expect(await outcome(again)).to.equal(deviations.createOverMarker);

      await put("page", "1");
      await remove("page");
      const replaced = put("page", "2", { IfMatch: ETag });
      expect(await outcome(replaced)).to.equal(deviations.replaceOverMarker);
    });

    const page: Partial<PutObjectCommandInput> = {
      ContentType: "text/html",
      CacheControl: "no-cache",
      Metadata: { commit: "abc" },
      Tagging: "a=1",
    };

    async function described(): Promise<readonly unknown[]> {
      const { ContentType, CacheControl, Metadata } = await client.send(
        new HeadObjectCommand({ Bucket, Key: "k" }),
      );
      const tags = await client.send(new GetObjectTaggingCommand({ Bucket, Key: "k" }));
      return [ContentType, CacheControl, Metadata, tags.TagSet];
    }

    it("copies an old version with all that describes it, or with what is given instead", async () => {
      const { VersionId } = await put("k", "old", page);
      await put("k", "new");
      const CopySource = `${Bucket}/k?versionId=${VersionId ?? ""}`;
      await client.send(new CopyObjectCommand({ Bucket, Key: "k", CopySource }));
      expect(await get("k")).to.equal("old");
      const tags = [{ Key: "a", Value: "1" }];
      expect(await described()).to.deep.equal(["text/html", "no-cache", { commit: "abc" }, tags]);

      await client.send(
        new CopyObjectCommand({
          ...{ Bucket, Key: "k", CopySource },
          MetadataDirective: "REPLACE",
          ContentType: "text/plain",
          CacheControl: "max-age=1",
          Metadata: { commit: "def" },
          TaggingDirective: "REPLACE",
          Tagging: "b=2",
        }),
      );
      const given = [{ Key: "b", Value: "2" }];
      expect(await described()).to.deep.equal([
        "text/plain",
        "max-age=1",
        { commit: "def" },
        given,
      ]);
      expect(await list()).to.have.length(4);
    });

    it("looks at conditions of a copy, or does not", async () => {
      await put("k", "1");
      const CopySource = `${Bucket}/k`;
      const copy = { Bucket, Key: "copy", CopySource };
      await client.send(new CopyObjectCommand(copy));
      const source = new CopyObjectCommand({ ...copy, CopySourceIfMatch: NO_SUCH_ETAG });
      expect(await outcome(client.send(source))).to.equal(deviations.copyIfSource);
      const destination = new CopyObjectCommand({ ...copy, IfMatch: NO_SUCH_ETAG });
      expect(await outcome(client.send(destination))).to.equal("done");
    });

    it("copies the newest version onto itself, and what is deleted", async () => {
      const { VersionId } = await put("k", "1");
      await client.send(
        new CopyObjectCommand({
          ...{ Bucket, Key: "k", CopySource: `${Bucket}/k?versionId=${VersionId ?? ""}` },
          MetadataDirective: "REPLACE",
        }),
      );
      expect(await list()).to.have.length(deviations.versionsAfterCopyOntoItself);
      await remove("k");
      const copy = new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/k` });
      expect(await outcome(client.send(copy))).to.equal(deviations.copyOfDeleted);
    });

    it("makes no marker for a key that never was", async () => {
      await remove("never");
      expect(await list()).to.deep.equal([]);
    });

    it("keeps older versions while versioning is suspended, or does not", async () => {
      const { VersionId } = await put("k", "1");
      await client.send(
        new PutBucketVersioningCommand({
          Bucket,
          VersioningConfiguration: { Status: "Suspended" },
        }),
      );
      await put("k", "2");
      expect(await list()).to.include("k@null");
      await remove("k");
      const kept = (await list()).filter((entry) => entry === `k@${VersionId ?? ""}`);
      expect(kept).to.have.length(deviations.keptWhileSuspended);
    });

    it("checks sums and signatures, or does not; has keys as files or as names", async () => {
      const wrong = put("k", "1", { ContentMD5: Buffer.alloc(16).toString("base64") });
      expect(await outcome(wrong)).to.equal(deviations.wrongChecksum);
      const credentials = { ...server.credentials, secretAccessKey: "wrong" };
      const stranger = server.client({ maxAttempts: 1, credentials });
      const asked = stranger.send(new PutObjectCommand({ Bucket, Key: "s", Body: "1" }));
      expect(await outcome(asked)).to.equal(deviations.wrongSecret);
      await put("a", "1");
      expect(await outcome(put("a/b", "2"))).to.equal(deviations.fileAndFolder);
    });
  });
}

/** "done", or the name of the error. */
async function outcome(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "done",
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  );
}
