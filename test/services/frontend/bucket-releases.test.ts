import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { GetObjectAclCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";

import { performPlan, type RunResult } from "../../../src/recovery/run.js";
import type { SiteFiles } from "../../../src/frontend/site-files.js";
import type { StepRequest } from "../../../src/step.js";
import { NEW, OLD, textIn, viteSite } from "../../frontend/sites.js";
import {
  deployOf,
  idsOf,
  planFor,
  repointTo,
  rollbackTo,
  run,
  stepsOf,
  temporaryFolder,
} from "../../frontend/stores.js";
import { expectRejection } from "../../helpers/refusal.js";
import { describeWith } from "../servers/describe-services.js";
import { startFaultyProxy } from "../servers/faulty-proxy.js";
import { startMoto } from "../servers/moto.js";
import type { S3Server } from "../servers/s3-server.js";
import { startVersitygw } from "../servers/versitygw.js";
import {
  bucketSite,
  keysIn,
  textAt,
  useCredentials,
  version,
  type BucketWishes,
} from "./bucket-sites.js";

function statusOf({ outcomes, failure }: RunResult): string {
  const [outcome] = outcomes;
  return failure === null ? (outcome?.status ?? "none") : failure.code;
}

const servers = [
  ["versitygw", startVersitygw],
  ["moto", startMoto],
] as const;

for (const [tool, start] of servers) {
  for (const versioning of [true, false]) {
    describeWith(
      [tool],
      `releases in a bucket ${versioning ? "with" : "without"} versions (${tool})`,
      () => {
        let server: S3Server;
        let bucket: string;
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
          bucket = await server.newBucket({ versioning });
        });
        afterEach(async () => {
          await remove();
        });

        async function build(files: SiteFiles, folder = dist): Promise<void> {
          await rm(folder, { recursive: true, force: true });
          for (const [file, bytes] of files) {
            await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
            await writeFile(path.join(folder, file), bytes);
          }
        }

        async function perform(
          request: StepRequest,
          wishes: BucketWishes = {},
        ): Promise<RunResult> {
          return await run(await bucketSite(server, bucket, wishes), request);
        }

        async function deploy(files: SiteFiles, wishes: BucketWishes = {}): Promise<RunResult> {
          await build(files);
          return await perform(deployOf(dist), wishes);
        }

        async function served(key: string): Promise<string | undefined> {
          return await textAt(server.client(), bucket, key);
        }

        it("are deployed with their headers, and not made twice for the same files", async () => {
          const wishes = {
            s3: {
              prefix: "app",
              metadata: { team: "web" },
              headers: [{ match: "*.svg", cacheControl: "max-age=60" }],
            },
          };
          expect(statusOf(await deploy(viteSite(OLD), wishes))).to.equal("done");
          expect(await served("app/index.html")).to.equal(textIn(viteSite(OLD), "index.html"));
          const look = async (key: string) =>
            await server.client().send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
          expect(await look("app/index.html")).to.deep.include({
            ContentType: "text/html; charset=utf-8",
            CacheControl: "no-cache",
          });
          expect((await look("app/assets/index-DkR2c9Pa.js")).CacheControl).to.contain("immutable");
          expect(await look("app/assets/logo-B7dQzXy1.svg")).to.include({
            CacheControl: "max-age=60",
          });
          expect((await look("app/index.html")).Metadata).to.include({ team: "web" });
          expect(statusOf(await deploy(viteSite(OLD), wishes))).to.equal("already");
          const site = await bucketSite(server, bucket, wishes);
          expect(await idsOf(site.store)).to.have.length(1);
          expect((await site.store.manifest((await site.store.current()) ?? "")).by).to.equal(
            "tester@here",
          );
        });

        if (tool === "moto") {
          // The other server takes encryption and ACLs, and forgets them.
          it("are encrypted and readable as configured, and what is noted of them is for nobody else", async () => {
            const s3 = { encryption: "AES256", acl: "public-read" } as const;
            expect(statusOf(await deploy(version(1), { s3 }))).to.equal("done");
            const client = server.client();
            const page = { Bucket: bucket, Key: "index.html" };
            const own = { Bucket: bucket, Key: ".hardhat-emergency/site.json" };
            const looked = await client.send(new HeadObjectCommand(page));
            expect(looked.ServerSideEncryption).to.equal("AES256");
            const readers = async (object: typeof page): Promise<string> =>
              JSON.stringify((await client.send(new GetObjectAclCommand(object))).Grants);
            expect(await readers(page)).to.contain("AllUsers");
            expect(await readers(own)).not.to.contain("AllUsers");
          });
        }

        it("take each other's place whole, keep what open pages may ask for, and go back", async () => {
          for (const number of [1, 2, 3]) {
            expect(statusOf(await deploy(version(number)))).to.equal("done");
          }
          expect(await keysIn(server.client(), bucket)).to.deep.equal([
            "assets/index-Ab0001xZ.js",
            "assets/index-Ab0002xZ.js",
            "assets/index-Ab0003xZ.js",
            "config.json",
            "index.html",
            "logo.svg",
            "pages/only-3.html",
          ]);
          expect(statusOf(await perform(rollbackTo(null)))).to.equal("done");
          expect(await served("config.json")).to.equal('{"version":2}');
          expect(await served("pages/only-3.html")).to.equal(undefined);
          expect(await served("pages/only-2.html")).to.contain("of its own");
          expect(statusOf(await perform(rollbackTo(null)))).to.equal("done");
          expect(await served("config.json")).to.equal('{"version":1}');
          await expectRejection(
            planFor(await bucketSite(server, bucket), rollbackTo(null)),
            "UNKNOWN_RELEASE",
          );
          expect(statusOf(await perform(rollbackTo("0003")))).to.equal("done");
          expect(await served("config.json")).to.equal('{"version":3}');
          expect(await served("assets/index-Ab0001xZ.js")).to.contain("v=1");
        });

        it("are repointed in seconds, and hold the old address nowhere", async () => {
          await deploy(viteSite(OLD));
          expect(statusOf(await perform(repointTo(NEW)))).to.equal("done");
          for (const key of await keysIn(server.client(), bucket)) {
            expect((await served(key))?.toLowerCase(), key).not.to.contain(
              OLD.slice(2).toLowerCase(),
            );
          }
          expect(await served("config.json")).to.contain(NEW);
          await expectRejection(
            planFor(await bucketSite(server, bucket), rollbackTo(null)),
            "OLD_ADDRESS",
          );
        });

        it("are put over a site that somebody else's tool has put there, and nothing of it is lost", async () => {
          const client = server.client();
          for (const [Key, Body] of [
            ["index.html", "theirs"],
            ["other/report.pdf", "theirs, too"],
          ] as const) {
            await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
          }
          expect(statusOf(await deploy(version(1)))).to.equal("done");
          expect(await served("other/report.pdf")).to.equal("theirs, too");
          expect(await served("config.json")).to.equal('{"version":1}');
          if (!versioning) {
            const site = await bucketSite(server, bucket);
            const id = await site.store.current();
            expect(await served(`.hardhat-emergency/replaced/${id ?? ""}/index.html`)).to.equal(
              "theirs",
            );
          }
        });

        it("that somebody changed without heeding the lock are mended by a deploy", async () => {
          await deploy(version(1));
          const client = server.client();
          await client.send(
            new PutObjectCommand({ Bucket: bucket, Key: "config.json", Body: "theirs" }),
          );
          const plan = planFor(await bucketSite(server, bucket), repointTo(NEW, OLD));
          if (versioning) {
            // What was deployed is still there, as an older version; that it takes their place is said.
            expect((await plan).steps[0]?.notes.join())
              .to.contain("somebody has changed files")
              .and.to.contain("config.json");
          } else {
            await expectRejection(plan, "BROKEN_RELEASE");
          }
          expect(statusOf(await deploy(version(1)))).to.equal("done");
          expect(await served("config.json")).to.equal('{"version":1}');
        });

        it("are refused when a stranger writes between the look and the write", async () => {
          await deploy(version(1));
          await build(version(2));
          const proxy = await startFaultyProxy(server.endpoint);
          try {
            const site = await bucketSite(server, bucket, { endpoint: proxy.url });
            const plan = await planFor(site, deployOf(dist));
            // Their write comes with our first one, when we have looked already.
            let theirs: Promise<unknown> | undefined;
            for (let number = 1; number < 60; number++) {
              proxy.onRequest(number, {
                before: async ({ method, path: asked }) => {
                  if (method === "PUT" && asked.includes("/assets/")) {
                    theirs ??= server.client().send(
                      new PutObjectCommand({
                        Bucket: bucket,
                        Key: "config.json",
                        Body: "theirs",
                      }),
                    );
                    await theirs;
                  }
                  return undefined;
                },
              });
            }
            const result = await performPlan(plan, stepsOf(site), () => undefined, Date.now);
            expect(statusOf(result)).to.equal("PRIOR_STATE_CHANGED");
          } finally {
            await proxy.stop();
          }
          expect(await served("config.json")).to.equal("theirs");
          expect(statusOf(await deploy(version(2)))).to.equal("done");
          expect(await served("config.json")).to.equal('{"version":2}');
        });

        it("are locked while somebody changes them: of two deployers one is refused", async () => {
          await deploy(version(1));
          await build(version(2));
          const other = path.join(path.dirname(dist), "other");
          await build(version(3), other);
          const results = await Promise.all(
            [dist, other].map(async (from) => {
              const site = await bucketSite(server, bucket);
              const plan = await planFor(site, deployOf(from));
              return await performPlan(plan, stepsOf(site), () => undefined, Date.now);
            }),
          );
          const statuses = results.map(statusOf);
          expect(statuses.filter((status) => status === "done")).to.have.length(1);
          expect(["FRONTEND_LOCKED", "PRIOR_STATE_CHANGED"]).to.include(
            statuses.find((status) => status !== "done"),
          );
          const [page, config] = [await served("index.html"), await served("config.json")];
          const winner = statuses[0] === "done" ? 2 : 3;
          expect(page).to.contain(`Ab000${winner}xZ`);
          expect(config).to.equal(`{"version":${winner}}`);
        });
      },
    );
  }
}
