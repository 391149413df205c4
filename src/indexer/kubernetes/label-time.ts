/**
 * Times as a label can hold them: letters, digits, "-", "_" and "." only.
 */

/** "2026-01-31T12-00-00Z", to the second. */
export function writeLabelTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(":", "-")}Z`;
}

/** In ISO 8601; null when it is none. */
export function readLabelTime(text: string): string | null {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z$/.exec(text);
  if (parts === null) {
    return null;
  }
  const [, day = "", hours = "", minutes = "", seconds = ""] = parts;
  const iso = `${day}T${hours}:${minutes}:${seconds}Z`;
  return Number.isNaN(Date.parse(iso)) ? null : iso;
}
