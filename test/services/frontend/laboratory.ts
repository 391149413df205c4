import type {
  EmergencyDistributionUserConfig,
  EmergencyFrontendUserConfig,
} from "../../../src/config/types.js";
import { owner } from "../../helpers/accounts.js";
import { startNode, type LocalNode } from "../../helpers/anvil.js";
import { createCliProject, type CliProject, type Finished } from "../../helpers/cli.js";
import { deploy } from "../../helpers/contracts.js";
import { NETWORK } from "../../helpers/project.js";
import { startEdge, type EdgeEmulator } from "../cloudfront/edge-emulator.js";
import { linkStaging } from "../cloudfront/linked-staging.js";
import {
  installFunction,
  makeDistribution,
  viewerRequestSource,
} from "../cloudfront/made-distribution.js";
import { startCloudFront, type CloudFrontLaboratory } from "../cloudfront/start-cloudfront.js";
import { chromiumPath } from "../servers/chromium.js";
import type { S3Server } from "../servers/s3-server.js";

/** How a distribution is told which release it serves. */
export type PointerKind = NonNullable<EmergencyDistributionUserConfig["pointer"]>;

/** A chain with the contracts that websites talk to, and those that shall take their place. */
export interface Market {
  readonly node: LocalNode;
  readonly market: string;
  readonly marketFixed: string;
  readonly marketFixedAgain: string;
  readonly vault: string;
  readonly vaultFixed: string;
}

/** Starts the chain. */
export async function startMarket(): Promise<Market> {
  const node = await startNode();
  const create = async (): Promise<string> =>
    await deploy(node, "OwnablePausable", [owner.address]);
  return {
    node,
    market: await create(),
    marketFixed: await create(),
    marketFixedAgain: await create(),
    vault: await create(),
    vaultFixed: await create(),
  };
}

/** Buckets and CloudFront, and the websites there. */
export interface Laboratory {
  readonly cloudFront: CloudFrontLaboratory;
  readonly s3: S3Server;
  /** A bucket that keeps versions, a distribution in front of it, and a project that knows them. */
  newShop(pointer: PointerKind, changes?: EmergencyFrontendUserConfig): Promise<Shop>;
  stop(): Promise<void>;
}

/** A project whose commands on one website are typed. */
export interface Operator {
  readonly project: CliProject;
  /** Types `npx hardhat frontend …`. */
  type(command: string, ...args: readonly string[]): Promise<Finished>;
}

/** A website in a bucket with a distribution in front, and somebody who operates it. */
export interface Shop extends Operator {
  readonly bucket: string;
  readonly distributionId: string;
  readonly edge: EdgeEmulator;
  /** As it is configured. */
  readonly frontend: EmergencyFrontendUserConfig;
  /** Somebody else, who has configured something else. */
  colleague(frontend: EmergencyFrontendUserConfig): Promise<Operator>;
}

/** @param startS3 the server of the buckets, stopped with the laboratory; default: moto. */
export async function startLaboratory(
  { node, market, vault }: Market,
  startS3?: () => Promise<S3Server>,
): Promise<Laboratory> {
  const own = await startS3?.();
  const cloudFront = await startCloudFront(own === undefined ? {} : { s3: own });
  const s3 = own ?? cloudFront.moto;
  const opened: (() => Promise<void>)[] = [];

  async function operatorOf(frontend: EmergencyFrontendUserConfig): Promise<Operator> {
    const project = await createCliProject({
      url: node.url,
      chainId: node.chainId,
      accounts: [],
      emergency: {
        contracts: {
          market: { address: market, artifact: "OwnablePausable" },
          vault: { address: vault, artifact: "OwnablePausable" },
        },
        frontends: { web: frontend },
      },
    });
    opened.push(async () => {
      await project.remove();
    });
    return {
      project,
      async type(command, ...args) {
        const browser = command === "verify" ? ["--browser", chromiumPath()] : [];
        return await project.run(["frontend", command, ...args, ...browser]);
      },
    };
  }

  return {
    cloudFront,
    s3,
    async newShop(pointer, changes = {}) {
      const bucket = await s3.newBucket({ versioning: true });
      const distributionId = await distributionFor(cloudFront, pointer, bucket);
      const { proxy } = cloudFront;
      const edge = await startEdge({ proxy, distributionId, s3, bucket });
      opened.push(async () => {
        await edge.stop();
      });
      const frontend = {
        s3: { bucket },
        cloudfront: { id: distributionId, pointer },
        url: edge.url,
        network: NETWORK,
        ...changes,
      };
      const operator = await operatorOf(frontend);
      return { bucket, distributionId, edge, frontend, ...operator, colleague: operatorOf };
    },
    async stop() {
      for (const close of opened) {
        await close();
      }
      await cloudFront.stop();
      await own?.stop();
    },
  };
}

/** A distribution that can be switched in one of the ways. @returns its id. */
async function distributionFor(
  { client }: CloudFrontLaboratory,
  pointer: PointerKind,
  bucket: string,
): Promise<string> {
  switch (pointer) {
    case "key-value-store": {
      const name = `switch-${bucket}`;
      await installFunction(client, name, await viewerRequestSource());
      return (await makeDistribution(client, { bucket, viewerRequest: name })).id;
    }
    case "staging-distribution":
      return (await linkStaging(client, { bucket })).primary;
    case "origin-path":
    case "none":
      return (await makeDistribution(client, { bucket })).id;
  }
}
