import { EmergencyError } from "../../errors.js";
import type { Effects, PlannedStep, Progress } from "../../step.js";
import { isRecord } from "../../json.js";
import { isFork, required, type Chain } from "../chain.js";
import { isHex, quantity, storageAt } from "../reads.js";
import { invalid } from "../rpc.js";
import { sendTransaction, type FreshQuote, type Sender } from "./send.js";
import {
  isTransactionAction,
  isTransactionEffect,
  type LoggedEvent,
  type StorageChange,
  type TransactionEffect,
} from "./transaction.js";

/**
 * Sends a step's transactions, one after the other.
 * @param fresh the quote of the first one, when it has just been read.
 */
export async function performTransactions(
  sender: Sender,
  step: PlannedStep,
  progress: Progress,
  fresh?: FreshQuote,
): Promise<Effects> {
  const effects: TransactionEffect[] = [];
  for (const [index, action] of step.actions.entries()) {
    if (!isTransactionAction(action)) {
      throw new EmergencyError(
        "BAD_PLAN",
        `step "${step.id}" holds an action that is not a whole transaction`,
        "make the plan again with --dry-run --save-plan",
      );
    }
    effects.push(
      await sendTransaction(sender, step.id, action, progress, index === 0 ? fresh : undefined),
    );
  }
  return { actions: effects };
}

/** An odd number of seconds, so that it does not fall on a round hour or day again. */
const LATER_SECONDS = 1_357;

/**
 * Sends a step's transactions on a fork and records everything they did: events, gas and each
 * storage word that changed. They are sent twice, some time apart: what is different the second time
 * depends on the time or the block, and will be different once more when it is done for real.
 */
export async function rehearseTransactions(sender: Sender, step: PlannedStep): Promise<Effects> {
  const { chain } = sender;
  if (!isFork(chain)) {
    throw new EmergencyError(
      "NO_FORK",
      "a rehearsal was about to write to a chain that is not a fork",
      "report this: it must never happen",
    );
  }
  const mark = await chain.mark();
  const first = await recordedEffects(sender, step);
  await chain.back(mark);
  await chain.later(LATER_SECONDS);
  const second = await recordedEffects(sender, step);
  return {
    actions: second.map((effect, index) => withVariations(effect, first[index] ?? effect)),
  };
}

async function recordedEffects(
  sender: Sender,
  step: PlannedStep,
): Promise<readonly TransactionEffect[]> {
  const { actions } = await performTransactions(sender, step, () => undefined);
  return await Promise.all(
    actions.filter(isTransactionEffect).map(async (effect) => ({
      ...effect,
      storage: await storageChanges(sender.chain, effect.hash),
    })),
  );
}

/** An effect, with what was different in another run of the same transaction marked. */
function withVariations(effect: TransactionEffect, other: TransactionEffect): TransactionEffect {
  const others = new Set((other.storage ?? []).map(wordKey));
  return {
    ...effect,
    events: effect.events.map((event, index) => {
      const again = other.events[index];
      const same = again !== undefined && eventKey(event) === eventKey(again);
      return same ? event : { ...event, varies: true };
    }),
    storage: (effect.storage ?? []).map((change) =>
      others.has(wordKey(change)) ? change : { ...change, varies: true },
    ),
  };
}

function wordKey({ address, slot, after }: StorageChange): string {
  return `${address} ${slot} ${after}`.toLowerCase();
}

function eventKey({ address, topics, data }: LoggedEvent): string {
  return `${address} ${topics.join(" ")} ${data}`.toLowerCase();
}

/** The storage words that a mined transaction changed, as the node's prestate tracer tells. */
async function storageChanges(chain: Chain, hash: string): Promise<StorageChange[]> {
  const [reply] = await chain.rpc.batch([
    {
      method: "debug_traceTransaction",
      params: [hash, { tracer: "prestateTracer", tracerConfig: { diffMode: true } }],
    },
  ]);
  const trace = required(chain.network, reply, "debug_traceTransaction");
  if (!isRecord(trace) || !isRecord(trace.pre) || !isRecord(trace.post)) {
    throw invalid(chain.network, "the fork gave no state differences");
  }
  const { pre, post } = trace;
  const changes: StorageChange[] = [];
  for (const address of new Set([...Object.keys(pre), ...Object.keys(post)])) {
    const before = storageOf(pre[address]);
    const after = storageOf(post[address]);
    for (const slot of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const change = {
        address,
        slot: word(slot),
        before: word(before[slot]),
        after: word(after[slot]),
      };
      if (change.before !== change.after) {
        changes.push(change);
      }
    }
  }
  return changes.sort((a, b) => (a.address + a.slot < b.address + b.slot ? -1 : 1));
}

function storageOf(account: unknown): Record<string, unknown> {
  return isRecord(account) && isRecord(account.storage) ? account.storage : {};
}

/** A storage word with all its 32 bytes. A tracer leaves out words that are zero. */
function word(value: unknown): string {
  return isHex(value) ? `0x${value.slice(2).padStart(64, "0")}` : `0x${"0".repeat(64)}`;
}

/**
 * How mined transactions differ from their rehearsal: other events, or storage words that do not
 * have the value that the rehearsal left in them. What depends on the time is left out, and so is
 * gas, which may differ a little.
 */
export async function compareTransactions(
  chain: Chain,
  rehearsed: Effects,
  real: Effects,
): Promise<readonly string[]> {
  const differences: string[] = [];
  if (rehearsed.actions.length !== real.actions.length) {
    return [`${real.actions.length} transactions instead of ${rehearsed.actions.length}`];
  }
  for (const [index, planned] of rehearsed.actions.entries()) {
    const mined = real.actions[index];
    if (!isTransactionEffect(planned) || !isTransactionEffect(mined)) {
      return ["the rehearsal in the plan cannot be read"];
    }
    differences.push(...eventsThatDiffer(planned, mined));
    differences.push(...(await wordsThatDiffer(chain, planned, mined)));
  }
  return differences;
}

/** Events of the rehearsal that did not come again. Of those that vary, only the kind is compared. */
function eventsThatDiffer(planned: TransactionEffect, mined: TransactionEffect): string[] {
  if (planned.events.length !== mined.events.length) {
    return [
      `transaction ${mined.hash} logged ${mined.events.length} events, and ${planned.events.length} in the rehearsal`,
    ];
  }
  return planned.events.flatMap((event, index) => {
    const real = mined.events[index];
    const kind = ({ address, topics }: LoggedEvent): string =>
      `${address} ${topics[0] ?? ""}`.toLowerCase();
    const key = event.varies === true ? kind : eventKey;
    return real !== undefined && key(real) === key(event)
      ? []
      : [`transaction ${mined.hash} logged another event ${index + 1} than in the rehearsal`];
  });
}

async function wordsThatDiffer(
  chain: Chain,
  planned: TransactionEffect,
  mined: TransactionEffect,
): Promise<string[]> {
  const changes = (planned.storage ?? []).filter(
    (change) => change.varies !== true && isHex(change.address) && isHex(change.slot),
  );
  const tag = quantity(mined.block);
  const replies = await chain.rpc.batch(
    changes.flatMap(({ address, slot }) =>
      isHex(address) && isHex(slot) ? [storageAt(address, slot)(tag)] : [],
    ),
  );
  return changes.flatMap((change, index) => {
    const reply = replies[index];
    const now = reply?.ok === true ? word(reply.result) : undefined;
    return now === change.after
      ? []
      : [
          `storage ${change.slot} of ${change.address} is ${now ?? "not readable"}, but was ${change.after} after the rehearsal`,
        ];
  });
}
