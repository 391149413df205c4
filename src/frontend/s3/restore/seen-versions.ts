import { EmergencyError } from "../../../errors.js";
import { canonicalJson } from "../../../json.js";
import type { Bucket, Described, ListedVersion, ObjectHeaders } from "../bucket.js";

/**
 * What is said of versions. A version never changes, so each is asked for once, also when it is planned,
 * rehearsed, performed and verified.
 */
export class SeenVersions {
  readonly #headers = new Map<string, Promise<ObjectHeaders>>();
  readonly #holding = new Map<string, Buffer | null>();

  /** @throws EmergencyError PRIOR_STATE_CHANGED when the version is not there any more. */
  async headersOf(bucket: Bucket, version: ListedVersion): Promise<ObjectHeaders> {
    const name = nameOf(version);
    const known = this.#headers.get(name);
    if (known !== undefined) {
      return await known;
    }
    const asked = bucket.head(version).then((described) => there(described, version).headers);
    this.#headers.set(name, asked);
    // Whoever asks again should not be told of a server that was too busy once.
    asked.catch(() => this.#headers.delete(name));
    return await asked;
  }

  /** The bytes; what is said of the version is remembered with that. */
  async bytesOf(bucket: Bucket, version: ListedVersion): Promise<Buffer> {
    const { bytes, headers } = there(await bucket.get(version), version);
    this.#headers.set(nameOf(version), Promise.resolve(headers));
    return bytes;
  }

  /**
   * The bytes of a version if something is in them that is looked for, or null. Only those are held on to.
   * @param what names what is looked for.
   */
  async holding(
    bucket: Bucket,
    version: ListedVersion,
    what: string,
    isIn: (bytes: Buffer) => boolean,
  ): Promise<Buffer | null> {
    const name = `${nameOf(version)} ${what}`;
    const known = this.#holding.get(name);
    if (known !== undefined) {
      return known;
    }
    const bytes = await this.bytesOf(bucket, version);
    const found = isIn(bytes) ? bytes : null;
    this.#holding.set(name, found);
    return found;
  }
}

/** Whether two objects say the same of themselves. */
export function saysTheSame(a: ObjectHeaders, b: ObjectHeaders): boolean {
  return textOf(a) === textOf(b);
}

/** The one text of headers. */
function textOf({ expires, metadata, ...rest }: ObjectHeaders): string {
  const date =
    expires === undefined || Number.isNaN(expires.getTime()) ? undefined : expires.toISOString();
  return canonicalJson({ ...rest, expires: date, metadata: metadata ?? {} });
}

/** A version called "null" may be replaced by another one of that name. */
export function nameOf({ key, versionId, etag, modified }: ListedVersion): string {
  return JSON.stringify([key, versionId, etag, modified.getTime()]);
}

function there<D extends Described>(described: D | undefined, version: ListedVersion): D {
  if (described === undefined) {
    throw new EmergencyError(
      "PRIOR_STATE_CHANGED",
      `version ${version.versionId} of ${version.key} is not there any more`,
      "type the same command again: it looks at the bucket as it is now",
    );
  }
  return described;
}
