/** A secret of AWS Secrets Manager that a Kubernetes Secret is filled from. */
export interface EmergencyManagedSecretUserConfig {
  /** Name or ARN. */
  readonly secret: string;
  /** The name of the Kubernetes Secret. */
  readonly into: string;
  /**
   * From the keys of the Kubernetes Secret to the fields of the secret, which is a JSON object; "*" is the whole
   * of it. Default: each field into the key of its name.
   */
  readonly keys?: Readonly<Record<string, string>>;
  readonly region?: string;
  readonly endpoint?: string;
  readonly profile?: string;
}

/** Where an indexer's ConfigMaps and Secrets come from, for the case that no snapshot of them was taken. */
export interface EmergencyConfigurationUserConfig {
  /** A manifest with them, or a folder with manifests or a kustomization; in the project, or absolute. */
  readonly manifest?: string;
  /** The same in the project's git repository, from its root: what is used is as it was at a commit. */
  readonly git?: { readonly path: string };
  readonly secretsManager?: readonly EmergencyManagedSecretUserConfig[];
}
