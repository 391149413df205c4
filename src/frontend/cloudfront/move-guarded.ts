import { EmergencyError, asError, messageOf } from "../../errors.js";

/** What a pointer says now. */
export interface PointerState {
  readonly folder: string | null;
  /** Of the whole that the pointer is a part of, as AWS gives it. */
  readonly etag: string;
}

/** Times that a change of something else may come in between. */
const MOST_TRIES = 5;

/** Names a state, for a guarded change later. */
export function versionOf({ folder, etag }: PointerState): string {
  return JSON.stringify([etag, folder]);
}

/**
 * Changes a pointer if it still says what it said. A version covers the whole that it is a part of (a
 * store with other keys, a distribution with other settings): when only something else has changed
 * there, the change is tried again on top of that. An attempt that failed may have happened all the same:
 * looking decides.
 * @param version of {@link versionOf}.
 * @param write changes it if the etag is still the one given.
 * @throws EmergencyError POINTER_CHANGED, and whatever `write` throws when nothing has happened.
 */
export async function moveGuarded(
  place: string,
  folder: string,
  version: string,
  port: {
    read(): Promise<PointerState>;
    write(folder: string, etag: string): Promise<void>;
  },
): Promise<void> {
  const [firstEtag, from]: readonly unknown[] = parsed(version);
  let etag = String(firstEtag);
  for (let tries = 1; ; tries++) {
    try {
      await port.write(folder, etag);
      return;
    } catch (error) {
      const now = await port.read().catch((unread: unknown) => {
        throw new EmergencyError(
          "AWS_UNAVAILABLE",
          `whether ${place} was moved to ${folder} cannot be told yet: ${whatOf(error)}; ${whatOf(unread)}`,
          "type the same command again: it looks first what is there",
          asError(error),
        );
      });
      if (now.folder === folder) {
        return;
      }
      if (now.folder !== from) {
        throw new EmergencyError(
          "POINTER_CHANGED",
          `somebody else has moved ${place} meanwhile: it says ${now.folder ?? "nothing"} now. Nothing was changed`,
          "look what is served now (frontend status), then type the command again",
        );
      }
      if (now.etag === etag || tries === MOST_TRIES) {
        throw error;
      }
      etag = now.etag;
    }
  }
}

function parsed(version: string): readonly unknown[] {
  const value: unknown = JSON.parse(version);
  return Array.isArray(value) ? value : [];
}

function whatOf(error: unknown): string {
  return error instanceof EmergencyError ? error.what : messageOf(error);
}
