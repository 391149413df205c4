import { EmergencyError } from "../errors.js";
import type { JsonObject } from "../json.js";
import { parseIntent, rollbackIntent } from "./intents.js";
import type { Manifest } from "./manifest.js";
import { readRelease } from "./read-site.js";
import { ReleaseStep, checkOldAddresses, type SiteState, type Wanted } from "./release-step.js";

/**
 * Serves the files of an earlier release again, as a release of its own: so that what open pages may
 * still ask for is there as well, and so that the rollback is itself on record.
 */
export class FrontendRollbackStep extends ReleaseStep {
  readonly kind = "frontend-rollback";

  protected async want(raw: JsonObject, state: SiteState): Promise<Wanted> {
    const intent = parseIntent(this.kind, rollbackIntent, raw);
    const target = targetOf(this.site.name, state, intent.to);
    const files = await readRelease(this.site.store, target.id, target.files);
    // A release that talks to another contract than the one that is served carries an old address, too.
    const elsewhere = Object.entries(target.contracts).flatMap(([contract, { address }]) => {
      const served = state.current?.contracts[contract]?.address;
      return served === undefined || served === address ? [] : [{ contract, address }];
    });
    const old = [...state.old, ...elsewhere].filter(
      ({ contract, address }, index, all) =>
        all.findIndex((one) => one.contract === contract && one.address === address) === index,
    );
    const what = `release ${target.id}`;
    const notes = checkOldAddresses(old, files, what, intent.acceptOldAddress);
    return {
      title: `roll ${this.site.name} back to ${target.id}`,
      files,
      kept: new Map(),
      without: undefined,
      restores: target.id,
      repoint: null,
      contracts: target.contracts,
      commit: target.commit,
      facts: {},
      notes: [`${target.id} was made by ${target.by} at ${target.at}`, ...notes],
    };
  }
}

/**
 * The release before the one that is served. A rollback stands for the release whose files it has: two
 * rollbacks in a row go back two releases, and not forth again.
 */
export function previousOf(state: Pick<SiteState, "manifests" | "current">): string | null {
  const byId = new Map(state.manifests.map((manifest) => [manifest.id, manifest]));
  let at = state.current;
  while (at?.restores !== undefined && at.restores !== null) {
    at = byId.get(at.restores) ?? null;
  }
  const before = at?.replaces ?? null;
  return before !== null && byId.has(before) ? before : null;
}

function targetOf(name: string, state: SiteState, to: string | null): Manifest {
  const wanted = to ?? previousOf(state);
  const found = state.manifests.filter(
    ({ id }) => id === wanted || (wanted !== null && id.startsWith(`${wanted}-`)),
  );
  const [target] = found;
  if (target !== undefined && found.length === 1) {
    return target;
  }
  const ids = state.manifests.map(({ id }) => id).join(", ");
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
