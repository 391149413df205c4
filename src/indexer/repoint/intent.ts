import { z } from "zod";

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, "must be an address");

const block = z.number().int().nonnegative().safe();

const name = z.string().min(1);

const followedIn = z
  .object({
    address: name,
    startBlock: name.optional(),
    previous: z
      .object({ address: name, startBlock: name.optional(), endBlock: name.optional() })
      .strict()
      .optional(),
    list: name.optional(),
    file: z
      .object({ configMap: name, key: name, format: z.enum(["json", "yaml", "env"]) })
      .strict()
      .optional(),
    /** The variable with the name of the database schema that the indexer writes to. */
    schema: name.optional(),
  })
  .strict();

/** The variables, or the places in a file, that an indexer has a contract's address from. */
export type FollowedIn = z.infer<typeof followedIn>;

const second = z
  .object({ address, startBlock: block.nullable(), endBlock: block.nullable() })
  .strict();

/** A contract that is followed for its history. */
export type SecondSource = z.infer<typeof second>;

/** What repointing wants. */
export const repointIntent = z
  .object({
    indexer: z.string(),
    /** By its name in the configuration. */
    contract: name,
    where: followedIn,
    /** The new address, checksummed. */
    to: address,
    /** The address that it follows now, checksummed; null: what the configuration says, or what is there. */
    from: address.nullable(),
    /** The address in the configuration, checksummed; null: none. */
    configured: address.nullable(),
    /** The block that the new contract was deployed in; null: it is kept nowhere. */
    startBlock: block.nullable(),
    /** The last block that is read of the old contract. */
    endBlock: block.nullable(),
    /** The name of the schema that it writes to from now on; null: as it is. */
    schema: name.nullable().default(null),
    /** Whether the history of the old contract may be lost. */
    forgetOld: z.boolean(),
    /** What shall be the second source; "old": the contract that was followed so far; null: none. */
    second: z
      .union([z.literal("old"), second])
      .nullable()
      .default("old"),
  })
  .strict();

/** See {@link repointIntent}. */
export type RepointIntent = z.infer<typeof repointIntent>;
