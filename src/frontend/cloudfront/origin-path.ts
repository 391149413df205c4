import type { CloudFrontClient, DistributionConfig } from "@aws-sdk/client-cloudfront";

import { EmergencyError } from "../../errors.js";
import { awsError } from "../aws-error.js";
import { waitUntilDeployed } from "./deployed.js";
import { moveGuarded, versionOf, type PointerState } from "./move-guarded.js";
import type { Pace } from "./pace.js";
import type { Pointer } from "./pointer.js";

/**
 * The path of a distribution's origin. Caches do not file answers under it: what they hold must be
 * invalidated after each move, and not before all edges know the new path.
 */
export class OriginPathPointer implements Pointer {
  readonly kind = "origin-path";
  readonly place: string;
  readonly needsInvalidation = true;
  readonly #client: CloudFrontClient;
  readonly #id: string;
  readonly #originId: string;
  readonly #pace: Pace;

  /**
   * @param id of the distribution.
   * @param originId of the origin that is the site's bucket; no other one is changed.
   */
  constructor(client: CloudFrontClient, id: string, originId: string, pace: Pace) {
    this.#client = client;
    this.#id = id;
    this.#originId = originId;
    this.#pace = pace;
    this.place = `the path of the origin ${originId} of distribution ${id}`;
  }

  async read(): Promise<{ readonly folder: string | null; readonly version: string }> {
    const state = await this.#state();
    return { folder: state.folder, version: versionOf(state) };
  }

  async move(folder: string, version: string, progress: (text: string) => void): Promise<void> {
    await moveGuarded(this.place, folder, version, {
      read: async () => await this.#state(),
      write: async (to, etag) => {
        await updateOriginPath(this.#client, this.#id, this.#originId, to, etag);
      },
    });
    await waitUntilDeployed(this.#client, this.#id, this.#pace, progress);
  }

  async #state(): Promise<PointerState> {
    const { config, etag } = await readConfig(this.#client, this.#id);
    return { folder: folderIn(config, this.#originId), etag };
  }
}

/** The configuration of a distribution as it is now, and its version. */
export async function readConfig(
  client: CloudFrontClient,
  id: string,
): Promise<{ readonly config: DistributionConfig; readonly etag: string }> {
  const { GetDistributionConfigCommand } = await import("@aws-sdk/client-cloudfront");
  try {
    const { DistributionConfig: config, ETag } = await client.send(
      new GetDistributionConfigCommand({ Id: id }),
    );
    if (config === undefined || ETag === undefined) {
      throw new EmergencyError(
        "AWS_REFUSED",
        `CloudFront gives no configuration of distribution ${id}`,
        "look whether AWS_ENDPOINT_URL names a server that knows CloudFront",
      );
    }
    return { config, etag: ETag };
  } catch (error) {
    throw awsError(error, `reading the configuration of distribution ${id}`, {
      action: "cloudfront:GetDistributionConfig",
    });
  }
}

/** The folder that an origin shows, relative to the bucket; null when it shows all of it. */
export function folderIn(config: DistributionConfig, originId: string): string | null {
  const origin = config.Origins?.Items?.find(({ Id }) => Id === originId);
  const folder = (origin?.OriginPath ?? "").replace(/^\/+|\/+$/g, "");
  return folder === "" ? null : folder;
}

/** Pure: the same configuration with another path of one origin. */
export function withOriginPath(
  config: DistributionConfig,
  originId: string,
  folder: string,
): DistributionConfig {
  return {
    ...config,
    Origins: {
      Quantity: config.Origins?.Quantity,
      Items: config.Origins?.Items?.map((origin) =>
        origin.Id === originId ? { ...origin, OriginPath: `/${folder}` } : origin,
      ),
    },
  };
}

/**
 * Changes the path of one origin, on top of the configuration that has this version.
 * @throws EmergencyError POINTER_CHANGED when the configuration has another version, and see awsError.
 */
export async function updateOriginPath(
  client: CloudFrontClient,
  id: string,
  originId: string,
  folder: string,
  etag: string,
): Promise<void> {
  const { UpdateDistributionCommand } = await import("@aws-sdk/client-cloudfront");
  const now = await readConfig(client, id);
  if (now.etag !== etag) {
    throw new EmergencyError(
      "POINTER_CHANGED",
      `somebody else has changed distribution ${id} meanwhile`,
      "type the command again: it looks at the distribution as it is now",
    );
  }
  try {
    await client.send(
      new UpdateDistributionCommand({
        Id: id,
        IfMatch: etag,
        DistributionConfig: withOriginPath(now.config, originId, folder),
      }),
    );
  } catch (error) {
    throw awsError(error, `changing the origin path of distribution ${id}`, {
      action: "cloudfront:UpdateDistribution",
    });
  }
}
