import picomatch from "picomatch";

import type { EmergencyBucketUserConfig } from "../config/types.js";
import { headersOf } from "./content-headers.js";
import type { FileHeaders } from "./site.js";

/**
 * The headers of files as a bucket's configuration wants them: the usual ones, with those of every rule
 * that matches laid over them, in order. A pattern without a slash is held against the file's name, one
 * with a slash against its whole path.
 */
export function headerRules(
  s3: Pick<EmergencyBucketUserConfig, "headers" | "metadata">,
): (path: string) => FileHeaders {
  const rules = (s3.headers ?? []).map(({ match, ...headers }) => ({
    headers,
    matches: picomatch(match, { basename: !match.includes("/"), dot: true }),
  }));
  return (path) => {
    const usual = headersOf(path);
    const fitting = rules.filter(({ matches }) => matches(path)).map(({ headers }) => headers);
    const metadata = Object.fromEntries(
      [s3.metadata, ...fitting.map((rule) => rule.metadata)].flatMap((named) =>
        Object.entries(named ?? {}),
      ),
    );
    const said: FileHeaders = {
      contentType:
        fitting.findLast(({ contentType }) => contentType)?.contentType ?? usual.contentType,
      cacheControl:
        fitting.findLast(({ cacheControl }) => cacheControl)?.cacheControl ?? usual.cacheControl,
    };
    return Object.keys(metadata).length === 0 ? said : { ...said, metadata };
  };
}
