/** A release of Helm. */
export interface EmergencyHelmUserConfig {
  /** Its name, as in `helm list`. */
  readonly release: string;
  /** The helm program: a name on PATH, or a file in the project; default: "helm". */
  readonly program?: string;
  /** Default: that of `kubernetes`, or the context's. */
  readonly namespace?: string;
  /** Of the kubeconfig; default: that of `kubernetes`, or the current one. */
  readonly context?: string;
  /** In the project, or absolute; default: that of `kubernetes`, or as helm finds it. */
  readonly kubeconfig?: string;
}

/** A release with its defaults filled in. */
export interface EmergencyHelmConfig {
  readonly release: string;
  readonly program: string;
  readonly namespace: string | undefined;
  readonly context: string | undefined;
  readonly kubeconfig: string | undefined;
}
