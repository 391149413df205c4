import { randomBytes } from "node:crypto";

import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";

/** An S3 server that a test has started. */
export interface S3Server {
  readonly name: "versitygw" | "moto";
  /** Without a slash at its end. Buckets are in the path, never in the host name. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** For programs of others, and for whatever reads the standard credential chain. */
  readonly environment: Readonly<Record<string, string>>;
  /** A client. With an endpoint, one that goes through a proxy. It ends with the server. */
  client(options?: S3ClientConfig): S3Client;
  /** Makes a bucket and gives its name, which no other test has. */
  newBucket(options: { readonly versioning: boolean }): Promise<string>;
  stop(): Promise<void>;
}

export const REGION = "us-east-1";

/** Keys that belong to one server alone: a request that reaches somebody else's server is refused there. */
export function newCredentials(): S3Server["credentials"] {
  return {
    accessKeyId: `TEST${randomBytes(8).toString("hex").toUpperCase()}`,
    secretAccessKey: randomBytes(20).toString("hex"),
  };
}

/** The part that all S3 servers have in common: clients and buckets. */
export async function asS3Server(
  server: Pick<S3Server, "name" | "endpoint" | "credentials" | "stop">,
): Promise<S3Server> {
  const { CreateBucketCommand, PutBucketVersioningCommand, S3Client } =
    await import("@aws-sdk/client-s3");
  const { name, endpoint, credentials } = server;
  const clients: S3Client[] = [];

  function client(options: S3ClientConfig = {}): S3Client {
    const made = new S3Client({
      endpoint,
      region: REGION,
      credentials,
      forcePathStyle: true,
      ...options,
    });
    clients.push(made);
    return made;
  }
  const own = client();

  return {
    name,
    endpoint,
    region: REGION,
    credentials,
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      // Nobody's own profile, and no look for a machine's role.
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_EC2_METADATA_DISABLED: "true",
    },
    client,
    async newBucket({ versioning }) {
      const bucket = `site-${randomBytes(6).toString("hex")}`;
      await own.send(new CreateBucketCommand({ Bucket: bucket }));
      if (versioning) {
        const VersioningConfiguration = { Status: "Enabled" } as const;
        await own.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
      }
      return bucket;
    },
    async stop() {
      for (const made of clients) {
        made.destroy();
      }
      await server.stop();
    },
  };
}
