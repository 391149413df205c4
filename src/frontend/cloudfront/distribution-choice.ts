import type { PointerKind } from "./pointer.js";

/** Which distribution stands before a bucket, and how it is switched: as in the configuration. */
export interface DistributionChoice {
  readonly id?: string | undefined;
  readonly comment?: string | undefined;
  /** One of its alternate domain names, or one that a wildcard among them covers. */
  readonly alias?: string | undefined;
  readonly tag?: { readonly key: string; readonly value: string } | undefined;
  /** Found by looking at the distribution when it is not given. */
  readonly pointer?: PointerKind | "none" | undefined;
  /** ARN; that of the viewer-request function when it is not given. */
  readonly keyValueStore?: string | undefined;
  /** The key in it; the one that the viewer-request function reads when it is not given. */
  readonly key?: string | undefined;
}

/** The bucket that the site is in, as in the configuration. */
export interface SiteBucket {
  readonly bucket: string;
  /** "app" or "app/"; empty or undefined when the site is at the bucket's root. */
  readonly prefix?: string | undefined;
  readonly region?: string | undefined;
}
