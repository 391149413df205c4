/** What is said of an object besides its bytes. */
export interface ObjectHeaders {
  readonly contentType?: string | undefined;
  readonly cacheControl?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentLanguage?: string | undefined;
  readonly expires?: Date | undefined;
  /** Where a bucket that is a web site sends those who ask for the object. */
  readonly redirect?: string | undefined;
  /** Names in small letters, as S3 gives them back. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** An object as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  /** Without its quotation marks. */
  readonly etag: string;
  /** In bytes. */
  readonly size: number;
  readonly modified: Date;
}

/** A version of an object, or a marker that it was deleted, as a listing shows it. */
export interface ListedVersion {
  readonly key: string;
  /** "null" for what was written while versions were not kept. */
  readonly versionId: string;
  readonly isMarker: boolean;
  readonly isLatest: boolean;
  /** Empty for a marker, as is the size. */
  readonly etag: string;
  readonly size: number;
  /** In whole seconds: it tells the order of two versions only together with the listing's. */
  readonly modified: Date;
  /** "STANDARD", "GLACIER"…; undefined for a marker. */
  readonly storageClass?: string | undefined;
}

/** What an object is known by once it is written. */
export interface Stored {
  readonly etag: string;
  /** Null where the bucket keeps no versions. */
  readonly versionId: string | null;
}

/** An object with what is said of it. */
export interface Described extends Stored {
  readonly size: number;
  readonly modified: Date;
  readonly headers: ObjectHeaders;
  readonly storageClass?: string | undefined;
}

/** A version of an object; without an id, the one that is there now. */
export interface VersionOf {
  readonly key: string;
  readonly versionId?: string | undefined;
}

/** What is copied. Who knows its ETag and size already saves a look at it. */
export interface CopySource extends VersionOf {
  readonly known?: { readonly etag: string; readonly size: number };
}

/** A write is only done when the object is as its writer has seen it. */
export type Condition = { readonly ifMatch: string } | { readonly ifAbsent: true };

/** A write was refused because the object is not as its writer has seen it. */
export class ConditionFailed extends Error {
  constructor(readonly key: string) {
    super(`${key} is not what it was`);
  }
}

/**
 * A bucket of S3, or of a server that speaks S3. Keys are whole: no prefix is added. Every method may
 * throw an EmergencyError, see awsError.
 */
export interface Bucket {
  readonly name: string;
  /** For people: "s3://bucket". */
  readonly place: string;

  /** All objects whose keys begin with a prefix, in the order of the keys. */
  list(prefix: string): Promise<readonly ListedObject[]>;

  /**
   * All versions and markers of keys that begin with a prefix: by key, and of one key the newest first,
   * also within one second. The order is the listing's own.
   */
  listVersions(prefix: string): Promise<readonly ListedVersion[]>;

  /** Whether overwritten and deleted objects are kept; "unknown" when we may not ask. */
  versioning(): Promise<"enabled" | "suspended" | "never" | "unknown">;

  /** Undefined when it is not there, or is a marker. */
  get(object: VersionOf): Promise<(Described & { readonly bytes: Buffer }) | undefined>;

  /** As {@link Bucket.get}, without the bytes. */
  head(object: VersionOf): Promise<Described | undefined>;

  /**
   * Writes an object. When an answer got lost and the write is found done, it is done.
   * @throws ConditionFailed
   */
  put(
    key: string,
    bytes: Buffer,
    headers: ObjectHeaders,
    condition?: Condition,
    tags?: Readonly<Record<string, string>>,
  ): Promise<Stored>;

  /**
   * Copies an object or a version of it on the server, whatever its size.
   * @param headers of the copy; undefined: those of the original.
   * @param tags of the copy; undefined: those of the original.
   * @param condition what must be so of the copy's key. Not every server that speaks S3 heeds it.
   * @throws ConditionFailed also when the original is not what is known of it any more.
   */
  copy(
    from: CopySource,
    key: string,
    headers?: ObjectHeaders,
    tags?: Readonly<Record<string, string>>,
    condition?: Condition,
  ): Promise<Stored>;

  /**
   * Deletes objects; where versions are kept, puts a marker above them and loses nothing.
   * @param keys how many there are does not matter.
   */
  remove(keys: readonly string[]): Promise<void>;

  /**
   * Takes markers away, so that what they hide is there again.
   * @param markers versions that the listing has shown to be markers. Nothing else may be given:
   * a version that is taken away is lost for good.
   */
  removeMarkers(markers: readonly ListedVersion[]): Promise<void>;

  /**
   * Removes a version for good. Only for what we have made ourselves and what holds nothing of a site: a
   * lock, which could never be taken again on some servers if a marker were put above it.
   */
  discard(key: string, versionId: string | null): Promise<void>;

  /** Empty when it has none. */
  tags(object: VersionOf): Promise<Readonly<Record<string, string>>>;

  /** The seconds by which the server's clock is ahead of ours, from its last answer. */
  clockSkewSeconds(): number;
}
