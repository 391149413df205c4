import { z } from "zod";

import { sensitiveString } from "../sensitive.js";

const text = z.string().min(1);

/** GraphQL has no quotes for names. */
const graphqlName = z
  .string()
  .regex(/^[_A-Za-z][_0-9A-Za-z]*$/, "must be a name as GraphQL has them: letters, digits and _");

const rows = z.union([
  z
    .object({
      graphql: sensitiveString,
      kind: z.enum(["ponder", "graph-node"]).optional(),
      field: graphqlName,
    })
    .strict(),
  z.object({ database: sensitiveString.optional(), schema: text, table: text }).strict(),
]);

/** What a user may write about rows that are compared. */
export const comparison = z
  .object({
    name: text,
    old: rows.optional(),
    new: rows,
    key: z.union([text, z.array(text).nonempty()]),
    columns: z.array(text).nonempty(),
    chain: z
      .object({
        contract: text,
        function: text,
        args: z.array(text).optional(),
        column: text.optional(),
        total: text.optional(),
      })
      .strict()
      .optional(),
  })
  .strict()
  .superRefine((one, context) => {
    const names = [one.key, one.columns].flat();
    if ([one.old, one.new].some((source) => source !== undefined && "graphql" in source)) {
      for (const name of names.filter((each) => !graphqlName.safeParse(each).success)) {
        context.addIssue({
          code: "custom",
          path: ["columns"],
          message: `"${name}" is no name as GraphQL has them`,
        });
      }
    }
    const { contract = "", args = [], column, total } = one.chain ?? {};
    const used = [contract, ...args].filter((each) => each.startsWith("$"));
    const wanted = [
      ...used.map((each) => each.slice(1)),
      ...(column === undefined ? [] : [column]),
    ];
    for (const name of wanted.filter((each) => !names.includes(each))) {
      context.addIssue({
        code: "custom",
        path: ["chain"],
        message: `names "${name}", which is neither in key nor in columns`,
      });
    }
    if (total !== undefined && contract.startsWith("$")) {
      context.addIssue({
        code: "custom",
        path: ["chain", "total"],
        message: "needs one contract that all rows belong to",
      });
    }
  });
