import { z } from "zod";

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, "must be an address");

const number = z.number().int().nonnegative().safe();

/** What a deploy wants. */
export const deployIntent = z
  .object({
    frontend: z.string(),
    /** The folder with the built site, absolute. */
    from: z.string(),
    acceptOldAddress: z.boolean(),
  })
  .strict();

/** What a rollback wants. */
export const rollbackIntent = z
  .object({
    frontend: z.string(),
    /** The release to go to; null: the one before the present one. */
    to: z.string().nullable(),
    /** What to build instead of going to a release; null: nothing. */
    build: z
      .object({ name: z.string().min(1), kind: z.enum(["commit", "tag"]) })
      .strict()
      .nullable()
      .default(null),
    acceptOldAddress: z.boolean(),
  })
  .strict();

/** What repointing wants. */
export const repointIntent = z
  .object({
    frontend: z.string(),
    /** By its name in the configuration. */
    contract: z.string(),
    /** The new address, checksummed. */
    address,
    /** The address in the site now, checksummed; null: as its release says, or the configuration. */
    replaces: address.nullable(),
    /** How; null: found by looking at the site. */
    by: z.enum(["build", "config", "bundle"]).nullable().default(null),
    /** The new chain id; null: as it is. */
    chainId: number.nullable().default(null),
    /** The block that the contract was deployed in; null: as it is. */
    startBlock: number.nullable().default(null),
    /** The commit or tag to build; null: the one that the site was built from. */
    ref: z.string().min(1).nullable().default(null),
  })
  .strict();

/** See {@link repointIntent}. */
export type RepointIntent = z.infer<typeof repointIntent>;
