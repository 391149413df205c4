import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";

import { expect } from "chai";

import { overHttp, serverAt, type HttpAnswer, type HttpServer } from "../../src/indexer/http.js";
import { expectRejection } from "../helpers/refusal.js";

describe("the indexers' HTTP", () => {
  let server: Server;
  let at: HttpServer;
  let requests: number;
  let waited: number[];
  let answer: (response: ServerResponse, number: number) => void;

  beforeEach(async () => {
    requests = 0;
    waited = [];
    answer = (response) => response.end("{}");
    server = createServer((_request, response) => {
      requests += 1;
      answer(response, requests);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    const url = `http://127.0.0.1:${port}`;
    at = { name: "the stand-in", url, headers: {}, whenDenied: "use another key" };
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });

  async function send(asks: boolean, timeoutMs = 5_000): Promise<HttpAnswer> {
    const wait = async (milliseconds: number): Promise<void> => {
      waited.push(milliseconds);
      await Promise.resolve();
    };
    return await overHttp(wait).send(at, { method: "POST", path: "", body: "{}", asks, timeoutMs });
  }

  const passing: readonly (readonly [string, (response: ServerResponse) => void])[] = [
    ["cuts the connection", (response) => response.destroy()],
    [
      "cuts its answer short",
      (response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("{");
        response.socket?.destroySoon();
      },
    ],
    ["answers 500", (response) => response.writeHead(500).end()],
    ["answers 503", (response) => response.writeHead(503).end()],
    ["answers 429", (response) => response.writeHead(429).end()],
  ];
  for (const [what, fault] of passing) {
    it(`asks again, later each time, when the server ${what}, and orders only once`, async () => {
      answer = (response, number) => {
        if (number < 4) {
          fault(response);
        } else {
          response.end("{}");
        }
      };
      expect(await send(true)).to.deep.equal({ status: 200, text: "{}" });
      expect(waited).to.deep.equal([250, 500, 1_000]);
      requests = 0;
      await expectRejection(send(false), "INDEXER_UNREACHABLE");
      expect(requests).to.equal(1);
    });
  }

  it("waits as long as the server asks for, and not when that is too long", async () => {
    answer = (response, number) => {
      if (number === 1) {
        response.writeHead(429, { "retry-after": "3" });
      }
      response.end("{}");
    };
    await send(true);
    expect(waited).to.deep.equal([3_000]);
    answer = (response) => response.writeHead(503, { "retry-after": "3600" }).end();
    await expectRejection(send(true), "INDEXER_UNREACHABLE");
    expect(waited).to.deep.equal([3_000]);
  });

  it("gives up on a server that is too slow, also in the middle of its answer", async () => {
    answer = () => undefined;
    const { what } = await expectRejection(send(false, 50), "INDEXER_UNREACHABLE");
    expect(what).to.contain("too long");
    answer = (response) => {
      response.writeHead(200);
      response.write("{");
    };
    await expectRejection(send(false, 50), "INDEXER_UNREACHABLE");
  });

  it("does not read an answer without an end", async () => {
    const page = Buffer.alloc(1024 * 1024, "x");
    answer = (response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(page)) {
          // Until the buffer is full.
        }
      };
      response.on("drain", more);
      more();
    };
    await expectRejection(send(false), "INDEXER_REFUSED");
  });

  const final: readonly (readonly [number, "INDEXER_DENIED" | "INDEXER_REFUSED"])[] = [
    [401, "INDEXER_DENIED"],
    [403, "INDEXER_DENIED"],
    [301, "INDEXER_REFUSED"],
    [307, "INDEXER_REFUSED"],
    [418, "INDEXER_REFUSED"],
  ];
  for (const [status, code] of final) {
    it(`takes HTTP ${status} for an answer that stays the same`, async () => {
      answer = (response) => response.writeHead(status, { location: "http://127.0.0.1:9/" }).end();
      await expectRejection(send(true), code);
      expect(requests).to.equal(1);
    });
  }

  it("takes credentials out of a URL", () => {
    expect(serverAt("https://me:p%40ss@node.example:8030/graphql/")).to.deep.equal({
      url: "https://node.example:8030/graphql",
      host: "node.example:8030",
      headers: { authorization: `Basic ${Buffer.from("me:p@ss").toString("base64")}` },
    });
    expect(serverAt("http://node:8030").headers).to.deep.equal({});
  });
});
