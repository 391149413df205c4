import * as zlib from "node:zlib";

import { EmergencyError, messageOf } from "../errors.js";

/** Copies that a web server sends in place of a file to a browser that accepts them. */
interface Form {
  readonly extension: string;
  readonly unpack: (bytes: Buffer) => Buffer;
  readonly pack: (bytes: Buffer) => Buffer;
}

/** Brotli's best level takes a second a megabyte; beyond this it is not worth the wait. */
const BROTLI_BEST_BYTES = 2_000_000;

const FORMS: readonly Form[] = [
  {
    extension: ".gz",
    unpack: (bytes) => zlib.gunzipSync(bytes),
    pack: (bytes) => zlib.gzipSync(bytes, { level: 9 }),
  },
  {
    extension: ".br",
    unpack: (bytes) => zlib.brotliDecompressSync(bytes),
    pack: (bytes) =>
      zlib.brotliCompressSync(bytes, {
        params: {
          [zlib.constants.BROTLI_PARAM_QUALITY]: bytes.length > BROTLI_BEST_BYTES ? 9 : 11,
          [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
        },
      }),
  },
  {
    extension: ".zst",
    unpack: (bytes) => zlib.zstdDecompressSync(bytes),
    pack: (bytes) => zlib.zstdCompressSync(bytes),
  },
];

/** A precompressed copy, and the file of which it is one. */
export interface Precompressed {
  readonly path: string;
  /** The path without the extension of the compression. */
  readonly original: string;
  /** The file of that path is in the site. */
  readonly hasOriginal: boolean;
}

/** Whether a path has the name of a compressed file, and which file it would be a copy of. */
export function precompressed(
  path: string,
  files: { readonly has: (path: string) => boolean },
): Precompressed | undefined {
  const form = formOf(path);
  if (form === undefined) {
    return undefined;
  }
  const original = path.slice(0, -form.extension.length);
  return { path, original, hasOriginal: files.has(original) };
}

/**
 * What is in a compressed file.
 * @throws EmergencyError CANNOT_REPOINT when it cannot be unpacked.
 */
export function unpack(path: string, bytes: Buffer): Buffer {
  return run(path, (form) => form.unpack(bytes));
}

/** The bytes, compressed as the path's extension says. */
export function pack(path: string, bytes: Buffer): Buffer {
  return run(path, (form) => form.pack(bytes));
}

function formOf(path: string): Form | undefined {
  return FORMS.find(({ extension }) => path.endsWith(extension));
}

function run(path: string, work: (form: Form) => Buffer): Buffer {
  const form = formOf(path);
  try {
    if (form === undefined) {
      throw new Error("its name is not that of a compressed file");
    }
    return work(form);
  } catch (error) {
    throw new EmergencyError(
      "CANNOT_REPOINT",
      `${path} cannot be unpacked or packed (${messageOf(error)}), so it cannot be seen what it holds`,
      "mend or remove the file, or build the site again with the new address and deploy it",
    );
  }
}
