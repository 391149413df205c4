import { z } from "zod";

import { indexers } from "./indexers/schema.js";
import { mechanism, mechanismName } from "./mechanisms.js";

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const address = z
  .string({ invalid_type_error: "must be an address: 0x and 40 hexadecimal digits" })
  .regex(ADDRESS, "must be an address: 0x and 40 hexadecimal digits");

/** Names share `--contract` with addresses, and several are separated by commas. */
const name = z
  .string()
  .regex(/^(?!0x)[^\s,]+$/i, "a name may not begin with 0x or hold spaces or commas");

const contract = z.union(
  [
    address,
    z
      .object({
        address: z.union([address, z.record(address)], {
          errorMap: () => ({ message: "must be an address, or one address a network" }),
        }),
        artifact: z.string().min(1).optional(),
        mustBePausable: z.boolean().optional(),
      })
      .strict(),
  ],
  {
    // A union says only "invalid input": the reason of the branch that was meant says more.
    errorMap: (issue, context) => {
      if (issue.code !== "invalid_union") {
        return { message: context.defaultError };
      }
      const meant = typeof context.data === "string" ? 0 : 1;
      const [first] = issue.unionErrors[meant]?.issues ?? [];
      const where =
        first === undefined || first.path.length <= 3 ? "" : `${first.path.slice(3).join(".")}: `;
      return { message: `${where}${first?.message ?? context.defaultError}` };
    },
  },
);

const text = z.string().min(1);

const bucket = z
  .object({
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "must be a bucket's name, without s3://"),
    prefix: z
      .string()
      .regex(/^[^/].*[^/]$|^[^/]$/, "must neither begin nor end with a slash")
      .optional(),
    region: text.optional(),
    profile: text.optional(),
    roleArn: z
      .string()
      .regex(/^arn:[^:]+:iam::\d+:role\/\S+$/, "must be a role's ARN: arn:aws:iam::…:role/…")
      .optional(),
    endpoint: z
      .string()
      .regex(/^https?:\/\/[^\s]+$/i, "must be a URL that begins with http:// or https://")
      .optional(),
    forcePathStyle: z.boolean().optional(),
    encryption: z
      .union([z.literal("AES256"), z.object({ kmsKeyId: text }).strict()], {
        errorMap: () => ({ message: 'must be "AES256" or { kmsKeyId }' }),
      })
      .optional(),
    acl: text.optional(),
    metadata: z.record(z.string()).optional(),
    headers: z
      .array(
        z
          .object({
            match: text,
            cacheControl: text.optional(),
            contentType: text.optional(),
            metadata: z.record(z.string()).optional(),
          })
          .strict(),
      )
      .optional(),
  })
  .strict();

const WAYS_TO_FIND = ["id", "comment", "alias", "tag"] as const;

const distribution = z
  .object({
    id: z
      .string()
      .regex(/^E[A-Z0-9]+$/, "must be a distribution's id, such as E1A2B3C4D5E6F7")
      .optional(),
    comment: text.optional(),
    alias: text.optional(),
    tag: z.object({ key: text, value: z.string() }).strict().optional(),
    pointer: z.enum(["key-value-store", "origin-path", "staging-distribution", "none"]).optional(),
    keyValueStore: z
      .string()
      .regex(/^arn:\S+:key-value-store\/\S+$/, "must be a KeyValueStore's ARN")
      .optional(),
    key: text.optional(),
  })
  .strict()
  .refine((found) => WAYS_TO_FIND.filter((way) => found[way] !== undefined).length === 1, {
    message: "must say one of id, comment, alias and tag",
  });

const inSite = z
  .string()
  .min(1)
  .refine((path) => !path.split("/").some((part) => ["", ".", ".."].includes(part)), {
    message: "must be a path inside the site, such as config.json",
  });

const variable = z.string().regex(/^[A-Za-z_]\w*$/, "must be the name of a variable");

const build = z
  .object({
    directory: text.optional(),
    command: text,
    install: text.optional(),
    output: text,
    envFile: text.optional(),
    variables: z.record(name, variable),
    chainId: variable.optional(),
    startBlock: z.record(name, variable).optional(),
  })
  .strict();

const runtimeConfig = z
  .object({
    file: inSite,
    contracts: z.record(name, text),
    chainId: text.optional(),
    startBlock: z.record(name, text).optional(),
  })
  .strict();

const frontend = z
  .object({
    directory: text.optional(),
    s3: bucket.optional(),
    cloudfront: distribution.optional(),
    build: build.optional(),
    runtimeConfig: runtimeConfig.optional(),
    url: z
      .string()
      .regex(/^https?:\/\/[^\s]+$/i, "must be a URL that begins with http:// or https://")
      .optional(),
    contracts: z.array(name).optional(),
    network: z.string().min(1).optional(),
    live: z.boolean().optional(),
    keepReleases: z.number().int().min(2).optional(),
    keepDays: z.number().positive().optional(),
  })
  .strict()
  .refine(({ directory, s3 }) => (directory === undefined) !== (s3 === undefined), {
    path: ["directory"],
    message: "must say where the site is: either directory, or s3",
  })
  .refine(({ cloudfront, s3 }) => cloudfront === undefined || s3 !== undefined, {
    path: ["cloudfront"],
    message: "stands before a bucket: add s3",
  });

/** What a user may write under `emergency` in hardhat.config.ts. */
export const emergencyUserConfigSchema = z
  .object({
    contracts: z.record(name, contract).optional(),
    directory: z.string().min(1).optional(),
    frontends: z.record(name, frontend).optional(),
    indexers: indexers(name).optional(),
    mechanisms: z.record(mechanismName, mechanism).optional(),
    minedTimeoutSeconds: z.number().positive().max(3600).optional(),
  })
  .strict();
