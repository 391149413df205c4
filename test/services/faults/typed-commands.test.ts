import path from "node:path";

import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";

import { OLD } from "../../frontend/sites.js";
import { temporaryFolder } from "../../frontend/stores.js";
import { createCliProject, type CliProject, type Finished } from "../../helpers/cli.js";
import { useCredentials, version } from "../frontend/bucket-sites.js";
import { describeWith } from "../servers/describe-services.js";
import { expiredToken, matches, type RequestPattern } from "../servers/faults.js";
import { startFaultyProxy, type FaultyProxy } from "../servers/faulty-proxy.js";
import { startMoto } from "../servers/moto.js";
import type { S3Server } from "../servers/s3-server.js";
import { skewedClock } from "../servers/skewed-clock.js";
import { startVersitygw } from "../servers/versitygw.js";
import { writeSite } from "./commands.js";
import { newPlace, type Place } from "./places.js";

/** Nobody answers there: commands on frontends need no chain. */
const NO_NODE = "http://127.0.0.1:9";

const LOCK = ".hardhat-emergency/lock";

const HOUR_MS = 3_600_000;

const servers = [
  ["versitygw", startVersitygw],
  ["moto", startMoto],
] as const;

for (const [tool, start] of servers) {
  describeWith([tool], `commands that are typed (${tool})`, function () {
    this.timeout(180_000);
    let server: S3Server;
    let proxy: FaultyProxy;
    let place: Place;
    let project: CliProject;
    let folder: string;
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
      proxy = await startFaultyProxy(server.endpoint);
      place = await newPlace(server, "in place, with versions");
      project = await createCliProject({
        url: NO_NODE,
        chainId: 1,
        accounts: [],
        emergency: {
          contracts: { market: { address: { live: OLD } } },
          frontends: {
            web: {
              s3: { bucket: place.bucket, endpoint: proxy.url },
              runtimeConfig: { file: "config.json", contracts: {} },
              network: "live",
            },
          },
        },
      });
    });
    afterEach(async () => {
      await project.remove();
      await proxy.stop();
      await remove();
    });

    async function build(number: number): Promise<readonly string[]> {
      const dist = path.join(folder, `dist-${number}`);
      await writeSite(dist, version(number));
      return ["frontend", "deploy", "--from", dist, "--yes"];
    }

    async function done(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
      const finished = await project.run(args, { env });
      expect(finished.exitCode, `${finished.stdout}\n${finished.stderr}`).to.equal(0);
      return finished;
    }

    /** All that a command has said or written: to the terminal, to the project, to the bucket. */
    async function everything({ stdout, stderr }: Finished): Promise<string> {
      const client = server.client();
      const { Contents = [] } = await client.send(
        new ListObjectsV2Command({ Bucket: place.bucket }),
      );
      const objects = await Promise.all(
        Contents.map(async ({ Key }) => {
          const object = await client.send(new GetObjectCommand({ Bucket: place.bucket, Key }));
          return `${Key ?? ""} ${JSON.stringify(object.Metadata)} ${(await object.Body?.transformToString()) ?? ""}`;
        }),
      );
      return [stdout, stderr, JSON.stringify(await project.written()), ...objects].join("\n");
    }

    it("show no secret, also when they fail in the middle, and say how to go on", async () => {
      // Only moto takes a session token that nobody has issued.
      const token = "canary-session-token-7b1f";
      const { secretAccessKey } = server.credentials;
      const env = tool === "moto" ? { AWS_SESSION_TOKEN: token } : {};
      const secrets = [secretAccessKey, token, encodeURIComponent(token)];
      const expectNoSecret = async (finished: Finished): Promise<void> => {
        const all = await everything(finished);
        for (const secret of secrets) {
          expect(all).not.to.contain(secret);
        }
      };
      await expectNoSecret(await done([...(await build(1)), "--json"], env));

      proxy.fail({ method: "PUT", path: /assets/ }, expiredToken, { times: 1000 });
      const args = await build(2);
      for (const more of [["--show-stack-traces"], ["--json"]]) {
        const failed = await project.run([...args, ...more], { env });
        expect(failed.exitCode).to.equal(1);
        const said = `${failed.stdout}${failed.stderr}`;
        expect(said).to.contain("AWS_CREDENTIALS").and.to.contain("have expired");
        expect(said).to.contain("is served as before");
        expect(said).to.contain("type the same command again");
        await expectNoSecret(failed);
      }
      proxy.forget();
      await expectNoSecret(await done(args, env));
      expect(await place.served("config.json")).to.equal('{"version":2}');
    });

    it("are refused while another one is at work: of two, one is done", async () => {
      await done(await build(1));
      const commands = [await build(2), await build(3)];
      // Both have looked, and both want the lock, before one of them gets it.
      proxy.forget();
      let waiting = 0;
      let open: () => void = () => undefined;
      const both = new Promise<void>((resolve) => {
        open = resolve;
      });
      for (let number = 1; number < 200; number++) {
        proxy.onRequest(number, {
          async before({ method, path: asked }) {
            if (method === "PUT" && asked.endsWith(LOCK) && ++waiting <= 2) {
              if (waiting === 2) {
                open();
              }
              await both;
            }
            return undefined;
          },
        });
      }
      const results = await Promise.all(commands.map(async (args) => await project.run(args)));
      const winners = results.flatMap(({ exitCode }, index) => (exitCode === 0 ? [index] : []));
      expect(winners, JSON.stringify(results)).to.have.length(1);
      const refused = results.find(({ exitCode }) => exitCode !== 0);
      expect(`${refused?.stdout ?? ""}${refused?.stderr ?? ""}`)
        .to.contain("FRONTEND_LOCKED")
        .and.to.contain("Nothing was switched");
      const number = (winners[0] ?? 0) + 2;
      expect(await place.served("config.json")).to.equal(`{"version":${number}}`);
      expect(await place.served("index.html")).to.contain(`Ab000${number}xZ`);
      // Of some hundred pairs of conditional writes at the same time, moto takes both of one: then a lock is
      // left under the winner's, which its owner has noticed to be lost.
      if (tool !== "moto") {
        expect(await place.isLocked()).to.equal(false);
      }
    });

    if (tool === "moto") {
      return;
    }

    const kills: readonly (readonly [string, "before" | "after", RequestPattern])[] = [
      ["has the lock", "after", { method: "PUT", path: /lock$/ }],
      ["has written an asset", "after", { method: "PUT", path: /assets/ }],
      ["writes the page", "before", { method: "PUT", path: /index\.html$/ }],
      ["has removed a page", "after", { method: "POST", query: ["delete"] }],
      ["has said what is served", "after", { method: "PUT", path: /site\.json$/ }],
    ];

    it("and are killed with SIGKILL leave a whole site, and go on at once when they are typed again", async () => {
      await done(await build(1));
      for (const [index, [when, moment, pattern]] of kills.entries()) {
        const number = index + 2;
        const args = await build(number);
        proxy.forget();
        const running = project.start(args);
        let killed: Promise<Finished> | undefined;
        const kill = (request: Parameters<typeof matches>[1]): "drop" | undefined => {
          if (killed !== undefined || matches(pattern, request)) {
            killed ??= running.kill();
            return "drop";
          }
          return undefined;
        };
        for (let request = 1; request < 300; request++) {
          proxy.onRequest(request, moment === "before" ? { before: kill } : { after: kill });
        }
        expect((await running.finished).exitCode, when).to.equal(null);
        expect(killed, when).not.to.equal(undefined);
        const page = (await place.served("index.html")) ?? "";
        const script = /src="\/(.*?)"/.exec(page)?.[1] ?? "none";
        expect(await place.served(script), when).to.contain("v=");
        expect(await place.isLocked(), when).to.equal(true);

        proxy.forget();
        await done(args);
        expect(await place.served("config.json"), when).to.equal(`{"version":${number}}`);
        expect(await place.served("index.html"), when).to.contain(`Ab000${number}xZ`);
      }
      const { store } = await place.open();
      const ids = (await store.releases()).map(({ id }) => Number(id.slice(0, 4)));
      expect(ids).to.deep.equal(Array.from({ length: kills.length + 1 }, (_, index) => index + 1));
      await done(await build(kills.length + 2));
      expect(await place.isLocked()).to.equal(false);
      expect(await store.unfinished()).to.deep.equal([]);
    });

    it("work with a clock that is wrong, and still know how old a lock is", async () => {
      for (const [index, offsetMs] of [-HOUR_MS, HOUR_MS].entries()) {
        proxy.forget();
        await done(await build(index + 1), skewedClock(offsetMs));
        expect(proxy.requests[0]?.status).to.equal(403);
        expect(await place.served("config.json")).to.equal(`{"version":${index + 1}}`);
      }
      const holder = { by: "carol", host: "elsewhere", pid: 1, at: "", token: "t" };
      await server
        .client()
        .send(
          new PutObjectCommand({ Bucket: place.bucket, Key: LOCK, Body: JSON.stringify(holder) }),
        );
      const { exitCode, stdout, stderr } = await project.run(await build(3), {
        env: skewedClock(HOUR_MS),
      });
      expect(exitCode).to.equal(1);
      expect(`${stdout}${stderr}`).to.contain("FRONTEND_LOCKED").and.to.contain("carol");
      expect(await place.served("config.json")).to.equal('{"version":2}');
    });
  });
}
