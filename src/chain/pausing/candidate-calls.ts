import type { Address } from "../address.js";
import { madeUpCall, type Ingredients } from "../experiments/arguments.js";
import { signaturesFor, speaksOfStopping } from "../inspection/dictionary.js";
import type { AbiParameter, ContractFunction } from "../inspection/functions.js";
import { LARGEST } from "./mechanism.js";
import type { TargetedCall } from "./route.js";

/** A call that might stop a contract. */
export interface CandidateCall extends TargetedCall {
  /** Its name speaks of stopping; otherwise only its effect can. */
  readonly named: boolean;
  readonly fn: ContractFunction;
}

/** A contract whose functions might start it again. */
interface Starter {
  readonly address: Address;
  readonly functions: readonly ContractFunction[];
}

/** More selectors without a name than this are not tried. */
const MOST_NAMELESS = 60;

/**
 * The calls by which a function might stop something, if it speaks of that or says nothing at all:
 * with every flag set or clear, every number as large as can be or nothing, every address the contract
 * that shall stop.
 */
export async function candidateCalls(
  to: Address,
  fn: ContractFunction,
  target: Address,
): Promise<readonly CandidateCall[]> {
  const typed = withTypes(fn);
  const meaning = typed.signature === undefined ? undefined : speaksOfStopping(typed.signature);
  if (meaning === "state" || (typed.signature !== undefined && !meaning && !maySwitch(typed))) {
    return [];
  }
  if (meaning === "start" && !takesFlag(typed)) {
    return [];
  }
  return await callsOf(to, typed, target, meaning !== undefined);
}

/** The calls by which what a call has stopped might be started again, the likeliest first. */
export async function startingCalls(
  by: Starter,
  stop: CandidateCall,
  target: Address,
): Promise<readonly TargetedCall[]> {
  const same = (await callsOf(by.address, stop.fn, target, stop.named)).filter(
    ({ data }) => data !== stop.data || !takesFlag(stop.fn),
  );
  const likely: CandidateCall[] = [];
  const nameless: CandidateCall[] = [];
  for (const fn of by.functions.filter(
    ({ mutability, selector }) => mutability !== "view" && selector !== stop.fn.selector,
  )) {
    const typed = withTypes(fn);
    const meaning = typed.signature === undefined ? undefined : speaksOfStopping(typed.signature);
    if (typed.signature === undefined || (meaning === undefined && maySwitch(typed))) {
      if (nameless.length < MOST_NAMELESS) {
        nameless.push(...(await callsOf(by.address, typed, target, false)));
      }
    } else if (meaning === "start" || meaning === "toggle" || meaning === "set") {
      likely.push(...(await callsOf(by.address, typed, target, true)));
    }
  }
  return [...same, ...likely, ...nameless];
}

/** The calls by which a contract might be started that is stopped now, by the words of its functions. */
export async function wakingCalls(by: Starter): Promise<readonly CandidateCall[]> {
  const calls: CandidateCall[] = [];
  for (const fn of by.functions.filter(({ mutability }) => mutability !== "view")) {
    const typed = withTypes(fn);
    const meaning = typed.signature === undefined ? undefined : speaksOfStopping(typed.signature);
    if (meaning === "start" || meaning === "toggle" || meaning === "set") {
      calls.push(...(await callsOf(by.address, typed, by.address, true)));
    }
  }
  return calls;
}

/** A selector of the dictionary gets the first of its texts. */
function withTypes(fn: ContractFunction): ContractFunction {
  if (fn.signature !== undefined && fn.inputs !== undefined) {
    return fn;
  }
  const signature = fn.signature ?? signaturesFor(fn.selector)[0];
  return signature === undefined ? fn : { ...fn, signature, inputs: inputsIn(signature) };
}

/** Types without tuples: the dictionary has none. */
function inputsIn(signature: string): readonly AbiParameter[] | undefined {
  const list = signature.slice(signature.indexOf("(") + 1, -1);
  if (list.includes("(")) {
    return undefined;
  }
  return list === "" ? [] : list.split(",").map((type) => ({ name: "", type }));
}

/**
 * Whether a function whose name says nothing might be a switch, by what it takes: nothing, a flag, or
 * whom a flag is for. To know its name must not make it less likely to be found than to know none.
 */
function maySwitch({ source, inputs }: ContractFunction): boolean {
  return source === "abi" && SWITCHES.has((inputs ?? []).map(({ type }) => type).join(","));
}

const SWITCHES: ReadonlySet<string> = new Set(["", "bool", "address,bool", "bytes32,bool"]);

function takesFlag({ inputs }: ContractFunction): boolean {
  return inputs?.some(({ type }) => type === "bool") === true;
}

async function callsOf(
  to: Address,
  fn: ContractFunction,
  target: Address,
  named: boolean,
): Promise<readonly CandidateCall[]> {
  const recipes: readonly Ingredients[] = [
    { address: target, number: LARGEST, flag: true, listLength: 1 },
    { address: target, number: LARGEST, flag: false, listLength: 1 },
    { address: target, number: 1n, flag: true, listLength: 1 },
    // Of a contract with more than two states, the third is often the closed one.
    { address: target, number: 2n, flag: true, listLength: 1 },
    { address: target, number: 0n, flag: true, listLength: 1 },
    { address: target, number: 0n, flag: false, listLength: 1 },
  ];
  const calls: CandidateCall[] = [];
  // Without types: no arguments, then one flag that is set, then one that is clear.
  const typed: ContractFunction[] =
    fn.inputs === undefined
      ? [
          { ...fn, inputs: [] },
          { ...fn, inputs: [{ name: "", type: "bool" }] },
        ]
      : [fn];
  for (const one of typed) {
    for (const ingredients of recipes) {
      const data = await madeUpCall(one, ingredients);
      if (!calls.some((call) => call.data === data)) {
        calls.push({
          to,
          signature:
            one.signature ??
            `${one.selector}(${(one.inputs ?? []).map(({ type }) => type).join(",")})`,
          args: (one.inputs ?? []).map((input) => shown(input, ingredients)),
          data,
          named,
          fn: one,
        });
      }
    }
  }
  return calls;
}

/** An argument as a text, for people and for JSON. */
function shown({ type }: AbiParameter, { address, number, flag, listLength }: Ingredients): string {
  const inner = type.replace(/\[\d*\]$/, "");
  if (inner !== type) {
    return listLength === 0
      ? "[]"
      : `[${shown({ name: "", type: inner }, { address, number, flag, listLength })}]`;
  }
  if (type === "address") {
    return address;
  }
  if (type === "bool") {
    return String(flag);
  }
  if (/^u?int/.test(type)) {
    const bits = Number(/\d+$/.exec(type)?.[0] ?? "256") - (type.startsWith("u") ? 0 : 1);
    const largest = 2n ** BigInt(bits) - 1n;
    return String(number > largest ? largest : number);
  }
  return type === "string" ? "" : "0x";
}
