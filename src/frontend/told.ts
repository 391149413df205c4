/** Of a long list, so many are told. */
const MOST_TOLD = 5;

/** The first few of a list, and how many more there are. */
export function told(lines: readonly string[]): string {
  const more = lines.length > MOST_TOLD ? `; and ${lines.length - MOST_TOLD} more` : "";
  return `${lines.slice(0, MOST_TOLD).join("; ")}${more}`;
}
