import { symlink } from "node:fs/promises";
import { join } from "node:path";

import { pathOf } from "./tools.js";

/**
 * Gives a site's folder the installed packages of test/services/vite/package.json (vite, plugins, ethers), as its
 * `node_modules`: a link, so nothing is copied. Then `node_modules/.bin/vite build` works there.
 */
export async function linkVite(site: string): Promise<void> {
  await symlink(join(pathOf("vite"), "node_modules"), join(site, "node_modules"), "dir");
}
