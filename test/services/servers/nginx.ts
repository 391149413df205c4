import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { inTemporaryFolder, onFreePort, startProcess } from "./process.js";
import { pathOf } from "./tools.js";

/** A web server that a test has started. */
export interface Edge {
  /** Without a slash at its end. */
  readonly url: string;
  stop(): Promise<void>;
}

/** What goes into nginx' configuration, as text. */
export interface NginxConfiguration {
  /** Inside `server { }`, after `listen`. */
  readonly server: string;
  /** Inside `http { }`: caches, maps. */
  readonly http?: string;
}

/** Debian's list of content types. */
const MIME_TYPES = "/etc/nginx/mime.types";

/** Starts nginx. @param configuration made from the folder in which nginx may keep what it likes. */
export async function startNginx(
  configuration: (folder: string) => NginxConfiguration,
): Promise<Edge> {
  return await inTemporaryFolder("nginx", async (folder) => {
    const { server, http = "" } = configuration(folder);
    return await onFreePort(async (port) => {
      const file = join(folder, "nginx.conf");
      await writeFile(file, wholeConfiguration(folder, port, server, http));
      const nginx = await startProcess({
        name: "nginx",
        command: pathOf("nginx"),
        args: ["-p", folder, "-c", file, "-e", "stderr"],
        // Said when it has the port and somebody who serves it.
        ready: (process) => process.output().includes("start worker process "),
      });
      return {
        url: `http://127.0.0.1:${port}`,
        stop: async () => {
          await nginx.stop();
        },
      };
    });
  });
}

function wholeConfiguration(folder: string, port: number, server: string, http: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return [
    "daemon off;",
    // The folder is this user's alone, and by default nginx, started by root, would serve as somebody else.
    ...(process.getuid?.() === 0 ? ["user root;"] : []),
    "worker_processes 1;",
    "error_log stderr notice;",
    `pid ${folder}/nginx.pid;`,
    "events {}",
    "http {",
    ...(existsSync(MIME_TYPES) ? [`include ${MIME_TYPES};`] : []),
    `access_log ${folder}/access.log;`,
    ...temporary.map((name) => `${name}_temp_path ${folder}/${name};`),
    http,
    "server {",
    `listen 127.0.0.1:${port};`,
    server,
    "}",
    "}",
  ].join("\n");
}

/** Starts nginx on a folder: the web server in front of the directory store. */
export async function startStaticNginx(root: string): Promise<Edge> {
  return await startNginx(() => ({
    server: `root ${root}; location / { try_files $uri $uri/index.html =404; }`,
  }));
}

/** A cache that forgets what it is told to. */
export interface CachingEdge extends Edge {
  /** Forgets one path, with its query: "/index.html". Without one, everything. */
  purge(path?: string): Promise<void>;
}

/**
 * Starts nginx as a cache. It keeps what Cache-Control allows, errors for ten seconds as CloudFront does, and what
 * says nothing for a day. The answer's `X-Cache` is HIT, MISS or
 * EXPIRED. There is no `Age`: varnish has one.
 * @param origin without a slash at its end: "http://127.0.0.1:1234/bucket".
 */
export async function startNginxCache(origin: string): Promise<CachingEdge> {
  let cache = "";
  const edge = await startNginx((folder) => {
    cache = join(folder, "cache");
    return {
      http: `proxy_cache_path ${cache} keys_zone=edge:10m inactive=1d use_temp_path=off;`,
      server: [
        "location / {",
        // With a path, the one of the request is put in its place, from the slash on.
        `proxy_pass ${origin}/;`,
        "proxy_http_version 1.1;",
        "proxy_cache edge;",
        "proxy_cache_key $request_uri;",
        "proxy_cache_valid 403 404 10s;",
        "proxy_cache_valid 200 1d;",
        "proxy_cache_lock on;",
        "add_header X-Cache $upstream_cache_status always;",
        "}",
      ].join("\n"),
    };
  });
  return {
    ...edge,
    async purge(path) {
      // nginx asks the file system each time, so an answer whose file is gone is forgotten.
      const file =
        path === undefined ? cache : join(cache, createHash("md5").update(path).digest("hex"));
      await rm(file, { recursive: true, force: true });
      await mkdir(cache, { recursive: true });
    },
  };
}
