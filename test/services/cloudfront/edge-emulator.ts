import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";

import type { S3Server } from "../servers/s3-server.js";
import { startVarnish } from "../servers/varnish.js";
import { allInside, inside, unescaped } from "./cloudfront-xml.js";
import { CACHE_POLICIES, type MotoCloudFront } from "./moto-cloudfront.js";
import { runFunction } from "./run-function.js";

/*
 * What a person sees through a distribution: the viewer-request function, a real cache (varnish), and the
 * bucket under the distribution's origin path, in the order in which CloudFront has them. It follows the
 * distribution as the proxy says that the edges know it. An invalidation is Completed when varnish has
 * forgotten what it names, and not before.
 *
 * It is one edge with one cache, and it keeps everything for `keepSeconds`, whatever the files say: a
 * distribution with a long minimum TTL, where nothing new is seen without an invalidation. An error page is kept
 * under the address that was asked for, for as long as the distribution says.
 */

/** One edge of a distribution. */
export interface EdgeEmulator {
  /** Where people see the site, without a slash at its end. */
  readonly url: string;
  /** How often the bucket was asked. */
  originRequests(): number;
  stop(): Promise<void>;
}

export interface EdgeOptions {
  readonly proxy: MotoCloudFront;
  readonly distributionId: string;
  readonly s3: S3Server;
  readonly bucket: string;
  readonly keepSeconds?: number;
}

/** CloudFront's own default for how long an error is kept, in seconds. */
const ERROR_SECONDS = 10;

export async function startEdge(options: EdgeOptions): Promise<EdgeEmulator> {
  const { proxy, keepSeconds = 3600 } = options;
  let originRequests = 0;
  const origin = await startServer((request, response) => {
    originRequests += 1;
    void answerFromBucket(options, request, response);
  });
  const varnish = await startVarnish(
    origin.url,
    `import std;
sub vcl_backend_response {
  set beresp.ttl = std.duration(beresp.http.x-keep + "s", ${keepSeconds}s);
  set beresp.grace = 0s;
  unset beresp.http.x-keep;
  return (deliver);
}`,
  );
  const viewer = await startServer((request, response) => {
    void answerViewer(options, varnish.url, request, response);
  });
  const unlisten = proxy.onInvalidation(async (paths) => {
    await varnish.ban(paths.map(patternOf).join("|"));
  });
  return {
    url: viewer.url,
    originRequests: () => originRequests,
    async stop() {
      unlisten();
      await viewer.stop();
      await varnish.stop();
      await origin.stop();
    },
  };
}

/** A regular expression for an invalidation's path. Brackets, because backslashes mean more to varnishadm. */
function patternOf(path: string): string {
  const literal = (text: string): string =>
    text.replace(/[^A-Za-z0-9/%_-]/g, (sign) => `[${sign}]`);
  return path.endsWith("*") ? `^${literal(path.slice(0, -1))}` : `^${literal(path)}$`;
}

/** As an edge does it: first the function, then the cache. */
async function answerViewer(
  { proxy, distributionId }: EdgeOptions,
  cache: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const config = proxy.deployed(distributionId);
    const behavior = inside(config, "DefaultCacheBehavior") ?? "";
    const url = new URL(request.url ?? "/", "http://edge");
    let uri = url.pathname;
    const name = /:function\/(.+)$/.exec(inside(behavior, "FunctionARN") ?? "")?.[1];
    if (name !== undefined) {
      const { source, keyValueStore } = proxy.functions.liveCode(name);
      const values =
        keyValueStore === undefined
          ? new Map<string, string>()
          : proxy.keyValueStores.valuesOf(keyValueStore);
      const result = await runFunction(source, (key) => values.get(key)).handle(uri);
      if ("status" in result) {
        response.writeHead(result.status, result.headers).end();
        return;
      }
      uri = result.uri;
    }
    const policy = inside(behavior, "CachePolicyId");
    const query = policy === CACHE_POLICIES.queryStrings ? url.search : "";
    const asked = httpRequest(new URL(`${uri}${query}`, cache), {
      method: request.method ?? "GET",
      headers: without(request.headers, ["host"]),
      agent: false,
    });
    asked.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, {
        ...without(answer.headers, ["via", "x-varnish"]),
        "x-cache": `${answer.headers["x-cache"] === "HIT" ? "Hit" : "Miss"} from cloudfront`,
        via: "1.1 test.cloudfront.net (CloudFront)",
      });
      answer.pipe(response);
    });
    asked.on("error", () => response.destroy());
    asked.end();
  } catch (error) {
    response.writeHead(502).end(error instanceof Error ? error.stack : "");
  }
}

function without(
  headers: IncomingHttpHeaders,
  names: readonly string[],
): Readonly<Record<string, string | string[]>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || names.includes(name) ? [] : [[name, value]],
    ),
  );
}

/** As an origin does it: the origin path in front, the error page instead of what is not there. */
async function answerFromBucket(
  { proxy, distributionId, s3, bucket }: EdgeOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const config = proxy.deployed(distributionId);
    const target = inside(inside(config, "DefaultCacheBehavior") ?? "", "TargetOriginId");
    const origin = allInside(inside(config, "Origins") ?? "", "Origin").find(
      (each) => inside(each, "Id") === target,
    );
    const originPath = unescaped(inside(origin ?? "", "OriginPath") ?? "");
    const pathname = new URL(request.url ?? "/", "http://origin").pathname;
    const asked = pathname === "/" ? `/${inside(config, "DefaultRootObject") ?? ""}` : pathname;
    const keyOf = (path: string): string => decodeURIComponent(originPath + path).slice(1);

    const found = await read(s3, bucket, keyOf(asked));
    if (found !== undefined) {
      response.writeHead(200, found.headers).end(found.body);
      return;
    }
    const page = allInside(
      inside(config, "CustomErrorResponses") ?? "",
      "CustomErrorResponse",
    ).find((each) => inside(each, "ErrorCode") === "404");
    const keep = { "x-keep": inside(page ?? "", "ErrorCachingMinTTL") ?? String(ERROR_SECONDS) };
    const path = inside(page ?? "", "ResponsePagePath");
    const instead = path === undefined ? undefined : await read(s3, bucket, keyOf(path));
    if (instead === undefined) {
      response.writeHead(404, { "content-type": "application/xml", ...keep });
      response.end("<Error><Code>NoSuchKey</Code></Error>");
      return;
    }
    const status = Number(inside(page ?? "", "ResponseCode") ?? "404");
    response.writeHead(status, { ...instead.headers, ...keep }).end(instead.body);
  } catch (error) {
    response.writeHead(502, { "x-keep": "0" }).end(error instanceof Error ? error.stack : "");
  }
}

interface Stored {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

async function read(s3: S3Server, bucket: string, key: string): Promise<Stored | undefined> {
  const { GetObjectCommand, NoSuchKey } = await import("@aws-sdk/client-s3");
  if (key === "") {
    return undefined;
  }
  try {
    const object = await clientOf(s3).send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const told: readonly (readonly [string, string | undefined])[] = [
      ["content-type", object.ContentType],
      ["cache-control", object.CacheControl],
      ["content-encoding", object.ContentEncoding],
      ["etag", object.ETag],
      ["last-modified", object.LastModified?.toUTCString()],
    ];
    return {
      headers: Object.fromEntries(
        told.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      ),
      body: Buffer.from((await object.Body?.transformToByteArray()) ?? []),
    };
  } catch (error) {
    if (error instanceof NoSuchKey) {
      return undefined;
    }
    throw error;
  }
}

const clients = new WeakMap<S3Server, ReturnType<S3Server["client"]>>();

/** One for all requests: it keeps its connections. It ends with the server. */
function clientOf(s3: S3Server): ReturnType<S3Server["client"]> {
  const client = clients.get(s3) ?? s3.client();
  clients.set(s3, client);
  return client;
}

async function startServer(
  listener: RequestListener,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("the system gave no port");
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
