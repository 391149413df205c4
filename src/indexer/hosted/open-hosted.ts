import type { EmergencyHostedConfig } from "../../config/indexers/subgraph-types.js";
import { registerSecret, registerSecretUrl } from "../../redact.js";
import { overHttp, serverAt, type HttpServer } from "../http.js";
import type { Secret } from "../../config/sensitive.js";
import { alchemy } from "./alchemy.js";
import { goldsky } from "./goldsky.js";
import type { Host, HostedIndexer } from "./hosted.js";

/** A hosted subgraph, as it is configured. Nothing is asked yet. */
export function openHosted(
  name: string,
  config: EmergencyHostedConfig,
  { waitMs, wait }: Pick<HostedIndexer, "waitMs" | "wait">,
  dryRun: boolean,
): HostedIndexer {
  const host = hostOf(config, wait);
  return { name, host: dryRun ? remembering(host) : host, dryRun, waitMs, now: Date.now, wait };
}

function hostOf(config: EmergencyHostedConfig, wait: HostedIndexer["wait"]): Host {
  const http = overHttp(wait);
  if (config.host === "goldsky") {
    const { api, token, subgraph, tag } = config;
    const server = async (): Promise<HttpServer> => ({
      ...at(
        "Goldsky's API",
        api,
        "correct emergency.indexers.….goldsky.token: an API key of the project",
      ),
      headers: { authorization: `Bearer ${await read(token)}` },
    });
    return goldsky(http, server, subgraph, tag);
  }
  const { team, subgraph, api, query, deployKey, queryKey } = config;
  const denied =
    "correct emergency.indexers.….alchemy: deployKey and queryKey are two different keys";
  return alchemy(http, {
    team,
    subgraph,
    api: async () => ({
      ...at("Alchemy's API", api, denied),
      headers: { "x-api-key": await read(deployKey) },
    }),
    queries: async () => {
      const key = await read(queryKey);
      const { url, ...server } = at("Alchemy's query endpoint", query, denied);
      return { ...server, url: `${url}/${encodeURIComponent(key)}` };
    },
  });
}

async function read(secret: Secret): Promise<string> {
  const value = await secret.get();
  registerSecret(value);
  return value;
}

function at(name: string, url: string, whenDenied: string): HttpServer {
  registerSecretUrl(url);
  const place = serverAt(url);
  return { name, url: place.url, headers: place.headers, whenDenied };
}

/** A host that is only looked at, and that remembers what it would have been told. */
function remembering(host: Host): Host {
  let told: string | undefined;
  return {
    ...host,
    served: async () => (told === undefined ? await host.served() : await host.version(told)),
    async serve(name) {
      told = name;
      await Promise.resolve();
    },
  };
}
