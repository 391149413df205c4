import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { inTemporaryFolder, onFreePort, startProcess } from "./process.js";
import { asS3Server, newCredentials, type S3Server } from "./s3-server.js";
import { pathOf } from "./tools.js";

/**
 * Starts versitygw on a folder of its own. Objects are files there, and older versions are in a second folder.
 * What it lacks is in s3-servers.test.ts.
 */
export async function startVersitygw(): Promise<S3Server> {
  return await inTemporaryFolder("versitygw", async (folder) => {
    const data = join(folder, "data");
    const versions = join(folder, "versions");
    await Promise.all([mkdir(data), mkdir(versions)]);
    const credentials = newCredentials();
    const { accessKeyId, secretAccessKey } = credentials;

    return await onFreePort(async (port) => {
      const endpoint = `http://127.0.0.1:${port}`;
      // A path that nobody else's server answers.
      const health = `/health-${accessKeyId}`;
      const server = await startProcess({
        name: "versitygw",
        command: pathOf("versitygw"),
        args: [
          ...["--port", `127.0.0.1:${port}`, "--region", "us-east-1", "--quiet"],
          // As S3 does. Without it, each request pays for a connection.
          ...["--keep-alive", "--health", health],
          ...["posix", "--versioning-dir", versions, data],
        ],
        env: { ROOT_ACCESS_KEY_ID: accessKeyId, ROOT_SECRET_ACCESS_KEY: secretAccessKey },
        ready: async () => (await fetch(endpoint + health)).ok,
      });
      return await asS3Server({
        name: "versitygw",
        endpoint,
        credentials,
        stop: async () => {
          await server.stop();
        },
      });
    });
  });
}
