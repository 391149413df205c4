import type { ProxiedRequest } from "../../test/services/servers/faults.js";

/** A kind of request, and why we send it although the bytes would be in the bucket without it. */
interface Kind {
  readonly name: string;
  /** Undefined for what no tool can do without. */
  readonly why?: string;
  readonly is: (request: ProxiedRequest) => boolean;
}

const of =
  (method: string, path: RegExp) =>
  (request: ProxiedRequest): boolean =>
    request.method === method && path.test(request.path);
const asks = (name: string) => (request: ProxiedRequest) => request.query.has(name);

const RECORDS = "\\.hardhat-emergency/";

/** The first one that fits counts. */
const KINDS: readonly Kind[] = [
  {
    name: "list versions",
    is: asks("versions"),
    why: "looks before the plan and under the lock, and reading back what was written",
  },
  {
    name: "list releases' records",
    is: (request) => request.query.get("prefix")?.endsWith("releases/") === true,
    why: "what an attempt that was killed has left is cleared away",
  },
  {
    name: "list saved bytes",
    is: (request) => request.query.get("prefix")?.endsWith("objects/") === true,
    why: "what was saved while the bucket kept no versions is cleared away when no release needs it",
  },
  {
    name: "list objects",
    is: asks("list-type"),
    why: "looks before the plan and under the lock, and reading back what was written",
  },
  {
    name: "ask for versioning",
    is: asks("versioning"),
    why: "whether what is overwritten has to be saved first",
  },
  {
    name: "ask for the lifecycle",
    is: asks("lifecycle"),
    why: "whether a rule has removed versions that are needed",
  },
  {
    name: "ask for redirects",
    is: asks("website"),
    why: "a copy takes over no redirect, so where there may be some each original is looked at",
  },
  { name: "read tags", is: asks("tagging"), why: "some of the copies are compared with originals" },
  { name: "delete", is: asks("delete"), why: "the lock is given back; names that are gone" },
  {
    name: "read site.json",
    is: of("GET", new RegExp(`${RECORDS}site.json$`)),
    why: "which release is served: before a plan, before a write, after it",
  },
  {
    name: "write site.json",
    is: of("PUT", new RegExp(`${RECORDS}site.json$`)),
    why: "which release is served from now on",
  },
  {
    name: "read a release's record",
    is: of("GET", new RegExp(`${RECORDS}releases/`)),
    why: "the ETags that our files should have",
  },
  {
    name: "write a release's record",
    is: of("PUT", new RegExp(`${RECORDS}releases/`)),
    why: "so that a rollback to it is possible",
  },
  {
    name: "take or renew the lock",
    is: of("PUT", new RegExp(`${RECORDS}lock$`)),
    why: "two people must not change a site at the same time",
  },
  {
    name: "look at the lock",
    is: of("GET", new RegExp(`${RECORDS}lock$`)),
    why: "before each stage of a release: is it still ours?",
  },
  {
    name: "read a restore's record",
    is: of("GET", new RegExp(`${RECORDS}restores/`)),
    why: "a restore that was killed is gone on with",
  },
  {
    name: "write a restore's record",
    is: of("PUT", new RegExp(`${RECORDS}restores/`)),
    why: "so that it can be undone: before it, and when it is done",
  },
  {
    name: "copy an object",
    is: (request) => request.method === "PUT" && "x-amz-copy-source" in request.headers,
  },
  { name: "write an object", is: of("PUT", /./) },
  {
    name: "look at an object",
    is: of("HEAD", /./),
    why: "some of the copies are compared with originals",
  },
  {
    name: "read an object",
    is: of("GET", /./),
    why: "files of an older release that the new one has again",
  },
  { name: "other", is: () => true, why: "" },
];

/** A kind, how many there were, and how many of them there had to be. */
export interface Counted {
  readonly name: string;
  readonly count: number;
  readonly least: number;
  readonly why: string;
}

/** The least that can be asked: for each kind, how many; all others, none. */
export type Least = Readonly<Record<string, number>>;

/** Requests by kind. */
export function counted(requests: readonly ProxiedRequest[], least: Least): readonly Counted[] {
  const counts = new Map<Kind, number>();
  for (const request of requests) {
    const kind = KINDS.find(({ is }) => is(request));
    if (kind !== undefined) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  }
  return KINDS.flatMap((kind) => {
    const { name, why = "" } = kind;
    const [count, wanted] = [counts.get(kind) ?? 0, least[name] ?? 0];
    return count === 0 && wanted === 0
      ? []
      : [{ name, count, least: wanted, why: count > wanted ? why : "" }];
  });
}

/** All of the least together. */
export function sumOf(least: Least): number {
  return Object.values(least).reduce((sum, count) => sum + count, 0);
}
