import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { inTemporaryFolder, startProcess } from "./process.js";
import { runToEnd } from "./run-to-end.js";
import type { CachingEdge } from "./nginx.js";
import { pathOf } from "./tools.js";

/** varnish as a cache in front of an origin. */
export interface Varnish extends CachingEdge {
  /** Forgets every path that a regular expression (PCRE) matches. */
  ban(pattern: string): Promise<void>;
}

/**
 * Starts varnish. It answers `X-Cache: HIT` or `MISS`, and does what PURGE asks.
 * @param origin host and port only: "http://127.0.0.1:1234".
 * @param vcl more VCL. A `vcl_recv` in it runs after the one here: to add a bucket to `req.url`, for example.
 */
export async function startVarnish(origin: string, vcl = ""): Promise<Varnish> {
  const { hostname, port } = new URL(origin);
  return await inTemporaryFolder("varnish", async (folder) => {
    const file = join(folder, "edge.vcl");
    await writeFile(file, [baseVcl(hostname, port), vcl].join("\n"));
    const admin = async (...command: readonly string[]): Promise<string> => {
      const { code, output } = await runToEnd("varnishadm", ["-n", folder, ...command]);
      if (code !== 0) {
        throw new Error(`varnishadm ${command.join(" ")}: ${output}`);
      }
      return output;
    };
    let url = "";
    const varnish = await startProcess({
      name: "varnish",
      command: pathOf("varnish"),
      args: [
        ...["-F", "-n", folder, "-f", file, "-a", "127.0.0.1:0", "-s", "malloc,64m"],
        // Started by root, it would work as a user who cannot enter the folder.
        ...["-j", "none"],
      ],
      ready: async () => {
        const listening = /127\.0\.0\.1 (\d+)/.exec(await admin("debug.listen_address"))?.[1];
        url = `http://127.0.0.1:${listening ?? ""}`;
        return listening !== undefined && (await admin("status")).includes("running");
      },
    });
    return {
      url,
      async purge(path) {
        if (path === undefined) {
          await admin("ban", "req.url", "~", ".");
        } else {
          const { status } = await fetch(url + path, { method: "PURGE" });
          if (status !== 200) {
            throw new Error(`varnish answered PURGE ${path} with ${status}`);
          }
        }
      },
      async ban(pattern) {
        await admin("ban", "req.url", "~", pattern);
      },
      stop: async () => {
        await varnish.stop();
      },
    };
  });
}

function baseVcl(host: string, port: string): string {
  return `vcl 4.1;
backend origin { .host = "${host}"; .port = "${port}"; }
sub vcl_recv {
  if (req.method == "PURGE") { return (purge); }
}
sub vcl_deliver {
  if (obj.hits > 0) { set resp.http.X-Cache = "HIT"; } else { set resp.http.X-Cache = "MISS"; }
}
`;
}
