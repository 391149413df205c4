import type { ListedVersion } from "./bucket.js";

/**
 * In which order versions and markers stand in a page of a listing: true for a marker. The SDK hands
 * them over as two arrays, and which of two of the same second is the newer one is lost then.
 * @param xml the page as it came: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 */
export function markersInOrder(xml: string): readonly boolean[] {
  return [...xml.matchAll(/<(Version|DeleteMarker)>/g)].map(([, element]) => element !== "Version");
}

/**
 * Versions and markers in the order of the listing.
 * @param order of {@link markersInOrder}.
 * @returns undefined when the order does not fit: the page was not what it seemed to be.
 */
export function inOrder(
  order: readonly boolean[],
  versions: readonly ListedVersion[],
  markers: readonly ListedVersion[],
): readonly ListedVersion[] | undefined {
  const [nextVersion, nextMarker] = [versions.values(), markers.values()];
  const sorted: ListedVersion[] = [];
  for (const isMarker of order) {
    const { value } = isMarker ? nextMarker.next() : nextVersion.next();
    if (value === undefined) {
      return undefined;
    }
    sorted.push(value);
  }
  return sorted.length === versions.length + markers.length ? sorted : undefined;
}
