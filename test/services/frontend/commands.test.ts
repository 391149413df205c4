import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";

import type { EmergencyFrontendUserConfig } from "../../../src/config/types.js";
import { processLives } from "../../../src/frontend/directory-lock.js";
import { each } from "../../../src/frontend/each.js";
import { openBucketSite } from "../../../src/frontend/s3/open-bucket-site.js";
import { until } from "../../helpers/anvil.js";
import { listOf, onlyDocument } from "../../helpers/refusal.js";
import { describeWith } from "../servers/describe-services.js";
import { startVersitygw } from "../servers/versitygw.js";
import { keysIn } from "./bucket-sites.js";
import {
  startLaboratory,
  startMarket,
  type Laboratory,
  type Market,
  type PointerKind,
  type Shop,
} from "./laboratory.js";
import { BUILD, RUNTIME_CONFIG, TITLES, makeMarketApp, type MarketApp } from "./market-app.js";
import {
  currentRelease,
  done,
  everyVersion,
  expectRefused,
  expectServed,
  printed,
  versionsOf,
} from "./shop-checks.js";

describeWith(
  ["versitygw", "moto", "varnish", "chromium", "vite"],
  "a website that Vite builds, by typed commands",
  function () {
    this.timeout(240_000);
    let home: string;
    let market: Market;
    let app: MarketApp;

    before(async () => {
      home = await mkdtemp(path.join(tmpdir(), "hardhat-emergency-app-"));
      market = await startMarket();
      const { node } = market;
      app = await makeMarketApp(path.join(home, "app"), {
        ...market,
        rpc: node.url,
        chainId: node.chainId,
      });
    });
    after(async () => {
      await market.node.stop();
      await rm(home, { recursive: true });
    });

    async function newShop(laboratory: Laboratory, pointer: PointerKind): Promise<Shop> {
      const build = { directory: app.folder, ...BUILD };
      return await laboratory.newShop(pointer, { build, runtimeConfig: RUNTIME_CONFIG });
    }

    const pointTo = (contract: "market" | "vault", address: string): readonly string[] => [
      ...["--contract", contract, "--address", address],
    ];

    describe("in a bucket of versitygw, behind CloudFront and varnish", () => {
      let laboratory: Laboratory;
      before(async () => {
        laboratory = await startLaboratory(market, startVersitygw);
      });
      after(async () => {
        await laboratory.stop();
      });

      /** What is in the bucket for visitors; a lock leaves markers behind. */
      async function served(shop: Shop): Promise<readonly (readonly string[])[]> {
        const keys = await keysIn(laboratory.s3.client(), shop.bucket);
        return await each(keys, 8, async (key) => [
          key,
          ...(await versionsOf(laboratory.s3.client(), shop.bucket, key)),
        ]);
      }

      /** Somebody else's tool, which heeds no lock, keeps no records, and invalidates. */
      async function overwrite(shop: Shop, files: Readonly<Record<string, string | null>>) {
        const { s3 } = laboratory;
        const client = s3.client();
        for (const [Key, Body] of Object.entries(files)) {
          const object = { Bucket: shop.bucket, Key };
          await (Body === null
            ? client.send(new DeleteObjectCommand(object))
            : client.send(new PutObjectCommand({ ...object, Body, ContentType: "text/html" })));
        }
        await done(shop, "invalidate", "--paths", "*");
      }

      it("talks to the new contracts after each of the three ways to repoint", async () => {
        const shop = await newShop(laboratory, "none");
        await done(shop, "deploy", "--from", app.second);
        const served = { title: TITLES.second, market: market.market, vault: market.vault };
        await expectServed(shop, served);

        const bundle = await done(
          shop,
          "repoint",
          ...pointTo("market", market.marketFixed),
          "--rehearse",
        );
        expect(bundle.stdout)
          .to.contain("the built files are changed")
          .and.to.contain("On the copy, repoint: works")
          .and.to.match(/undo +npx hardhat frontend rollback --to 0001-\w+ --accept-old-address/);
        await expectServed(shop, { ...served, market: market.marketFixed });

        const config = await done(shop, "repoint", ...pointTo("vault", market.vaultFixed));
        expect(config.stdout).to.contain("the runtime configuration is changed");
        const fixed = { ...served, market: market.marketFixed, vault: market.vaultFixed };
        await expectServed(shop, fixed);

        const again = pointTo("market", market.marketFixedAgain);
        const built = await done(shop, "repoint", ...again, "--by", "build");
        expect(built.stdout)
          .to.contain("the site is built again: as asked")
          .and.to.contain("the packages are those that are installed");
        const report = await expectServed(shop, { ...fixed, market: market.marketFixedAgain });
        expect(listOf(report, "old").map(({ address }) => address)).to.have.members([
          market.market,
          market.marketFixed,
          market.vault,
        ]);
      });

      it("is the earlier one again after a rollback to a release, and to a tag that is built again", async () => {
        const shop = await newShop(laboratory, "none");
        const served = { title: TITLES.first, market: market.market, vault: market.vault };
        await done(shop, "deploy", "--from", app.first);
        await done(shop, "deploy", "--from", app.second);
        await done(shop, "rollback", "--to", "0001");
        await expectServed(shop, served);

        // The tag's own settings have the old address.
        await done(shop, "rollback", "--to", "0002");
        await done(shop, "repoint", ...pointTo("market", market.marketFixed));
        const back = await shop.type("rollback", "--to", "0001", "--yes");
        expectRefused(back, "OLD_ADDRESS", /--accept-old-address/);
        await done(shop, "rollback", "--to-tag", "v1.0.0");
        await expectServed(shop, { ...served, market: market.marketFixed });
        const { stdout } = await shop.type("releases");
        expect(stdout).to.contain("built again as v1.0.0 with VITE_MARKET_ADDRESS");
      });

      it("is what it was at a time, and in a version of an object, when somebody has overwritten it", async () => {
        const shop = await newShop(laboratory, "none");
        const served = { title: TITLES.first, market: market.market, vault: market.vault };
        await done(shop, "deploy", "--from", app.first);
        const good = new Date();
        // A bucket knows whole seconds.
        await until("the next second", () => Date.now() - good.getTime() > 1000);
        await overwrite(shop, { "index.html": "<h1>hacked</h1>", "registerSW.js": null });
        const seen = await shop.type("verify");
        expect(seen.exitCode, printed(seen)).to.equal(3);
        expect(seen.stdout)
          .to.contain("NOT VERIFIED")
          .and.to.contain("not as in release 0001")
          .and.to.contain("registerSW.js");
        expect((await shop.type("status")).exitCode).to.equal(3);

        const restored = await done(shop, "rollback", "--to-time", good.toISOString());
        expect(restored.stdout).to.match(/undo +npx hardhat frontend rollback --undo 0001-/);
        await expectServed(shop, served);

        await overwrite(shop, { "index.html": "<h1>hacked again</h1>" });
        const [, version = ""] = await versionsOf(
          laboratory.s3.client(),
          shop.bucket,
          "index.html",
        );
        await done(shop, "rollback", "--to-version", `index.html@${version}`);
        await expectServed(shop, served);
        expect((await shop.type("releases")).stdout).to.contain("restore 0002-");
      });

      const pointers = ["key-value-store", "origin-path", "staging-distribution"] as const;
      it(`is switched by each pointer: ${pointers.join(", ")}`, async () => {
        await Promise.all(
          pointers.map(async (pointer) => {
            const shop = await newShop(laboratory, pointer);
            const served = { title: TITLES.first, market: market.market, vault: market.vault };
            await done(shop, "deploy", "--from", app.first);
            await done(shop, "deploy", "--from", app.second);
            const back = await done(shop, "rollback");
            expect(back.stdout).to.contain("without copying it");
            await expectServed(shop, served);
            await done(shop, "repoint", ...pointTo("market", market.marketFixed));
            await expectServed(shop, { ...served, market: market.marketFixed });
            const time = await shop.type("rollback", "--to-time", "1h", "--yes");
            expectRefused(time, "BAD_ARGUMENTS", /name a release with --to/);
          }),
        );
      });

      it("is not verified, with the stale files and their age, where nobody told the caches", async () => {
        const shop = await newShop(laboratory, "none");
        await done(shop, "deploy", "--from", app.second);
        const served = { title: TITLES.second, market: market.market, vault: market.vault };
        await expectServed(shop, served);
        const { cloudfront, ...careless } = shop.frontend;
        expect(cloudfront).not.to.equal(undefined);
        const colleague = await shop.colleague(careless);
        const fix = pointTo("market", market.marketFixed);
        const repointed = await colleague.type("repoint", ...fix, "--yes");
        expect(repointed.exitCode, printed(repointed)).to.equal(3);
        expect(repointed.stdout)
          .to.contain("DONE, BUT NOT VERIFIED")
          .and.to.match(/index\.html: other bytes are served \([^)]*held by a cache for \d+ s\)/);

        const seen = await shop.type("verify");
        expect(seen.exitCode, printed(seen)).to.equal(3);
        expect(seen.stdout)
          .to.match(
            /those of release 0001-\w+: a cache, or a server, is behind: .*index\.html \(held by a cache for \d+ \w+\)/,
          )
          .and.to.contain(`${market.market}, an old address of market, is called by the page`)
          .and.to.contain("NOT VERIFIED");
        await done(shop, "invalidate", "--paths", "*");
        await expectServed(shop, { ...served, market: market.marketFixed });
      });

      it("is not touched by a dry run, and is changed by a plan from a file as it was shown", async () => {
        const shop = await newShop(laboratory, "origin-path");
        const { proxy } = laboratory.cloudFront;
        await done(shop, "deploy", "--from", app.first);
        const first = await currentRelease(shop);
        const state = async (): Promise<unknown> => ({
          bucket: await everyVersion(laboratory.s3.client(), shop.bucket),
          distribution: proxy.deployed(shop.distributionId),
          written: proxy.requests.filter((request) => !/^(?:GET|HEAD) /.test(request)),
        });
        const before = await state();
        const plan = path.join(shop.project.folder, "plan.json");
        const fix = pointTo("market", market.marketFixed);
        const dry = [
          ["deploy", "--from", app.second, "--save-plan", plan, "--rehearse"],
          ["repoint", ...fix],
          ["repoint", ...fix, "--by", "build", "--json"],
          ["rollback", "--to", "0001", "--json"],
          ["invalidate", "--paths", "index.html"],
        ] as const satisfies readonly (readonly [string, ...string[]])[];
        const runs = await Promise.all(
          dry.map(async ([command, ...args]) => await shop.type(command, ...args, "--dry-run")),
        );
        for (const [index, run] of runs.entries()) {
          expect(run.exitCode, printed(run)).to.equal(0);
          if (dry[index]?.some((word) => word === "--json") === true) {
            expect(onlyDocument(run)).to.include({ ok: true, verified: false });
          } else {
            expect(run.stdout).to.contain("Dry run: nothing was written.");
          }
        }
        expect(await state()).to.deep.equal(before);

        const performed = await shop.type("deploy", "--plan", plan, "--yes", "--json");
        expect(performed.exitCode, printed(performed)).to.equal(0);
        expect(onlyDocument(performed)).to.include({ ok: true, verified: true });
        const second = await currentRelease(shop);
        expect(second)
          .to.match(/^0002-/)
          .and.not.to.equal(first);
        await done(shop, "rollback");
        const stale = await shop.type("deploy", "--plan", plan, "--yes");
        expectRefused(stale, "PRIOR_STATE_CHANGED", /newest release was 0001.* and is 0002/);
      });

      it("is left alone after the usual mistakes, in words that help", async () => {
        const shop = await newShop(laboratory, "none");
        await done(shop, "deploy", "--from", app.second);
        const before = await served(shop);
        const deploy = ["deploy", "--from", app.first];
        const fix = ["repoint", ...pointTo("market", market.marketFixed)];
        const built = [...fix, "--by", "build"];
        const mistakes: readonly Mistake[] = [
          {
            args: deploy,
            change: { s3: { bucket: "nowhere" } },
            code: "BUCKET_UNKNOWN",
            words: /there is no such bucket/,
          },
          {
            args: deploy,
            change: { cloudfront: { id: "E0000000000000" } },
            code: "DISTRIBUTION_UNKNOWN",
            words: /E0000000000000/,
          },
          {
            args: deploy,
            change: { cloudfront: { alias: "app.exmaple.org" } },
            code: "DISTRIBUTION_UNKNOWN",
            words: new RegExp(`There are: .*${shop.distributionId}`),
          },
          {
            args: deploy,
            env: { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
            code: "AWS_CREDENTIALS",
            words: /no AWS credentials were found.*\nNext: log in/,
          },
          {
            args: deploy,
            env: { AWS_SECRET_ACCESS_KEY: "of somebody else" },
            code: "AWS_CREDENTIALS",
            words: /does not accept the credentials/,
          },
          {
            args: deploy,
            env: { AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9" },
            code: "AWS_UNAVAILABLE",
            words: /http:\/\/127\.0\.0\.1:9 cannot be reached/,
          },
          {
            args: deploy,
            env: { AWS_REGION: "eu-nowhere-1" },
            code: "BAD_CONFIG",
            words: /set s3\.region/,
          },
          {
            args: built,
            change: { build: { directory: app.folder, ...BUILD, command: "npm run biuld" } },
            code: "BUILD_FAILED",
            words: /Missing script: "biuld"[^]*--by bundle/,
          },
          {
            args: ["rollback", "--to-time", "2999-01-01T00:00:00Z"],
            code: "BAD_ARGUMENTS",
            words: /is in the future/,
          },
          {
            args: ["repoint", ...pointTo("market", swapCase(market.marketFixed))],
            code: "BAD_ADDRESS",
            words: /checksum/,
          },
          {
            args: ["repoint", "--contract", "markt", "--address", market.marketFixed],
            code: "BAD_ARGUMENTS",
            words: /name one of these with --contract: market, vault/,
          },
          {
            args: ["deploy", "--from", path.join(app.folder, "src")],
            code: "BAD_ARGUMENTS",
            words: /there is no index\.html in it/,
          },
          {
            args: ["deploy", "--from", path.join(app.folder, "dits")],
            code: "BAD_ARGUMENTS",
            words: /there is no folder .*dits/,
          },
          { args: ["rollback", "--to", "0042"], code: "UNKNOWN_RELEASE", words: /0001-/ },
        ];
        await each(mistakes, 4, async ({ args, change, env = {}, code, words }) => {
          const { project } =
            change === undefined ? shop : await shop.colleague({ ...shop.frontend, ...change });
          const refused = await project.run(["frontend", ...args, "--yes"], { env });
          expectRefused(refused, code, words);
        });
        const unasked = await shop.type("deploy", "--from", app.first);
        expectRefused(unasked, "CONFIRMATION_NEEDED", /add --yes/);

        const { store } = await openBucketSite(
          { s3: { bucket: shop.bucket }, cloudfront: undefined },
          { now: () => new Date(), lives: processLives, runtimeConfig: undefined },
        );
        await store.locked("bob@his-laptop", async () => {
          const locked = await shop.type("deploy", "--from", app.first, "--yes");
          expectRefused(locked, "FRONTEND_LOCKED", /bob@his-laptop/);
        });
        expect(await served(shop)).to.deep.equal(before);
      });
    });

    describe("in a bucket of moto, behind CloudFront and varnish", () => {
      let laboratory: Laboratory;
      before(async () => {
        laboratory = await startLaboratory(market);
      });
      after(async () => {
        await laboratory.stop();
      });

      it("is deployed, repointed and rolled back as well", async () => {
        const shop = await newShop(laboratory, "none");
        const served = { title: TITLES.first, market: market.market, vault: market.vault };
        await done(shop, "deploy", "--from", app.first);
        await done(shop, "deploy", "--from", app.second);
        await done(shop, "repoint", ...pointTo("market", market.marketFixed));
        const fixed = { ...served, title: TITLES.second, market: market.marketFixed };
        await expectServed(shop, fixed);
        await done(shop, "rollback", "--accept-old-address");
        await done(shop, "rollback", "--to", "0001", "--accept-old-address");
        // What the site was repointed away from is old, whoever accepted it.
        const seen = await shop.type("verify", "--json");
        expect(seen.exitCode, printed(seen)).to.equal(3);
        await done(shop, "rollback", "--to", "0003");
        await expectServed(shop, fixed);
      });
    });
  },
);

/** Something that people type, or have configured, by mistake. */
interface Mistake {
  readonly args: readonly string[];
  readonly change?: EmergencyFrontendUserConfig;
  readonly env?: Readonly<Record<string, string>>;
  readonly code: string;
  /** What they read. */
  readonly words: RegExp;
}

/** The address with one letter that is not as its checksum says. */
function swapCase(address: string): string {
  return address.replace(/[a-f](?=[^a-f]*$)/, (letter) => letter.toUpperCase());
}
