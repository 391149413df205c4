import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { Client } from "pg";

import { inTemporaryFolder, onFreePort, startProcess } from "./process.js";
import { runToEnd } from "./run-to-end.js";
import { pathOf } from "./tools.js";

/** A Postgres server that a test has started. */
export interface Postgres {
  readonly port: number;
  /** Of the superuser; has every character that somebody could forget to encode. */
  readonly password: string;
  /** A new empty database, as a connection string of the superuser. */
  database(): Promise<string>;
  /** The same database for another role. */
  as(url: string, role: string, password: string): string;
  /** Runs one or more statements as the superuser. */
  sql(url: string, statements: string): Promise<void>;
  stop(): Promise<void>;
}

const SUPERUSER = "postgres";

/** Postgres refuses to run as root: then this user does, of Debian's package, or the least of all. */
const USERS = ["postgres", "nobody"];

/** Starts Postgres with a data folder of its own, which need not survive a power cut. */
export async function startPostgres(): Promise<Postgres> {
  return await inTemporaryFolder("postgres", async (folder) => {
    const programs = dirname(await realpath(pathOf("postgres")));
    const password = `p@ss:/w%rd?#&'é-${randomBytes(9).toString("hex")}`;
    const data = join(folder, "data");
    const passwordFile = join(folder, "password");
    await Promise.all([mkdir(data), writeFile(passwordFile, password)]);
    const user = await unprivileged();
    if (user !== undefined) {
      await chmod(folder, 0o755);
      await Promise.all([data, passwordFile].map((path) => chown(path, user.uid, user.gid)));
    }
    const made = await runToEnd(
      ...asUser(user, join(programs, "initdb"), [
        ...["--pgdata", data, "--username", SUPERUSER, "--pwfile", passwordFile],
        ...["--auth", "scram-sha-256", "--no-sync", "--encoding", "UTF8", "--locale", "C"],
      ]),
      { cwd: "/" },
    );
    if (made.code !== 0) {
      throw new Error(`initdb failed:\n${made.output}`);
    }
    return await onFreePort(async (port) => {
      const settings = [
        ...["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
        ...["listen_addresses=127.0.0.1", `port=${port}`, `unix_socket_directories=${data}`],
        ...["max_connections=200", "shared_buffers=32MB"],
      ].flatMap((setting) => ["-c", setting]);
      const [command, args] = asUser(user, join(programs, "postgres"), ["-D", data, ...settings]);
      const server = await startProcess({
        name: "postgres",
        command,
        args,
        cwd: "/",
        ready: (process) => process.output().includes("is ready to accept connections"),
      });
      const root = urlOf(port, SUPERUSER, password, "postgres");
      let databases = 0;
      return {
        port,
        password,
        sql: run,
        async database() {
          databases += 1;
          const name = `test_${databases}`;
          await run(root, `CREATE DATABASE ${name}`);
          return urlOf(port, SUPERUSER, password, name);
        },
        as: (url, role, secret) => urlOf(port, role, secret, new URL(url).pathname.slice(1)),
        stop: async () => {
          await server.stop();
        },
      };
    });
  });
}

function urlOf(port: number, user: string, password: string, database: string): string {
  return `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

async function run(connectionString: string, statements: string): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await client.query(statements);
  } finally {
    await client.end();
  }
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

function asUser(
  user: User | undefined,
  command: string,
  args: readonly string[],
): [command: string, args: readonly string[]] {
  if (user === undefined) {
    return [command, args];
  }
  const ids = [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];
  return ["setpriv", [...ids, command, ...args]];
}

/** Whom root becomes; undefined where this process is not root's. */
async function unprivileged(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  const lines = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  for (const wanted of USERS) {
    const [, , uid, gid] = lines.find(([name]) => name === wanted) ?? [];
    if (uid !== undefined && gid !== undefined) {
      return { uid: Number(uid), gid: Number(gid) };
    }
  }
  throw new Error(`Postgres refuses to run as root, and there is no user ${USERS.join(" or ")}`);
}
