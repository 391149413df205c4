import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";

import type { DrillReport } from "../../src/drill/drill.js";
import { printDrill } from "../../src/view/drill.js";
import { until } from "../helpers/anvil.js";
import { listOf, onlyDocument } from "../helpers/refusal.js";
import { repository } from "../helpers/repository.js";

const cli = path.join(repository, "node_modules/hardhat/dist/src/cli.js");
const anvil = path.join(repository, "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");

/** A drill as somebody types it, and what it has printed so far. */
interface RunningDrill {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  stdout: string;
}

function start(args: readonly string[]): RunningDrill {
  const child = spawn(process.execPath, [cli, "drill", ...args], {
    cwd: repository,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const drill: RunningDrill = {
    child,
    stdout: "",
    ended: new Promise((resolve) => {
      child.once("exit", resolve);
    }),
  };
  child.stdout.on("data", (chunk: Buffer) => {
    drill.stdout += chunk.toString();
  });
  return drill;
}

async function answers(url: string): Promise<boolean> {
  return await fetch(url, { method: "POST", body: "{}" }).then(
    () => true,
    () => false,
  );
}

describe("the drill", () => {
  it("proves every claim, and prints one document with --json", async () => {
    const drill = start(["--json"]);
    expect(await drill.ended).to.equal(0);
    const document = onlyDocument(drill);
    expect(document.ok).to.equal(true);
    const proofs = listOf(document, "proofs");
    expect(proofs).to.have.lengthOf(8);
    expect(proofs.map(({ holds }) => holds)).not.to.include(false);
    expect(BigInt(String(document.lostWei)) > 0n).to.equal(true);
    expect(BigInt(String(document.savedWei)) > BigInt(String(document.lostWei))).to.equal(true);
  });

  it("refuses a node that it does not know", async () => {
    const drill = start(["--json", "--node", "ganache"]);
    expect(await drill.ended).to.equal(1);
    expect(onlyDocument(drill).ok).to.equal(false);
  });

  it("says so when a proof fails", () => {
    const report: DrillReport = {
      node: "none",
      chainId: 1,
      proofs: [{ atMs: 0, claim: "the attack fails", holds: false, evidence: "it succeeded" }],
      lostWei: "1",
      savedWei: "0",
      untilPausedMs: 0,
      durationMs: 0,
    };
    const lines: string[] = [];
    printDrill((line) => lines.push(line), false, report);
    expect(lines.join("\n")).to.contain("NOT PROVED").and.to.contain("1 of 1 proofs failed");
  });

  if (existsSync(anvil)) {
    it("leaves no anvil behind, not even after SIGKILL", async () => {
      const drill = start(["--node", "anvil"]);
      try {
        await until("the attack has begun", () => drill.stdout.includes("the attacker drains it"));
        const url = /anvil runs at (\S+),/.exec(drill.stdout)?.[1] ?? "";
        expect(await answers(url)).to.equal(true);
        drill.child.kill("SIGKILL");
        await drill.ended;
        await until("anvil is gone", async () => !(await answers(url)));
      } finally {
        drill.child.kill("SIGKILL");
      }
    });

    it("works on anvil as well", async () => {
      const drill = start(["--node", "anvil", "--json"]);
      expect(await drill.ended).to.equal(0);
      expect(onlyDocument(drill).ok).to.equal(true);
    });
  }
});
