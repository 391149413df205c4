import type { CloudFrontClient } from "@aws-sdk/client-cloudfront";

import type { Pace } from "../../../src/frontend/cloudfront/pace.js";
import { startMoto, type MotoServer } from "../servers/moto.js";
import type { S3Server } from "../servers/s3-server.js";
import {
  startMotoCloudFront,
  type MotoCloudFront,
  type MotoCloudFrontOptions,
} from "./moto-cloudfront.js";

/** moto with the proxy in front, and this process' environment set so that clients find it. */
export interface CloudFrontLaboratory {
  readonly moto: MotoServer;
  readonly proxy: MotoCloudFront;
  /** What this process has, for others that it starts. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of the test itself, to make distributions. */
  readonly client: CloudFrontClient;
  stop(): Promise<void>;
}

/** Waits a little where the real thing waits seconds. */
export const QUICK: Pace = {
  now: () => new Date(),
  wait: async (milliseconds) => {
    await new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 20)));
  },
};

/** @param options `s3` is another server for the buckets: its credentials are used for everything. */
export async function startCloudFront(
  options: MotoCloudFrontOptions & { readonly s3?: S3Server } = {},
): Promise<CloudFrontLaboratory> {
  const { CloudFrontClient } = await import("@aws-sdk/client-cloudfront");
  const moto = await startMoto();
  const proxy = await startMotoCloudFront(moto.endpoint, options);
  const environment = {
    ...(options.s3 ?? moto).environment,
    ...(options.s3 === undefined ? {} : { AWS_ENDPOINT_URL_S3: options.s3.endpoint }),
    AWS_ENDPOINT_URL: proxy.endpoint,
  };
  const restore = setEnvironment(environment);
  const client = new CloudFrontClient({ region: "us-east-1" });
  return {
    moto,
    proxy,
    environment,
    client,
    async stop() {
      restore();
      client.destroy();
      await proxy.stop();
      await moto.stop();
    },
  };
}

/** Sets variables of this process. @returns what sets them back. */
export function setEnvironment(variables: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) {
        Reflect.deleteProperty(process.env, name);
      } else {
        process.env[name] = value;
      }
    }
  };
}
