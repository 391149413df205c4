import type { Bucket } from "../../../../src/frontend/s3/bucket.js";

/** What is thrown when the process is killed. */
export class Killed extends Error {}

/** What happens around each request to a bucket. */
export interface Around {
  /** Before it; counted from 1. */
  readonly before?: (request: number, method: string) => Promise<void> | void;
  /** When it is done, and before anybody knows. */
  readonly after?: (request: number, method: string) => Promise<void> | void;
  /** Copies are written whatever their condition says, as on some servers. */
  readonly ignoresConditions?: boolean;
}

/** A bucket with something around each request. */
export interface WrappedBucket extends Bucket {
  /** How many requests there were. */
  readonly requests: () => number;
}

/** Lets something happen around each request to a bucket. */
export function wrapped(bucket: Bucket, around: Around): WrappedBucket {
  let count = 0;
  const request = async <T>(method: string, ask: () => Promise<T>): Promise<T> => {
    count++;
    const number = count;
    await around.before?.(number, method);
    const answer = await ask();
    await around.after?.(number, method);
    return answer;
  };
  return {
    name: bucket.name,
    place: bucket.place,
    requests: () => count,
    list: async (prefix) => await request("list", async () => await bucket.list(prefix)),
    listVersions: async (prefix) =>
      await request("listVersions", async () => await bucket.listVersions(prefix)),
    versioning: async () => await request("versioning", async () => await bucket.versioning()),
    get: async (object) => await request("get", async () => await bucket.get(object)),
    head: async (object) => await request("head", async () => await bucket.head(object)),
    put: async (...what) => await request("put", async () => await bucket.put(...what)),
    copy: async (from, key, headers, tags, condition) =>
      await request(
        "copy",
        async () =>
          await bucket.copy(
            from,
            key,
            headers,
            tags,
            around.ignoresConditions === true ? undefined : condition,
          ),
      ),
    remove: async (keys) => {
      await request("remove", async () => {
        await bucket.remove(keys);
      });
    },
    removeMarkers: async (markers) => {
      await request("removeMarkers", async () => {
        await bucket.removeMarkers(markers);
      });
    },
    discard: async (key, versionId) => {
      await request("discard", async () => {
        await bucket.discard(key, versionId);
      });
    },
    tags: async (object) => await request("tags", async () => await bucket.tags(object)),
    clockSkewSeconds: () => bucket.clockSkewSeconds(),
  };
}

/** A bucket whose user is killed at a request: before the server sees it, or before the answer comes. */
export function killedAt(bucket: Bucket, number: number, when: "before" | "after"): WrappedBucket {
  const kill = (request: number): void => {
    if (request >= number) {
      throw new Killed(`killed at request ${number}`);
    }
  };
  // Whatever goes on at the same time is killed as well.
  return when === "before"
    ? wrapped(bucket, { before: kill })
    : wrapped(bucket, {
        before: (request) => {
          kill(request - 1);
        },
        after: kill,
      });
}
