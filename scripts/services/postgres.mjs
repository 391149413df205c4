import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Debian keeps one folder a version, and none of them on PATH. */
const VERSIONS = "/usr/lib/postgresql";

/** The newest `postgres` that Debian's packages have brought; undefined without one. */
export function findPostgres() {
  if (!existsSync(VERSIONS)) return undefined;
  return readdirSync(VERSIONS)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(VERSIONS, version, "bin", "postgres"))
    .find((file) => existsSync(file));
}
