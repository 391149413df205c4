import type * as S3 from "@aws-sdk/client-s3";

import { EmergencyError } from "../../errors.js";
import { isRecord } from "../../json.js";
import { attempts, awsClientConfig, type AwsAccess } from "../aws.js";
import { guardSecrets } from "../aws-credentials.js";
import { awsError, awsErrorName, awsStatus } from "../aws-error.js";
import { each } from "../each.js";
import { retries } from "../retries.js";
import {
  bare,
  cannedAcl,
  conditions,
  described,
  listed,
  named,
  stored,
  tagQuery,
  versionIn,
  versionOf,
} from "./aws-shapes.js";
import {
  ConditionFailed,
  type Bucket,
  type Condition,
  type CopySource,
  type Described,
  type ListedObject,
  type ListedVersion,
  type ObjectHeaders,
  type Stored,
  type VersionOf,
} from "./bucket.js";
import { inOrder, inTimeOrder, markersInOrder, type OrderedPage } from "./version-order.js";

/** How a bucket is reached and what is written into it. */
export interface BucketOptions {
  readonly bucket: string;
  readonly access: AwsAccess;
  /** The bucket's name in the path instead of in the host; default: where there is an endpoint. */
  readonly forcePathStyle?: boolean | undefined;
  readonly encryption?: "AES256" | { readonly kmsKeyId: string } | undefined;
  /** A canned ACL. */
  readonly acl?: string | undefined;
  /** What begins so is nobody's business but ours, and gets no ACL. */
  readonly ownPrefix?: string | undefined;
  /** For tests: how many entries a page of a listing has at most; default: as the server likes. */
  readonly pageSize?: number | undefined;
  /** For tests: from how many bytes on a copy is made in parts. */
  readonly copyInPartsAbove?: number | undefined;
  /** For tests: from how many bytes on a file is uploaded in parts. */
  readonly uploadInPartsAbove?: number | undefined;
}

/** Requests to a bucket at the same time. S3 itself takes 3,500 writes a second for each prefix. */
export const REQUESTS_AT_A_TIME = 64;

/** The most that one copy request takes: 5 GB, as the S3 API reference says of CopyObject. */
const COPY_AT_ONCE = 5 * 1024 ** 3;

/** Parts of a copy: 10,000 of them are more than the largest object (5 TB) needs. */
const COPY_PART = 1024 ** 3;

/** Beyond this, an upload goes in parts, so that a cut connection costs one part and not all. */
const UPLOAD_IN_PARTS_ABOVE = 32 * 1024 ** 2;

/** The most keys that one DeleteObjects request takes. */
const MOST_DELETED = 1000;

/** Opens a bucket; nothing is asked of it yet. */
export async function openBucket(options: BucketOptions): Promise<Bucket> {
  const { sdk, client, endpoint } = await openClient(options);
  return new AwsBucket(sdk, client, options, endpoint);
}

/** A client for a bucket, for what goes beyond the port. */
export async function openClient(options: Pick<BucketOptions, "access" | "forcePathStyle">) {
  const sdk = await import("@aws-sdk/client-s3");
  const { requestHandler, ...config } = awsClientConfig(options.access);
  const endpoint =
    options.access.endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const sockets = { maxSockets: REQUESTS_AT_A_TIME, keepAlive: true };
  const client = new sdk.S3Client({
    ...config,
    ...(config.region === undefined && endpoint !== undefined ? { region: "us-east-1" } : {}),
    forcePathStyle: options.forcePathStyle ?? endpoint !== undefined,
    // A bucket in another region than the one that is configured is found all the same.
    followRegionRedirects: endpoint === undefined,
    retryStrategy: retries(attempts()),
    requestHandler: { ...requestHandler, httpAgent: sockets, httpsAgent: sockets },
    // What each kind of request goes through is put together once, not for each of thousands.
    cacheMiddleware: true,
  });
  // It describes each request and answer in full, for a logger that nobody has given.
  client.middlewareStack.remove("loggerMiddleware");
  return { sdk, client: guardSecrets(client), endpoint };
}

class AwsBucket implements Bucket {
  readonly name: string;
  readonly place: string;
  readonly #sdk: typeof S3;
  readonly #client: S3.S3Client;
  readonly #options: BucketOptions;
  readonly #endpoint: string | undefined;
  #skewSeconds = 0;

  constructor(
    sdk: typeof S3,
    client: S3.S3Client,
    options: BucketOptions,
    endpoint: string | undefined,
  ) {
    this.#sdk = sdk;
    this.#client = client;
    this.#options = options;
    this.#endpoint = endpoint;
    this.name = options.bucket;
    this.place = `s3://${options.bucket}`;
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        this.#lookAtClock(result.response);
        return result;
      },
      { step: "deserialize", name: "lookAtClock", priority: "low" },
    );
  }

  async list(prefix: string): Promise<readonly ListedObject[]> {
    const objects: ListedObject[] = [];
    let next: string | undefined;
    do {
      const page = await this.#asked("listing", "s3:ListBucket", async () =>
        this.#client.send(
          new this.#sdk.ListObjectsV2Command({
            Bucket: this.name,
            Prefix: prefix,
            ...this.#pageSize(),
            ...(next === undefined ? {} : { ContinuationToken: next }),
          }),
        ),
      );
      for (const { Key, ETag, Size, LastModified } of page.Contents ?? []) {
        objects.push({
          key: Key ?? "",
          etag: bare(ETag),
          size: Size ?? 0,
          modified: LastModified ?? new Date(0),
        });
      }
      next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (next !== undefined);
    return objects;
  }

  async listVersions(prefix: string): Promise<readonly ListedVersion[]> {
    const { entries, doubtful } = await this.#versionsBelow(prefix, this.#pageSize());
    if (doubtful.size === 0) {
      return entries;
    }
    // Pages of one entry cannot be out of order.
    const histories = await each([...doubtful], REQUESTS_AT_A_TIME, async (key) => {
      const listed = entries.filter((entry) => entry.key === key);
      const { entries: below } = await this.#versionsBelow(key, { MaxKeys: 1 }, listed.length);
      const ids = new Set(listed.map(({ versionId }) => versionId));
      const single = below.filter((entry) => entry.key === key && ids.has(entry.versionId));
      return [key, single.length === listed.length ? single : listed] as const;
    });
    const ordered = new Map(histories);
    const isFirst = (entry: ListedVersion, index: number): boolean =>
      entries[index - 1]?.key !== entry.key;
    return entries.flatMap((entry, index) => {
      const history = ordered.get(entry.key);
      return history === undefined ? [entry] : isFirst(entry, index) ? history : [];
    });
  }

  /**
   * The versions and markers of keys that begin with a prefix, page by page.
   * @param most after so many, the rest does not matter.
   */
  async #versionsBelow(
    prefix: string,
    size: { readonly MaxKeys?: number },
    most = Number.POSITIVE_INFINITY,
  ): Promise<OrderedPage> {
    const all: ListedVersion[] = [];
    const doubtful = new Set<string>();
    const seen = new Set<string>();
    let after: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } | undefined = {};
    while (after !== undefined) {
      const command: S3.ListObjectVersionsCommand = new this.#sdk.ListObjectVersionsCommand({
        Bucket: this.name,
        Prefix: prefix,
        ...size,
        ...after,
      });
      let order: readonly boolean[] = [];
      command.middlewareStack.add(
        (send) => async (args) => {
          const result = await send(args);
          order = markersInOrder(await bodyOf(result.response));
          return result;
        },
        { step: "deserialize", name: "keepOrder", priority: "low" },
      );
      const page: S3.ListObjectVersionsCommandOutput = await this.#asked(
        "listing the versions of",
        "s3:ListBucketVersions",
        // With options, because what was put together before would not look at the order.
        async () => await this.#client.send(command, {}),
      );
      const sorted = inOrder(
        order,
        (page.Versions ?? []).map((version) => ({
          ...listed(version),
          isMarker: false,
          etag: bare(version.ETag),
          size: version.Size ?? 0,
          storageClass: version.StorageClass,
        })),
        (page.DeleteMarkers ?? []).map((marker) => ({
          ...listed(marker),
          isMarker: true,
          etag: "",
          size: 0,
        })),
      );
      if (sorted === undefined) {
        throw new EmergencyError(
          "AWS_REFUSED",
          `the listing of the versions in ${this.place} cannot be understood`,
          "type the same command again; if it stays so, the server does not speak S3 well enough",
        );
      }
      // Some servers begin a page with the entry that ended the one before.
      const fresh = sorted.filter(({ key, versionId }) => !seen.has(`${versionId} ${key}`));
      for (const { key, versionId } of fresh) {
        seen.add(`${versionId} ${key}`);
      }
      const ordered = inTimeOrder(fresh);
      all.push(...ordered.entries);
      for (const key of ordered.doubtful) {
        doubtful.add(key);
      }
      const { NextKeyMarker, NextVersionIdMarker } = page;
      after =
        page.IsTruncated === true &&
        NextKeyMarker !== undefined &&
        fresh.length > 0 &&
        all.length < most
          ? {
              KeyMarker: NextKeyMarker,
              ...(NextVersionIdMarker === undefined || NextVersionIdMarker === ""
                ? {}
                : { VersionIdMarker: NextVersionIdMarker }),
            }
          : undefined;
    }
    return { entries: all, doubtful };
  }

  async versioning(): Promise<"enabled" | "suspended" | "never" | "unknown"> {
    try {
      const { Status } = await this.#client.send(
        new this.#sdk.GetBucketVersioningCommand({ Bucket: this.name }),
      );
      return Status === "Enabled" ? "enabled" : Status === "Suspended" ? "suspended" : "never";
    } catch (error) {
      const refusal = this.#error(error, "asking for the versioning of", "s3:GetBucketVersioning");
      // A server that keeps no versions may not even know the question.
      if (refusal.code === "AWS_DENIED" || awsErrorName(error) === "NotImplemented") {
        return "unknown";
      }
      throw refusal;
    }
  }

  async get(object: VersionOf): Promise<(Described & { readonly bytes: Buffer }) | undefined> {
    return await this.#ifThere(object, "reading", "s3:GetObject", async () => {
      const answer = await this.#client.send(
        new this.#sdk.GetObjectCommand({ Bucket: this.name, ...versionOf(object) }),
      );
      const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
      return { ...described(answer), bytes: Buffer.from(bytes) };
    });
  }

  async head(object: VersionOf): Promise<Described | undefined> {
    return await this.#ifThere(object, "looking at", "s3:GetObject", async () =>
      described(
        await this.#client.send(
          new this.#sdk.HeadObjectCommand({ Bucket: this.name, ...versionOf(object) }),
        ),
      ),
    );
  }

  async put(
    key: string,
    bytes: Buffer,
    headers: ObjectHeaders,
    condition?: Condition,
    tags?: Readonly<Record<string, string>>,
  ): Promise<Stored> {
    const input = {
      Bucket: this.name,
      Key: key,
      Body: bytes,
      ...named(headers),
      ...this.#protection(key),
      ...(tags === undefined ? {} : { Tagging: tagQuery(tags) }),
      ...conditions(condition),
    };
    return await this.#write(key, "writing", "s3:PutObject", condition, bytes, async () => {
      if (bytes.length <= (this.#options.uploadInPartsAbove ?? UPLOAD_IN_PARTS_ABOVE)) {
        return stored(await this.#client.send(new this.#sdk.PutObjectCommand(input)));
      }
      const { Upload } = await import("@aws-sdk/lib-storage");
      return stored(await new Upload({ client: this.#client, params: input }).done());
    });
  }

  async copy(
    from: CopySource,
    key: string,
    headers?: ObjectHeaders,
    tags?: Readonly<Record<string, string>>,
    condition?: Condition,
  ): Promise<Stored> {
    const original = from.known ?? (await this.head(from));
    if (original === undefined) {
      throw new EmergencyError(
        "BROKEN_RELEASE",
        `${this.place}/${from.key}${from.versionId === undefined ? "" : ` (version ${from.versionId})`} is not there any more`,
        "npx hardhat frontend releases",
      );
    }
    const version =
      from.versionId === undefined ? "" : `?versionId=${encodeURIComponent(from.versionId)}`;
    const input = {
      Bucket: this.name,
      Key: key,
      CopySource: `${this.name}/${from.key.split("/").map(encodeURIComponent).join("/")}${version}`,
      CopySourceIfMatch: `"${original.etag}"`,
    };
    const limit = this.#options.copyInPartsAbove ?? COPY_AT_ONCE;
    if (original.size > limit) {
      return await this.#copyInParts(input, original.size, from, headers, tags, condition);
    }
    return await this.#write(key, "copying to", "s3:PutObject", condition, undefined, async () => {
      const answer = await this.#client.send(
        new this.#sdk.CopyObjectCommand({
          ...input,
          ...this.#protection(key),
          ...conditions(condition),
          ...(headers === undefined
            ? { MetadataDirective: "COPY" }
            : { MetadataDirective: "REPLACE", ...named(headers) }),
          ...(tags === undefined
            ? { TaggingDirective: "COPY" }
            : { TaggingDirective: "REPLACE", Tagging: tagQuery(tags) }),
        }),
      );
      return {
        etag: bare(answer.CopyObjectResult?.ETag),
        versionId: versionIn(answer.VersionId),
      };
    });
  }

  async remove(keys: readonly string[]): Promise<void> {
    await this.#removeAll(keys.map((Key) => ({ Key })));
  }

  async removeMarkers(markers: readonly ListedVersion[]): Promise<void> {
    const data = markers.find(({ isMarker }) => !isMarker);
    if (data !== undefined) {
      throw new TypeError(`version ${data.versionId} of ${data.key} is no marker`);
    }
    await this.#removeAll(
      markers.map(({ key, versionId }) => ({ Key: key, VersionId: versionId })),
    );
  }

  async discard(key: string, versionId: string | null): Promise<void> {
    await this.#removeAll([{ Key: key, ...(versionId === null ? {} : { VersionId: versionId }) }]);
  }

  async tags(object: VersionOf): Promise<Readonly<Record<string, string>>> {
    const { TagSet } = await this.#asked("reading the tags in", "s3:GetObjectTagging", async () =>
      this.#client.send(
        new this.#sdk.GetObjectTaggingCommand({ Bucket: this.name, ...versionOf(object) }),
      ),
    );
    return Object.fromEntries((TagSet ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
  }

  clockSkewSeconds(): number {
    return this.#skewSeconds;
  }

  /** A copy in parts takes nothing over but the bytes: the rest is given to the new object anew. */
  async #copyInParts(
    input: {
      readonly Bucket: string;
      readonly Key: string;
      readonly CopySource: string;
      readonly CopySourceIfMatch: string;
    },
    bytes: number,
    from: VersionOf,
    headers: ObjectHeaders | undefined,
    tags: Readonly<Record<string, string>> | undefined,
    condition: Condition | undefined,
  ): Promise<Stored> {
    const { Bucket: bucket, Key, CopySource, CopySourceIfMatch } = input;
    const target = { Bucket: bucket, Key };
    const { UploadId } = await this.#asked("copying in", "s3:PutObject", async () => {
      const labels = tags ?? (await this.tags(from));
      const said = headers ?? (await this.head(from))?.headers ?? {};
      return await this.#client.send(
        new this.#sdk.CreateMultipartUploadCommand({
          ...target,
          ...named(said),
          ...this.#protection(Key),
          ...(Object.keys(labels).length === 0 ? {} : { Tagging: tagQuery(labels) }),
        }),
      );
    });
    try {
      const size = Math.min(COPY_PART, this.#options.copyInPartsAbove ?? COPY_PART);
      const count = Math.ceil(bytes / size);
      const numbers = Array.from({ length: count }, (_, index) => index + 1);
      const parts = await each(numbers, REQUESTS_AT_A_TIME, async (PartNumber) => {
        const first = (PartNumber - 1) * size;
        const last = Math.min(first + size, bytes) - 1;
        const { CopyPartResult } = await this.#asked("copying in", "s3:PutObject", async () =>
          this.#client.send(
            new this.#sdk.UploadPartCopyCommand({
              ...target,
              UploadId,
              PartNumber,
              CopySource,
              CopySourceIfMatch,
              CopySourceRange: `bytes=${first}-${last}`,
            }),
          ),
        );
        return { PartNumber, ETag: CopyPartResult?.ETag };
      });
      return await this.#write(Key, "copying to", "s3:PutObject", condition, undefined, async () =>
        stored(
          await this.#client.send(
            new this.#sdk.CompleteMultipartUploadCommand({
              ...target,
              UploadId,
              MultipartUpload: { Parts: [...parts] },
              ...conditions(condition),
            }),
          ),
        ),
      );
    } catch (error) {
      // Parts that nobody puts together are paid for until somebody clears them away.
      await this.#client
        .send(new this.#sdk.AbortMultipartUploadCommand({ ...target, UploadId }))
        .catch(() => undefined);
      throw error;
    }
  }

  /**
   * A write. The SDK sends it again when no answer came, and then a condition may fail because the first
   * one was done: what is there tells.
   */
  async #write(
    key: string,
    doing: string,
    action: string,
    condition: Condition | undefined,
    bytes: Buffer | undefined,
    send: () => Promise<Stored>,
  ): Promise<Stored> {
    try {
      return await send();
    } catch (error) {
      const status = awsStatus(error);
      // 409 when somebody else is writing at this very moment; 412 also when what is copied has changed.
      const isRefused = status === 412 || (condition !== undefined && status === 409);
      // An upload in parts is not there any more once it was ended.
      if (isRefused || awsErrorName(error) === "NoSuchUpload") {
        const now = bytes === undefined ? undefined : await this.get({ key });
        if (now !== undefined && bytes?.equals(now.bytes) === true) {
          return { etag: now.etag, versionId: now.versionId };
        }
      }
      if (isRefused) {
        throw new ConditionFailed(key);
      }
      throw this.#error(error, `${doing} ${key} in`, action);
    }
  }

  async #removeAll(objects: readonly { readonly Key: string; readonly VersionId?: string }[]) {
    for (let first = 0; first < objects.length; first += MOST_DELETED) {
      const Objects = objects.slice(first, first + MOST_DELETED);
      const { Errors } = await this.#asked("deleting in", "s3:DeleteObject", async () =>
        this.#client.send(
          new this.#sdk.DeleteObjectsCommand({
            Bucket: this.name,
            Delete: { Objects, Quiet: true },
          }),
        ),
      );
      const [failed] = Errors ?? [];
      if (failed !== undefined) {
        const error = Object.assign(new Error(failed.Message ?? "it was refused"), {
          name: failed.Code ?? "Error",
        });
        throw this.#error(error, `deleting ${failed.Key ?? ""} in`, "s3:DeleteObject");
      }
    }
  }

  async #ifThere<T>(
    object: VersionOf,
    doing: string,
    action: string,
    ask: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      const status = awsStatus(error);
      const name = awsErrorName(error);
      // 405 is the answer for a marker that is asked for by its id; an id of another form gets 400.
      const isAbsent = status === 404 || (status === 405 && object.versionId !== undefined);
      if ((isAbsent && name !== "NoSuchBucket") || name === "InvalidVersionId") {
        return undefined;
      }
      throw this.#error(error, `${doing} ${object.key} in`, action);
    }
  }

  async #asked<T>(doing: string, action: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw this.#error(error, doing, action);
    }
  }

  #error(error: unknown, doing: string, action: string): EmergencyError {
    return awsError(error, `${doing} ${this.place}`, { action, endpoint: this.#endpoint });
  }

  #protection(key: string) {
    const { encryption, acl, ownPrefix } = this.#options;
    const isOwn = ownPrefix !== undefined && key.startsWith(ownPrefix);
    return {
      ...(encryption === undefined
        ? {}
        : encryption === "AES256"
          ? ({ ServerSideEncryption: "AES256" } as const)
          : ({ ServerSideEncryption: "aws:kms", SSEKMSKeyId: encryption.kmsKeyId } as const)),
      ...(acl === undefined || isOwn ? {} : { ACL: cannedAcl(acl) }),
    };
  }

  #pageSize(): { readonly MaxKeys?: number } {
    const { pageSize } = this.#options;
    return pageSize === undefined ? {} : { MaxKeys: pageSize };
  }

  #lookAtClock(response: unknown): void {
    const headers = isRecord(response) ? response.headers : undefined;
    const date = isRecord(headers) ? headers.date : undefined;
    const time = typeof date === "string" ? Date.parse(date) : Number.NaN;
    if (!Number.isNaN(time)) {
      this.#skewSeconds = Math.round((time - Date.now()) / 1000);
    }
  }
}

/** The text of a response, which is left to be read once more. */
async function bodyOf(response: unknown): Promise<string> {
  if (!isRecord(response)) {
    return "";
  }
  const chunks: Uint8Array[] = [];
  const { body } = response;
  if (isAsyncIterable(body)) {
    for await (const chunk of body) {
      if (chunk instanceof Uint8Array) {
        chunks.push(chunk);
      }
    }
  }
  const bytes = Buffer.concat(chunks);
  const { Readable } = await import("node:stream");
  Object.assign(response, { body: Readable.from([bytes]) });
  return bytes.toString("utf8");
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return isRecord(value) && Symbol.asyncIterator in value;
}
