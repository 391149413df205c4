import type {
  CacheBehavior,
  DefaultCacheBehavior,
  DistributionConfig,
  Origin,
} from "@aws-sdk/client-cloudfront";

import { EmergencyError } from "../../errors.js";
import type { DistributionChoice, SiteBucket } from "./distribution-choice.js";
import { describeDistribution } from "./match-distribution.js";
import type { PointerKind } from "./pointer.js";
import type { CacheRule, DistributionFacts, ViewerRequestFunction } from "./read-distribution.js";

/** An error page that stands in for paths that are not there. */
export interface ErrorPage {
  readonly status: number;
  /** "/index.html"; null when the error itself is shown. */
  readonly path: string | null;
  /** How long the error is kept, in seconds. */
  readonly ttlSeconds: number;
}

/** What a distribution is for a site. */
export interface Inspection {
  /** For people: "CloudFront distribution E123 (app.example.org)". */
  readonly place: string;
  readonly pointer: PointerKind | "none";
  /** The origin that is the site's bucket; null when none is. */
  readonly origin: { readonly id: string; readonly path: string } | null;
  /** Set when the pointer is in a key value store. */
  readonly keyValueStore: { readonly arn: string; readonly key: string } | null;
  /** Set when the pointer is a staging distribution. */
  readonly stagingId: string | null;
  /** Where users see the site on this distribution: "" or "/app". */
  readonly base: string;
  readonly errorPages: readonly ErrorPage[];
  /** Whether the same path with another query string is cached apart. */
  readonly queryStrings: boolean;
  /** What was found and what follows from it, for people. */
  readonly found: readonly string[];
}

/** The first line of the function that we ship, see viewer-request.js. */
const OUR_FUNCTION = "hardhat-emergency/viewer-request@";

const DEFAULT_KEY = "release";

/** CloudFront's own default for how long an error is kept, in seconds. */
const DEFAULT_ERROR_TTL = 10;

/**
 * Pure: what says which release a distribution serves, and what its caches do.
 * @throws EmergencyError BAD_CONFIG when the configuration names a pointer that it does not have.
 */
export function inspectDistribution(
  facts: DistributionFacts,
  choice: DistributionChoice,
  site: SiteBucket,
): Inspection {
  const { config } = facts;
  const place = `CloudFront distribution ${describeDistribution({
    id: facts.id,
    aliases: config.Aliases?.Items ?? [],
    comment: "",
    domainName: facts.domainName,
  })}`;
  const origin = bucketOrigin(config, site);
  const ways = [keyValueStoreWay(facts, choice, origin), stagingWay(facts, site), pathWay(origin)];
  const { pointer, why } = choose(ways, choice, place);
  const path = origin?.path ?? "";
  const hasFolder = pointer !== "none";
  const errorPages = errorPagesOf(config);
  return {
    place,
    pointer,
    origin,
    keyValueStore:
      pointer === "key-value-store"
        ? {
            arn: choice.keyValueStore ?? facts.viewerRequest?.keyValueStores[0] ?? "",
            key: choice.key ?? keyIn(facts.viewerRequest) ?? DEFAULT_KEY,
          }
        : null,
    stagingId: pointer === "staging-distribution" ? (facts.staging?.id ?? null) : null,
    base: hasFolder ? "" : (below(path, folderOf(site)) ?? ""),
    errorPages,
    queryStrings: facts.cacheRules.some(({ queryStrings }) => queryStrings),
    found: [
      ...(origin === null
        ? [
            `none of its origins is the bucket ${site.bucket}: ${(config.Origins?.Items ?? []).map(({ DomainName }) => DomainName ?? "").join(", ")}`,
          ]
        : [
            `its origin ${origin.id} is the bucket ${site.bucket}${path === "" ? "" : `, ${path}`}`,
          ]),
      why,
      ...(config.Enabled === false ? ["it is disabled: nobody is served by it"] : []),
      ...(config.Staging === true ? ["it is a staging distribution: few are served by it"] : []),
      ...notSwitched(config, site, origin, pointer),
      ...rewriting(config, pointer),
      ...(!hasFolder && origin !== null && below(path, folderOf(site)) === undefined
        ? [`it shows ${path} of the bucket, and the site is in ${folderOf(site)}`]
        : []),
      ...facts.cacheRules.map(describeRule),
      ...errorPages.map(describeErrorPage),
      ...(pointer === "key-value-store" && errorPages.some((page) => page.path !== null)
        ? [
            "its error pages are asked for without the viewer-request function, so they are not of the release: set SINGLE_PAGE in the function instead",
          ]
        : []),
    ],
  };
}

/** One way to say which release is served, and whether this distribution has it. */
interface Way {
  readonly pointer: PointerKind;
  /** Whether it can be used when it is asked for. */
  readonly usable: boolean;
  /** Whether it is what says so today. */
  readonly inUse: boolean;
  readonly why: string;
}

function choose(
  ways: readonly Way[],
  choice: DistributionChoice,
  place: string,
): { readonly pointer: PointerKind | "none"; readonly why: string } {
  const wanted = choice.pointer;
  if (wanted === "none") {
    return { pointer: "none", why: "files are replaced in place, as configured" };
  }
  if (wanted !== undefined) {
    const way = ways.find(({ pointer }) => pointer === wanted);
    if (way?.usable !== true) {
      throw new EmergencyError(
        "BAD_CONFIG",
        `cloudfront.pointer is "${wanted}", but ${place} cannot be switched so: ${way?.why ?? ""}`,
        "set it up as docs/cloudfront.md says, or leave pointer out to have it found",
      );
    }
    return { pointer: wanted, why: `${way.why}; used as configured` };
  }
  const used = ways.find(({ usable, inUse }) => usable && inUse);
  return used === undefined
    ? {
        pointer: "none",
        why: `nothing in it says which release is served, so files are replaced in place (${ways.map(({ why }) => why).join("; ")})`,
      }
    : { pointer: used.pointer, why: used.why };
}

function keyValueStoreWay(
  { viewerRequest }: DistributionFacts,
  { keyValueStore, key }: DistributionChoice,
  origin: Inspection["origin"],
): Way {
  const pointer = "key-value-store";
  const not = (why: string): Way => ({ pointer, usable: false, inUse: false, why });
  if (viewerRequest === null) {
    return not("it has no viewer-request function");
  }
  const { name, keyValueStores, source } = viewerRequest;
  const arn = keyValueStore ?? keyValueStores[0];
  if (arn === undefined) {
    return not(`its viewer-request function ${name} has no key value store`);
  }
  if (!keyValueStores.includes(arn)) {
    return not(`its viewer-request function ${name} does not read the key value store ${arn}`);
  }
  const own = keyIn(viewerRequest);
  if (own !== undefined && key !== undefined && own !== key) {
    return not(`its viewer-request function ${name} reads the key "${own}", not "${key}"`);
  }
  if (origin !== null && origin.path !== "") {
    return not(
      `its viewer-request function ${name} says a folder of the bucket, but the origin shows only ${origin.path}`,
    );
  }
  return source.includes(OUR_FUNCTION)
    ? {
        pointer,
        usable: true,
        inUse: true,
        why: `its viewer-request function ${name} reads the release's folder from the key "${own ?? key ?? DEFAULT_KEY}" of the key value store ${nameOf(arn)}`,
      }
    : {
        pointer,
        usable: key !== undefined,
        inUse: false,
        why: `its viewer-request function ${name} is not the one of this plugin`,
      };
}

function stagingWay({ config, staging }: DistributionFacts, site: SiteBucket): Way {
  const pointer = "staging-distribution";
  if (staging === null) {
    return {
      pointer,
      usable: false,
      inUse: false,
      why: "no staging distribution is linked to it",
    };
  }
  const paths = [config, staging.config].map((each) => bucketOrigin(each, site)?.path);
  const inUse = paths.some((path) => path !== undefined && isReleaseFolder(path));
  return {
    pointer,
    usable: paths.every((path) => path !== undefined),
    inUse,
    why: `the staging distribution ${staging.id} is linked to it, ${
      inUse ? "with a release's folder as its origin path" : "but neither serves a release's folder"
    }${staging.hasTraffic ? "; some users see it before it is promoted" : ""}`,
  };
}

function pathWay(origin: Inspection["origin"]): Way {
  const pointer = "origin-path";
  if (origin === null) {
    return { pointer, usable: false, inUse: false, why: "the bucket is none of its origins" };
  }
  const inUse = isReleaseFolder(origin.path);
  return {
    pointer,
    usable: true,
    inUse,
    why: inUse
      ? `the path of its origin ${origin.id} is a release's folder, ${origin.path}`
      : `the path of its origin ${origin.id} is ${origin.path === "" ? "empty" : `${origin.path}, no release's folder`}`,
  };
}

/** The origin that is the bucket: the one of the default behavior, where several are. */
export function bucketOrigin(config: DistributionConfig, site: SiteBucket): Inspection["origin"] {
  const target = config.DefaultCacheBehavior?.TargetOriginId;
  const ours = (config.Origins?.Items ?? []).filter((origin) => isBucket(origin, site.bucket));
  const origin = ours.find(({ Id }) => Id === target) ?? ours[0];
  return origin === undefined
    ? null
    : { id: origin.Id ?? "", path: (origin.OriginPath ?? "").replace(/\/+$/, "") };
}

/** What of the site would stay as it is when the pointer moves. */
function notSwitched(
  config: DistributionConfig,
  site: SiteBucket,
  origin: Inspection["origin"],
  pointer: PointerKind | "none",
): readonly string[] {
  if (origin === null || pointer === "none") {
    return [];
  }
  const others = (config.Origins?.Items ?? [])
    .filter((each) => isBucket(each, site.bucket) && each.Id !== origin.id)
    .map(({ Id }) => `its origin ${Id ?? ""} is the same bucket, and is not switched`);
  const runs = viewerRequestOf(config.DefaultCacheBehavior);
  const withoutFunction = (config.CacheBehaviors?.Items ?? [])
    .filter(
      (behavior) => behavior.TargetOriginId === origin.id && viewerRequestOf(behavior) !== runs,
    )
    .map(
      ({ PathPattern }) =>
        `its behavior ${PathPattern ?? ""} shows the bucket without the viewer-request function, so without the release's folder`,
    );
  return pointer === "key-value-store" ? withoutFunction : others;
}

/** What may make other addresses of those that are invalidated. */
function rewriting(config: DistributionConfig, pointer: PointerKind | "none"): readonly string[] {
  const behavior = config.DefaultCacheBehavior;
  const lambdas = behavior?.LambdaFunctionAssociations?.Items ?? [];
  const lambda = lambdas.find(({ EventType }) => EventType === "viewer-request")?.LambdaFunctionARN;
  const name = pointer === "key-value-store" ? "" : nameOf(lambda ?? viewerRequestOf(behavior));
  return name === ""
    ? []
    : [
        `its viewer-request function ${name} may change addresses; one that it makes and no file has is not invalidated`,
      ];
}

function viewerRequestOf(behavior: CacheBehavior | DefaultCacheBehavior | undefined): string {
  const functions = behavior?.FunctionAssociations?.Items ?? [];
  return functions.find(({ EventType }) => EventType === "viewer-request")?.FunctionARN ?? "";
}

/** All of S3's hosts for a bucket: "b.s3.amazonaws.com", "b.s3.eu-west-1…", "b.s3-website-eu-west-1…". */
function isBucket({ DomainName }: Origin, bucket: string): boolean {
  const host = DomainName?.toLowerCase() ?? "";
  const rest = host.startsWith(`${bucket}.`) ? host.slice(bucket.length + 1) : "";
  return /^s3[.-]/.test(rest) && /\.amazonaws\.com(\.cn)?$/.test(rest);
}

/** Whether a path ends as those of our releases do: "/app/releases/0007-3fa9c2d1e0b4". */
export function isReleaseFolder(path: string): boolean {
  return /(^|\/)releases\/\d{4,}-[0-9a-f]{12}$/.test(path);
}

function keyIn(viewerRequest: ViewerRequestFunction | null): string | undefined {
  const source = viewerRequest?.source ?? "";
  return source.includes(OUR_FUNCTION)
    ? /\bRELEASE_KEY\s*=\s*["']([^"']+)["']/.exec(source)?.[1]
    : undefined;
}

function folderOf({ prefix }: SiteBucket): string {
  const folder = (prefix ?? "").replace(/^\/+|\/+$/g, "");
  return folder === "" ? "" : `/${folder}`;
}

/** The rest of a folder below another one; undefined when it is not below it. */
function below(parent: string, folder: string): string | undefined {
  return folder === parent || folder.startsWith(`${parent}/`)
    ? folder.slice(parent.length)
    : undefined;
}

function errorPagesOf({ CustomErrorResponses }: DistributionConfig): readonly ErrorPage[] {
  return (CustomErrorResponses?.Items ?? []).map(
    ({ ErrorCode, ResponsePagePath, ErrorCachingMinTTL }) => ({
      status: ErrorCode ?? 0,
      path: ResponsePagePath === undefined || ResponsePagePath === "" ? null : ResponsePagePath,
      ttlSeconds: ErrorCachingMinTTL ?? DEFAULT_ERROR_TTL,
    }),
  );
}

function describeErrorPage({ status, path, ttlSeconds }: ErrorPage): string {
  return `an answer of ${status} is kept for ${ttlSeconds} s${path === null ? "" : ` and shown as ${path}`}`;
}

function describeRule({ name, minTtl, defaultTtl, maxTtl, queryStrings }: CacheRule): string {
  const ttls = [
    ["at least", minTtl],
    ["by default", defaultTtl],
    ["at most", maxTtl],
  ].flatMap(([word, seconds]) =>
    seconds === undefined ? [] : [`${String(word)} ${String(seconds)} s`],
  );
  return `it caches by ${name}${ttls.length === 0 ? "" : ` (${ttls.join(", ")})`}${
    queryStrings ? ", with an entry for each query string" : ""
  }`;
}

/** "sites" or the id of a store, out of its ARN. */
export function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}
