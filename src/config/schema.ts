import { z } from "zod";

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

const frontend = z
  .object({
    directory: z.string().min(1),
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
  .strict();

/** What a user may write under `emergency` in hardhat.config.ts. */
export const emergencyUserConfigSchema = z
  .object({
    contracts: z.record(name, contract).optional(),
    directory: z.string().min(1).optional(),
    frontends: z.record(name, frontend).optional(),
    mechanisms: z.record(mechanismName, mechanism).optional(),
    minedTimeoutSeconds: z.number().positive().max(3600).optional(),
  })
  .strict();
