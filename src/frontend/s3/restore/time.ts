import { EmergencyError } from "../../../errors.js";

const UNITS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
};

const ISO =
  /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::(\d\d)(?:[.,]\d+)?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const AGO =
  /^(\d{1,6}) ?(s|m|h|d|w|secs?|seconds?|mins?|minutes?|hours?|hrs?|days?|weeks?)(?: ago)?$/;

/**
 * A time that a person has typed: "2026-11-20T12:00:00Z", "2026-11-20T13:00+01:00", "90m", "2 hours ago".
 * @returns ISO 8601 in UTC, in whole seconds: a bucket knows no more. A fraction is cut off.
 * @throws EmergencyError BAD_ARGUMENTS also for a time without a zone, which would mean another time on
 * another computer.
 */
export function parseTime(text: string, now: Date): string {
  const trimmed = text.trim();
  const [, amount, unit] = AGO.exec(trimmed.toLowerCase()) ?? [];
  if (amount !== undefined && unit !== undefined) {
    const seconds = Number(amount) * (UNITS[unit.charAt(0)] ?? 0);
    return inSeconds(new Date(now.getTime() - seconds * 1000));
  }
  const [, day, minute, second = "00", zone] = ISO.exec(trimmed) ?? [];
  if (day !== undefined && minute !== undefined && zone !== undefined) {
    const local = `${day}T${minute}:${second}`;
    const asUtc = new Date(`${local}Z`);
    const time = new Date(`${local}${zone}`);
    // A 30th of February is a day of March to Date.
    if (!Number.isNaN(asUtc.getTime()) && asUtc.toISOString().startsWith(local)) {
      return inSeconds(time);
    }
  }
  const noZone = /^\d{4}-\d\d-\d\d(?:[T ][\d:.,]+)?$/.test(trimmed);
  throw new EmergencyError(
    "BAD_ARGUMENTS",
    noZone ? `the time "${text}" says no time zone` : `"${text}" is no time`,
    `write it as ${inSeconds(now)} (UTC), with a zone (2026-11-20T13:00:00+01:00), or as "90m" or "2 hours ago"`,
  );
}

/** "2026-11-20T12:00:00Z" */
export function inSeconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/**
 * Versions that a person has typed: "index.html@3sL4kqtJ,assets/app.js@null". A version's id holds no @.
 * @throws EmergencyError BAD_ARGUMENTS
 */
export function parseVersions(text: string): { key: string; versionId: string }[] {
  const versions: { key: string; versionId: string }[] = [];
  let pending = "";
  for (const part of text.split(",")) {
    // A key may hold commas: what has no version belongs to the key that follows.
    const whole = pending === "" ? part : `${pending},${part}`;
    const at = whole.lastIndexOf("@");
    const [key, versionId] = [whole.slice(0, at).trim(), whole.slice(at + 1).trim()];
    if (at > 0 && key !== "" && versionId !== "") {
      versions.push({ key, versionId });
      pending = "";
    } else {
      pending = whole;
    }
  }
  if (pending !== "" || versions.length === 0) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `"${pending === "" ? text : pending}" names no version of an object`,
      "write KEY@VERSIONID, several with commas; KEY@? lists the versions that there are",
    );
  }
  return versions;
}
