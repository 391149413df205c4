import { startProcess } from "./process.js";
import { asS3Server, newCredentials, type S3Server } from "./s3-server.js";
import { pathOf } from "./tools.js";

/** moto: S3 and, at the same endpoint, the other services of AWS, all in memory. */
export interface MotoServer extends S3Server {
  /** A POST to it forgets everything in every service. */
  readonly resetUrl: string;
}

/** Starts moto. What it lacks in S3 is in s3-servers.test.ts. */
export async function startMoto(): Promise<MotoServer> {
  const server = await startProcess({
    name: "moto",
    command: pathOf("moto"),
    // It takes a port that is free, and prints it.
    args: ["--host", "127.0.0.1", "--port", "0"],
    ready: async (process) => {
      const endpoint = printedEndpoint(process.output());
      return endpoint !== undefined && (await fetch(`${endpoint}/moto-api/data.json`)).ok;
    },
  });
  const endpoint = printedEndpoint(server.output()) ?? "";
  const s3 = await asS3Server({
    name: "moto",
    endpoint,
    credentials: newCredentials(),
    stop: async () => {
      await server.stop();
    },
  });
  return { ...s3, resetUrl: `${endpoint}/moto-api/reset` };
}

function printedEndpoint(output: string): string | undefined {
  return /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1];
}
