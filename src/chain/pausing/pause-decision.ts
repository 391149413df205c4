import type { Decision, Inverse } from "../../step.js";
import { describeContract, type InspectedContract } from "../inspection/contract.js";
import { describeName } from "../label.js";
import { describeQuote } from "../transactions/quote.js";
import { callAction } from "../transactions/transaction.js";
import { describeCall, type PausedState } from "./mechanism.js";
import { callOf, type ChosenSigner } from "./pause-choice.js";
import type { PauseDirection, PauseIntent } from "./pause-intent.js";
import type { PauseRoute, TargetedCall } from "./route.js";

/** The route that is taken, and what its read-back says now. */
export interface TakenRoute {
  readonly route: PauseRoute;
  readonly paused: PausedState;
}

/** What the plan rests on. */
export function factsOf(
  contract: InspectedContract,
  { route, paused }: TakenRoute,
): Record<string, string | boolean> {
  const { proxy, logic } = contract;
  return {
    paused,
    mechanism: route.id,
    ...(route.pause.to === contract.address ? {} : { to: route.pause.to }),
    "code hash": contract.codeHash,
    ...(proxy === null
      ? {}
      : { implementation: logic.address, "implementation code hash": logic.codeHash }),
  };
}

/** Pure: it is as it should be. */
export function nothingToDo(
  kind: PauseDirection,
  intent: PauseIntent,
  contract: InspectedContract,
  taken: TakenRoute,
): Decision {
  return {
    title: `${kind} ${nameOf(intent)}`,
    actions: [],
    expected: [],
    outputs: {},
    inverse: { none: "nothing is done, so there is nothing to undo" },
    notes: [
      aboutContract(intent, contract, taken.route),
      `${taken.route.readBack.text} is already ${sayPaused(taken.paused)}`,
    ],
  };
}

/** Pure: one call. */
export function decidePause(
  kind: PauseDirection,
  intent: PauseIntent,
  contract: InspectedContract,
  { route, paused }: TakenRoute,
  signer: ChosenSigner,
): Decision {
  const name = nameOf(intent);
  const call = callOf(kind, route) ?? route.pause;
  const elsewhere = call.to !== intent.contract;
  const target = elsewhere ? `${call.to}, another contract that ${kind}s ${name},` : name;
  return {
    title: elsewhere ? `${kind} ${name} by a call to ${call.to}` : `${kind} ${name}`,
    actions: [
      callAction({
        summary: `call ${describeCall(call)} on ${target} from ${signer.from}`,
        from: signer.from,
        to: call.to,
        data: call.data,
      }),
    ],
    expected: [{ fact: "paused", before: paused, after: kind === "pause" }],
    outputs: {},
    inverse: inverseOf(kind, intent, route),
    notes: [
      aboutContract(intent, contract, route),
      `simulated: succeeds, ${describeQuote(signer.quote)}`,
      ...(elsewhere ? [`read back: ${route.readBack.text}`] : []),
      `limit: ${route.limits}`,
      ...(route.expires === null || kind === "unpause" ? [] : [`it ends ${route.expires}`]),
      ...(route.section === true
        ? [`this is one of several sections: type the same command again for the next`]
        : []),
    ],
  };
}

function inverseOf(
  kind: PauseDirection,
  { contract, label }: PauseIntent,
  { pause, unpause }: PauseRoute,
): Inverse {
  if (kind === "pause" && unpause === null) {
    return { none: `${describeCall(pause)} CANNOT BE UNDONE` };
  }
  return { kind: kind === "pause" ? "unpause" : "pause", intent: { contract, label } };
}

/** "is true", or what else a read-back can say. */
export function sayPaused(paused: PausedState): string {
  return paused === "partly" ? "set for some parts only" : String(paused);
}

/** "call setPaused(true) on Vault (0x…)", or on another contract. */
export function sayCall(intent: PauseIntent, call: TargetedCall): string {
  const name = nameOf(intent);
  return call.to === intent.contract
    ? `${describeCall(call)} on ${name}`
    : `${describeCall(call)} on ${call.to} for ${name}`;
}

function nameOf(intent: PauseIntent): string {
  return describeName({ label: intent.label, address: intent.contract });
}

function aboutContract(
  intent: PauseIntent,
  contract: InspectedContract,
  { title }: PauseRoute,
): string {
  return `${nameOf(intent)}: ${describeContract(contract)}; ${title}`;
}
