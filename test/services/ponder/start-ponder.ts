import { rm } from "node:fs/promises";
import { join } from "node:path";

import {
  inTemporaryFolder,
  onFreePort,
  startProcess,
  temporaryFolder,
} from "../servers/process.js";
import { runToEnd } from "../servers/run-to-end.js";
import { writeTokenApp } from "./token-app.js";

/** A `ponder start` that a test has started. */
export interface Ponder {
  readonly url: string;
  readonly schema: string;
  stop(): Promise<void>;
}

/** What a deployment gets from its environment. */
export interface PonderOptions {
  readonly database: string;
  readonly schema: string;
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly token: { readonly address: string; readonly startBlock: number };
  readonly previous?: {
    readonly address: string;
    readonly startBlock: number;
    readonly endBlock: number;
  };
}

/** The program, in a folder that has the packages. */
const PROGRAM = "node_modules/ponder/dist/esm/bin/ponder.js";

/** Starts Ponder on a schema. It answers, and need not have caught up. */
export async function startPonder(options: PonderOptions): Promise<Ponder> {
  return await inTemporaryFolder("ponder", async (folder) => {
    await writeTokenApp(folder);
    return await onFreePort(async (port) => {
      const url = `http://127.0.0.1:${port}`;
      const { schema } = options;
      const server = await startProcess({
        name: "ponder",
        command: process.execPath,
        args: [
          ...[join(folder, PROGRAM), "start", "--schema", schema],
          ...["--port", String(port), "--hostname", "127.0.0.1", "--log-format", "json"],
        ],
        cwd: folder,
        env: environment(options, folder),
        ready: async () => (await fetch(`${url}/health`)).ok,
      });
      return {
        url,
        schema,
        stop: async () => {
          await server.stop();
        },
      };
    });
  });
}

/** Lets Ponder itself point views at a schema, as its documentation says. */
export async function createViews(options: PonderOptions, views: string): Promise<void> {
  const folder = await temporaryFolder("ponder");
  try {
    await writeTokenApp(folder);
    const { code, output } = await runToEnd(
      process.execPath,
      [
        ...[join(folder, PROGRAM), "db", "create-views"],
        ...["--schema", options.schema, "--views-schema", views],
      ],
      { cwd: folder, env: environment(options, folder) },
    );
    if (code !== 0) {
      throw new Error(`ponder db create-views failed:\n${output}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function environment(
  { database, rpcUrl, chainId, token, previous }: PonderOptions,
  folder: string,
): Readonly<Record<string, string>> {
  return {
    DATABASE_URL: database,
    RPC_URL: rpcUrl,
    CHAIN_ID: String(chainId),
    TOKEN_ADDRESS: token.address,
    TOKEN_START_BLOCK: String(token.startBlock),
    ...(previous === undefined
      ? {}
      : {
          PREVIOUS_ADDRESS: previous.address,
          PREVIOUS_START_BLOCK: String(previous.startBlock),
          PREVIOUS_END_BLOCK: String(previous.endBlock),
        }),
    PONDER_TELEMETRY_DISABLED: "1",
    // Where it keeps what it knows of this machine.
    XDG_CONFIG_HOME: folder,
  };
}
