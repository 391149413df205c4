import path from "node:path";

import { PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";

import { deployOf, temporaryFolder } from "../../frontend/stores.js";
import { useCredentials, version } from "../frontend/bucket-sites.js";
import { describeWith } from "../servers/describe-services.js";
import { slowDown, type Fault, type RequestPattern } from "../servers/faults.js";
import { startFaultyProxy, type FaultyProxy } from "../servers/faulty-proxy.js";
import { startMoto } from "../servers/moto.js";
import type { S3Server } from "../servers/s3-server.js";
import { startVersitygw } from "../servers/versitygw.js";
import { SHORT, twoReleases, typed, writeSite } from "./commands.js";
import { newPlace, WAYS } from "./places.js";

/** More than are uploaded at a time. */
const FILES = 150;

function manyFiles(number: number): ReadonlyMap<string, Buffer> {
  const assets = Array.from(
    { length: FILES },
    (_, index) =>
      [
        `assets/chunk-Cd${String(number * 1000 + index).padStart(4, "0")}xZ.js`,
        Buffer.from(`export const c=${index};`),
      ] as const,
  );
  return new Map([...version(number), ...assets]);
}

const KINDS: Readonly<Record<string, RequestPattern>> = {
  "listing the objects": { method: "GET", query: ["list-type"] },
  "reading an object": { method: "GET", path: /\.json$/ },
  "looking at an object": { method: "HEAD" },
  "taking the lock": { method: "PUT", path: /lock$/ },
  "writing a file": { method: "PUT", path: /assets/ },
  "copying an object": { method: "PUT", header: "x-amz-copy-source" },
  "writing a page": { method: "PUT", path: /\.html$/ },
  "writing a record": { method: "PUT", path: /releases\/[^/]*\.json$/ },
  "writing what is served": { method: "PUT", path: /site\.json$/ },
  "moving the pointer": { method: "PUT", path: /pointer$/ },
  deleting: { method: "POST", query: ["delete"] },
};

const servers = [
  ["versitygw", startVersitygw],
  ["moto", startMoto],
] as const;

for (const [tool, start] of servers) {
  describeWith([tool], `a server or a line that fails for a while (${tool})`, function () {
    this.timeout(120_000);
    let server: S3Server;
    let proxy: FaultyProxy;
    let folder: string;
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
      ({ folder, remove } = await temporaryFolder());
      dist = path.join(folder, "dist");
      proxy = await startFaultyProxy(server.endpoint);
    });
    afterEach(async () => {
      await proxy.stop();
      await remove();
    });

    it("is borne at every kind of request, several times", async () => {
      const used = new Set<string>();
      for (const way of WAYS) {
        const place = await newPlace(server, way);
        await twoReleases(place, dist);
        await writeSite(dist, version(3));
        // An earlier attempt was killed before it could say so.
        await server.client().send(
          new PutObjectCommand({
            Bucket: place.bucket,
            Key: "config.json",
            Body: '{"version":3}',
            Metadata: { sha256: "of something else" },
          }),
        );
        proxy.forget();
        const rules = Object.entries(KINDS).map(
          ([kind, pattern]) =>
            [
              kind,
              proxy.fail(
                pattern,
                { kind: "answer", status: 503, code: "ServiceUnavailable" },
                { times: 2 },
              ),
            ] as const,
        );
        const site = await place.open({ endpoint: proxy.url, site: SHORT });
        const ended = await typed(site, deployOf(dist));
        expect(ended, `${way}: ${String(ended)}`).to.equal("done");
        expect(await place.served("config.json")).to.equal('{"version":3}');
        for (const [kind, times] of rules) {
          if (times() > 0) {
            used.add(kind);
          }
        }
      }
      expect([...used].sort()).to.deep.equal(Object.keys(KINDS).sort());
    });

    const faults: Readonly<Record<string, Fault>> = {
      "slows down": slowDown,
      "cuts connections in mid-upload": { kind: "cut-upload", afterBytes: 10 },
      "loses answers": { kind: "lose-answer" },
    };
    for (const [name, fault] of Object.entries(faults)) {
      it(`${name} for all uploads at once, twice, does not stop a deploy`, async () => {
        const place = await newPlace(server, "in place, with versions");
        await twoReleases(place, dist);
        await writeSite(dist, manyFiles(3));
        const used = proxy.fail({ method: "PUT", path: /chunk-/ }, fault, { times: 128 });
        const site = await place.open({ endpoint: proxy.url, site: SHORT });
        const ended = await typed(site, deployOf(dist));
        expect(ended, String(ended)).to.equal("done");
        expect(used()).to.equal(128);
        expect(await place.served("assets/chunk-Cd3149xZ.js")).to.equal("export const c=149;");
      });
    }
  });
}
