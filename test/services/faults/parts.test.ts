import { randomBytes } from "node:crypto";
import path from "node:path";

import { GetObjectCommand, ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";

import { sha256 } from "../../../src/frontend/manifest.js";
import { deployOf, temporaryFolder } from "../../frontend/stores.js";
import { useCredentials, version } from "../frontend/bucket-sites.js";
import { describeWith } from "../servers/describe-services.js";
import { slowDown, type Fault, type RequestPattern } from "../servers/faults.js";
import { startFaultyProxy, type FaultyProxy } from "../servers/faulty-proxy.js";
import { startMoto } from "../servers/moto.js";
import type { S3Server } from "../servers/s3-server.js";
import { startVersitygw } from "../servers/versitygw.js";
import { twoReleases, typed, writeSite } from "./commands.js";
import { emergencyError } from "../../helpers/refusal.js";
import { newPlace, type Place } from "./places.js";

const MB = 1024 ** 2;

/** Three parts: S3 takes none below 5 MB, but for the last. */
const BIG = randomBytes(11 * MB);
const BIG_PATH = "assets/film-Ab0003xZ.mp4";

const PARTS = { uploadInPartsAbove: 5 * MB };

const BEGIN: RequestPattern = { method: "POST", query: ["uploads"] };
const PART: RequestPattern = { method: "PUT", query: ["partNumber"] };
const END: RequestPattern = { method: "POST", query: ["uploadId"] };
const ABORT: RequestPattern = { method: "DELETE", query: ["uploadId"] };

const servers = [
  ["versitygw", startVersitygw],
  ["moto", startMoto],
] as const;

for (const [tool, start] of servers) {
  describeWith([tool], `a file that is uploaded in parts (${tool})`, function () {
    this.timeout(60_000);
    let server: S3Server;
    let proxy: FaultyProxy;
    let place: Place;
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
      place = await newPlace(server, "in place, with versions");
      await twoReleases(place, dist);
      await writeSite(dist, new Map([...version(3), [BIG_PATH, BIG]]));
    });
    afterEach(async () => {
      await proxy.stop();
      await remove();
    });

    async function deploy(meets = {}) {
      const site = await place.open({ endpoint: proxy.url, ...PARTS, ...meets });
      return await typed(site, deployOf(dist));
    }

    async function expectWhole(): Promise<void> {
      const { Body } = await server
        .client()
        .send(new GetObjectCommand({ Bucket: place.bucket, Key: BIG_PATH }));
      const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
      expect(sha256(bytes)).to.equal(sha256(BIG));
      expect(await place.served("config.json")).to.equal('{"version":3}');
      expect(await place.versionsOf(BIG_PATH)).to.equal(1);
    }

    async function unfinishedUploads(): Promise<number> {
      const { Uploads = [] } = await server
        .client()
        .send(new ListMultipartUploadsCommand({ Bucket: place.bucket }));
      return Uploads.length;
    }

    const cut: Fault = { kind: "cut-upload", afterBytes: MB };
    const lost: Fault = { kind: "lose-answer" };
    /** S3 may say that all is well, and then that it is not. */
    const failedLate: Fault = { kind: "answer", status: 200, code: "InternalError" };
    const faults: readonly (readonly [string, RequestPattern, Fault])[] = [
      ["when the connection is cut in the middle of parts", PART, cut],
      ["when the answers to parts are lost", PART, lost],
      ["when the server is busy at its beginning", BEGIN, slowDown],
      ["when the server is busy at a part", PART, slowDown],
      ["when the server is busy at its end", END, slowDown],
      ["when its end is said to be well and fails", END, failedLate],
      ["when the answer to its end is lost", END, lost],
    ];
    for (const [when, pattern, fault] of faults) {
      it(`is there whole, and once, ${when}`, async () => {
        const used = proxy.fail(pattern, fault, { times: pattern === PART ? 2 : 1 });
        const ended = await deploy();
        expect(ended, String(ended)).to.equal("done");
        expect(used()).to.be.above(0);
        await expectWhole();
        expect(await unfinishedUploads()).to.equal(0);
      });
    }

    it("is there whole, and once, when the answer to its end is lost and the server has forgotten the upload", async () => {
      proxy.fail(END, lost);
      const forgotten = proxy.fail(END, { kind: "answer", status: 404, code: "NoSuchUpload" });
      const ended = await deploy();
      expect(ended, String(ended)).to.equal("done");
      expect(forgotten()).to.equal(1);
      await expectWhole();
    });

    it("leaves no parts behind when it cannot be, and is there when the command is typed again", async () => {
      proxy.fail(PART, cut, { times: 1000 });
      const error = emergencyError(await deploy());
      expect(error.code).to.equal("AWS_UNAVAILABLE");
      expect(proxy.count(ABORT)).to.equal(1);
      expect(await unfinishedUploads()).to.equal(0);
      expect(await place.served("config.json")).to.equal('{"version":2}');
      expect(await place.isLocked()).to.equal(false);
      proxy.forget();
      expect(await deploy()).to.equal("done");
      await expectWhole();
    });

    it("is there when the command is typed again after a kill in the middle", async () => {
      // The second part, and whatever comes after it.
      const attempts = process.env.AWS_MAX_ATTEMPTS;
      process.env.AWS_MAX_ATTEMPTS = "1";
      let parts = 0;
      for (let number = 1; number < 200; number++) {
        proxy.onRequest(number, {
          before({ method, query }) {
            parts += method === "PUT" && query.has("partNumber") ? 1 : 0;
            return parts >= 2 ? "drop" : undefined;
          },
        });
      }
      try {
        expect(emergencyError(await deploy()).code).to.equal("AWS_UNAVAILABLE");
      } finally {
        if (attempts === undefined) {
          delete process.env.AWS_MAX_ATTEMPTS;
        } else {
          process.env.AWS_MAX_ATTEMPTS = attempts;
        }
      }
      expect(await place.served("config.json")).to.equal('{"version":2}');
      expect(await place.isLocked()).to.equal(true);
      proxy.forget();
      expect(await deploy({ lives: () => false })).to.equal("done");
      await expectWhole();
    });
  });
}
