import { expect } from "chai";
import fc from "fast-check";

import type { Bucket, ListedVersion, ObjectHeaders } from "../../../../src/frontend/s3/bucket.js";
import { historiesOf, isOurs } from "../../../../src/frontend/s3/restore/history.js";
import { inSeconds } from "../../../../src/frontend/s3/restore/time.js";
import { canonicalJson } from "../../../../src/json.js";

/** What happens to a bucket. */
export type Event =
  | {
      readonly type: "put";
      readonly key: string;
      readonly body: string;
      readonly headers: ObjectHeaders;
      readonly tags: Readonly<Record<string, string>>;
    }
  | { readonly type: "delete"; readonly key: string }
  /** Somebody takes the marker away that hides the key, if there is one that may be. */
  | { readonly type: "undelete"; readonly key: string };

/** Events by the phases in which they happen: the state at the end of each can be restored. */
export interface History {
  readonly phases: readonly (readonly Event[])[];
  /** The phase whose end is restored. */
  readonly goal: number;
}

/** Names as people give them, none of them the folder of another one. */
const KEYS = [
  "index.html",
  "config.json",
  "assets/app-BX9f3kQz.js",
  "assets/app-B1f2kQzA.js",
  "über uns/a b+c&d=50%25.html",
  "docs/日本語.txt",
];

const key = fc.constantFrom(...KEYS);

const headers = fc.record(
  {
    contentType: fc.constantFrom("text/html; charset=utf-8", "text/plain", "application/json"),
    cacheControl: fc.constantFrom("no-cache", "public, max-age=31536000, immutable"),
    contentLanguage: fc.constantFrom("de", "en"),
    contentDisposition: fc.constant('attachment; filename="a.txt"'),
    metadata: fc.constantFrom({ commit: "c0ffee" }, { commit: "beef", by: "alice" }),
  },
  { requiredKeys: ["contentType"] },
);

const tags = fc.constantFrom<Readonly<Record<string, string>>>(
  {},
  {},
  { team: "web" },
  { team: "a b", "kind of": "page/1" },
);

const put = fc.record({
  type: fc.constant("put" as const),
  key,
  // Few, so that the same bytes come back under other headers.
  body: fc.constantFrom("one", "two", "six", "three"),
  headers,
  tags,
});

const event: fc.Arbitrary<Event> = fc.oneof(
  { arbitrary: put, weight: 5 },
  { arbitrary: fc.record({ type: fc.constant("delete" as const), key }), weight: 3 },
  { arbitrary: fc.record({ type: fc.constant("undelete" as const), key }), weight: 2 },
);

/** Histories of a few phases. */
export function histories(phases: number, eventsInPhase: number): fc.Arbitrary<History> {
  return fc.record({
    phases: fc
      .tuple(
        fc.array(event, { minLength: 1, maxLength: eventsInPhase }),
        ...Array.from({ length: phases - 1 }, () => fc.array(event, { maxLength: eventsInPhase })),
      )
      .map((all) => [...all]),
    goal: fc.nat({ max: phases - 2 }),
  });
}

/**
 * Makes an event happen.
 * @param since only markers that came after this time may be taken away: of one that was there at the
 * time that is restored, and is not any more, nobody can know.
 */
export async function happen(
  bucket: Bucket,
  prefix: string,
  event: Event,
  since: Date | undefined,
) {
  const name = `${prefix}${event.key}`;
  switch (event.type) {
    case "put":
      await bucket.put(name, Buffer.from(event.body), event.headers, undefined, event.tags);
      return;
    case "delete":
      await bucket.remove([name]);
      return;
    case "undelete": {
      const [newest] = (await bucket.listVersions(name)).filter((entry) => entry.key === name);
      if (newest?.isMarker === true && (since === undefined || newest.modified > since)) {
        await bucket.removeMarkers([newest]);
      }
    }
  }
}

/** What readers see: of each key its bytes, headers and tags. */
export async function visibleState(
  bucket: Bucket,
  prefix: string,
): Promise<Record<string, string>> {
  const objects = (await bucket.list(prefix)).filter((object) => !isOurs(object.key));
  const entries = objects.map(async (object) => {
    const [content, labels] = await Promise.all([bucket.get(object), bucket.tags(object)]);
    const said = canonicalJson({ ...content?.headers });
    return [
      object.key.slice(prefix.length),
      `${content?.bytes.toString("utf8") ?? "nothing"} ${said} ${canonicalJson(labels)}`,
    ] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** All entries of a site's history. */
export async function entriesOf(bucket: Bucket, prefix: string): Promise<readonly ListedVersion[]> {
  const listing = await bucket.listVersions(prefix);
  return [...historiesOf(listing).values()].flat();
}

/** No version that was there may be missing, whatever happened to markers. */
export function expectNothingLost(
  before: readonly ListedVersion[],
  after: readonly ListedVersion[],
): void {
  const there = new Set(after.map(({ key: name, versionId }) => `${name} ${versionId}`));
  const lost = before.filter(
    ({ isMarker, key: name, versionId }) => !isMarker && !there.has(`${name} ${versionId}`),
  );
  expect(lost, "versions that are lost").to.deep.equal([]);
}

/** The last second in which something has happened to the site: after it, its end is a time to restore. */
export async function lastSecond(bucket: Bucket, prefix: string): Promise<string> {
  const times = (await entriesOf(bucket, prefix)).map(({ modified }) => modified.getTime());
  return inSeconds(new Date(Math.max(...times)));
}
