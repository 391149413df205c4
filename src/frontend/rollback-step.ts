import { EmergencyError } from "../errors.js";
import type { JsonObject } from "../json.js";
import { parseIntent } from "../parse-intent.js";
import { rollbackIntent } from "./intents.js";
import type { Manifest, ManifestFile, ReleaseSummary } from "./manifest.js";
import { builtFromCommit } from "./rollback-build.js";
import { ReleaseStep } from "./release-step.js";
import { checkOldAddresses } from "./old-address-check.js";
import type { SiteState, Wanted } from "./wanted.js";

/**
 * Serves the files of an earlier release again, as a release of its own: so that what open pages may
 * still ask for is there as well, and so that the rollback is itself on record.
 */
export class FrontendRollbackStep extends ReleaseStep {
  readonly kind = "frontend-rollback";

  protected async want(raw: JsonObject, state: SiteState): Promise<Wanted> {
    const intent = parseIntent(this.kind, rollbackIntent, raw);
    if (intent.build !== null) {
      return await builtFromCommit(this.site, state, intent.build, intent.acceptOldAddress);
    }
    const { store } = this.site;
    const target = await store.manifest(targetOf(this.site.name, state, intent.to).id);
    // What is the same in the release that is served makes nothing worse, and need not be fetched.
    const served = new Set(state.current?.files.map(keyOf));
    const changed = target.files.filter((file) => !served.has(keyOf(file)));
    const files = await this.seen.read(target.id, changed);
    // A release that talks to another contract than the one that is served carries an old address, too.
    const elsewhere = Object.entries(target.contracts).flatMap(([contract, { address }]) => {
      const now = state.current?.contracts[contract]?.address;
      const isOld = state.old.some((one) => one.contract === contract && one.address === now);
      return now === undefined || now === address || isOld ? [] : [{ contract, address }];
    });
    const old = [...state.old, ...elsewhere].filter(
      ({ contract, address }, index, all) =>
        all.findIndex((one) => one.contract === contract && one.address === address) === index,
    );
    const what = `release ${target.id}`;
    const notes = checkOldAddresses(old, files, what, intent.acceptOldAddress);
    return {
      title: `roll ${this.site.name} back to ${target.id}`,
      files: target.files,
      content: async ({ path }) => files.get(path) ?? (await store.read(target.id, path)),
      kept: new Map(),
      without: undefined,
      restores: target.id,
      ...(store.keepsReleases ? { returnsTo: target.id } : {}),
      repoint: null,
      contracts: target.contracts,
      commit: target.commit,
      facts: {},
      notes: [
        `${target.id} was made by ${target.by} at ${target.at}`,
        ...(intent.to === null ? furtherBack(state.current) : []),
        ...notes,
      ],
    };
  }
}

/** Whoever types a rollback again after a run that was killed may not mean a second one. */
function furtherBack(current: Manifest | null): readonly string[] {
  return current?.restores === null || current?.restores === undefined
    ? []
    : [
        `${current.id} is a rollback to ${current.restores} already, made by ${current.by} at ${current.at}: this goes back one release further`,
      ];
}

/**
 * The release before the one that is served. A rollback stands for the release whose files it has: two
 * rollbacks in a row go back two releases, and not forth again.
 */
export function previousOf(state: {
  readonly releases: readonly ReleaseSummary[];
  readonly current: Pick<Manifest, "restores" | "replaces"> | null;
}): string | null {
  const byId = new Map(state.releases.map((release) => [release.id, release]));
  let at: Pick<Manifest, "restores" | "replaces"> | null = state.current;
  while (at?.restores !== undefined && at.restores !== null) {
    at = byId.get(at.restores) ?? null;
  }
  const before = at?.replaces ?? null;
  return before !== null && byId.has(before) ? before : null;
}

function keyOf({ path, sha256 }: ManifestFile): string {
  return `${sha256} ${path}`;
}

function targetOf(name: string, state: SiteState, to: string | null): ReleaseSummary {
  const wanted = to ?? previousOf(state);
  const found = state.releases.filter(
    ({ id }) => id === wanted || (wanted !== null && id.startsWith(`${wanted}-`)),
  );
  const [target] = found;
  if (target !== undefined && found.length === 1) {
    return target;
  }
  const ids = state.releases.map(({ id }) => id).join(", ");
  throw new EmergencyError(
    "UNKNOWN_RELEASE",
    wanted === null
      ? `${name} has no release before the one that is served`
      : `${name} has no release ${wanted}`,
    ids === ""
      ? "npx hardhat frontend deploy --from the folder of the built site"
      : `name one of these with --to: ${ids}`,
  );
}
