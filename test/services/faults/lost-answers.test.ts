import path from "node:path";

import { expect } from "chai";

import { temporaryFolder } from "../../frontend/stores.js";
import { useCredentials } from "../frontend/bucket-sites.js";
import { describeWith } from "../servers/describe-services.js";
import { startFaultyProxy, type FaultyProxy } from "../servers/faulty-proxy.js";
import { startMoto } from "../servers/moto.js";
import type { S3Server } from "../servers/s3-server.js";
import { startVersitygw } from "../servers/versitygw.js";
import { COMMANDS, SHORT, twoReleases, typed } from "./commands.js";
import { newPlace, WAYS } from "./places.js";

/** More requests than any command here makes. */
const ALL = 400;

/**
 * The nth write is done by the server, and its answer gets lost.
 * @returns how many writes have come.
 */
function loseAnswer(proxy: FaultyProxy, n: number): () => number {
  let writes = 0;
  proxy.forget();
  for (let number = 1; number <= ALL; number++) {
    let isLost = false;
    proxy.onRequest(number, {
      before({ method }) {
        writes += method === "GET" || method === "HEAD" ? 0 : 1;
        isLost = writes === n && method !== "GET" && method !== "HEAD";
        return undefined;
      },
      after: () => (isLost ? "drop" : undefined),
    });
  }
  return () => writes;
}

const servers = [
  { tool: "versitygw", start: startVersitygw, every: 1 },
  { tool: "moto", start: startMoto, every: 3 },
] as const;

for (const { tool, start, every } of servers) {
  describeWith([tool], `an answer that gets lost (${tool})`, () => {
    let server: S3Server;
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
    });
    afterEach(async () => {
      await remove();
    });

    for (const way of WAYS) {
      for (const [name, command] of Object.entries(COMMANDS)) {
        it(`to any write of a ${name} ${way} is no failure and nobody else's change, and what was written is not written twice`, async function () {
          this.timeout(120_000);
          const place = await newPlace(server, way);
          const direct = await twoReleases(place, dist);
          const proxy = await startFaultyProxy(server.endpoint);
          try {
            for (let n = 1, count = 1; ; n += every, count++) {
              const when = `answer to write ${n}`;
              const before = (await direct.store.releases()).length;
              const pages = await place.versionsOf("index.html");
              const wanted = await command(dist, count, direct);
              const writes = loseAnswer(proxy, n);
              const site = await place.open({ endpoint: proxy.url, site: SHORT });
              const ended = await typed(site, wanted.request);
              expect(ended, `${when}: ${String(ended)}`).to.equal("done");
              expect(await place.served("config.json"), when).to.equal(wanted.config);
              const ids = (await direct.store.releases()).map(({ id }) => id);
              expect([...new Set(ids)], when).to.deep.equal(ids);
              expect(ids.length, when).to.be.most(before + wanted.makes);
              expect(await place.isLocked(), when).to.equal(false);
              expect(await direct.store.unfinished(), when).to.deep.equal([]);
              if (way === "in place, with versions") {
                expect(await place.versionsOf("index.html"), when).to.equal(pages + 1);
              }
              if (writes() < n) {
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
