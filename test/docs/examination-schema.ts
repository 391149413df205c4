import { z } from "zod";

/*
 * The form of the document of `inspect --json` and `verify-pausable --json`, as docs/verify-pausable.md
 * describes it. Written by hand, so that a field that goes, or comes, is noticed.
 */

type Fields = Readonly<Record<string, z.ZodTypeAny>>;

const fieldsByShape = new Map<string, Fields>();

/** An object that has these fields and no others. */
function shape(name: string, fields: Fields): z.ZodTypeAny {
  fieldsByShape.set(name, fields);
  return z.object(fields).strict().describe(name);
}

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .describe("address");
const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .describe("hash");
const hex = z
  .string()
  .regex(/^0x([0-9a-fA-F]{2})*$/)
  .describe("bytes");
const wei = z.string().regex(/^\d+$/).describe("decimal text");
const texts = z.array(z.string());

const call = shape("Call", { to: address, signature: z.string(), args: texts, data: hex });

const caller = shape("Caller", { address, via: z.string(), proved: z.boolean() });

const moved = shape("Moved", {
  transfers: z.number(),
  balances: z.number(),
  slots: z.array(shape("Slot", { address, slot: hash })),
});

const functionEffect = shape("Function", {
  selector: hex,
  signature: z.string().nullable(),
  verdict: z.enum(["blocked", "open", "fails", "not-exercised"]),
  guarded: z.boolean(),
  officer: z.boolean(),
  origin: z.string(),
  reason: z.string().nullable(),
  moved: moved.nullable(),
});

const summary = shape("Summary", {
  exercised: z.number(),
  blocked: z.number(),
  open: z.number(),
  failing: z.number(),
  notExercised: z.number(),
  openMovingFunds: texts,
});

const mechanism = shape("Mechanism", {
  id: z.string(),
  title: z.string(),
  discovered: z.boolean(),
  call,
  inverse: call.nullable(),
  readback: z.string(),
  paused: z
    .union([z.boolean(), z.literal("partly")])
    .nullable()
    .describe('true, false or "partly"'),
  works: z.boolean().nullable(),
  needs: z.string(),
  callers: z.array(caller),
  starters: z.array(caller),
  limits: z.string(),
  expires: z.string().nullable(),
  functions: z.array(functionEffect),
  summary,
  evidence: texts,
});

const funds = shape("Funds", {
  account: address,
  balanceWei: wei,
  atMostWei: wei,
  enough: z.boolean(),
});

const reach = shape("Reach", {
  now: z.boolean().nullable(),
  by: z.array(address),
  why: z.string(),
  funds: z.array(funds),
});

const nodeFields = {
  address,
  label: z.string().nullable(),
  via: z.string(),
  part: z.enum(["decides", "alone", "helps", "aside"]),
  waitSeconds: z.number(),
  kind: z.enum([
    "account",
    "delegated-account",
    "safe",
    "multisig",
    "timelock",
    "governor",
    "proxy-admin",
    "access-manager",
    "ds-auth",
    "ownable",
    "access-control",
    "registry",
    "contract",
    "nobody",
  ]),
  about: z.string(),
  facts: z.record(z.unknown()).describe("object"),
  delaySeconds: z.number(),
  needed: z.number(),
  shownAbove: z.boolean(),
  known: texts,
  unknown: texts,
} as const;

const node: z.ZodTypeAny = z.lazy(() => wholeNode);
const wholeNode = shape("Node", { ...nodeFields, members: z.array(node.describe("Node")) });

const upgrade = shape("Upgrade", {
  how: z.string().nullable(),
  to: address.nullable(),
  needs: z.string(),
  callers: z.array(caller),
  authority: z.array(wholeNode),
  canYou: reach,
  evidence: texts,
  unknown: texts,
});

const codeAt = shape("Code", { address, codeHash: hash });

const proxy = shape("Proxy", {
  kind: z.string(),
  implementation: address.nullable(),
  admin: address.nullable(),
  beacon: address.nullable(),
});

const counts = shape("Counts", { total: z.number(), mutating: z.number(), nameless: z.number() });

const contract = shape("Contract", {
  label: z.string(),
  address,
  verdict: z.enum(["pausable", "pausable-elsewhere", "not-pausable", "unknown"]),
  paused: z.boolean().nullable(),
  proxy: proxy.nullable(),
  about: z.string(),
  codeHash: hash,
  implementation: codeAt,
  codes: z.array(codeAt),
  functions: counts,
  abi: z.string(),
  mechanisms: z.array(mechanism),
  rejected: z.array(mechanism),
  ours: z.array(address),
  canYou: reach,
  authority: z.array(wholeNode),
  upgrade: upgrade.nullable(),
  alternatives: texts,
  evidence: texts,
  unknown: texts,
});

/** The whole document. */
export const examinationDocument = shape("Document", {
  schema: z.literal("hardhat-emergency/verify-pausable@2"),
  network: z.string(),
  chainId: z.number(),
  block: z.number(),
  contracts: z.array(contract),
  mustBePausable: shape("Obligations", { failed: texts, undecided: texts }).optional(),
});

/** Every object of the document by its name in the documentation: its fields, and their types in words. */
export const shapes: Readonly<Record<string, Readonly<Record<string, string>>>> =
  Object.fromEntries(
    [...fieldsByShape].map(([name, fields]) => [
      name,
      Object.fromEntries(Object.entries(fields).map(([field, type]) => [field, inWords(type)])),
    ]),
  );

function inWords(type: unknown): string {
  if (!(type instanceof z.ZodType)) {
    throw new TypeError("not a type");
  }
  if (type instanceof z.ZodNullable) {
    return `${type.description ?? inWords(type.unwrap())} or null`;
  }
  if (type instanceof z.ZodOptional) {
    return `${inWords(type.unwrap())}, or left out`;
  }
  if (type instanceof z.ZodArray) {
    return `list of ${inWords(type.element)}`;
  }
  if (type.description !== undefined) {
    return type.description;
  }
  if (type instanceof z.ZodEnum) {
    return "one of a few texts";
  }
  if (type instanceof z.ZodBoolean) {
    return "true or false";
  }
  return type instanceof z.ZodNumber ? "number" : "text";
}
