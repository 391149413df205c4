import type { JsonObject } from "../../json.js";

/** Objects that were read from a file or rendered, whatever their kind. */
export interface Manifests {
  /** For people: "overlays/production at 1a2b3c4d5e6f". */
  readonly what: string;
  /** What it rests on, and nothing of its content: "1a2b…" or the file's size and time. */
  readonly version: string;
  readonly objects: readonly JsonObject[];
}

/** A secret of AWS Secrets Manager, and how it is reached. */
export interface SecretPlace {
  /** Name or ARN. */
  readonly secret: string;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly profile?: string | undefined;
}

/** The value that a secret had before its present one. */
export interface PreviousSecret {
  readonly versionId: string;
  /** Whether it is marked as the one before, AWSPREVIOUS, and which one is AWSCURRENT, when that is known. */
  readonly current: string | null;
  /** As it is kept; base64 when it is binary. */
  readonly text: string;
}

/** Where configuration is kept besides the cluster. Read only. */
export interface ConfigurationPlaces {
  /**
   * A manifest of the machine that the command runs on, or a folder with manifests or a kustomization.
   * @throws EmergencyError BAD_CONFIGURATION
   */
  manifests(file: string): Promise<Manifests>;
  /**
   * The same at a commit, without touching the checkout that people work in.
   * @param around a folder in the repository. @param path from the repository's root.
   * @throws EmergencyError BAD_CONFIGURATION
   */
  manifestsAt(around: string, ref: string, path: string): Promise<Manifests>;
  /** @throws EmergencyError BAD_CONFIGURATION, AWS_… */
  previousSecret(place: SecretPlace): Promise<PreviousSecret>;
}
