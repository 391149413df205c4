import type { DrillReport, DrillView, Proof } from "../drill/drill.js";
import { coins } from "../drill/protocol.js";
import { printDocument } from "./json.js";
import { emphasise, seconds, type Print } from "./output.js";

/** Tells a drill's course to a person. */
export function humanDrillView(print: Print): DrillView {
  return {
    event(atMs, text) {
      print(`${time(atMs)} ${text}`);
    },
    command(atMs, line) {
      print("");
      print(`${time(atMs)} ${emphasise("strong", `$ ${line}`)}`);
    },
    proof(proof) {
      printProof(print, proof);
    },
  };
}

/** Says nothing on the way. */
export const silentDrillView: DrillView = {
  event: () => undefined,
  command: () => undefined,
  proof: () => undefined,
};

function printProof(print: Print, { atMs, claim, holds, evidence }: Proof): void {
  const mark = holds ? emphasise("good", "PROVED") : emphasise("bad", "NOT PROVED");
  print(`${time(atMs)} ${mark} ${claim}`);
  print(`           ${evidence}`);
}

/** Prints how the drill ended. */
export function printDrill(print: Print, json: boolean, report: DrillReport): void {
  const failed = report.proofs.filter(({ holds }) => !holds);
  if (json) {
    printDocument(print, {
      schema: "hardhat-emergency/drill@1",
      ok: failed.length === 0,
      ...report,
    });
    return;
  }
  print("");
  print("What was proved:");
  for (const proof of report.proofs) {
    printProof(print, proof);
  }
  print("");
  print(`Lost before the pause  ${coins(BigInt(report.lostWei))}`);
  print(`Saved                  ${coins(BigInt(report.savedWei))}`);
  print(`Until it was paused    ${seconds(report.untilPausedMs)} after somebody noticed`);
  print(`The whole recovery     ${seconds(report.durationMs)}, chain and users included`);
  print(
    failed.length === 0
      ? emphasise("good", `All ${report.proofs.length} proofs hold.`)
      : emphasise("bad", `${failed.length} of ${report.proofs.length} proofs failed.`),
  );
}

function time(atMs: number): string {
  return `[${(atMs / 1000).toFixed(2).padStart(6)} s]`;
}
