import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import path from "node:path";

import { headersOf } from "../../../src/frontend/content-headers.js";
import type { ProblemKind, FrontendVerification } from "../../../src/frontend/verify/report.js";
import {
  verifyFrontend,
  type VerifyTools,
  type VerifyWish,
} from "../../../src/frontend/verify/verify.js";
import type { SiteFiles } from "../../../src/frontend/site-files.js";
import { NEW, OLD } from "../sites.js";
import { temporaryFolder } from "../stores.js";
import { startWebServer, type FileHeaders, type WebServer } from "../web-server.js";

/** What was started for a test, to be stopped after it. */
const opened: (() => Promise<void>)[] = [];

/** Stops all servers of a test. Goes into `afterEach`. */
export async function stopServers(): Promise<void> {
  await Promise.all(
    opened.splice(0).map(async (stop) => {
      await stop();
    }),
  );
}

/** Stops something after the test. */
export function stopLater(stop: () => Promise<void>): void {
  opened.push(stop);
}

/** The headers that a deploy gives to files. */
export const deployed: FileHeaders = (file) => {
  const { contentType, cacheControl } = headersOf(file);
  return { "content-type": contentType, "cache-control": cacheControl };
};

/** A site on a web server of a test's own. @returns its URL, and the folder that it is in. */
export async function serve(
  files: SiteFiles,
  headers: FileHeaders = deployed,
): Promise<{ readonly url: string; readonly folder: string }> {
  const { folder, remove } = await temporaryFolder();
  await write(folder, files);
  const server = await startWebServer(folder, headers);
  stopLater(async () => {
    await server.stop();
    await remove();
  });
  return { url: server.url, folder };
}

/** Writes a site into a folder. */
export async function write(folder: string, files: SiteFiles): Promise<void> {
  for (const [file, bytes] of files) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), bytes);
  }
}

/** How a web server of a test's own answers. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** A web server that answers as a test says. */
export async function answering(
  reply: (request: IncomingMessage, pathname: string) => Promise<Reply> | Reply,
): Promise<WebServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    Promise.resolve(reply(request, pathname)).then(
      ({ status = 200, headers = {}, body }) =>
        response.writeHead(status, { ...headers }).end(body),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("the server has no port");
  }
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  stopLater(stop);
  return { url: `http://127.0.0.1:${address.port}/`, stop };
}

/** Verifies a site in which NEW should be and OLD should not; without a browser and a chain. */
export async function verify(
  url: string,
  wish: Partial<VerifyWish> = {},
  tools: Partial<VerifyTools> = {},
): Promise<FrontendVerification> {
  return await verifyFrontend(
    {
      frontend: "web",
      url,
      credentials: undefined,
      contracts: [{ name: "market", address: NEW, required: true }],
      old: [{ contract: "market", address: OLD }],
      releases: undefined,
      configFiles: [],
      walletAccount: undefined,
      settleMs: 5000,
      ...wish,
    },
    {
      openBrowser: async () => await Promise.resolve({ why: "this test has none" }),
      chain: { why: "this test has none" },
      progress: () => undefined,
      ...tools,
    },
  );
}

/** The kinds of all problems, each once. */
export function kindsOf({ problems }: FrontendVerification): readonly ProblemKind[] {
  return [...new Set(problems.map(({ kind }) => kind))];
}

/** The words of the problems of a kind. */
export function wordsOf({ problems }: FrontendVerification, kind: ProblemKind): string {
  return problems
    .filter((problem) => problem.kind === kind)
    .map(({ what }) => what)
    .join("\n");
}
