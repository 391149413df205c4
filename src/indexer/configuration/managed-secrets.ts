import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import { isRecord } from "../../json.js";
import { registerSecret } from "../../redact.js";
import { hide, type Content } from "./content.js";
import type { ConfigurationPlaces } from "./places.js";
import type { FoundSource, SourceObject } from "./source.js";

/** A secret of AWS, as it stands in an intent. */
export const secretIntent = z
  .object({
    secret: z.string().min(1),
    into: z.string().min(1),
    keys: z.record(z.string()).optional(),
    region: z.string().optional(),
    endpoint: z.string().optional(),
    profile: z.string().optional(),
  })
  .strict();

/** See {@link secretIntent}. */
export type SecretIntent = z.infer<typeof secretIntent>;

/** Stands for the whole of a secret that is no JSON object. */
const WHOLE = "*";

/**
 * What Kubernetes' Secrets should hold when AWS has it as the value before the present one.
 * @throws EmergencyError BAD_CONFIGURATION, AWS_…
 */
export async function fromSecretsManager(
  secrets: readonly SecretIntent[],
  places: ConfigurationPlaces,
): Promise<FoundSource> {
  const found = await Promise.all(
    secrets.map(async ({ secret, into, keys, ...access }) => {
      const previous = await places.previousSecret({ secret, ...access });
      registerSecret(previous.text);
      return { secret, into, previous, data: dataOf(secret, previous.text, keys) };
    }),
  );
  const objects = new Map<string, SourceObject>();
  for (const { secret, into, data } of found) {
    const known = objects.get(into);
    const twice = Object.keys(data).find((key) => known?.content.data[key] !== undefined);
    if (twice !== undefined) {
      throw unusable(
        `key ${twice} of Secret ${into} comes from ${secret} and from another secret`,
        "name each key once in hardhat.config.ts: configuration.secretsManager",
      );
    }
    const all = { ...known?.content.data, ...data };
    const content: Content = { data: all, binaryData: {}, type: "Opaque" };
    hide("Secret", content);
    objects.set(into, {
      kind: "Secret",
      name: into,
      content,
      keys: Object.keys(all).sort(),
      original: null,
    });
  }
  return {
    origin: `in AWSPREVIOUS of ${secrets.map(({ secret }) => secret).join(", ")}`,
    snapshot: null,
    objects: [...objects.values()],
    notes: found.map(
      ({ secret, previous: { versionId, current } }) =>
        `AWS still has its newer value of ${secret} as AWSCURRENT. What reads it from there again brings that back, until: aws secretsmanager update-secret-version-stage --secret-id ${secret} --version-stage AWSCURRENT --move-to-version-id ${versionId}${current === null ? "" : ` --remove-from-version-id ${current}`}`,
    ),
    facts: Object.fromEntries(
      found.map(({ secret, previous }) => [`AWSPREVIOUS of ${secret}`, previous.versionId]),
    ),
  };
}

/** The keys of a Kubernetes Secret from the text of a secret in AWS. */
function dataOf(
  secret: string,
  text: string,
  keys: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const fields = isRecord(value) ? value : undefined;
  if (keys === undefined && fields === undefined) {
    throw unusable(
      `the secret ${secret} is no JSON object, and it is not said which key it belongs to`,
      `say it in hardhat.config.ts: configuration.secretsManager, keys: { PASSWORD: "${WHOLE}" }`,
    );
  }
  const wanted =
    keys ?? Object.fromEntries(Object.keys(fields ?? {}).map((field) => [field, field]));
  return Object.fromEntries(
    Object.entries(wanted).map(([key, field]) => {
      const found = field === WHOLE ? text : fields?.[field];
      if (typeof found !== "string" && typeof found !== "number" && typeof found !== "boolean") {
        throw unusable(
          `the secret ${secret} has no field "${field}" that is a text, a number or true or false, in its previous version`,
          "correct keys in hardhat.config.ts: configuration.secretsManager",
        );
      }
      return [key, Buffer.from(String(found), "utf8").toString("base64")];
    }),
  );
}

function unusable(what: string, next: string): EmergencyError {
  return new EmergencyError("BAD_CONFIGURATION", `${what}. Nothing was written`, next);
}
