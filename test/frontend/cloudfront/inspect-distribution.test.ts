import { expect } from "chai";

import {
  inspectDistribution,
  type Inspection,
} from "../../../src/frontend/cloudfront/inspect-distribution.js";
import type { DistributionFacts } from "../../../src/frontend/cloudfront/read-distribution.js";
import { EmergencyError } from "../../../src/errors.js";
import { configOf, viewerRequestSource } from "../../services/cloudfront/made-distribution.js";

const RELEASE = "app/releases/0007-0123456789ab";
const ARN = "arn:aws:cloudfront::123456789012:key-value-store/abc";

type Choice = Parameters<typeof inspectDistribution>[1];
type Made = Parameters<typeof configOf>[0];

function facts(
  made: Omit<Made, "bucket">,
  more: Partial<DistributionFacts> = {},
): DistributionFacts {
  return {
    id: "E123",
    domainName: "d123.cloudfront.net",
    config: configOf({ bucket: "sites", ...made }),
    viewerRequest: null,
    staging: null,
    cacheRules: [],
    ...more,
  };
}

function inspect(of: DistributionFacts, choice: Choice = {}, prefix = ""): Inspection {
  return inspectDistribution(of, { id: "E123", ...choice }, { bucket: "sites", prefix });
}

describe("what a distribution is for a site", () => {
  async function ours(key = "release"): Promise<DistributionFacts["viewerRequest"]> {
    return {
      name: "switch",
      source: await viewerRequestSource({ key }),
      keyValueStores: [ARN],
    };
  }

  it("is nothing that says which release is served, and the files are replaced in place", () => {
    const { pointer, origin, base, found } = inspect(facts({}));
    expect({ pointer, origin, base }).to.deep.equal({
      pointer: "none",
      origin: { id: "site", path: "" },
      base: "",
    });
    expect(found.join("\n"))
      .to.contain("it has no viewer-request function")
      .and.to.contain("no staging distribution is linked")
      .and.to.contain("the path of its origin site is empty");
  });

  it("is our function with its store, before an origin path or a staging distribution", async () => {
    const staged = configOf({ bucket: "sites", originPath: `/${RELEASE}` });
    const all = facts(
      {},
      {
        viewerRequest: await ours("web"),
        staging: { id: "E456", config: staged, hasTraffic: false },
      },
    );
    const { pointer, keyValueStore, stagingId } = inspect(all);
    expect(pointer).to.equal("key-value-store");
    expect(keyValueStore).to.deep.equal({ arn: ARN, key: "web" });
    expect(stagingId).to.equal(null);
    expect(inspect(all, { pointer: "staging-distribution" }).stagingId).to.equal("E456");
    expect(inspect(all, { pointer: "none" }).pointer).to.equal("none");
  });

  it("is not a store that the function cannot use, and says why", async () => {
    const viewerRequest = await ours("web");
    const refused = (of: DistributionFacts, choice: Choice): string => {
      try {
        inspect(of, { pointer: "key-value-store", ...choice });
      } catch (error) {
        expect(error).to.be.instanceOf(EmergencyError);
        return error instanceof EmergencyError ? `${error.code} ${error.what}` : "";
      }
      return "it was taken";
    };
    expect(refused(facts({}, { viewerRequest }), { key: "other" })).to.contain(
      'reads the key "web", not "other"',
    );
    expect(refused(facts({}, { viewerRequest }), { keyValueStore: `${ARN}x` })).to.contain(
      "does not read the key value store",
    );
    expect(refused(facts({ originPath: "/app" }, { viewerRequest }), {})).to.contain(
      "the origin shows only /app",
    );
    expect(refused(facts({}), {})).to.match(/^BAD_CONFIG .*it has no viewer-request function/);
    const foreign = {
      name: "theirs",
      source: "function handler(e) { return e.request; }",
      keyValueStores: [ARN],
    };
    expect(inspect(facts({}, { viewerRequest: foreign })).pointer).to.equal("none");
    expect(refused(facts({}, { viewerRequest: foreign }), {})).to.contain("is not the one of this");
    // A function of their own that does the same, when they say so.
    expect(
      inspect(facts({}, { viewerRequest: foreign }), { pointer: "key-value-store", key: "live" })
        .keyValueStore,
    ).to.deep.equal({ arn: ARN, key: "live" });
  });

  it("is a staging distribution only when one of the two serves a release's folder", () => {
    const staging = (originPath: string): DistributionFacts["staging"] => ({
      id: "E456",
      config: configOf({ bucket: "sites", originPath }),
      hasTraffic: true,
    });
    const used = inspect(facts({}, { staging: staging(`/${RELEASE}`) }));
    expect(used.pointer).to.equal("staging-distribution");
    expect(used.found.join("\n")).to.contain("some users see it before it is promoted");
    const other = inspect(facts({}, { staging: staging("/next") }));
    expect(other.pointer).to.equal("none");
    expect(other.found.join("\n")).to.contain("neither serves a release's folder");
  });

  it("is an origin path that is a release's folder", () => {
    expect(inspect(facts({ originPath: `/${RELEASE}` })).pointer).to.equal("origin-path");
    for (const path of ["/app", "/releases", "/app/releases/latest", `/${RELEASE}/public`]) {
      expect(inspect(facts({ originPath: path })).pointer, path).to.equal("none");
    }
    expect(inspect(facts({ originPath: "/app" }), { pointer: "origin-path" }).pointer).to.equal(
      "origin-path",
    );
  });

  it("knows the bucket by all its hosts, and no other one", () => {
    const at = (host: string): string | undefined => {
      const config = configOf({ bucket: "sites" });
      const items = (config.Origins?.Items ?? []).map((origin) =>
        origin.Id === "site" ? { ...origin, DomainName: host } : origin,
      );
      return inspect({
        ...facts({}),
        config: { ...config, Origins: { Quantity: items.length, Items: items } },
      }).origin?.id;
    };
    for (const host of [
      "sites.s3.amazonaws.com",
      "sites.s3.eu-west-1.amazonaws.com",
      "sites.s3-eu-west-1.amazonaws.com",
      "sites.s3-website-eu-west-1.amazonaws.com",
      "sites.s3-website.eu-central-1.amazonaws.com",
      "sites.s3.cn-north-1.amazonaws.com.cn",
    ]) {
      expect(at(host), host).to.equal("site");
    }
    for (const host of ["sites.example.org", "websites.s3.amazonaws.com", "sites.s3.evil.com"]) {
      expect(at(host), host).to.equal(undefined);
    }
  });

  it("shows the site where the origin path leaves it", () => {
    const base = (originPath: string, prefix: string): string =>
      inspect(facts({ originPath }), {}, prefix).base;
    expect(base("", "")).to.equal("");
    expect(base("", "app")).to.equal("/app");
    expect(base("", "app/")).to.equal("/app");
    expect(base("/app", "app")).to.equal("");
    expect(base("/sites", "sites/app")).to.equal("/app");
    const elsewhere = inspect(facts({ originPath: "/other" }), {}, "app");
    expect(elsewhere.found.join("\n")).to.contain("the site is in /app");
  });

  it("says what of the site would not be switched", async () => {
    const config = configOf({ bucket: "sites", viewerRequest: "switch" });
    const behaviors = ["/assets/*", "/api/*"].map((PathPattern) => ({
      PathPattern,
      TargetOriginId: PathPattern === "/api/*" ? "api" : "site",
      ViewerProtocolPolicy: "https-only" as const,
    }));
    const CacheBehaviors = { Quantity: behaviors.length, Items: behaviors };
    const of = facts({}, { config: { ...config, CacheBehaviors }, viewerRequest: await ours() });
    const told = inspect(of).found.join("\n");
    expect(told).to.contain("/assets/* shows the bucket without the viewer-request function");
    expect(told).not.to.contain("/api/*");

    const byPath = configOf({ bucket: "sites", originPath: `/${RELEASE}` });
    const second = { Id: "old", DomainName: "sites.s3.amazonaws.com", OriginPath: "/old" };
    const Origins = { Quantity: 3, Items: [...(byPath.Origins?.Items ?? []), second] };
    expect(inspect(facts({}, { config: { ...byPath, Origins } })).found).to.include(
      "its origin old is the same bucket, and is not switched",
    );
  });

  it("says how long what is cached", () => {
    const { found, errorPages, queryStrings } = inspect(
      facts(
        { errorPages: [{ status: 403, path: "/index.html", ttlSeconds: 300 }] },
        {
          cacheRules: [
            {
              name: "the cache policy Simple",
              minTtl: 0,
              defaultTtl: 60,
              maxTtl: undefined,
              queryStrings: true,
            },
          ],
        },
      ),
    );
    expect(errorPages).to.deep.equal([{ status: 403, path: "/index.html", ttlSeconds: 300 }]);
    expect(queryStrings).to.equal(true);
    expect(found).to.include(
      "it caches by the cache policy Simple (at least 0 s, by default 60 s), with an entry for each query string",
    );
    expect(found).to.include("an answer of 403 is kept for 300 s and shown as /index.html");
  });
});
