/** A whole number with commas. `toLocaleString` would load its tables for 20 ms first. */
export function withCommas(value: bigint | number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1 file", "5 files": for nouns that take an s. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
