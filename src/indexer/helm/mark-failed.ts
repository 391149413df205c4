import { gzipSync } from "node:zlib";

import { EmergencyError } from "../../errors.js";
import { canonicalJson, isRecord } from "../../json.js";
import type { Cluster } from "../kubernetes/cluster.js";
import type { StoredRelease } from "./storage.js";

/** What was doing on a pending revision: "Upgrade" of "pending-upgrade". */
function workOf(status: string): string {
  const work = status.replace(/^pending-/, "");
  return `${work.slice(0, 1).toUpperCase()}${work.slice(1)}`;
}

/**
 * What a revision that stayed pending is described as: as helm does it of one that fails, with what it was
 * described as before, so that nothing that the record says is lost.
 */
export function describeFailure(
  release: string,
  { status, description }: Pick<StoredRelease, "status" | "description">,
  why: string,
): string {
  const whole = `${workOf(status)} "${release}" failed: ${why} (was ${status}: ${description})`;
  return whole.slice(0, 1000);
}

/**
 * Makes a revision that stayed pending one that failed, as helm would have if it had lived: in the record itself and
 * in its label. Nobody's later change of the record is overwritten.
 * @returns null when it is done; otherwise why it is not.
 */
export async function markFailed(
  cluster: Cluster,
  release: StoredRelease,
  description: string,
  now: Date,
): Promise<string | null> {
  const packed = gzipSync(Buffer.from(withStatus(release, description)), { level: 9 }).toString(
    "base64",
  );
  const isSecret = release.object.plural === "secrets";
  const written = await cluster.patchObject(release.object, [
    { op: "test", path: "/metadata/resourceVersion", value: release.resourceVersion },
    {
      op: "replace",
      path: "/data/release",
      value: isSecret ? Buffer.from(packed).toString("base64") : packed,
    },
    { op: "replace", path: "/metadata/labels/status", value: "failed" },
    {
      op: "add",
      path: "/metadata/labels/modifiedAt",
      value: String(Math.floor(now.getTime() / 1000)),
    },
  ]);
  return "object" in written ? null : written.refused;
}

/**
 * The record's text with another status and description. The text is changed where they are and nowhere else: read
 * and written again, large numbers in a chart's values would not be the same.
 */
function withStatus({ json, number, status }: StoredRelease, description: string): string {
  const changed = json
    .replace(`"status":${JSON.stringify(status)}`, () => '"status":"failed"')
    .replace(
      /"description":"(?:[^"\\]|\\.)*"/,
      () => `"description":${JSON.stringify(description)}`,
    );
  // Whether those were the places: helm writes them before all that a chart can say.
  if (infoless(changed) !== infoless(json) || !isFailed(changed, description)) {
    throw new EmergencyError(
      "HELM_RECORD_UNREADABLE",
      `the record of revision ${number} is not written as helm writes it, so it is not changed`,
      "look at it: helm history; and mark it or remove it by hand",
    );
  }
  return changed;
}

function infoless(json: string): string {
  const value: unknown = JSON.parse(json);
  if (!isRecord(value) || !isRecord(value.info)) {
    return "";
  }
  return canonicalJson({ ...value, info: { ...value.info, status: "", description: "" } });
}

function isFailed(json: string, description: string): boolean {
  const value: unknown = JSON.parse(json);
  return (
    isRecord(value) &&
    isRecord(value.info) &&
    value.info.status === "failed" &&
    value.info.description === description
  );
}
