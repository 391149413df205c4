import { z } from "zod";

/*
 * `emergency.mechanisms`: ways to pause that the plugin does not know. Here only what can be checked
 * without the ABI coder; signatures and arguments are encoded before anything is read from a chain.
 */

/** "setPaused(bool)", "paused(uint8) returns (bool, uint256)". */
const SIGNATURE = /^(?!.*\breturns\b)[A-Za-z_$][\w$]*\([\w$,[\]() ]*\)$/;
const READ_SIGNATURE = /^[A-Za-z_$][\w$]*\([\w$,[\]() ]*\)( returns ?\([\w$,[\]() ]+\))?$/;
/** "authority()", "bridge().rollup()". */
const GETTERS = /^[A-Za-z_$][\w$]*\(\)(\.[A-Za-z_$][\w$]*\(\))*$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const NAME = /^(?!0x)[^\s,()]+$/i;

const contract = z
  .string()
  .refine(
    (text) => ADDRESS.test(text) || NAME.test(text),
    "must be an address or a contract's name",
  );

const place = z
  .string()
  .refine(
    (text) => ADDRESS.test(text) || NAME.test(text) || GETTERS.test(text),
    'must be an address, a contract\'s name, or getters that lead to it, such as "authority()"',
  );

/** An argument as JSON, and bigints. "$contract" stands for the contract that is to stop. */
export type MechanismArgument = string | number | bigint | boolean | readonly MechanismArgument[];

const argument: z.ZodType<MechanismArgument> = z.lazy(() =>
  z.union([z.string(), z.number().int().safe(), z.bigint(), z.boolean(), z.array(argument)], {
    errorMap: () => ({
      message: "must be a text, a whole number, true, false, or a list of such",
    }),
  }),
);

const args = z.array(argument).optional();

const signature = z
  .string()
  .regex(SIGNATURE, 'must be a function with its types, such as "setPaused(bool)"');

const call = z.object({ signature, args }).strict();

const readBack = z
  .object({
    signature: z
      .string()
      .regex(
        READ_SIGNATURE,
        'must be a function with its types, such as "paused()" or "level() returns (uint8)"',
      ),
    args,
    to: place.optional(),
    paused: z.union([argument, z.array(z.union([argument, z.null()]))], {
      errorMap: () => ({ message: "must be the value that means paused" }),
    }),
  })
  .strict();

/** One mechanism. */
export const mechanism = z
  .object({
    contract: contract.optional(),
    to: place.optional(),
    pause: call,
    unpause: call.nullable().optional(),
    readBack,
    title: z.string().min(1).optional(),
    limits: z.string().min(1).optional(),
  })
  .strict()
  .refine(({ contract: only, to }) => only !== undefined || to === undefined || GETTERS.test(to), {
    path: ["contract"],
    message: "must name the contract that is to stop, as another one is called",
  });

/** Its name is part of its id. */
export const mechanismName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/, "a mechanism's name holds small letters, digits and hyphens");

/** Whether a place is reached by getters, rather than named. */
export function isGetterPath(text: string): boolean {
  return GETTERS.test(text);
}
