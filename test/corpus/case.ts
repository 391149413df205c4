import type { Address, Hex } from "../../src/chain/address.js";
import type { Call, Workbench } from "./workbench.js";

/** What `verify-pausable` may say of a contract. */
export type Verdict = "pausable" | "pausable-elsewhere" | "not-pausable" | "unknown";

/** What is known of a contract before it is deployed. */
export interface CaseFacts {
  /** "Aave v3 Pool, stopped through its PoolConfigurator" */
  readonly title: string;
  /** The way in which it is stopped; null when there is none. */
  readonly idiom: string | null;
  /** What kind of proxy it is; null when it is none. */
  readonly proxy: string | null;
  /** Who holds the power to stop it; null when nobody does. */
  readonly authority: string | null;
  /** What is true. Several where reasonable people differ; the first is the best. */
  readonly verdict: Verdict | readonly [Verdict, ...Verdict[]];
  /** What it is now. Null: nobody can say, as some of it is stopped or nothing tells. */
  readonly paused: boolean | null;
  /** Null: after `stop` only a part is stopped, or nothing tells. Default: it says that it is stopped. */
  readonly pausedAfter?: null;
}

/** Something that a user does. */
export interface Probe extends Call {
  /** Whether the answer means that it was done, for contracts that refuse without reverting. */
  readonly works?: (answer: Hex) => boolean;
  /**
   * What the refusal says when it comes from the stop: words, or an error's selector. For functions that
   * need half a bridge to succeed. Whatever else happens then means that the contract is not stopped.
   */
  readonly stoppedBy?: string;
}

/** A contract on the node, and how it is really stopped: found out without the plugin. */
export interface Subject {
  readonly address: Address;
  /** As somebody who may. Undefined when nothing stops it. */
  readonly stop?: Call;
  /** The way back. Undefined when there is none. */
  readonly start?: Call;
  /** Works while the contract runs, and fails while it is stopped. */
  readonly probe: Probe;
  /** Other functions that really stop something, by signature: a part, or for another contract. */
  readonly also?: readonly string[];
  /** What looks like a stop and is none: each fails, or leaves the probe working. */
  readonly attempts?: readonly Call[];
}

/** Contracts that are deployed together. */
export interface Protocol<Key extends string = string> {
  readonly name: string;
  readonly cases: Readonly<Record<Key, CaseFacts>>;
  readonly deploy: (bench: Workbench) => Promise<Readonly<Record<Key, Subject>>>;
}

/** Holds the cases and their contracts to the same keys. */
export function protocol<const Key extends string>(definition: Protocol<Key>): Protocol {
  return definition;
}

/** Whether a user's call does what it should. */
export async function works(bench: Workbench, probe: Probe): Promise<boolean> {
  const outcome = await bench.outcome(probe);
  if (probe.stoppedBy !== undefined) {
    return !("refusal" in outcome && outcome.refusal.includes(probe.stoppedBy));
  }
  return "answer" in outcome && (probe.works === undefined || probe.works(outcome.answer));
}

/**
 * Deploys a protocol and lets its users use it once, as contracts that matter have been. What can be done
 * only once is left for later.
 */
export async function deployed(
  bench: Workbench,
  { deploy }: Protocol,
): Promise<Readonly<Record<string, Subject>>> {
  const subjects = await deploy(bench);
  for (const { probe } of Object.values(subjects)) {
    if (probe.stoppedBy === undefined && (await works(bench, probe))) {
      const snapshot = await bench.node.request("evm_snapshot");
      await bench.send(probe);
      if (!(await works(bench, probe))) {
        await bench.node.request("evm_revert", snapshot);
      }
    }
  }
  return subjects;
}
