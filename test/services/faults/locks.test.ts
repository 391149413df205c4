import { hostname } from "node:os";
import path from "node:path";

import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";

import { siteOf } from "../../frontend/sites.js";
import { deployOf, temporaryFolder } from "../../frontend/stores.js";
import { emergencyError } from "../../helpers/refusal.js";
import { useCredentials, version } from "../frontend/bucket-sites.js";
import { describeWith } from "../servers/describe-services.js";
import { startFaultyProxy, type FaultyProxy } from "../servers/faulty-proxy.js";
import { startMoto } from "../servers/moto.js";
import type { S3Server } from "../servers/s3-server.js";
import { startVersitygw } from "../servers/versitygw.js";
import { SHORT, twoReleases, typed, writeSite } from "./commands.js";
import { newPlace, WAYS, type Place } from "./places.js";

const LOCK = ".hardhat-emergency/lock";

const servers = [
  { tool: "versitygw", start: startVersitygw, every: 1 },
  { tool: "moto", start: startMoto, every: 3 },
] as const;

for (const { tool, start, every } of servers) {
  describeWith([tool], `the lock of a site in a bucket (${tool})`, function () {
    this.timeout(60_000);
    let server: S3Server;
    let proxy: FaultyProxy;
    let mine: string;
    let theirs: string;
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
      mine = path.join(temporary.folder, "mine");
      theirs = path.join(temporary.folder, "theirs");
      proxy = await startFaultyProxy(server.endpoint);
    });
    afterEach(async () => {
      await proxy.stop();
      await remove();
    });

    async function leaveLock({ bucket }: Place, host: string): Promise<void> {
      const holder = {
        by: "carol@elsewhere",
        host,
        pid: 1,
        at: "2026-01-01T00:00:00Z",
        token: "c",
      };
      const Body = JSON.stringify(holder);
      await server.client().send(new PutObjectCommand({ Bucket: bucket, Key: LOCK, Body }));
    }

    async function lockIn({ bucket }: Place): Promise<string> {
      const { Body } = await server
        .client()
        .send(new GetObjectCommand({ Bucket: bucket, Key: LOCK }));
      return (await Body?.transformToString()) ?? "";
    }

    /** The clock of the server, so much later. */
    const later = (seconds: number) => (): Date => new Date(Date.now() + seconds * 1000);

    for (const way of WAYS) {
      it(`of a site ${way} is heeded for 90 seconds when its holder is on another machine, and then taken over and cleared away`, async () => {
        const place = await newPlace(server, way);
        await writeSite(mine, version(1));
        await leaveLock(place, "elsewhere");
        for (const seconds of [0, 80]) {
          const site = await place.open({ now: later(seconds), lives: () => false });
          const error = emergencyError(await typed(site, deployOf(mine)));
          expect(error.code).to.equal("FRONTEND_LOCKED");
          expect(error.what).to.contain("carol@elsewhere").and.to.contain("Nothing was switched");
          expect(error.next).to.contain("90 seconds");
          expect(await place.served("index.html")).to.equal(undefined);
        }
        const site = await place.open({ now: later(93), lives: () => false });
        expect(await typed(site, deployOf(mine))).to.equal("done");
        expect(await place.isLocked()).to.equal(false);
        expect(await place.versionsOf(LOCK)).to.equal(0);
      });
    }

    it("is taken over at once from a dead process of the same machine, and never from a living one", async () => {
      const place = await newPlace(server, "in place, with versions");
      await writeSite(mine, version(1));
      await leaveLock(place, hostname());
      const living = await place.open({ lives: () => true });
      expect(emergencyError(await typed(living, deployOf(mine))).code).to.equal("FRONTEND_LOCKED");
      const alone = await place.open({ lives: (pid) => pid !== 1 });
      expect(await typed(alone, deployOf(mine))).to.equal("done");
      expect(await place.isLocked()).to.equal(false);
    });

    it("that is no lock at all is not taken over before its time, either", async () => {
      const place = await newPlace(server, "in place, with versions");
      await writeSite(mine, version(1));
      await server
        .client()
        .send(new PutObjectCommand({ Bucket: place.bucket, Key: LOCK, Body: "not JSON" }));
      const site = await place.open();
      const error = emergencyError(await typed(site, deployOf(mine)));
      expect(error.code).to.equal("FRONTEND_LOCKED");
      expect(error.what).to.contain("somebody else");
      const patient = await place.open({ now: later(93) });
      expect(await typed(patient, deployOf(mine))).to.equal("done");
      expect(await place.isLocked()).to.equal(false);
    });

    /** Does something when the nth write of a client is done, before the client knows. */
    function afterWrite(n: number, act: () => Promise<void>): () => number {
      let writes = 0;
      proxy.forget();
      for (let number = 1; number < 300; number++) {
        proxy.onRequest(number, {
          async after({ method }) {
            const isWrite = method !== "GET" && method !== "HEAD";
            writes += isWrite ? 1 : 0;
            if (isWrite && writes === n) {
              await act();
            }
            return undefined;
          },
        });
      }
      return () => writes;
    }

    it("is renewed while its holder works, and somebody who has seen it too old comes too late", async () => {
      const place = await newPlace(server, "in place, with versions");
      await twoReleases(place, mine);
      await writeSite(mine, version(3));
      await writeSite(theirs, version(4));
      const ticks: { readonly everyMs: number; readonly renew: () => void }[] = [];
      let ended = 0;
      const repeat = (everyMs: number, renew: () => void) => {
        ticks.push({ everyMs, renew });
        return () => {
          ended++;
        };
      };
      // Somebody looks, and believes the holder dead; before they write, it is renewed.
      const thief = await startFaultyProxy(server.endpoint);
      let late: unknown;
      afterWrite(4, async () => {
        const before = await lockIn(place);
        for (let number = 1; number < 100; number++) {
          thief.onRequest(number, {
            async before({ method, path: asked, headers }) {
              if (method === "PUT" && asked.endsWith(LOCK) && "if-match" in headers) {
                ticks[0]?.renew();
                while ((await lockIn(place)) === before) {
                  // It is on its way.
                }
              }
              return undefined;
            },
          });
        }
        const site = await place.open({ endpoint: thief.url, lives: () => false });
        late = await typed(site, deployOf(theirs));
        expect(await lockIn(place)).not.to.equal(before);
      });
      try {
        const site = await place.open({ endpoint: proxy.url, repeat });
        expect(await typed(site, deployOf(mine))).to.equal("done");
      } finally {
        await thief.stop();
      }
      expect(emergencyError(late).code).to.equal("FRONTEND_LOCKED");
      expect(ticks.map(({ everyMs }) => everyMs)).to.deep.equal([25_000]);
      expect(ended).to.equal(1);
      expect(await place.served("config.json")).to.equal('{"version":3}');
      expect(await place.isLocked()).to.equal(false);
      expect(await place.versionsOf(LOCK)).to.equal(0);
    });

    for (const way of WAYS) {
      it(`that is taken away after any write stops its holder, and what the other one has put ${way} stays`, async function () {
        this.timeout(120_000);
        const place = await newPlace(server, way);
        const direct = await twoReleases(place, mine);
        for (let n = 1, number = 3; ; n += every, number += 2) {
          const when = `taken away after write ${n}`;
          await writeSite(mine, version(number));
          // With a page that the holder is about to remove.
          const before = `pages/only-${number - 1}.html`;
          await writeSite(
            theirs,
            siteOf({ ...Object.fromEntries(version(number + 1)), [before]: "theirs" }),
          );
          let other: unknown;
          const writes = afterWrite(n, async () => {
            const site = await place.open({ lives: () => false, site: SHORT });
            other = await typed(site, deployOf(theirs));
          });
          const site = await place.open({ endpoint: proxy.url, site: SHORT });
          const ended = await typed(site, deployOf(mine));
          if (writes() < n) {
            expect(ended).to.equal("done");
            expect(n).to.be.above(6);
            break;
          }
          expect(other, when).to.equal("done");
          expect(ended, when).not.to.equal("already");
          if (typeof ended !== "string") {
            expect(["FRONTEND_LOCKED", "PRIOR_STATE_CHANGED", "POINTER_CHANGED"], when).to.include(
              ended.code,
            );
          }
          expect(await place.served("config.json"), when).to.equal(`{"version":${number + 1}}`);
          const page = await place.served("index.html");
          expect(page, when).to.contain(`Ab${String(number + 1).padStart(4, "0")}xZ`);
          expect(await place.served(before), when).to.equal("theirs");
          const ids = (await direct.store.releases()).map(({ id }) => id);
          expect([...new Set(ids)], when).to.deep.equal(ids);
          const current = (await direct.store.current()) ?? "";
          const { files } = await direct.store.manifest(current);
          expect([...(await direct.store.damaged(current, files))], when).to.deep.equal([]);
          expect(await place.isLocked(), when).to.equal(false);
        }
      });
    }
  });
}
