/** How a distribution can be told which release folder to serve, without a file being copied. */
export type PointerKind = "key-value-store" | "origin-path" | "staging-distribution";

/** The place in a distribution that says which release folder it serves. */
export interface Pointer {
  readonly kind: PointerKind;
  /** For people: "the key current of the key value store sites". */
  readonly place: string;

  /**
   * The release folder it points to ("app/releases/0007-3f…", relative to the bucket), or null when it
   * points to none, and the version for a guarded change.
   * @throws EmergencyError AWS_DENIED and the like, see awsError.
   */
  read(): Promise<{ readonly folder: string | null; readonly version: string }>;

  /**
   * Points to a folder from now on, and waits until it does everywhere. Not repeated blindly: after an
   * answer that got lost it looks whether it has happened.
   * @param version what {@link Pointer.read} gave.
   * @param progress told what is waited for, for people.
   * @throws EmergencyError POINTER_CHANGED when somebody else has moved it meanwhile.
   */
  move(folder: string, version: string, progress: (text: string) => void): Promise<void>;

  /**
   * Whether what caches hold must be invalidated after a move: they do when the folder is not part of
   * what they file an answer under.
   */
  readonly needsInvalidation: boolean;
}
