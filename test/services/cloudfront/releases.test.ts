import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";

import type { EmergencyDistributionUserConfig } from "../../../src/config/types.js";
import { processLives } from "../../../src/frontend/directory-lock.js";
import { openBucketSite } from "../../../src/frontend/s3/open-bucket-site.js";
import type { Site } from "../../../src/frontend/site.js";
import type { SiteFiles } from "../../../src/frontend/site-files.js";
import type { RunResult } from "../../../src/recovery/run.js";
import type { StepRequest } from "../../../src/step.js";
import { NEW, OLD, siteOf } from "../../frontend/sites.js";
import {
  deployOf,
  repointTo,
  rollbackTo,
  run,
  siteAt,
  temporaryFolder,
} from "../../frontend/stores.js";
import { describeWith } from "../servers/describe-services.js";
import type { S3Server } from "../servers/s3-server.js";
import { startVersitygw } from "../servers/versitygw.js";
import { startEdge, type EdgeEmulator } from "./edge-emulator.js";
import { linkStaging } from "./linked-staging.js";
import { installFunction, makeDistribution, viewerRequestSource } from "./made-distribution.js";
import { startCloudFront, type CloudFrontLaboratory } from "./start-cloudfront.js";

/** A page, its script, and the address in it. */
function version(number: number): SiteFiles {
  const script = `assets/index-Ab${String(number).padStart(4, "0")}xZ.js`;
  return siteOf({
    "index.html": `<!doctype html><script type="module" src="/${script}"></script>`,
    "config.json": `{"version":${number}}`,
    "docs/page.html": `<p>docs ${number}</p>`,
    [script]: `export const v=${number},market="${OLD}";`,
  });
}

describeWith(["moto", "versitygw", "varnish"], "releases behind CloudFront", () => {
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

  async function build(files: SiteFiles): Promise<void> {
    await rm(dist, { recursive: true, force: true });
    for (const [file, bytes] of files) {
      await mkdir(path.dirname(path.join(dist, file)), { recursive: true });
      await writeFile(path.join(dist, file), bytes);
    }
  }

  /** Loads the page all the time, as a browser does, and counts the loads that break. */
  function read(edge: EdgeEmulator): { stop(): Promise<{ loads: number; broken: string[] }> } {
    const over = new AbortController();
    const broken: string[] = [];
    let loads = 0;
    const reading = (async () => {
      while (!over.signal.aborted) {
        const page = await fetch(`${edge.url}/`);
        const html = await page.text();
        const script = /src="([^"]+)"/.exec(html)?.[1];
        const answer = script === undefined ? page : await fetch(edge.url + script);
        await answer.arrayBuffer();
        loads += 1;
        if (script === undefined || !answer.ok) {
          broken.push(`${page.status} ${html.slice(0, 80)} ${answer.status}`);
        }
      }
    })();
    return {
      async stop() {
        over.abort();
        await reading;
        return { loads, broken };
      },
    };
  }

  const kinds: Readonly<
    Record<
      NonNullable<EmergencyDistributionUserConfig["pointer"]>,
      (bucket: string) => Promise<string>
    >
  > = {
    "key-value-store": async (bucket) => {
      const name = `switch-${bucket}`;
      await installFunction(cloudFront.client, name, await viewerRequestSource());
      return (await makeDistribution(cloudFront.client, { bucket, viewerRequest: name })).id;
    },
    "origin-path": async (bucket) => (await makeDistribution(cloudFront.client, { bucket })).id,
    "staging-distribution": async (bucket) =>
      (await linkStaging(cloudFront.client, { bucket })).primary,
    none: async (bucket) =>
      (await makeDistribution(cloudFront.client, { bucket, originPath: "/app" })).id,
  };

  for (const [pointer, make] of Object.entries(kinds)) {
    it(`are deployed, repointed and rolled back without a broken load (${pointer})`, async () => {
      const bucket = await s3.newBucket({ versioning: true });
      const id = await make(bucket);
      const { proxy } = cloudFront;
      const edge = await startEdge({ proxy, distributionId: id, s3, bucket });
      // Only the first time it cannot be found by looking.
      let isFirst = true;
      const open = async (): Promise<Site> => {
        const isNeeded =
          isFirst && (pointer === "origin-path" || pointer === "staging-distribution");
        const opened = await openBucketSite(
          {
            s3: { bucket, prefix: "app", endpoint: s3.endpoint },
            cloudfront: { id, ...(isNeeded ? { pointer } : {}) },
          },
          { now: () => new Date(), lives: processLives, runtimeConfig: "config.json" },
        );
        isFirst = false;
        return siteAt(opened.store, { ...opened, url: edge.url, contracts: { market: OLD } });
      };
      const perform = async (request: StepRequest): Promise<string> =>
        statusOf(await run(await open(), request));
      const seen = async (file: string): Promise<string> =>
        await (await fetch(`${edge.url}/${file}`)).text();
      try {
        await build(version(1));
        expect(await perform(deployOf(dist))).to.equal("done");
        expect(await seen("config.json")).to.equal('{"version":1}');

        const reader = read(edge);
        await build(version(2));
        expect(await perform(deployOf(dist))).to.equal("done");
        expect(await seen("config.json")).to.equal('{"version":2}');
        expect(await seen("docs/page.html")).to.equal("<p>docs 2</p>");

        expect(await perform(rollbackTo(null))).to.equal("done");
        expect(await seen("config.json")).to.equal('{"version":1}');

        expect(await perform(repointTo(NEW))).to.equal("done");
        const script = /src="([^"]+)"/.exec(await seen(""))?.[1] ?? "";
        expect(await seen(script.slice(1))).to.contain(NEW);
        const { loads, broken } = await reader.stop();
        expect(broken).to.deep.equal([]);
        expect(loads).to.be.greaterThan(10);

        // Back to the old address: whoever has the page open loses it, rather than talk to the new one.
        const { id: first } = (await (await open()).store.releases())[0] ?? { id: "" };
        expect(await perform(rollbackTo(first, true))).to.equal("done");
        expect(await seen("config.json")).to.equal('{"version":1}');
        expect(await seen(/src="\/([^"]+)"/.exec(await seen(""))?.[1] ?? "")).to.contain(OLD);
      } finally {
        await edge.stop();
      }
    });
  }
});

function statusOf({ outcomes, failure }: RunResult): string {
  const [outcome] = outcomes;
  return failure === null
    ? [outcome?.status, outcome?.verification?.problem].filter(Boolean).join(": ")
    : failure.message;
}
