import { each } from "../../each.js";
import { carriedIn, type OldAddress } from "../../known-addresses.js";
import type { ListedVersion } from "../bucket.js";
import type { Change } from "./case-table.js";
import type { RestoreSite } from "./restore-site.js";

/** Files read at the same time; none of them is held longer than it is looked at. */
const AT_A_TIME = 16;

/** Larger files are no text that a browser would run. */
const MOST_BYTES = 32 * 1024 ** 2;

/** Names of what holds no text. What is compressed has its original beside it. */
const NO_TEXT =
  /\.(?:png|jpe?g|gif|webp|avif|ico|bmp|woff2?|ttf|otf|eot|mp[34]|webm|og[gv]|mov|pdf|zip|gz|br|zst|wasm|glb)$/i;

/**
 * Which of the objects that come back hold an old address: their paths, with their bytes. Reads only what
 * changes, and only what may be text.
 */
export async function carriers(
  { bucket, prefix, seen }: Pick<RestoreSite, "bucket" | "prefix" | "seen">,
  changes: readonly Change[],
  old: readonly OldAddress[],
): Promise<ReadonlyMap<string, Buffer>> {
  const coming = changes.flatMap((change): ListedVersion[] =>
    change.type === "copy" ? [change.from] : change.type === "show" ? [change.shows] : [],
  );
  const candidates = old.length === 0 ? [] : coming.filter(isText);
  const addresses = old.map(({ address }) => address).join(" ");
  const found = await each(candidates, AT_A_TIME, async (version) => {
    const path = version.key.slice(prefix.length);
    const bytes = await seen.holding(
      bucket,
      version,
      addresses,
      (content) => carriedIn(old, new Map([[path, content]])).length > 0,
    );
    return bytes === null ? [] : [[path, bytes] as const];
  });
  return new Map(found.flat());
}

function isText({ key, size }: ListedVersion): boolean {
  return size <= MOST_BYTES && !NO_TEXT.test(key);
}
