/** What a file is, as its name ends; undefined when that does not say it. */
export function formatOf(name: string): "json" | "yaml" | "env" | undefined {
  if (/\.json$/i.test(name)) {
    return "json";
  }
  if (/\.ya?ml$/i.test(name)) {
    return "yaml";
  }
  return /(^|\.)(env|properties)$/i.test(name) ? "env" : undefined;
}
