import { stat } from "node:fs/promises";
import path from "node:path";

import { EmergencyError, asError } from "../errors.js";
import { awsClientConfig } from "../frontend/aws.js";
import { guardSecrets } from "../frontend/aws-credentials.js";
import { awsError, awsErrorName } from "../frontend/aws-error.js";
import { inWorktree } from "../frontend/building/worktree.js";
import { readManifests } from "../indexer/configuration/kustomize.js";
import type {
  ConfigurationPlaces,
  PreviousSecret,
  SecretPlace,
} from "../indexer/configuration/places.js";
import { registerSecret } from "../redact.js";

/** Files of this machine, commits of the project's repository, and AWS Secrets Manager. */
export const configurationPlaces: ConfigurationPlaces = {
  async manifests(file) {
    const what = path.basename(file);
    const objects = await readManifests(what, file);
    // Not a hash of what is in it: a Secret's values could be guessed from that.
    const { size, mtime } = await stat(file);
    return { what, version: `${size} bytes of ${mtime.toISOString()}`, objects };
  },
  async manifestsAt(around, ref, inside) {
    const folder = path.posix.normalize(inside);
    if (path.isAbsolute(folder) || folder.startsWith("..")) {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        `"${inside}" is not in the repository`,
        "name a folder or file from the repository's root: git:<ref>:overlays/production",
      );
    }
    try {
      return await inWorktree(around, { name: ref, kind: "commit" }, async (worktree) => {
        const { commit } = worktree;
        const what = `${folder} at ${commit.slice(0, 12)}`;
        const objects = await readManifests(what, path.join(worktree.folder, folder));
        return { what, version: commit, objects };
      });
    } catch (error) {
      throw error instanceof EmergencyError && error.code === "CANNOT_BUILD"
        ? new EmergencyError(
            "BAD_CONFIGURATION",
            `${error.what}. Nothing was written`,
            "git fetch --all --tags, and name a commit, tag or branch that there is",
            error,
          )
        : error;
    }
  },
  previousSecret,
};

const PREVIOUS = "AWSPREVIOUS";
const CURRENT = "AWSCURRENT";

async function previousSecret(place: SecretPlace): Promise<PreviousSecret> {
  const { secret, ...access } = place;
  const doing = `reading the previous value of the secret ${secret}`;
  const { SecretsManagerClient, DescribeSecretCommand, GetSecretValueCommand } =
    await loadSecretsManager();
  const client = guardSecrets(new SecretsManagerClient(awsClientConfig(access)));
  try {
    const value = await client.send(
      new GetSecretValueCommand({ SecretId: secret, VersionStage: PREVIOUS }),
    );
    const text =
      value.SecretString ??
      (value.SecretBinary === undefined ? "" : Buffer.from(value.SecretBinary).toString("base64"));
    registerSecret(text);
    const { VersionId: versionId = "" } = value;
    return { versionId, current: await currentOf(secret), text };
  } catch (error) {
    if (awsErrorName(error) === "ResourceNotFoundException") {
      throw new EmergencyError(
        "BAD_CONFIGURATION",
        `there is no secret ${secret}, or it has no ${PREVIOUS}: it was never changed. Nothing was written`,
        `look at configuration.secretsManager of the indexer, its region and profile, and at what there is: aws secretsmanager list-secret-version-ids --secret-id ${secret} --include-deprecated`,
        asError(error),
      );
    }
    throw awsError(error, doing, {
      action: "secretsmanager:GetSecretValue",
      endpoint: access.endpoint,
    });
  } finally {
    client.destroy();
  }

  /** Only told to people: whoever may read a secret may not always read what is said of it. */
  async function currentOf(name: string): Promise<string | null> {
    const described = await client
      .send(new DescribeSecretCommand({ SecretId: name }))
      .catch(() => undefined);
    const versions = Object.entries(described?.VersionIdsToStages ?? {});
    return versions.find(([, stages]) => stages.includes(CURRENT))?.[0] ?? null;
  }
}

const loadSecretsManager = async () => await import("@aws-sdk/client-secrets-manager");
