import { randomUUID } from "node:crypto";

import { checkIfMatch, xmlAnswer, xmlError, type Answer, type Asked } from "./answers.js";
import { NAMESPACE, inside } from "./cloudfront-xml.js";

interface Version {
  /** What is inside FunctionConfig. */
  readonly config: string;
  readonly code: Buffer;
}

interface EdgeFunction {
  readonly name: string;
  etag: string;
  development: Version;
  live: Version | undefined;
}

const LARGEST_FUNCTION = 10 * 1024;

/** CloudFront Functions: made, published and read, never run here. In memory. */
export class Functions {
  readonly #byName = new Map<string, EdgeFunction>();

  /** The code that runs at the edges. */
  liveCode(name: string): { readonly source: string; readonly keyValueStore: string | undefined } {
    const live = this.#byName.get(name)?.live;
    if (live === undefined) {
      throw new Error(`no function ${name} is live`);
    }
    return {
      source: live.code.toString("utf8"),
      keyValueStore: inside(live.config, "KeyValueStoreARN"),
    };
  }

  /** undefined when it is no request for functions. */
  handle(asked: Asked): Answer | undefined {
    const { method, path, query } = asked;
    const match = /^\/2020-05-31\/function(?:\/([^/]+)(?:\/(describe|publish))?)?$/.exec(path);
    if (match === null) {
      return undefined;
    }
    const [, name, operation] = match;
    if (name === undefined) {
      return method === "POST" ? this.#create(asked) : undefined;
    }
    const found = this.#byName.get(decodeURIComponent(name));
    if (found === undefined) {
      return xmlError(404, "NoSuchFunctionExists", "The function does not exist.");
    }
    if (method === "POST" && operation === "publish") {
      const refused = checkIfMatch(asked, found.etag);
      if (refused !== undefined) {
        return refused;
      }
      found.live = found.development;
      return xmlAnswer(200, summary(found, "LIVE", found.live));
    }
    if (method === "PUT" && operation === undefined) {
      const refused = checkIfMatch(asked, found.etag);
      if (refused !== undefined) {
        return refused;
      }
      found.development = versionIn(asked.body.toString());
      found.etag = etag();
      return xmlAnswer(200, summary(found, "DEVELOPMENT", found.development), found.etag);
    }
    const stage = query.get("Stage") ?? "DEVELOPMENT";
    const version = stage === "LIVE" ? found.live : found.development;
    if (version === undefined) {
      return xmlError(404, "NoSuchFunctionExists", "The function is not published.");
    }
    return operation === "describe"
      ? xmlAnswer(200, summary(found, stage, version), found.etag)
      : {
          status: 200,
          headers: { "content-type": "application/octet-stream", etag: found.etag },
          body: version.code,
        };
  }

  #create({ body }: Asked): Answer {
    const text = body.toString();
    const name = inside(text, "Name") ?? "";
    const development = versionIn(text);
    if (development.code.length > LARGEST_FUNCTION) {
      return xmlError(413, "FunctionSizeLimitExceeded", "The function is too large.");
    }
    if (this.#byName.has(name)) {
      return xmlError(409, "FunctionAlreadyExists", "A function with this name exists.");
    }
    const made: EdgeFunction = { name, etag: etag(), development, live: undefined };
    this.#byName.set(name, made);
    return xmlAnswer(201, summary(made, "DEVELOPMENT", development), made.etag);
  }
}

function versionIn(body: string): Version {
  return {
    config: inside(body, "FunctionConfig") ?? "",
    code: Buffer.from(inside(body, "FunctionCode") ?? "", "base64"),
  };
}

function etag(): string {
  return `F${randomUUID().slice(0, 8).toUpperCase()}`;
}

function summary({ name }: EdgeFunction, stage: string, { config }: Version): string {
  return `<FunctionSummary ${NAMESPACE}><Name>${name}</Name><Status>DEPLOYED</Status><FunctionConfig>${config}</FunctionConfig><FunctionMetadata><FunctionARN>${functionArn(name)}</FunctionARN><Stage>${stage}</Stage><CreatedTime>2026-01-01T00:00:00Z</CreatedTime><LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime></FunctionMetadata></FunctionSummary>`;
}

export function functionArn(name: string): string {
  return `arn:aws:cloudfront::123456789012:function/${name}`;
}
