/** A built site in memory: paths with forward slashes, relative to its root, and their bytes. */
export type SiteFiles = ReadonlyMap<string, Buffer>;

/**
 * A file's bytes as a text with one character a byte. Positions in it are byte offsets, and
 * {@link bytesOf} gives the very same bytes back whatever the encoding was.
 */
export function byteText(bytes: Buffer): string {
  return bytes.toString("latin1");
}

/** The bytes of a {@link byteText}. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** How many bytes are looked at to tell a text from a binary file, as git does. */
const LOOKED_AT = 8000;

/** Whether a file is text: no zero byte near its start. */
export function isText(bytes: Buffer): boolean {
  return !bytes.subarray(0, LOOKED_AT).includes(0);
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The folder of a path: "" at the root, else with a slash at its end. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}
