import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { expect } from "chai";

import { processLives } from "../../../src/frontend/directory-lock.js";
import { openBucketSite } from "../../../src/frontend/s3/open-bucket-site.js";
import type { Site } from "../../../src/frontend/site.js";
import type { StepRequest } from "../../../src/step.js";
import { NEW, OLD } from "../../frontend/sites.js";
import { deployOf, repointTo, rollbackTo, siteAt, temporaryFolder } from "../../frontend/stores.js";
import { startEdge } from "../cloudfront/edge-emulator.js";
import {
  installFunction,
  makeDistribution,
  viewerRequestSource,
} from "../cloudfront/made-distribution.js";
import { startCloudFront, type CloudFrontLaboratory } from "../cloudfront/start-cloudfront.js";
import { useCredentials } from "../frontend/bucket-sites.js";
import { describeWith } from "../servers/describe-services.js";
import { startMoto } from "../servers/moto.js";
import type { S3Server } from "../servers/s3-server.js";
import { startVersitygw } from "../servers/versitygw.js";
import { bigSite } from "./big-site.js";
import { typed, writeSite } from "./commands.js";
import { newPlace, WAYS } from "./places.js";
import { startReaders, type Get } from "./reader.js";

/** Fewer loads than this say nothing. */
const MANY = 120;

const READERS = 3;

/** What is removed waits so long for pages that are loading. */
const GRACE = {
  graceMs: 500,
  wait: async (milliseconds: number): Promise<void> => {
    await wait(milliseconds);
  },
};

/**
 * Deploys, rolls back and repoints a site that is read all the time, until it was read often enough.
 * @returns how often that was.
 */
async function operate(
  dist: string,
  open: () => Promise<Site>,
  get: Get,
): Promise<{ readonly loads: number; readonly later: number }> {
  const perform = async (request: StepRequest): Promise<string> => {
    const ended = await typed(await open(), request);
    expect(ended, String(ended)).to.equal("done");
    return (await (await open()).store.current()) ?? "";
  };
  const deploy = async (number: number): Promise<string> => {
    await writeSite(dist, bigSite(number));
    return await perform(deployOf(dist));
  };
  const first = await deploy(1);
  const seen = startReaders(get, READERS);
  try {
    let number = 1;
    do {
      await deploy(++number);
      const newest = await deploy(++number);
      await perform(rollbackTo(first));
      await perform(rollbackTo(newest));
    } while (seen.loads() < MANY && number < 30);
    await perform(repointTo(NEW));
    expect(await get("config.json")).to.equal(`{"version":${number}}`);
    // Whoever loads it in this moment still gets what talks to the address that is given up.
    await perform(rollbackTo(first, true));
    expect(await get("config.json")).to.equal('{"version":1}');
  } finally {
    await seen.stop();
  }
  expect(seen.broken).to.deep.equal([]);
  return { loads: seen.loads(), later: seen.laterRequests() };
}

const servers = [
  ["versitygw", startVersitygw],
  ["moto", startMoto],
] as const;

for (const [tool, start] of servers) {
  describeWith([tool], `those who read a site all the time (${tool})`, function () {
    this.timeout(180_000);
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
      it(`see no broken page while it is changed ${way}`, async () => {
        const place = await newPlace(server, way);
        const open = async (): Promise<Site> => await place.open({ site: GRACE });
        const { loads, later } = await operate(
          dist,
          open,
          async (file) => await place.served(file),
        );
        expect(loads).to.be.least(MANY);
        expect(later).to.be.least(MANY / 2);
      });
    }
  });
}

describeWith(
  ["moto", "versitygw", "varnish"],
  "those who read a site all the time through a cache",
  function () {
    this.timeout(180_000);
    let cloudFront: CloudFrontLaboratory;
    let s3: S3Server;
    let dist: string;
    let remove: () => Promise<void>;
    before(async () => {
      s3 = await startVersitygw();
      cloudFront = await startCloudFront({ s3 });
      const temporary = await temporaryFolder();
      ({ remove } = temporary);
      dist = path.join(temporary.folder, "dist");
    });
    after(async () => {
      await remove();
      await cloudFront.stop();
      await s3.stop();
    });

    for (const pointer of ["key-value-store", "none"] as const) {
      it(`see no broken page while it is changed (${pointer})`, async () => {
        const { client, proxy } = cloudFront;
        const bucket = await s3.newBucket({ versioning: true });
        if (pointer === "key-value-store") {
          await installFunction(client, bucket, await viewerRequestSource());
        }
        const { id } = await makeDistribution(client, {
          bucket,
          ...(pointer === "none" ? { originPath: "/app" } : { viewerRequest: bucket }),
        });
        const edge = await startEdge({ proxy, distributionId: id, s3, bucket });
        const open = async (): Promise<Site> => {
          const opened = await openBucketSite(
            { s3: { bucket, prefix: "app", endpoint: s3.endpoint }, cloudfront: { id } },
            { now: () => new Date(), lives: processLives, runtimeConfig: "config.json" },
          );
          return siteAt(opened.store, { ...opened, ...GRACE, contracts: { market: OLD } });
        };
        const get: Get = async (file) => {
          const answer = await fetch(`${edge.url}/${file === "index.html" ? "" : file}`);
          const text = await answer.text();
          return answer.ok ? text : undefined;
        };
        try {
          const { loads } = await operate(dist, open, get);
          expect(loads).to.be.least(MANY);
        } finally {
          await edge.stop();
        }
      });
    }
  },
);
