/** A whole number with commas. `toLocaleString` would load its tables for 20 ms first. */
export function withCommas(value: bigint | number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
