import type { ReleaseStore } from "./release-store.js";

/**
 * A copy of a store to rehearse on: what was is read from the original, what is made goes to a scratch.
 * @param scratch an empty store.
 */
export function rehearsalStore(original: ReleaseStore, scratch: ReleaseStore): ReleaseStore {
  const isMade = async (id: string): Promise<boolean> =>
    (await scratch.releases()).some((release) => release.id === id);
  const holder = async (id: string): Promise<ReleaseStore> =>
    (await isMade(id)) ? scratch : original;
  return {
    switching: original.switching,
    place: `copy of ${original.place}`,
    async releases() {
      const [before, made] = await Promise.all([original.releases(), scratch.releases()]);
      return [...before, ...made];
    },
    unfinished: async () => await original.unfinished(),
    current: async () => (await scratch.current()) ?? (await original.current()),
    manifest: async (id) => await (await holder(id)).manifest(id),
    read: async (id, path) => await (await holder(id)).read(id, path),
    leaving: async () => await Promise.resolve([]),
    pending: async () => await Promise.resolve(null),
    keepsReleases: original.keepsReleases,
    needsInvalidation: false,
    damaged: async (id, files) => await (await holder(id)).damaged(id, files),
    locked: async (by, work, advance) =>
      await scratch.locked(
        by,
        async (writer) =>
          await work({
            ...writer,
            async remove(id) {
              if (await isMade(id)) {
                await writer.remove(id);
              }
            },
          }),
        advance,
      ),
  };
}
