import type * as S3 from "@aws-sdk/client-s3";

import { EmergencyError } from "../../errors.js";
import type { Condition, Described, ObjectHeaders, Stored, VersionOf } from "./bucket.js";
import { writtenAt } from "./version-order.js";

const CANNED_ACLS = [
  "private",
  "public-read",
  "public-read-write",
  "authenticated-read",
  "aws-exec-read",
  "bucket-owner-read",
  "bucket-owner-full-control",
] as const;

/** @throws EmergencyError BAD_CONFIG when there is none of this name. */
export function cannedAcl(text: string): (typeof CANNED_ACLS)[number] {
  const known = CANNED_ACLS.find((acl) => acl === text);
  if (known === undefined) {
    throw new EmergencyError(
      "BAD_CONFIG",
      `"${text}" is no canned ACL`,
      `use one of these as acl in hardhat.config.ts: ${CANNED_ACLS.join(", ")}`,
    );
  }
  return known;
}

/** Which object a request is about. */
export function versionOf({ key, versionId }: VersionOf) {
  return { Key: key, ...(versionId === undefined ? {} : { VersionId: versionId }) };
}

/** An entry of a listing of versions, without what only versions have. */
export function listed(version: {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly IsLatest?: boolean | undefined;
  readonly LastModified?: Date | undefined;
}) {
  return {
    key: version.Key ?? "",
    versionId: version.VersionId ?? "null",
    isLatest: version.IsLatest === true,
    modified: writtenAt(version.VersionId ?? "null", version.LastModified ?? new Date(0)),
  };
}

/** An ETag without its quotation marks. */
export function bare(etag: string | undefined): string {
  return (etag ?? "").replace(/^(?:W\/)?"|"$/g, "");
}

/** The id of a version; null where the bucket keeps none. */
export function versionIn(versionId: string | undefined): string | null {
  return versionId === undefined || versionId === "" || versionId === "null" ? null : versionId;
}

/** What an answer to a write says of the object. */
export function stored({
  ETag,
  VersionId,
}: {
  readonly ETag?: string | undefined;
  readonly VersionId?: string | undefined;
}): Stored {
  return { etag: bare(ETag), versionId: versionIn(VersionId) };
}

/** What an answer to a read says of the object. */
export function described(
  answer: S3.HeadObjectCommandOutput | S3.GetObjectCommandOutput,
): Described {
  const expires = answer.ExpiresString === undefined ? undefined : new Date(answer.ExpiresString);
  return {
    ...stored(answer),
    size: answer.ContentLength ?? 0,
    modified: answer.LastModified ?? new Date(0),
    storageClass: answer.StorageClass,
    headers: {
      contentType: answer.ContentType,
      cacheControl: answer.CacheControl,
      contentEncoding: answer.ContentEncoding,
      contentDisposition: answer.ContentDisposition,
      contentLanguage: answer.ContentLanguage,
      expires,
      redirect: answer.WebsiteRedirectLocation,
      metadata: answer.Metadata ?? {},
    },
  };
}

/** Headers as requests name them. */
export function named(headers: ObjectHeaders) {
  const { contentType, cacheControl, contentEncoding, contentDisposition } = headers;
  const { contentLanguage, expires, redirect, metadata } = headers;
  return {
    ...(contentType === undefined ? {} : { ContentType: contentType }),
    ...(cacheControl === undefined ? {} : { CacheControl: cacheControl }),
    ...(contentEncoding === undefined ? {} : { ContentEncoding: contentEncoding }),
    ...(contentDisposition === undefined ? {} : { ContentDisposition: contentDisposition }),
    ...(contentLanguage === undefined ? {} : { ContentLanguage: contentLanguage }),
    ...(expires === undefined ? {} : { Expires: expires }),
    ...(redirect === undefined ? {} : { WebsiteRedirectLocation: redirect }),
    ...(metadata === undefined ? {} : { Metadata: { ...metadata } }),
  };
}

/** Tags as a header holds them. */
export function tagQuery(tags: Readonly<Record<string, string>>): string {
  return new URLSearchParams(tags).toString();
}

/** A condition as requests name it. */
export function conditions(condition: Condition | undefined) {
  return condition === undefined
    ? {}
    : "ifMatch" in condition
      ? { IfMatch: `"${condition.ifMatch}"` }
      : { IfNoneMatch: "*" };
}
