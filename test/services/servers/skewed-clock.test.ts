import { expect } from "chai";

import { repository } from "../../helpers/repository.js";
import { describeWith } from "./describe-services.js";
import { startFaultyProxy } from "./faulty-proxy.js";
import { runToEnd } from "./run-to-end.js";
import { skewedClock } from "./skewed-clock.js";
import { startVersitygw } from "./versitygw.js";

const HOUR_MS = 3_600_000;

/** Lists the buckets, and says what time it believes it is. */
const script = `
  const { ListBucketsCommand, S3Client } = await import("@aws-sdk/client-s3");
  const client = new S3Client({ forcePathStyle: true });
  const { Buckets } = await client.send(new ListBucketsCommand({}));
  console.log(Date.now(), new Date().getTime(), Buckets.length);`;

describeWith(["versitygw"], "A process whose clock is wrong", () => {
  it("is refused by S3, and told the time", async () => {
    const server = await startVersitygw();
    const proxy = await startFaultyProxy(server.endpoint);
    try {
      await server.newBucket({ versioning: false });
      for (const offsetMs of [-HOUR_MS, HOUR_MS]) {
        proxy.forget();
        const env = {
          ...server.environment,
          ...skewedClock(offsetMs),
          AWS_ENDPOINT_URL: proxy.url,
        };
        const args = ["--input-type=module", "--eval", script];
        const { code, output } = await runToEnd(process.execPath, args, { env, cwd: repository });
        expect(code, output).to.equal(0);
        const [now, newDate, buckets] = output.trim().split("\n").at(-1)?.split(" ") ?? [];
        expect(Number(now)).to.be.closeTo(Date.now() + offsetMs, HOUR_MS / 2);
        expect(Number(newDate)).to.be.closeTo(Date.now() + offsetMs, HOUR_MS / 2);
        expect(buckets).to.equal("1");
        // The SDK learns from the refusal what time it is there, and signs again.
        expect(proxy.requests.map(({ status }) => status)).to.deep.equal([403, 200]);
      }
    } finally {
      await proxy.stop();
      await server.stop();
    }
  });
});
