import path from "node:path";

import { expect } from "chai";

import { EmergencyError } from "../../../src/errors.js";
import { readRelease } from "../../../src/frontend/read-site.js";
import { deployOf, temporaryFolder } from "../../frontend/stores.js";
import { keysIn, useCredentials, version } from "../frontend/bucket-sites.js";
import { describeWith } from "../servers/describe-services.js";
import { startFaultyProxy, type FaultyProxy } from "../servers/faulty-proxy.js";
import { startMoto } from "../servers/moto.js";
import type { S3Server } from "../servers/s3-server.js";
import { startVersitygw } from "../servers/versitygw.js";
import { COMMANDS, SHORT, twoReleases, typed, writeSite } from "./commands.js";
import { newPlace, WAYS, type Place } from "./places.js";

/** More requests than any command here makes. */
const ALL = 400;

/**
 * From its nth write on, a client is cut off, as if its process had been killed. That is every way in which
 * a kill can leave a bucket: between two writes it is always the same.
 * @returns how many writes have come.
 */
function cutFromWrite(proxy: FaultyProxy, n: number): () => number {
  let writes = 0;
  proxy.forget();
  for (let number = 1; number <= ALL; number++) {
    proxy.onRequest(number, {
      before({ method }) {
        writes += method === "GET" || method === "HEAD" ? 0 : 1;
        return writes >= n ? "drop" : undefined;
      },
    });
  }
  return () => writes;
}

const servers = [
  // Every write of every command; of the slower server every third.
  { tool: "versitygw", start: startVersitygw, every: 1 },
  { tool: "moto", start: startMoto, every: 3 },
] as const;

for (const { tool, start, every } of servers) {
  describeWith([tool], `a run that is killed (${tool})`, () => {
    let server: S3Server;
    let dist: string;
    let remove: () => Promise<void>;
    let attempts: string | undefined;
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
      attempts = process.env.AWS_MAX_ATTEMPTS;
      // A process that is dead does not try again.
      process.env.AWS_MAX_ATTEMPTS = "1";
    });
    afterEach(async () => {
      if (attempts === undefined) {
        delete process.env.AWS_MAX_ATTEMPTS;
      } else {
        process.env.AWS_MAX_ATTEMPTS = attempts;
      }
      await remove();
    });

    async function expectWhole(place: Place, when: string): Promise<void> {
      const page = (await place.served("index.html")) ?? "";
      const script = /src="\/(.*?)"/.exec(page)?.[1] ?? "no script";
      expect(await place.served(script), `the script ${when}`).to.contain("v=");
      expect(await place.served("config.json"), `config ${when}`).to.match(/^\{"version":\d+\}$/);
    }

    it("leaves nothing in folders that a run of something else does not clear away", async function () {
      this.timeout(120_000);
      const place = await newPlace(server, "in folders");
      const direct = await twoReleases(place, dist);
      const proxy = await startFaultyProxy(server.endpoint);
      try {
        for (let n = 2, number = 3; n < 12; n += 3, number += 2) {
          await writeSite(dist, version(number));
          cutFromWrite(proxy, n);
          const site = await place.open({ endpoint: proxy.url, lives: () => false, site: SHORT });
          await typed(site, deployOf(dist));

          await writeSite(dist, version(number + 1));
          const other = await place.open({ lives: () => false, site: SHORT });
          expect(await typed(other, deployOf(dist))).to.equal("done");
          const ids = new Set((await direct.store.releases()).map(({ id }) => id));
          const keys = await keysIn(server.client(), place.bucket);
          const foreign = keys.filter((key) => !ids.has(key.split("/")[1] ?? ""));
          expect(foreign, `killed at write ${n}`).to.deep.equal([]);
          expect(await direct.store.unfinished()).to.deep.equal([]);
        }
      } finally {
        await proxy.stop();
      }
    });

    for (const way of WAYS) {
      for (const [name, command] of Object.entries(COMMANDS)) {
        it(`at any write of a ${name} ${way} serves a whole site, and goes on when it is typed again`, async function () {
          this.timeout(120_000);
          const place = await newPlace(server, way);
          const direct = await twoReleases(place, dist);
          const proxy = await startFaultyProxy(server.endpoint);
          try {
            for (let n = 1, count = 1; ; n += every, count++) {
              const when = `killed at write ${n}`;
              const before = await direct.store.releases();
              const wanted = await command(dist, count, direct);
              const writes = cutFromWrite(proxy, n);
              const site = await place.open({ endpoint: proxy.url, site: SHORT });
              const killed = await typed(site, wanted.request);
              const isKilled = writes() >= n;
              if (isKilled) {
                expect(killed, when).to.be.instanceOf(EmergencyError);
              }
              await expectWhole(place, when);

              const alone = await place.open({ lives: () => false, site: SHORT });
              const again = await typed(alone, wanted.request);
              expect(["done", "already"], `${when}: ${String(again)}`).to.include(again);
              await expectWhole(place, `${when} and typed again`);
              expect(await place.served("config.json"), when).to.equal(wanted.config);
              const releases = await direct.store.releases();
              const ids = releases.map(({ id }) => id);
              expect([...new Set(ids)], when).to.deep.equal(ids);
              const known = new Set(before.map(({ id }) => id));
              expect(ids.filter((id) => !known.has(id)).length, `${when}: ${ids.join()}`).to.equal(
                wanted.makes,
              );
              // When nothing was left to do, nothing was written: the next command clears up.
              if (again === "done") {
                expect(await place.isLocked(), when).to.equal(false);
                expect(await alone.store.unfinished(), when).to.deep.equal([]);
              }
              for (const { id } of releases) {
                const { files } = await direct.store.manifest(id);
                expect(await alone.store.damaged(id, files), `${when}: ${id}`).to.have.length(0);
                await readRelease(alone.store, id, files);
              }
              if (!isKilled) {
                expect(n).to.be.above(4);
                break;
              }
            }
          } finally {
            await proxy.stop();
          }
        });
      }
    }
  });
}
