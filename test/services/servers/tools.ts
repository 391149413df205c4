import { readFileSync } from "node:fs";

import { z } from "zod";

/** What `npm run test:services` installs: the names in scripts/services/tools.mjs. */
export type Tool =
  | "versitygw"
  | "moto"
  | "aws"
  | "chromium"
  | "nginx"
  | "varnish"
  | "rclone"
  | "postgres"
  | "kubectl"
  | "kwok"
  | "helm"
  | "control-plane"
  | "vite"
  | "ponder";

/** Names a file that says of each tool where it is, or why it could not be had. */
const VARIABLE = "HARDHAT_EMERGENCY_SERVICES";

const listShape = z.strictObject({
  tools: z.record(
    z.union([z.strictObject({ path: z.string() }), z.strictObject({ missing: z.string() })]),
  ),
});

/** Are the tests of real servers to run at all? `npm test` loads their files and must find them empty. */
export function servicesWanted(): boolean {
  return process.env[VARIABLE] !== undefined;
}

/** Why a tool could not be had; undefined when it is there. */
export function whyMissing(tool: Tool): string | undefined {
  const found = lookUp(tool);
  return "missing" in found ? found.missing : undefined;
}

/**
 * Where a tool is: the file to run, or for `vite` the folder that holds its `node_modules`.
 * @throws when it could not be had. Tests name what they need with `describeWith` and never see this.
 */
export function pathOf(tool: Tool): string {
  const found = lookUp(tool);
  if ("missing" in found) {
    throw new Error(`${tool} is missing: ${found.missing}`);
  }
  return found.path;
}

function lookUp(tool: Tool): { readonly path: string } | { readonly missing: string } {
  const file = process.env[VARIABLE];
  if (file === undefined) {
    return { missing: `${VARIABLE} names no list of tools; npm run test:services makes one` };
  }
  const { tools } = listShape.parse(JSON.parse(readFileSync(file, "utf8")));
  return tools[tool] ?? { missing: `${file} does not name it` };
}
