import { EmergencyError } from "../../errors.js";
import { query } from "../graph-node/graphql.js";
import { META_QUERY } from "../graph-node/status-api.js";
import { excerpt, refused, type Http, type HttpServer } from "../http.js";
import type { Host, HostedVersion } from "./hosted.js";

// As documented: https://www.alchemy.com/docs/reference/subgraph-versioning. No request is documented that lists
// versions or says which one is live, or how far the chain is; what queries are answered from tells it.

const TIMEOUT_MS = 30_000;

/** Where a subgraph at Alchemy is asked and changed. */
export interface AlchemyPlace {
  readonly team: string;
  readonly subgraph: string;
  /** With the deploy key. */
  readonly api: () => Promise<HttpServer>;
  /** With the query key in its URL. */
  readonly queries: () => Promise<HttpServer>;
}

/** The live version of a subgraph at Alchemy. */
export function alchemy(http: Http, { team, subgraph, api, queries }: AlchemyPlace): Host {
  async function read(path: string, name: string | null): Promise<HostedVersion | null> {
    const server = await queries();
    try {
      const at = `/${team}/${subgraph}${path}/api`;
      const { deployment, block, hasErrors } = await query(http, server, META_QUERY, { path: at });
      return {
        version: name,
        deployment,
        health: hasErrors ? "unhealthy" : "healthy",
        // Nothing says so; how it compares with the live version has to do.
        synced: true,
        paused: null,
        assigned: true,
        latest: { number: block, hash: null },
        head: null,
        fatalError: null,
      };
    } catch (error) {
      if (
        error instanceof EmergencyError &&
        /HTTP 404|not found|does not exist/i.test(error.what)
      ) {
        return null;
      }
      throw error;
    }
  }
  return {
    kind: "alchemy",
    place: `Alchemy, ${subgraph}`,
    served: async () => await read("", null),
    version: async (name) => await read(`/version/${name}`, name),
    async serve(name) {
      const server = await api();
      const { status, text } = await http.send(server, {
        method: "POST",
        path: `/api/subgraphs/${team}/${subgraph}/${name}/promote-live`,
        asks: false,
        timeoutMs: TIMEOUT_MS,
      });
      if (status >= 300) {
        throw refused(server, `HTTP ${status}: ${excerpt(text)}`);
      }
    },
  };
}
