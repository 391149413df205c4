import path from "node:path";

import type { JsonObject } from "../json.js";
import { parseIntent } from "../parse-intent.js";
import { deployIntent } from "./intents.js";
import { contractsIn } from "./known-addresses.js";
import { commitOf, readFolder } from "./read-site.js";
import { ReleaseStep } from "./release-step.js";
import { atHand, type SiteState, type Wanted } from "./wanted.js";
import { checkOldAddresses } from "./old-address-check.js";

/** Serves a built site from a folder. */
export class FrontendDeployStep extends ReleaseStep {
  readonly kind = "frontend-deploy";

  protected async want(raw: JsonObject, { old }: SiteState): Promise<Wanted> {
    const intent = parseIntent(this.kind, deployIntent, raw);
    const [files, commit] = await Promise.all([readFolder(intent.from), commitOf(intent.from)]);
    const notes = checkOldAddresses(old, files, intent.from, intent.acceptOldAddress);
    const contracts = contractsIn(this.site.contracts, files);
    const missing = Object.entries(this.site.contracts)
      .filter(([name]) => contracts[name] === undefined)
      .map(([name, address]) => `${name} (${address}) is in none of the files`);
    return {
      title: `deploy ${this.site.name} from ${shownFrom(this.site.root, intent.from)}`,
      ...atHand(files, this.site),
      kept: new Map(),
      without: undefined,
      restores: null,
      repoint: null,
      contracts,
      commit,
      facts: {},
      notes: [...notes, ...missing],
    };
  }
}

/** A folder of the project by its name in it. */
function shownFrom(root: string, folder: string): string {
  const relative = path.relative(root, folder);
  return relative === "" || relative.startsWith("..") || path.isAbsolute(relative)
    ? folder
    : relative;
}
