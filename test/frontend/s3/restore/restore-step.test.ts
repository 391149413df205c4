import { expect } from "chai";

import { EmergencyError } from "../../../../src/errors.js";
import type { Bucket, ObjectHeaders } from "../../../../src/frontend/s3/bucket.js";
import type { ExpiryRule } from "../../../../src/frontend/s3/lifecycle.js";
import { ModelBucket, type Versioning } from "../../../../src/frontend/s3/restore/model-bucket.js";
import type { RestoreSite } from "../../../../src/frontend/s3/restore/restore-site.js";
import { inSeconds } from "../../../../src/frontend/s3/restore/time.js";
import { expectRejection } from "../../../helpers/refusal.js";
import { entriesOf, visibleState } from "./histories.js";
import { keepsAll, planFor, restore, restoreSite, restoreTo } from "./restores.js";
import { wrapped } from "./wrapped-buckets.js";

const OLD = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

/** A bucket whose clock a test moves. */
function bucketAt(start: string, versioning: Versioning = "enabled") {
  let ms = Date.parse(start);
  const now = (): Date => new Date(ms);
  const bucket = new ModelBucket({ versioning, now });
  return {
    bucket,
    now,
    /** So much later. @returns the time before. */
    later: (seconds: number): string => {
      const before = inSeconds(now());
      ms += seconds * 1000;
      return before;
    },
    put: async (key: string, text: string, headers: ObjectHeaders = {}): Promise<void> => {
      await bucket.put(key, Buffer.from(text), headers);
    },
  };
}

/** A bucket with an old site and a new one, and the time of the old one. */
async function changedBucket(versioning: Versioning = "enabled") {
  const world = bucketAt("2026-11-20T12:00:00Z", versioning);
  const { bucket, put, later, now } = world;
  await put("index.html", "old page");
  await put("assets/app-B1f2kQzA.js", `old code ${OLD}`);
  const time = later(60);
  await put("assets/app-BX9f3kQz.js", "new code");
  await put("index.html", "new page");
  await put("sw.js", "new worker");
  await bucket.remove(["assets/app-B1f2kQzA.js"]);
  later(60);
  const site = (changes: Partial<RestoreSite> = {}): RestoreSite =>
    restoreSite(bucket, "", { now, ...changes });
  return { ...world, time, site };
}

/** What a bucket is asked to change, in order. */
function deeds(bucket: Bucket): { readonly bucket: Bucket; readonly done: string[] } {
  const done: string[] = [];
  const watched: Bucket = {
    ...wrapped(bucket, {}),
    copy: async (from, key, ...rest) => {
      done.push(`copy ${key}`);
      return await bucket.copy(from, key, ...rest);
    },
    remove: async (keys) => {
      done.push(...keys.map((key) => `hide ${key}`));
      await bucket.remove(keys);
    },
    removeMarkers: async (markers) => {
      done.push(...markers.map(({ key }) => `show ${key}`));
      await bucket.removeMarkers(markers);
    },
  };
  return { bucket: watched, done };
}

describe("restoring a site in a bucket", () => {
  it("shows assets first and the entry page last, waits, and hides after that, pages first", async () => {
    const { bucket, put, now, later } = bucketAt("2026-11-20T12:00:00Z");
    await put("assets/app-B1f2kQzA.js", "old code");
    await put("logo.svg", "old logo");
    await put("about", "old page without an extension");
    await put("docs/page.html", "old page");
    await put("config.json", "old");
    await put("index.html", "old page");
    const time = later(60);
    await bucket.remove(["assets/app-B1f2kQzA.js"]);
    for (const key of ["logo.svg", "about", "docs/page.html", "config.json", "index.html"]) {
      await put(key, "new");
    }
    for (const key of ["new/index.html", "assets/app-BX9f3kQz.js", "sw.js"]) {
      await put(key, "new");
    }
    later(60);

    const { bucket: watched, done } = deeds(bucket);
    const site = restoreSite(watched, "", {
      now,
      runtimeConfig: "config.json",
      settled: async (paths) => {
        done.push(`settled ${[...paths].sort().join(" ")}`);
        await Promise.resolve();
      },
    });
    const { status } = await restore(site, restoreTo({ time }));
    expect(status).to.equal("done");
    expect(done).to.deep.equal([
      "show assets/app-B1f2kQzA.js",
      "copy logo.svg",
      "copy about",
      "copy docs/page.html",
      "copy config.json",
      "copy index.html",
      "settled about assets/app-B1f2kQzA.js config.json docs/page.html index.html logo.svg",
      "hide sw.js",
      "hide new/index.html",
      "hide assets/app-BX9f3kQz.js",
      "settled assets/app-BX9f3kQz.js new/index.html sw.js",
    ]);
  });

  it("leaves new files with a hash in their name where they are, when it is asked to", async () => {
    const { bucket, time, site } = await changedBucket();
    const { status, plan } = await restore(site(), restoreTo({ time }, { keepNew: true }));
    expect(status).to.equal("done");
    expect(Object.keys(await visibleState(bucket, "")).sort()).to.deep.equal([
      "assets/app-B1f2kQzA.js",
      "assets/app-BX9f3kQz.js",
      "index.html",
    ]);
    expect(plan.steps[0]?.notes.join()).to.contain("assets/app-BX9f3kQz.js");
  });

  it("restores single versions, and leaves all others", async () => {
    const { bucket, site } = await changedBucket();
    const versions = (await bucket.listVersions("index.html")).map(({ versionId }) => versionId);
    const versionId = versions[1] ?? "";
    const request = restoreTo({ versions: [{ key: "index.html", versionId }] });
    expect((await restore(site(), request)).status).to.equal("done");
    expect((await bucket.get({ key: "index.html" }))?.bytes.toString()).to.equal("old page");
    expect(await bucket.head({ key: "sw.js" })).not.to.equal(undefined);
  });

  it("takes the version of a marker for an object that is not there", async () => {
    const { bucket, site, put } = await changedBucket();
    await put("assets/app-B1f2kQzA.js", "again");
    const marker = (await entriesOf(bucket, "")).find(({ isMarker }) => isMarker);
    const { key, versionId } = marker ?? { key: "", versionId: "" };
    const request = restoreTo({ versions: [{ key, versionId }] });
    expect((await restore(site(), request)).status).to.equal("done");
    expect(await bucket.head({ key })).to.equal(undefined);
  });

  it("finds an object by its path in the site, and touches nothing outside of it", async () => {
    const { bucket, put, now, later } = bucketAt("2026-11-20T12:00:00Z");
    await put("web/index.html", "1");
    await put("other/index.html", "1");
    const time = later(60);
    await put("web/index.html", "2");
    await put("other/index.html", "2");
    await put("web/inner/.hardhat-emergency/site.json", "2");
    later(60);
    const site = restoreSite(bucket, "web/", { now });
    expect((await restore(site, restoreTo({ time }))).status).to.equal("done");
    const texts = await Promise.all(
      ["web/index.html", "other/index.html", "web/inner/.hardhat-emergency/site.json"].map(
        async (key) => (await bucket.get({ key }))?.bytes.toString(),
      ),
    );
    expect(texts).to.deep.equal(["1", "2", "2"]);
    const [, older] = await bucket.listVersions("web/index.html");
    const versions = [{ key: "index.html", versionId: older?.versionId ?? "" }];
    expect((await restore(site, restoreTo({ versions }))).status).to.equal("done");
  });

  for (const [what, target] of [
    ["a version that is not there", { versions: [{ key: "index.html", versionId: "nonsense" }] }],
    ["an object that never was", { versions: [{ key: "nonsense", versionId: "v" }] }],
    ["a time in the future", { time: "2026-11-20T13:00:00Z" }],
    ["this very second", { time: "2026-11-20T12:02:00Z" }],
    ["a time before the first version", { time: "2026-11-20T11:59:59Z" }],
  ] as const) {
    it(`refuses ${what}, and says what there is`, async () => {
      const { bucket, site } = await changedBucket();
      const before = await entriesOf(bucket, "");
      const request = restoreTo("time" in target ? target : { versions: [...target.versions] });
      const { next } = await expectRejection(restore(site(), request), "BAD_ARGUMENTS");
      expect(next).to.match(/2026-11-20T12:0\d:00Z|aws s3 ls/);
      expect(await entriesOf(bucket, "")).to.deep.equal(before);
    });
  }

  it("refuses a bucket that keeps no versions", async () => {
    const { put, site, later } = await changedBucket("never");
    await put("new.html", "1");
    later(60);
    const request = restoreTo({ time: "2026-11-20T12:01:00Z" });
    const { next } = await expectRejection(restore(site(), request), "VERSIONS_NOT_KEPT");
    expect(next).to.contain("put-bucket-versioning");
  });

  it("refuses to destroy what a bucket has written while it kept no versions", async () => {
    const { bucket, put, now, later } = bucketAt("2026-11-20T12:00:00Z");
    await put("index.html", "1");
    const time = later(60);
    bucket.setVersioning("suspended");
    await put("index.html", "2");
    later(60);
    const site = restoreSite(bucket, "", { now });
    const { what } = await expectRejection(restore(site, restoreTo({ time })), "VERSIONS_NOT_KEPT");
    expect(what).to.contain("index.html");
    bucket.setVersioning("enabled");
    const { status, inverse } = await restore(site, restoreTo({ time }));
    expect(status).to.equal("done");
    expect(inverse === undefined ? "" : (await restore(site, inverse)).status).to.equal("done");
    expect((await bucket.get({ key: "index.html" }))?.bytes.toString()).to.equal("2");
  });

  it("copies instead of taking a marker away whose id is null", async () => {
    const { bucket, put, now, later } = bucketAt("2026-11-20T12:00:00Z");
    await put("index.html", "1");
    const time = later(60);
    bucket.setVersioning("suspended");
    await bucket.remove(["index.html"]);
    later(60);
    const { bucket: watched, done } = deeds(bucket);
    const { status } = await restore(restoreSite(watched, "", { now }), restoreTo({ time }));
    expect(status).to.equal("done");
    expect(done).to.deep.equal(["copy index.html"]);
  });

  it("copies when the markers may not be taken away", async () => {
    const { bucket, time, site } = await changedBucket();
    const denied = new EmergencyError("AWS_DENIED", "s3:DeleteObjectVersion is needed", "ask");
    const strict: Bucket = {
      ...wrapped(bucket, {}),
      removeMarkers: async () => {
        await Promise.reject(denied);
      },
    };
    const { status } = await restore(site({ bucket: strict }), restoreTo({ time }));
    expect(status).to.equal("done");
    const text = (await bucket.get({ key: "assets/app-B1f2kQzA.js" }))?.bytes.toString();
    expect(text).to.equal(`old code ${OLD}`);
  });

  it("tells a copy from another version, also when it has another ETag and nobody has noted it", async () => {
    const { bucket, time, site } = await changedBucket();
    // As with objects that were written in parts, or are encrypted with a key of one's own.
    const encrypted: Bucket = {
      ...wrapped(bucket, {}),
      listVersions: async (prefix) =>
        (await bucket.listVersions(prefix)).map((entry) => ({
          ...entry,
          etag: entry.isMarker ? "" : `${entry.etag}-${entry.versionId}`,
        })),
      copy: async (from, key, headers, tags) => {
        const stored = await bucket.copy(
          { key: from.key, versionId: from.versionId },
          key,
          headers,
          tags,
        );
        return { ...stored, etag: `${stored.etag}-${stored.versionId ?? ""}` };
      },
    };
    const dying: Bucket = {
      ...encrypted,
      remove: async () => {
        await Promise.reject(new Error("killed"));
      },
    };
    const request = restoreTo({ time });
    let killed: unknown;
    await restore(site({ bucket: dying }), request).catch((error: unknown) => {
      killed = error;
    });
    expect(String(killed)).to.contain("killed");
    const count = (await entriesOf(bucket, "")).length;

    const again = await restore(site({ bucket: encrypted }), request);
    expect(again.status).to.equal("done");
    // Two markers, and no second copy of the page.
    expect((await entriesOf(bucket, "")).length).to.equal(count + 2);
    expect((await restore(site({ bucket: encrypted }), request)).status).to.equal("already");
  });

  it("goes on with what an earlier run began, and its inverse leads back to before that", async () => {
    const { bucket, time, site } = await changedBucket();
    const before = await visibleState(bucket, "");
    const dying: Bucket = {
      ...wrapped(bucket, {}),
      remove: async () => {
        await Promise.reject(new Error("killed"));
      },
    };
    await restore(site({ bucket: dying }), restoreTo({ time })).catch(() => undefined);
    expect(await visibleState(bucket, "")).not.to.deep.equal(before);
    const { plan, inverse } = await restore(site(), restoreTo({ time }));
    expect(plan.steps[0]?.notes.join()).to.contain("was not finished: this goes on with it");
    expect(inverse === undefined ? "" : (await restore(site(), inverse)).status).to.equal("done");
    expect(await visibleState(bucket, "")).to.deep.equal(before);
  });

  it("leads back to before also when a copy is too large to be told from the original", async () => {
    const { bucket, time, site } = await changedBucket();
    const before = await visibleState(bucket, "");
    const large: Bucket = {
      ...wrapped(bucket, {}),
      listVersions: async (prefix) =>
        (await bucket.listVersions(prefix)).map((entry) =>
          entry.isMarker || entry.key.includes(".hardhat-emergency/")
            ? entry
            : { ...entry, etag: `${entry.etag}-${entry.versionId}`, size: 2 ** 40 },
        ),
      copy: async ({ key: from, versionId }, key) => {
        const stored = await bucket.copy({ key: from, versionId }, key);
        return { ...stored, etag: `${stored.etag}-${stored.versionId ?? ""}` };
      },
    };
    const dying: Bucket = {
      ...large,
      remove: async () => {
        await Promise.reject(new Error("killed"));
      },
    };
    await restore(site({ bucket: dying }), restoreTo({ time })).catch(() => undefined);
    const { status, inverse } = await restore(site({ bucket: large }), restoreTo({ time }));
    expect(status).to.equal("done");
    const undone =
      inverse === undefined ? "" : (await restore(site({ bucket: large }), inverse)).status;
    expect(undone).to.equal("done");
    expect(await visibleState(bucket, "")).to.deep.equal(before);
  });

  it("does not even begin a stage in which somebody else has written", async () => {
    const { bucket, time, site } = await changedBucket();
    const shared = wrapped(bucket, {
      ignoresConditions: true,
      after: async (_request, method) => {
        if (method === "removeMarkers") {
          await bucket.put("index.html", Buffer.from("a stranger's"), {});
        }
      },
    });
    const count = (await bucket.listVersions("index.html")).length;
    const { status } = await restore(site({ bucket: shared }), restoreTo({ time }));
    expect(status).to.equal("PRIOR_STATE_CHANGED");
    expect((await bucket.listVersions("index.html")).length).to.equal(count + 1);
  });

  it("refuses versions with an old address, unless that is accepted", async () => {
    const { bucket, time, site } = await changedBucket();
    const oldAddresses = async () => await Promise.resolve([{ contract: "market", address: OLD }]);
    const before = await entriesOf(bucket, "");
    const { what } = await expectRejection(
      restore(site({ oldAddresses }), restoreTo({ time })),
      "OLD_ADDRESS",
    );
    expect(what).to.contain("assets/app-B1f2kQzA.js");
    expect(await entriesOf(bucket, "")).to.deep.equal(before);
    const accepted = await restore(
      site({ oldAddresses }),
      restoreTo({ time }, { acceptOldAddress: true }),
    );
    expect(accepted.status).to.equal("done");
  });

  it("refuses what a lifecycle rule may have removed, or leaves it as it is", async () => {
    const { bucket, put, now, later } = bucketAt("2026-10-01T12:00:00Z");
    await put("about.html", "1");
    const time = later(60);
    await put("index.html", "whatever was before is gone");
    await put("about.html", "2");
    later(40 * 86_400);
    const rule: ExpiryRule = {
      id: "tidy",
      prefix: "",
      isPartial: false,
      noncurrent: { days: 30, kept: 0 },
      current: null,
    };
    const retention = { ...keepsAll, rules: async () => await Promise.resolve([rule]) };
    const site = restoreSite(bucket, "", { now, retention });
    const { what } = await expectRejection(restore(site, restoreTo({ time })), "VERSIONS_EXPIRED");
    expect(what).to.contain("1 objects: index.html");
    const { status, plan } = await restore(site, restoreTo({ time }, { acceptExpired: true }));
    expect(status).to.equal("done");
    expect(plan.steps[0]?.notes.join()).to.contain("index.html").and.to.contain('"tidy"');
    expect(Object.keys(await visibleState(bucket, ""))).to.deep.equal(["about.html", "index.html"]);
  });

  it("refuses versions in an archive, and names the request that fetches them", async () => {
    const { bucket, time, site } = await changedBucket();
    const archived: Bucket = {
      ...wrapped(bucket, {}),
      listVersions: async (prefix) =>
        (await bucket.listVersions(prefix)).map((entry) => ({
          ...entry,
          ...(entry.isMarker ? {} : { storageClass: "GLACIER" }),
        })),
    };
    const asked: string[] = [];
    const retention = (isReadable: boolean): RestoreSite["retention"] => ({
      ...keepsAll,
      isReadable: async ({ key }) => {
        asked.push(key);
        return await Promise.resolve(isReadable);
      },
    });
    const { what, next } = await expectRejection(
      restore(site({ bucket: archived, retention: retention(false) }), restoreTo({ time })),
      "VERSION_ARCHIVED",
    );
    expect(what).to.contain("index.html (version ");
    expect(next).to.contain("aws s3api restore-object");
    expect(asked).to.have.members(["index.html", "assets/app-B1f2kQzA.js"]);
    const fetched = site({ bucket: archived, retention: retention(true) });
    expect((await restore(fetched, restoreTo({ time }))).status).to.equal("done");
  });

  it("says when it may not ask for the lifecycle", async () => {
    const { time, site } = await changedBucket();
    const retention = {
      ...keepsAll,
      rules: async (): Promise<readonly ExpiryRule[] | undefined> => {
        await Promise.resolve();
        return undefined;
      },
    };
    const plan = await planFor(site({ retention }), restoreTo({ time }));
    expect(plan.steps[0]?.notes.join()).to.contain("s3:GetLifecycleConfiguration");
  });

  it("keeps redirects, which S3 does not copy by itself", async () => {
    const { bucket, put, now, later } = bucketAt("2026-11-20T12:00:00Z");
    await put("old.html", "", { redirect: "/new.html", metadata: { by: "alice" } });
    const time = later(60);
    await put("old.html", "a page");
    later(60);
    await restore(restoreSite(bucket, "", { now }), restoreTo({ time }));
    expect((await bucket.head({ key: "old.html" }))?.headers).to.deep.equal({
      redirect: "/new.html",
      metadata: { by: "alice" },
    });
  });

  it("lists the first thousand objects of a plan, and holds all of them in a hash", async () => {
    const { bucket, put, now, later } = bucketAt("2026-11-20T12:00:00Z");
    await put("index.html", "1");
    const time = later(60);
    for (let number = 0; number < 1500; number++) {
      await put(`new/${number}.txt`, "new");
    }
    later(60);
    const site = restoreSite(bucket, "", { now });
    const plan = await planFor(site, restoreTo({ time }));
    const hide = plan.steps[0]?.actions.find(({ type }) => type === "hide");
    expect(hide?.hides).to.include({ count: 1500 });
    expect(JSON.stringify(plan).length).to.be.lessThan(200_000);
    expect((await restore(site, restoreTo({ time }))).status).to.equal("done");
  });
});
