import type { CloudFrontClient, DistributionConfig } from "@aws-sdk/client-cloudfront";

import { EmergencyError } from "../../errors.js";
import { canonicalJson, isRecord } from "../../json.js";
import { awsError } from "../aws-error.js";
import { waitUntilDeployed } from "./deployed.js";
import { bucketOrigin } from "./inspect-distribution.js";
import { moveGuarded, versionOf, type PointerState } from "./move-guarded.js";
import { folderIn, readConfig, updateOriginPath, withOriginPath } from "./origin-path.js";
import type { Pace } from "./pace.js";
import type { Pointer } from "./pointer.js";
import type { SiteBucket } from "./distribution-choice.js";

/** What a promotion leaves as it is in the distribution that users are served from. */
const NOT_PROMOTED = new Set([
  "CallerReference",
  "Aliases",
  "Staging",
  "ContinuousDeploymentPolicyId",
]);

/**
 * The origin path of a staging distribution, whose configuration is then promoted as a whole. What
 * users' caches hold is theirs alone, so that it must be invalidated after each move.
 */
export class StagingDistributionPointer implements Pointer {
  readonly kind = "staging-distribution";
  readonly place: string;
  readonly needsInvalidation = true;
  readonly #client: CloudFrontClient;
  readonly #primaryId: string;
  readonly #stagingId: string;
  readonly #site: SiteBucket;
  readonly #pace: Pace;

  constructor(
    client: CloudFrontClient,
    ids: { readonly primary: string; readonly staging: string },
    site: SiteBucket,
    pace: Pace,
  ) {
    this.#client = client;
    this.#primaryId = ids.primary;
    this.#stagingId = ids.staging;
    this.#site = site;
    this.#pace = pace;
    this.place = `distribution ${ids.primary}, by promoting the staging distribution ${ids.staging}`;
  }

  async read(): Promise<{ readonly folder: string | null; readonly version: string }> {
    const state = await this.#state();
    return { folder: state.folder, version: versionOf(state) };
  }

  async move(folder: string, version: string, progress: (text: string) => void): Promise<void> {
    await moveGuarded(this.place, folder, version, {
      read: async () => await this.#state(),
      write: async (to, etag) => {
        const staging = await this.#prepare(to, progress);
        await this.#promote(etag, staging);
      },
    });
    await waitUntilDeployed(this.#client, this.#primaryId, this.#pace, progress);
  }

  /** Gives the staging distribution the folder. @returns its version. */
  async #prepare(folder: string, progress: (text: string) => void): Promise<string> {
    const [primary, staging] = await Promise.all([
      readConfig(this.#client, this.#primaryId),
      readConfig(this.#client, this.#stagingId),
    ]);
    const origin = this.#origin(staging.config, this.#stagingId);
    const others = promotedDifferences(
      withOriginPath(primary.config, this.#origin(primary.config, this.#primaryId), folder),
      withOriginPath(staging.config, origin, folder),
    );
    if (others.length > 0) {
      throw new EmergencyError(
        "POINTER_UNUSABLE",
        `to promote the staging distribution ${this.#stagingId} would also change ${others.join(", ")} of distribution ${this.#primaryId}. Nothing was changed`,
        "make the two the same but for the origin path, or set cloudfront.pointer to another way",
      );
    }
    if (folderIn(staging.config, origin) === folder) {
      return staging.etag;
    }
    const place = `the staging distribution ${this.#stagingId}`;
    const version = versionOf({ folder: folderIn(staging.config, origin), etag: staging.etag });
    const look = async (): Promise<PointerState> => {
      const { config, etag } = await readConfig(this.#client, this.#stagingId);
      return { folder: folderIn(config, origin), etag };
    };
    await moveGuarded(place, folder, version, {
      read: look,
      write: async (to, etag) => {
        await updateOriginPath(this.#client, this.#stagingId, origin, to, etag);
      },
    });
    await waitUntilDeployed(this.#client, this.#stagingId, this.#pace, progress);
    const prepared = await look();
    if (prepared.folder !== folder) {
      throw new EmergencyError(
        "POINTER_CHANGED",
        `somebody else has given ${place} another folder meanwhile: ${prepared.folder ?? "none"}. Nothing was promoted`,
        "look what is served now (frontend status), then type the command again",
      );
    }
    return prepared.etag;
  }

  async #promote(primaryEtag: string, stagingEtag: string): Promise<void> {
    const { UpdateDistributionWithStagingConfigCommand } =
      await import("@aws-sdk/client-cloudfront");
    try {
      await this.#client.send(
        new UpdateDistributionWithStagingConfigCommand({
          Id: this.#primaryId,
          StagingDistributionId: this.#stagingId,
          IfMatch: `${primaryEtag}, ${stagingEtag}`,
        }),
      );
    } catch (error) {
      throw awsError(error, `promoting the staging distribution ${this.#stagingId}`, {
        action: "cloudfront:UpdateDistribution",
      });
    }
  }

  async #state(): Promise<PointerState> {
    const { config, etag } = await readConfig(this.#client, this.#primaryId);
    return { folder: folderIn(config, this.#origin(config, this.#primaryId)), etag };
  }

  #origin(config: DistributionConfig, id: string): string {
    const origin = bucketOrigin(config, this.#site);
    if (origin === null) {
      throw new EmergencyError(
        "POINTER_UNUSABLE",
        `the bucket ${this.#site.bucket} is no origin of distribution ${id} any more`,
        "look at the distribution; or set cloudfront.pointer to another way",
      );
    }
    return origin.id;
  }
}

/**
 * Pure: what a promotion would change besides what is the same in both: "Comment", "Origins".
 * The order of the fields, and fields that are empty or not there, make no difference.
 */
export function promotedDifferences(
  primary: DistributionConfig,
  staging: DistributionConfig,
): readonly string[] {
  const [one, other] = [fieldsOf(primary), fieldsOf(staging)];
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((name) => !NOT_PROMOTED.has(name) && one.get(name) !== other.get(name))
    .sort();
}

function fieldsOf(config: DistributionConfig): ReadonlyMap<string, string> {
  const fields = Object.entries(config).flatMap(([name, value]) => {
    const plain = withoutEmpty(value);
    return plain === undefined ? [] : [[name, canonicalJson(plain)] as const];
  });
  return new Map(fields);
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.length === 0 ? undefined : value.map(withoutEmpty);
  }
  if (isRecord(value)) {
    const entries = Object.entries(value)
      .map(([name, field]) => [name, withoutEmpty(field)] as const)
      .filter(([, field]) => field !== undefined);
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }
  return value === "" || value === 0 || value === null ? undefined : value;
}
