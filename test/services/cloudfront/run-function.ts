import { Script, createContext } from "node:vm";

import { z } from "zod";

/** A CloudFront Function, run as CloudFront runs it, with what it may use. */
export interface RunningFunction {
  /** What it makes of a request for an address: another address, or an answer of its own. */
  handle(uri: string): Promise<
    | { readonly uri: string }
    | {
        readonly status: number;
        readonly headers: Readonly<Record<string, string>>;
      }
  >;
}

/** Reads one key of the store; throws when the store cannot be read. */
export type ReadKey = (key: string) => string | undefined;

const outcome = z.union([
  z.object({
    statusCode: z.number(),
    headers: z.record(z.object({ value: z.string() })).optional(),
  }),
  z.object({ uri: z.string() }),
]);

const handler = z.function(z.tuple([z.unknown()]), z.promise(z.unknown()));

/**
 * Runs a function of the runtime cloudfront-js-2.0. Only its import is taken away: the module is put in
 * its place.
 */
export function runFunction(source: string, read: ReadKey): RunningFunction {
  const withoutImport = source.replace(/^import cf from ["']cloudfront["'];$/m, "");
  if (withoutImport === source) {
    throw new Error("the function does not import cloudfront");
  }
  const cf = {
    kvs: () => ({
      get: async (key: string) => {
        const value = read(key);
        if (value === undefined) {
          throw new Error("KeyNotFound");
        }
        return await Promise.resolve(value);
      },
      exists: async (key: string) => await Promise.resolve(read(key) !== undefined),
    }),
  };
  const context = createContext({ cf, console: { log: () => undefined } });
  new Script(withoutImport).runInContext(context);
  const handle = handler.parse(context.handler);
  return {
    async handle(uri) {
      const event = {
        version: "1.0",
        context: { eventType: "viewer-request" },
        viewer: { ip: "127.0.0.1" },
        request: { method: "GET", uri, querystring: {}, headers: {}, cookies: {} },
      };
      const result = outcome.parse(await handle(event));
      return "statusCode" in result
        ? {
            status: result.statusCode,
            headers: Object.fromEntries(
              Object.entries(result.headers ?? {}).map(([name, { value }]) => [name, value]),
            ),
          }
        : { uri: result.uri };
    },
  };
}
