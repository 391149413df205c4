import { expect } from "chai";

import { retries } from "../../src/frontend/retries.js";

describe("requests that are made again", () => {
  const delaysOf = async (
    errorType: "TRANSIENT" | "THROTTLING",
    attempts: number,
  ): Promise<readonly number[]> => {
    const strategy = retries(attempts, () => 1);
    const delays: number[] = [];
    let attempt = await strategy.acquireInitialRetryToken("");
    try {
      for (;;) {
        attempt = await strategy.refreshRetryTokenForRetry(attempt, { errorType });
        delays.push(attempt.getRetryDelay());
      }
    } catch {
      return delays;
    }
  };

  it("wait longer each time, and longest for a server that asks for it", async () => {
    expect(await delaysOf("TRANSIENT", 6)).to.deep.equal([100, 200, 400, 800, 1600]);
    expect(await delaysOf("THROTTLING", 8)).to.deep.equal([
      1000, 2000, 4000, 8000, 16000, 20000, 20000,
    ]);
    expect(await delaysOf("TRANSIENT", 1)).to.deep.equal([]);
  });

  it("are those that may go well the next time, however many fail at once", async () => {
    const strategy = retries(2);
    for (const errorType of ["CLIENT_ERROR", "SERVER_ERROR"] as const) {
      const attempt = await strategy.acquireInitialRetryToken("");
      const again = strategy.refreshRetryTokenForRetry(attempt, { errorType });
      expect(await again.catch(() => "not again")).to.equal("not again");
    }
    for (let request = 0; request < 1000; request++) {
      const attempt = await strategy.acquireInitialRetryToken("");
      await strategy.refreshRetryTokenForRetry(attempt, { errorType: "TRANSIENT" });
    }
  });

  it("wait as long as the server says, within reason", async () => {
    const strategy = retries(2, () => 0);
    const soon = { errorType: "THROTTLING", retryAfterHint: new Date(Date.now() + 2_000) } as const;
    const late = {
      errorType: "THROTTLING",
      retryAfterHint: new Date(Date.now() + 99_000),
    } as const;
    const first = await strategy.acquireInitialRetryToken("");
    const delay = (await strategy.refreshRetryTokenForRetry(first, soon)).getRetryDelay();
    expect(delay).to.be.within(1_000, 2_000);
    expect((await strategy.refreshRetryTokenForRetry(first, late)).getRetryDelay()).to.equal(5_000);
  });
});
