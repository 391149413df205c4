import { z } from "zod";

const text = z.string().min(1);

const managed = z
  .object({
    secret: text,
    into: text,
    keys: z.record(text, text).optional(),
    region: text.optional(),
    endpoint: text.url().optional(),
    profile: text.optional(),
  })
  .strict();

/** Where an indexer's configuration comes from. */
export const configuration = z
  .object({
    manifest: text.optional(),
    git: z.object({ path: text }).strict().optional(),
    secretsManager: z.array(managed).nonempty().optional(),
  })
  .strict();
