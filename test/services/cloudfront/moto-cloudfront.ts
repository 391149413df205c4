import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import { checkIfMatch, xmlAnswer, xmlError, type Answer, type Asked } from "./answers.js";
import { NAMESPACE, inside, replaced } from "./cloudfront-xml.js";
import { Distributions } from "./distributions.js";
import { Functions } from "./functions.js";
import { Invalidations, batchIn } from "./invalidations.js";
import { KeyValueStores } from "./key-value-stores.js";

/*
 * A small proxy in front of moto that makes its CloudFront behave as AWS documents it. moto keeps the
 * distributions, their tags and their invalidations. What this adds, or mends:
 *
 *  1. An invalidation is InProgress at first, then Completed. moto says COMPLETED at once, which no waiter
 *     knows.
 *  2. If-Match is compared with the ETag (412 PreconditionFailed), and the ETag changes with each change.
 *     moto takes anything, and never changes it.
 *  3. Limits of invalidations: 3,000 paths and 15 wildcards in progress, paths that are well-formed. The same
 *     CallerReference gives the same invalidation, or an error when the paths are others.
 *  4. The configuration comes back as it was sent. moto loses functions, error pages and S3 origins.
 *  5. A changed distribution is InProgress for a while, and until then works as before.
 *  6. Distributions are listed in pages, with comment, aliases and whether they are staging.
 *  7. Ids begin with E.
 *  8. Functions, key value stores (also what is in them, signed with SigV4A), cache policies, continuous
 *     deployment policies and promotion: moto has none of them.
 *
 * Everything else goes to moto as it came: tags, S3, STS.
 */

/** The proxy, and what only a test may know of it. */
export interface MotoCloudFront {
  /** For AWS_ENDPOINT_URL. */
  readonly endpoint: string;
  readonly invalidations: Invalidations;
  readonly functions: Functions;
  readonly keyValueStores: KeyValueStores;
  /** What is inside DistributionConfig, as the edges know it now. */
  deployed(distributionId: string): string;
  /** Called before an invalidation is Completed; returns a function that ends that. */
  onInvalidation(listener: (paths: readonly string[]) => Promise<void>): () => void;
  /** The next request that this is true of is done, and its answer lost: the connection breaks. */
  loseAnswer(of: (method: string, path: string) => boolean): void;
  /** The next requests that this is true of are not done, but refused so; as many as there are answers. */
  refuse(
    of: (method: string, path: string) => boolean,
    ...answers: readonly { readonly status: number; readonly code: string }[]
  ): void;
  /** So many requests came, by method and path without ids. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

export interface MotoCloudFrontOptions {
  /** How long changes of distributions are on their way, in milliseconds. */
  readonly deployMs?: number;
  /** How long invalidations take, in milliseconds. */
  readonly invalidateMs?: number;
  /** Distributions on a page, when the request does not say. */
  readonly pageSize?: number;
}

/** Two of Amazon's own cache policies, by their real ids, and one that files each query string apart. */
export const CACHE_POLICIES = {
  optimized: "658327ea-f89d-4fab-a63d-7e88639e58f6",
  disabled: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
  queryStrings: "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
} as const;

const POLICIES: Readonly<Record<string, string>> = {
  [CACHE_POLICIES.optimized]: policy("Managed-CachingOptimized", 1, 86_400, 31_536_000, "none"),
  [CACHE_POLICIES.disabled]: policy("Managed-CachingDisabled", 0, 0, 0, "none"),
  [CACHE_POLICIES.queryStrings]: policy("UseOriginCacheControl", 0, 0, 31_536_000, "all"),
};

function policy(name: string, min: number, usual: number, max: number, strings: string): string {
  return `<Comment></Comment><Name>${name}</Name><DefaultTTL>${usual}</DefaultTTL><MaxTTL>${max}</MaxTTL><MinTTL>${min}</MinTTL><ParametersInCacheKeyAndForwardedToOrigin><EnableAcceptEncodingGzip>true</EnableAcceptEncodingGzip><HeadersConfig><HeaderBehavior>none</HeaderBehavior></HeadersConfig><CookiesConfig><CookieBehavior>none</CookieBehavior></CookiesConfig><QueryStringsConfig><QueryStringBehavior>${strings}</QueryStringBehavior></QueryStringsConfig></ParametersInCacheKeyAndForwardedToOrigin>`;
}

/** Starts the proxy on a free port. */
export async function startMotoCloudFront(
  motoEndpoint: string,
  options: MotoCloudFrontOptions = {},
): Promise<MotoCloudFront> {
  const proxy = new Proxy(motoEndpoint, options);
  const server = createServer((request, response) => {
    void proxy.serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("the system gave no port");
  }
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    invalidations: proxy.invalidations,
    functions: proxy.functions,
    keyValueStores: proxy.keyValueStores,
    requests: proxy.requests,
    deployed: (id) => proxy.distributions.deployed(id),
    onInvalidation: (listener) => {
      proxy.listeners.add(listener);
      return () => {
        proxy.listeners.delete(listener);
      };
    },
    loseAnswer: (of) => {
      proxy.losing.push(of);
    },
    refuse: (of, ...answers) => {
      proxy.refusing.push(...answers.map((answer) => ({ of, ...answer })));
    },
    stop: async () => {
      proxy.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Each connection has its own. */
const OF_ONE_HOP = new Set([
  "host",
  "connection",
  "content-length",
  "content-encoding",
  "transfer-encoding",
]);

class Proxy {
  readonly distributions: Distributions;
  readonly invalidations = new Invalidations();
  readonly functions = new Functions();
  readonly keyValueStores = new KeyValueStores();
  readonly listeners = new Set<(paths: readonly string[]) => Promise<void>>();
  readonly losing: ((method: string, path: string) => boolean)[] = [];
  readonly requests: string[] = [];
  readonly refusing: {
    readonly of: (method: string, path: string) => boolean;
    readonly status: number;
    readonly code: string;
  }[] = [];
  readonly #moto: string;
  readonly #options: Required<MotoCloudFrontOptions>;
  /** moto's ids; everybody else sees them with an E in front. */
  readonly #ids = new Set<string>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #policies = new Map<string, { config: string; etag: string }>();

  constructor(moto: string, options: MotoCloudFrontOptions) {
    this.#moto = moto;
    this.#options = { deployMs: 300, invalidateMs: 200, pageSize: 100, ...options };
    this.distributions = new Distributions(this.#options.deployMs);
  }

  stop(): void {
    for (const timer of this.#timers) {
      clearTimeout(timer);
    }
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(request, "end");
    const url = new URL(request.url ?? "/", "http://proxy");
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]),
    );
    const method = request.method ?? "GET";
    const asked: Asked = {
      method,
      path: url.pathname,
      query: url.searchParams,
      headers,
      body: Buffer.concat(chunks),
    };
    this.requests.push(`${method} ${url.pathname.replace(/\/E[A-Z0-9]{10,}/g, "/*")}`);
    let answer: Answer;
    try {
      const refused = this.refusing.findIndex(({ of }) => of(method, asked.path));
      const [refusal] = refused === -1 ? [] : this.refusing.splice(refused, 1);
      answer =
        refusal === undefined
          ? await this.#answer(asked, request.url ?? "/")
          : xmlError(refusal.status, refusal.code, "as the test wants it");
    } catch (error) {
      answer = { status: 500, body: error instanceof Error ? (error.stack ?? "") : "" };
    }
    const lost = this.losing.findIndex((of) => of(method, asked.path));
    if (lost !== -1) {
      this.losing.splice(lost, 1);
      response.destroy();
      return;
    }
    response.writeHead(answer.status, { ...answer.headers });
    response.end(answer.body ?? "");
  }

  async #answer(asked: Asked, url: string): Promise<Answer> {
    const own =
      this.keyValueStores.data(asked) ??
      this.keyValueStores.control(asked) ??
      this.functions.handle(asked) ??
      this.#cachePolicy(asked) ??
      this.#continuousDeployment(asked);
    if (own !== undefined) {
      return own;
    }
    const [, id, rest, last] =
      /^\/2020-05-31\/distribution(?:\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?)?$/.exec(asked.path) ??
      [];
    if (!asked.path.startsWith("/2020-05-31/distribution")) {
      return await this.#forward(asked, url);
    }
    if (id === undefined) {
      return asked.method === "POST" ? await this.#create(asked, url) : await this.#list(asked);
    }
    if (!this.distributions.has(id)) {
      return xmlError(404, "NoSuchDistribution", "The specified distribution does not exist.");
    }
    if (rest === "invalidation") {
      return last === undefined && asked.method === "POST"
        ? await this.#invalidate(asked, url, id)
        : await this.#invalidation(asked, url, last);
    }
    if (rest === "promote-staging-config") {
      return await this.#promote(asked, id);
    }
    if (asked.method === "PUT") {
      return await this.#update(asked, url, id, configIn(asked.body.toString()));
    }
    const answer = await this.#forward(asked, url);
    return answer.status === 200
      ? xmlAnswer(
          200,
          rest === "config"
            ? `<DistributionConfig ${NAMESPACE}>${this.distributions.get(id).config}</DistributionConfig>`
            : this.distributions.mended(id, body(answer)),
          this.distributions.get(id).etag,
        )
      : answer;
  }

  async #create(asked: Asked, url: string): Promise<Answer> {
    const answer = await this.#forward(asked, url);
    const motoId = inside(answer.body?.toString() ?? "", "Id");
    if (answer.status !== 201 || motoId === undefined) {
      return answer;
    }
    const id = `E${motoId}`;
    this.#ids.add(motoId);
    this.distributions.set(id, configIn(asked.body.toString()));
    return xmlAnswer(
      201,
      this.distributions.mended(id, this.#outward(body(answer))),
      this.distributions.get(id).etag,
    );
  }

  async #list({ query, headers }: Asked): Promise<Answer> {
    const all = await this.#forward(
      { method: "GET", path: "", query, headers, body: Buffer.alloc(0) },
      "/2020-05-31/distribution",
    );
    const size = Number(query.get("MaxItems") ?? this.#options.pageSize);
    return xmlAnswer(200, this.distributions.page(body(all), query.get("Marker") ?? "", size));
  }

  async #update(asked: Asked, url: string, id: string, config: string): Promise<Answer> {
    const refused = checkIfMatch(asked, this.distributions.get(id).etag);
    if (refused !== undefined) {
      return refused;
    }
    const answer = await this.#forward(asked, url);
    if (answer.status !== 200) {
      return answer;
    }
    this.distributions.set(id, config);
    return xmlAnswer(
      200,
      this.distributions.mended(id, body(answer)),
      this.distributions.get(id).etag,
    );
  }

  async #promote(asked: Asked, id: string): Promise<Answer> {
    const stagingId = asked.query.get("StagingDistributionId") ?? "";
    if (!this.distributions.has(stagingId)) {
      return xmlError(404, "NoSuchDistribution", "There is no such staging distribution.");
    }
    const [primary, staging] = [this.distributions.get(id), this.distributions.get(stagingId)];
    const refused = checkIfMatch(asked, `${primary.etag}, ${staging.etag}`);
    if (refused !== undefined) {
      return refused;
    }
    const config = this.distributions.promoted(id, stagingId);
    const xml = `<DistributionConfig ${NAMESPACE}>${config}</DistributionConfig>`;
    const policyId = inside(config, "ContinuousDeploymentPolicyId") ?? "";
    const linked = this.#policies.get(policyId);
    if (linked !== undefined) {
      linked.config = replaced(linked.config, "Enabled", "false");
    }
    return await this.#update(
      {
        ...asked,
        body: Buffer.from(xml),
        headers: { ...asked.headers, "if-match": primary.etag, "content-type": "application/xml" },
      },
      `/2020-05-31/distribution/${id}/config`,
      id,
      config,
    );
  }

  async #invalidate(asked: Asked, url: string, distributionId: string): Promise<Answer> {
    const batch = batchIn(asked.body.toString());
    const existing = this.invalidations.existing(distributionId, batch);
    if (existing !== undefined) {
      return "refused" in existing
        ? existing.refused
        : await this.#invalidation(
            { ...asked, method: "GET", body: Buffer.alloc(0) },
            `${url}/${existing.id}`,
            existing.id,
            201,
          );
    }
    const refused = this.invalidations.refusal(distributionId, batch);
    if (refused !== undefined) {
      return refused;
    }
    const answer = await this.#forward(asked, url);
    const id = inside(body(answer), "Id");
    if (answer.status !== 201 || id === undefined) {
      return answer;
    }
    const added = this.invalidations.add(distributionId, id, batch);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void Promise.all([...this.listeners].map((listener) => listener(batch.paths))).then(() => {
        added.isCompleted = true;
      });
    }, this.#options.invalidateMs);
    this.#timers.add(timer);
    return xmlAnswer(201, replaced(body(answer), "Status", "InProgress"));
  }

  async #invalidation(
    asked: Asked,
    url: string,
    id: string | undefined,
    status = 200,
  ): Promise<Answer> {
    const answer = await this.#forward(asked, url);
    return answer.status === 200 && id !== undefined
      ? xmlAnswer(
          status,
          replaced(
            body(answer),
            "Status",
            this.invalidations.isCompleted(id) ? "Completed" : "InProgress",
          ),
        )
      : answer;
  }

  #cachePolicy({ method, path }: Asked): Answer | undefined {
    const id = /^\/2020-05-31\/cache-policy\/([^/]+)$/.exec(path)?.[1];
    if (id === undefined || method !== "GET") {
      return undefined;
    }
    const config = POLICIES[id];
    return config === undefined
      ? xmlError(404, "NoSuchCachePolicy", "The cache policy does not exist.")
      : xmlAnswer(
          200,
          `<CachePolicy ${NAMESPACE}><Id>${id}</Id><LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime><CachePolicyConfig>${config}</CachePolicyConfig></CachePolicy>`,
          "P1",
        );
  }

  #continuousDeployment({ method, path, body: sent }: Asked): Answer | undefined {
    const match = /^\/2020-05-31\/continuous-deployment-policy(?:\/([^/]+))?$/.exec(path);
    if (match === null) {
      return undefined;
    }
    const described = (id: string, config: string): string =>
      `<ContinuousDeploymentPolicy ${NAMESPACE}><Id>${id}</Id><LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime><ContinuousDeploymentPolicyConfig>${config}</ContinuousDeploymentPolicyConfig></ContinuousDeploymentPolicy>`;
    if (method === "POST") {
      const id = randomUUID();
      const config = inside(sent.toString(), "ContinuousDeploymentPolicyConfig") ?? "";
      this.#policies.set(id, { config, etag: "P1" });
      return xmlAnswer(201, described(id, config), "P1");
    }
    const found = this.#policies.get(match[1] ?? "");
    return found === undefined
      ? xmlError(404, "NoSuchContinuousDeploymentPolicy", "There is no such policy.")
      : xmlAnswer(200, described(match[1] ?? "", found.config), found.etag);
  }

  async #forward({ method, headers, body: sent }: Asked, url: string): Promise<Answer> {
    const response = await fetch(this.#moto + this.#inward(url), {
      method,
      headers: Object.entries(headers).flatMap(([name, value]): [string, string][] =>
        value === undefined || OF_ONE_HOP.has(name) ? [] : [[name, value]],
      ),
      ...(sent.length === 0 ? {} : { body: sent }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const type = response.headers.get("content-type") ?? "";
    return {
      status: response.status,
      headers: Object.fromEntries([...response.headers].filter(([name]) => !OF_ONE_HOP.has(name))),
      body: type.includes("xml") ? this.#outward(bytes.toString("utf8")) : bytes,
    };
  }

  #inward(url: string): string {
    return [...this.#ids].reduce((text, id) => text.replaceAll(`E${id}`, id), url);
  }

  #outward(text: string): string {
    return [...this.#ids].reduce((changed, id) => changed.replaceAll(id, `E${id}`), text);
  }
}

/** What is inside DistributionConfig, also where tags come with it. */
function configIn(sent: string): string {
  return inside(sent, "DistributionConfig") ?? "";
}

function body({ body: sent }: Answer): string {
  return sent?.toString() ?? "";
}
