import path from "node:path";

import { expect } from "chai";

import type { EmergencyError } from "../../../src/errors.js";
import { deployOf, temporaryFolder } from "../../frontend/stores.js";
import { emergencyError } from "../../helpers/refusal.js";
import { bucketSite, useCredentials, version } from "../frontend/bucket-sites.js";
import { describeWith } from "../servers/describe-services.js";
import { expiredToken, type RequestPattern } from "../servers/faults.js";
import { startFaultyProxy, type FaultyProxy } from "../servers/faulty-proxy.js";
import { startMoto } from "../servers/moto.js";
import { freePort } from "../servers/process.js";
import type { S3Server } from "../servers/s3-server.js";
import { startVersitygw } from "../servers/versitygw.js";
import { SHORT, twoReleases, typed, writeSite } from "./commands.js";
import { newPlace, WAYS, type Place } from "./places.js";

const DENIED = { kind: "answer", status: 403, code: "AccessDenied" } as const;

/** What is written in the course of a deploy, in its order. */
const WRITES: readonly (readonly [string, RequestPattern])[] = [
  ["the lock", { method: "PUT", path: /lock$/ }],
  ["an asset", { method: "PUT", path: /assets/ }],
  ["the page", { method: "PUT", path: /index\.html$/ }],
  ["the release's record", { method: "PUT", path: /releases\/[^/]*\.json$/ }],
  ["the pointer", { method: "PUT", path: /pointer$/ }],
  ["what is served", { method: "PUT", path: /site\.json$/ }],
  ["what is removed", { method: "POST", query: ["delete"] }],
];

const servers = [
  ["versitygw", startVersitygw],
  ["moto", startMoto],
] as const;

for (const [tool, start] of servers) {
  describeWith([tool], `a refusal of AWS (${tool})`, function () {
    this.timeout(60_000);
    let server: S3Server;
    let proxy: FaultyProxy;
    let dist: string;
    let remove: () => Promise<void>;
    before(async () => {
      server = await start();
    });
    after(async () => {
      await server.stop();
    });
    useCredentials(() => server);
    beforeEach(async () => {
      const temporary = await temporaryFolder();
      ({ remove } = temporary);
      dist = path.join(temporary.folder, "dist");
      proxy = await startFaultyProxy(server.endpoint);
    });
    afterEach(async () => {
      await proxy.stop();
      await remove();
    });

    /** What an error says of what is served must be so. */
    async function expectTruth({ what }: EmergencyError, place: Place, old: string): Promise<void> {
      const [config, page] = [await place.served("config.json"), await place.served("index.html")];
      expect(page).to.contain(".js");
      if (what.includes("as before")) {
        expect(config, what).to.equal(old);
      } else if (/ is served already[;.]/.test(what)) {
        expect(config, what).not.to.equal(old);
      } else if (!/may be served already|is not known/.test(what)) {
        // Before anything was done, there is nothing to say of it.
        expect(config, what).to.equal(old);
        expect(what).to.match(/^(?:reading|listing|looking|writing \S+lock|asking)/);
      }
    }

    for (const way of WAYS) {
      it(`because credentials have expired, at any moment of a deploy ${way}, says so and what is served, and the command goes on when it is typed again`, async function () {
        this.timeout(120_000);
        const place = await newPlace(server, way);
        await twoReleases(place, dist);
        const met = new Set<string>();
        let count = 2;
        for (const [what, pattern] of WRITES) {
          const old = `{"version":${count}}`;
          await writeSite(dist, version(++count));
          proxy.forget();
          // From this write on, whatever is asked.
          let isOver = false;
          for (let number = 1; number < 300; number++) {
            proxy.onRequest(number, {
              before(request) {
                isOver ||=
                  (pattern.method ?? request.method) === request.method &&
                  (pattern.path?.test(request.path) ?? true) &&
                  (pattern.query ?? []).every((name) => request.query.has(name));
                if (isOver) {
                  met.add(what);
                  proxy.fail({}, expiredToken, { times: 1 });
                }
                return undefined;
              },
            });
          }
          const ended = await typed(
            await place.open({ endpoint: proxy.url, lives: () => false, site: SHORT }),
            deployOf(dist),
          );
          if (!met.has(what)) {
            expect(ended).to.equal("done");
            continue;
          }
          const error = emergencyError(ended);
          expect(error.code, error.message).to.equal("AWS_CREDENTIALS");
          expect(error.what).to.contain("expired");
          expect(error.next).to.contain("type the same command again");
          await expectTruth(error, place, old);
          const again = await typed(
            await place.open({ lives: () => false, site: SHORT }),
            deployOf(dist),
          );
          expect(["done", "already"], `${what}: ${String(again)}`).to.include(again);
          expect(await place.served("config.json"), what).to.equal(`{"version":${count}}`);
        }
        const expected = WRITES.map(([what]) => what).filter(
          (what) => what !== "the pointer" || way === "in folders",
        );
        expect([...met]).to.have.members(expected);
      });
    }

    it("because something is not permitted names the permission, and what is served", async () => {
      const place = await newPlace(server, "in place, with versions");
      await twoReleases(place, dist);
      await writeSite(dist, version(3));
      const needed: readonly (readonly [RequestPattern, string])[] = [
        [{ method: "GET", path: /site\.json$/ }, "s3:GetObject"],
        [{ method: "GET", query: ["list-type"] }, "s3:ListBucket"],
        [{ method: "PUT", path: /lock$/ }, "s3:PutObject"],
        [{ method: "PUT", path: /assets/ }, "s3:PutObject"],
        [{ method: "PUT", path: /index\.html$/ }, "s3:PutObject"],
      ];
      for (const [pattern, permission] of needed) {
        proxy.forget();
        proxy.fail(pattern, DENIED, { times: 100 });
        const site = await place.open({ endpoint: proxy.url });
        const error = emergencyError(await typed(site, deployOf(dist)));
        expect(error.code, error.message).to.equal("AWS_DENIED");
        expect(error.what).to.contain(`${permission} is needed`);
        await expectTruth(error, place, '{"version":2}');
        expect(await place.isLocked()).to.equal(false);
      }
      expect(await typed(await place.open(), deployOf(dist))).to.equal("done");
    });

    it("because there is no such bucket, or nobody answers, is one clear error", async () => {
      await writeSite(dist, version(1));
      const nowhere = await bucketSite(server, "no-such-bucket-here");
      const unknown = emergencyError(await typed(nowhere, deployOf(dist)));
      expect(unknown.code, unknown.message).to.equal("BUCKET_UNKNOWN");
      expect(unknown.what).to.contain("no-such-bucket-here").and.to.contain(server.endpoint);

      const closed = `http://127.0.0.1:${await freePort()}`;
      const silent = await bucketSite(server, "any-bucket", { endpoint: closed });
      const unreachable = emergencyError(await typed(silent, deployOf(dist)));
      expect(unreachable.code, unreachable.message).to.equal("AWS_UNAVAILABLE");
      expect(unreachable.what).to.contain(closed);

      const named = await bucketSite(server, "any-bucket", { endpoint: "http://s3.invalid" });
      const unresolved = emergencyError(await typed(named, deployOf(dist)));
      expect(unresolved.code, unresolved.message).to.equal("AWS_UNAVAILABLE");
      expect(unresolved.what).to.contain("s3.invalid");
    });

    it("because the server stays busy says that typing again goes on, and it does", async () => {
      const place = await newPlace(server, "in place, without versions");
      await twoReleases(place, dist);
      await writeSite(dist, version(3));
      proxy.fail(
        { method: "PUT", path: /index\.html$/ },
        { kind: "answer", status: 503, code: "ServiceUnavailable" },
        { times: 100 },
      );
      const site = await place.open({ endpoint: proxy.url });
      const error = emergencyError(await typed(site, deployOf(dist)));
      expect(error.code).to.equal("AWS_UNAVAILABLE");
      expect(error.next).to.contain("type the same command again");
      expect(await place.isLocked()).to.equal(false);
      proxy.forget();
      expect(await typed(site, deployOf(dist))).to.equal("done");
      expect(await place.served("config.json")).to.equal('{"version":3}');
    });

    if (tool === "versitygw") {
      it("because a key is wrong says which one is used, and never the secret", async () => {
        const place = await newPlace(server, "in place, with versions");
        await writeSite(dist, version(1));
        const secret = "canary-of-a-wrong-secret";
        process.env.AWS_SECRET_ACCESS_KEY = secret;
        const wrong = emergencyError(await typed(await place.open(), deployOf(dist)));
        expect(wrong.code).to.equal("AWS_CREDENTIALS");
        expect(wrong.what).to.contain("SignatureDoesNotMatch");
        expect(`${wrong.message}${wrong.stack}${String(wrong.cause)}`).not.to.contain(secret);
      });
    }
  });
}
