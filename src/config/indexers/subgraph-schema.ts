import { z } from "zod";

import { sensitiveString } from "../sensitive.js";

const text = z.string().min(1);

const url = z
  .string()
  .regex(/^https?:\/\/[^\s]+$/i, "must be a URL that begins with http:// or https://");

/** Letters, digits, "-" and "_", with a letter in each part: graph-node takes no other. */
const SUBGRAPH =
  /^(?!.*(^|\/)graphql(\/|$))[a-zA-Z0-9][a-zA-Z0-9_-]*(\/[a-zA-Z0-9][a-zA-Z0-9_-]*)*$/;

const subgraph = z
  .string()
  .max(200)
  .regex(SUBGRAPH, 'must be a name as graph-node has them: "org/name"');

/** One part of a URL's path. */
const pathPart = z
  .string()
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/,
    "must hold letters, digits, dots, hyphens and underscores",
  );

/** What a user may write about a subgraph on a graph-node. */
export const graphNode = z
  .object({
    subgraph,
    status: url,
    query: url.optional(),
    admin: url.optional(),
    control: url.optional(),
    token: sensitiveString.optional(),
    graphman: z.array(text).min(1).optional(),
    reorgThreshold: z.number().int().nonnegative().optional(),
    settleSeconds: z.number().positive().max(600).optional(),
  })
  .strict()
  .refine(({ control, token }) => (control === undefined) === (token === undefined), {
    path: ["token"],
    message: "goes with control: graphman's API asks for a token, and nothing else does",
  });

/** What a user may write about a subgraph at Goldsky. */
export const goldsky = z
  .object({
    subgraph: pathPart,
    tag: pathPart,
    token: sensitiveString,
    api: url.optional(),
  })
  .strict();

/** What a user may write about a subgraph at Alchemy. */
export const alchemy = z
  .object({
    team: pathPart,
    subgraph: pathPart,
    deployKey: sensitiveString,
    queryKey: sensitiveString,
    api: url.optional(),
    query: url.optional(),
  })
  .strict();
