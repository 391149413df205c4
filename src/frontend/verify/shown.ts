/*
 * What pages say and ask for may hold keys: of nodes, of services. So of everything that is not the site's
 * own, only the origin is ever shown.
 */

/** A line of the report is no longer than this. */
const MOST_CHARACTERS = 300;

/**
 * A URL as it is shown: of the site's own files the path, of everything else the origin.
 * @param site the site's URL.
 */
export function shownUrl(text: string, site: string): string {
  let url: URL;
  try {
    url = new URL(text, site);
  } catch {
    return "an address that is none";
  }
  if (url.protocol === "data:" || url.protocol === "blob:") {
    return url.protocol;
  }
  if (url.origin === new URL(site).origin) {
    return url.pathname;
  }
  return url.pathname === "/" && url.search === "" ? url.origin : `${url.origin}/…`;
}

/** Words of a page in one line, with the URLs in them as {@link shownUrl} shows them. */
export function shownText(text: string, site: string): string {
  const line = text
    .replaceAll(/\b(?:https?|wss?):\/\/[^\s"'`<>()[\]{},]+/gi, (url) => {
      const shown = shownUrl(url, site);
      return shown.startsWith("/") ? new URL(shown, site).href : shown;
    })
    .replaceAll(/\s+/g, " ")
    .trim();
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
}

/** A list with the first few of many: "a, b, c and 7 more". */
export function someOf(items: readonly string[], most = 5): string {
  const rest = items.length - most;
  return rest > 0 ? `${items.slice(0, most).join(", ")} and ${rest} more` : items.join(", ");
}
