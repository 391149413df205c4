import type { ListedVersion } from "../../../../src/frontend/s3/bucket.js";

/** An hour of a day of November 2026. */
export function at(hour: number, day = 20): string {
  return `2026-11-${String(day).padStart(2, "0")}T${String(hour).padStart(2, "0")}:00:00Z`;
}

/**
 * The entries of a key as a listing shows them, the newest first.
 * @param story the oldest first, as "11 v1, 13 -m2": the hour, or day/hour, and the id; a marker's begins
 * with "-".
 */
export function history(key: string, story: string): readonly ListedVersion[] {
  const entries = story.split(", ").map((text) => {
    const [when = "", id = ""] = text.split(" ");
    const [day, hour] = when.includes("/") ? when.split("/").map(Number) : [20, Number(when)];
    const isMarker = id.startsWith("-");
    return {
      key,
      versionId: id === "-null" ? "null" : id,
      isMarker,
      etag: isMarker ? "" : `etag of ${id}`,
      size: isMarker ? 0 : 3,
      modified: new Date(at(hour ?? 0, day)),
    };
  });
  return entries.reverse().map((entry, index) => ({ ...entry, isLatest: index === 0 }));
}
