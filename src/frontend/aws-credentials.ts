import { registerSecret } from "../redact.js";

/** What AWS asks to be signed with. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** The SDK asks for new ones shortly before. */
  readonly expiration?: Date;
}

/** What {@link guardSecrets} needs of a client of the SDK. */
export interface SecretBearer {
  readonly config: { readonly credentials: () => Promise<AwsCredentials> };
  readonly middlewareStack: {
    add(
      middleware: <I, O>(next: (args: I) => Promise<O>) => (args: I) => Promise<O>,
      options: { readonly step: "initialize"; readonly name: string },
    ): void;
  };
}

/**
 * From now on, what a client signs with is never shown. Looked at with each request, because
 * credentials of a role or of SSO are replaced while we run.
 * @returns the same client.
 */
export function guardSecrets<C extends SecretBearer>(client: C): C {
  client.middlewareStack.add(
    (next) => async (args) => {
      hide(await client.config.credentials());
      return await next(args);
    },
    { step: "initialize", name: "guardSecrets" },
  );
  return client;
}

/** Registers what is secret in credentials. The key's id is not: people need it to know who they are. */
export function hide({ secretAccessKey, sessionToken }: AwsCredentials): void {
  registerSecret(secretAccessKey);
  if (sessionToken !== undefined) {
    registerSecret(sessionToken);
  }
}
