import type { JsonObject } from "../../json.js";
import type {
  Effects,
  Observation,
  PlannedStep,
  Progress,
  Step,
  Verification,
} from "../../step.js";
import type { FreshQuote, Sender } from "./send.js";
import { loadPerform } from "../lazy.js";

/** What the second look has found out about the first transaction, so that it is not asked again. */
const quotes = new WeakMap<Observation, FreshQuote>();

/** The observation, with the quote of its first transaction. */
export function withQuote(observation: Observation, quote: FreshQuote): Observation {
  quotes.set(observation, quote);
  return observation;
}

function quoteOfLook(looked: Observation | undefined): FreshQuote | undefined {
  return looked === undefined ? undefined : quotes.get(looked);
}

/**
 * A step that is nothing but transactions. What it wants, and how that is read back, is its own; how
 * transactions are sent, rehearsed and compared is the same for all.
 */
export abstract class TransactionStep implements Step {
  abstract readonly kind: string;
  /** The chain that this step is bound to, and what sending on it needs. */
  protected readonly sender: Sender;

  constructor(sender: Sender) {
    this.sender = sender;
  }

  abstract observe(intent: JsonObject, planned?: PlannedStep): Promise<Observation>;

  abstract verify(step: PlannedStep, effects: Effects): Promise<Verification>;

  async perform(step: PlannedStep, progress: Progress, looked?: Observation): Promise<Effects> {
    const { performTransactions } = await loadPerform();
    return await performTransactions(this.sender, step, progress, quoteOfLook(looked));
  }

  async rehearse(step: PlannedStep): Promise<Effects> {
    const { rehearseTransactions } = await loadPerform();
    return await rehearseTransactions(this.sender, step);
  }

  async compare(rehearsed: Effects, real: Effects): Promise<readonly string[]> {
    const { compareTransactions } = await loadPerform();
    return await compareTransactions(this.sender.chain, rehearsed, real);
  }
}
