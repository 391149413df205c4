import { EmergencyError } from "../../errors.js";
import { addressInWord, ZERO_ADDRESS, type Address, type Hex } from "../address.js";
import { lookAt, type Block, type Chain } from "../chain.js";
import { mentionsSelector } from "../inspection/bytecode.js";
import { inspectContract, type InspectedContract } from "../inspection/contract.js";
import { hexResult, staticCall, type Read } from "../reads.js";
import type { RpcReply } from "../rpc.js";
import {
  CONTRACT,
  ITEM,
  addressList,
  type CallTemplate,
  type Idiom,
  type Lookup,
  type StateTemplate,
  type Value,
  type Values,
} from "./idioms/idiom.js";
import { describeCall, type PausedState } from "./mechanism.js";
import type { PauseRoute, ReadBack, TargetedCall } from "./route.js";
import type { SeenRoute } from "./routes.js";

/** What became of one idiom: a route, a reason against it, or nothing, where it has nothing to do with the contract. */
export interface Explored {
  readonly seen?: SeenRoute;
  /** Why it cannot be used, although it is there. */
  readonly reason?: string;
  /** The route that cannot be used now, for that reason. */
  readonly closed?: SeenRoute;
  /** The call is there, but nothing of this idiom that it can be read back with. `about`: the call in words. */
  readonly unreadable?: TargetedCall & { readonly about: string };
}

const NOTHING: Explored = {};

/**
 * Follows an idiom's pointers from one contract, at one block. Give it a chain whose reads travel
 * together: idioms are explored side by side.
 */
export class Explorer {
  readonly #chain: Chain;
  readonly #block: Block;
  readonly #contract: InspectedContract;
  readonly #blind: boolean;
  /** What others are, by address: several idioms lead to the same contract. */
  readonly #codes = new Map<Address, Promise<Hex | undefined>>();

  /** @param blind its code is not known, so every idiom is followed as far as its pointers lead. */
  constructor(chain: Chain, block: Block, contract: InspectedContract, blind = false) {
    this.#chain = chain;
    this.#block = block;
    this.#contract = contract;
    this.#blind = blind;
  }

  /** @param known values that need not be looked up. */
  async explore(idiom: Idiom, known: Values = {}): Promise<Explored> {
    if (!this.#mayHave(idiom)) {
      return NOTHING;
    }
    const values = await this.#lookUp(idiom, known);
    if (values === undefined || !pointsBack(idiom, values)) {
      return NOTHING;
    }
    const [calls, state, closed] = await Promise.all([
      this.#calls(idiom, values),
      this.#state(idiom, values),
      this.#closed(idiom, values),
    ]);
    if (calls === undefined) {
      return NOTHING;
    }
    const about = `${describeCall(calls.pause)}${this.#elsewhere(calls.pause.to)}`;
    if (state === undefined) {
      return { unreadable: { ...calls.pause, about } };
    }
    if (state === EMPTY) {
      return { reason: `${about} (${idiom.title}) has nothing to stop: its list is empty` };
    }
    const route: PauseRoute = {
      id: idiom.id,
      title: idiom.title,
      discovered: false,
      ...calls,
      readBack: state.readBack,
      limits: idiom.limits,
      expires: idiom.expires ?? null,
      ...(idiom.section === true ? { section: true } : {}),
    };
    const seen = { route, paused: state.paused };
    return state.paused === false && closed !== undefined
      ? { closed: seen, reason: `${about} (${idiom.title}) cannot be used now: ${closed}` }
      : { seen };
  }

  /** What the contract's own code tells, without a read. */
  #mayHave(idiom: Idiom): boolean {
    if (this.#blind) {
      return true;
    }
    const { proxy, logic } = this.#contract;
    const has = (selector: Hex): boolean => mentionsSelector(logic.code, selector);
    const direct = idiom.to === CONTRACT && idiom.code === undefined;
    if (proxy?.kind === "unknown") {
      // Its functions are where nobody can see them; pointers can be tried all the same.
      return !direct && (idiom.marks ?? []).length === 0;
    }
    const begun = Object.values(idiom.values ?? {}).filter(
      ({ from = CONTRACT }) => from === CONTRACT,
    );
    return (
      (idiom.marks ?? []).every(has) &&
      (!direct || has(idiom.pause.selector)) &&
      begun.every(({ paths }) =>
        paths.some(([first]) => first === undefined || has(first.selector)),
      )
    );
  }

  /** All values of an idiom, or undefined when one is not there. */
  async #lookUp(idiom: Idiom, known: Values): Promise<Values | undefined> {
    let values: Values = { ...known, [CONTRACT]: this.#contract.address };
    const entries = Object.entries(idiom.values ?? {});
    // Those that begin at the same contract are asked for side by side.
    for (let rest = entries; rest.length > 0;) {
      const before: Values = values;
      const ready = rest.filter(([, { from = CONTRACT }]) => before[from] !== undefined);
      const found = await Promise.all(
        ready.map(async ([name, lookup]) => [name, await this.#follow(lookup, before)] as const),
      );
      if (found.length === 0) {
        return undefined;
      }
      for (const [name, value] of found) {
        if (value === undefined) {
          return undefined;
        }
        values = { ...values, [name]: value };
      }
      rest = rest.filter((entry) => !ready.includes(entry));
    }
    return values;
  }

  /** The first of several paths that leads somewhere; all are walked side by side. */
  async #follow(lookup: Lookup, values: Values): Promise<Value | undefined> {
    const start = addressOf(values, lookup.from ?? CONTRACT);
    const ends = await Promise.all(
      lookup.paths.map(async (path) => await this.#walk(start, path, lookup.kind, values)),
    );
    return ends.find((end) => end !== undefined);
  }

  async #walk(
    start: Address | undefined,
    path: readonly CallTemplate[],
    kind: Lookup["kind"],
    values: Values,
  ): Promise<Value | undefined> {
    let at: Value | undefined = start;
    for (const [index, getter] of path.entries()) {
      const answer: Hex | undefined = await this.#ask(
        typeof at === "string" ? at : undefined,
        getter,
        values,
      );
      if (answer === undefined) {
        return undefined;
      }
      const last = index === path.length - 1;
      at = await valueIn(answer, last ? kind : undefined);
    }
    return at;
  }

  async #ask(
    to: Address | undefined,
    call: CallTemplate,
    values: Values,
  ): Promise<Hex | undefined> {
    const data = call.fill(values)?.data;
    if (to === undefined || data === undefined) {
      return undefined;
    }
    const [reply] = await lookAt(this.#chain, this.#block.number, [staticCall(to, data)]);
    return hexResult(reply);
  }

  /** Why it is useless for now. */
  async #closed({ closed }: Idiom, values: Values): Promise<string | undefined> {
    if (closed === undefined) {
      return undefined;
    }
    const answer = await this.#ask(addressOf(values, closed.of), closed.call, values);
    return answer === undefined ? undefined : closed.why(answer, this.#block.timestamp);
  }

  /** Both calls, if the code of the contracts that are called has them. */
  async #calls(
    idiom: Idiom,
    values: Values,
  ): Promise<{ pause: TargetedCall; unpause: TargetedCall | null } | undefined> {
    const to = addressOf(values, idiom.to);
    const unpauseTo = addressOf(values, idiom.unpauseTo ?? idiom.to);
    const pause = idiom.pause.fill(values);
    if (to === undefined || unpauseTo === undefined || pause === undefined) {
      return undefined;
    }
    const code = await this.#codeOf(addressOf(values, idiom.code ?? idiom.to));
    if (code === undefined || !mentionsSelector(code, idiom.pause.selector)) {
      return undefined;
    }
    const back = idiom.unpause?.fill(values);
    const backCode = unpauseTo === to ? code : await this.#codeOf(unpauseTo);
    const undoable =
      idiom.unpause !== null &&
      back !== undefined &&
      backCode !== undefined &&
      mentionsSelector(backCode, idiom.unpause.selector);
    return { pause: { ...pause, to }, unpause: undoable ? { ...back, to: unpauseTo } : null };
  }

  /** The code that runs at an address, behind its proxies; undefined when there is none. */
  async #codeOf(address: Address | undefined): Promise<Hex | undefined> {
    if (address === undefined || address === ZERO_ADDRESS) {
      return undefined;
    }
    if (address === this.#contract.address) {
      return this.#contract.logic.code;
    }
    let code = this.#codes.get(address);
    if (code === undefined) {
      code = this.#inspect(address);
      this.#codes.set(address, code);
    }
    return await code;
  }

  async #inspect(address: Address): Promise<Hex | undefined> {
    try {
      const inspection = await inspectContract(
        this.#chain,
        address,
        [],
        undefined,
        undefined,
        this.#block,
      );
      return inspection.contract.logic.code;
    } catch (error) {
      if (error instanceof EmergencyError && NO_CONTRACT.includes(error.code)) {
        return undefined;
      }
      throw error;
    }
  }

  /** What the first read-back says that answers in its own form. */
  async #state(
    idiom: Idiom,
    values: Values,
  ): Promise<{ paused: PausedState; readBack: ReadBack } | typeof EMPTY | undefined> {
    const usable = idiom.readBacks.filter((template) => this.#mayAnswer(idiom, template));
    const states = await Promise.all(
      usable.map(async (template) => {
        const readBack = this.#readBack(template, values);
        if (readBack === undefined || readBack === EMPTY) {
          return readBack;
        }
        const replies = await lookAt(this.#chain, this.#block.number, readBack.reads);
        const paused = readBack.decode(replies);
        return paused === undefined ? undefined : { paused, readBack };
      }),
    );
    return states.find((state) => state !== undefined);
  }

  /** A fallback that answers everything must not pass for a getter. */
  #mayAnswer(idiom: Idiom, { reads }: StateTemplate): boolean {
    const { proxy, logic } = this.#contract;
    const visible = !this.#blind && idiom.code === undefined && proxy?.kind !== "unknown";
    return (
      !visible ||
      reads.every(({ of, call }) => of !== CONTRACT || mentionsSelector(logic.code, call.selector))
    );
  }

  #readBack(
    { reads, each, decode }: StateTemplate,
    values: Values,
  ): ReadBack | typeof EMPTY | undefined {
    const list = each === undefined ? undefined : values[each];
    const items: readonly Values[] =
      list === undefined || typeof list === "string"
        ? [values]
        : list.map((item) => ({ ...values, [ITEM]: item }));
    if (items.length === 0) {
      return EMPTY;
    }
    const calls: TargetedCall[] = [];
    for (const filled of items) {
      for (const { of, call } of reads) {
        const fixed = call.fill(filled);
        const to = addressOf(filled, of);
        if (fixed === undefined || to === undefined) {
          return undefined;
        }
        calls.push({ ...fixed, to });
      }
    }
    return {
      text: this.#describe(calls, each !== undefined),
      reads: calls.map(({ to, data }): Read => staticCall(to, data)),
      decode: (replies) => stateOf(replies, calls.length, decode),
    };
  }

  #describe(calls: readonly TargetedCall[], each: boolean): string {
    const many = each || calls.length > MOST_NAMED;
    const [first] = calls;
    if (first === undefined) {
      return "nothing";
    }
    return many
      ? `${first.signature} for each of ${calls.length}${this.#elsewhere(first.to)}`
      : `${calls.map(describeCall).join(", ")}${this.#elsewhere(first.to)}`;
  }

  #elsewhere(to: Address): string {
    return to === this.#contract.address ? "" : ` of ${to}`;
  }
}

/** More reads than this are counted, rather than named one by one. */
const MOST_NAMED = 5;

/** A list without members: nothing that could be stopped, or read back. */
const EMPTY = "empty";

/** What inspection says of an address without a usable contract. */
const NO_CONTRACT: readonly string[] = ["NO_CODE", "UNKNOWN_PROXY"];

function pointsBack({ same = [] }: Idiom, values: Values): boolean {
  return same.every(([a, b]) => values[a] !== undefined && values[a] === values[b]);
}

function addressOf(values: Values, name: string): Address | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

async function valueIn(answer: Hex, kind: Lookup["kind"]): Promise<Value | undefined> {
  switch (kind) {
    case "list":
      return await addressList(answer);
    case "number":
      return answer.length === 66 ? answer : undefined;
    case undefined:
      return await addressInWord(answer);
  }
}

/** All parts stopped is stopped, none is not, and everything between is "partly". */
function stateOf(
  replies: readonly RpcReply[],
  count: number,
  decode: StateTemplate["decode"],
): PausedState | undefined {
  const states = replies.slice(0, count).map((reply) => {
    const answer = hexResult(reply);
    return answer === undefined ? undefined : decode(answer);
  });
  const [first] = states;
  if (states.length !== count || states.includes(undefined) || first === undefined) {
    return undefined;
  }
  return states.every((state) => state === first) ? first : "partly";
}
