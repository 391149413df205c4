import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { until } from "../../helpers/anvil.js";
import { describeWith } from "./describe-services.js";
import { inTemporaryFolder, onFreePort, startProcess, type RunningProcess } from "./process.js";

/** A program that starts another one, prints that one's number and stays. */
const PARENT = "sleep 600 & echo child $!; wait";

async function failureOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "it did not fail",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

function childOf(output: string): number | undefined {
  const found = /child (\d+)/.exec(output)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** A process that has ended and that nobody has collected yet does not live. */
async function lives(pid: number | undefined): Promise<boolean> {
  const stat = await readFile(`/proc/${pid ?? 0}/stat`, "utf8").catch(() => "0 (gone) Z");
  return !stat.includes(") Z");
}

async function startParent(): Promise<RunningProcess> {
  return await startProcess({
    name: "parent",
    command: "sh",
    args: ["-c", PARENT],
    ready: (parent) => childOf(parent.output()) !== undefined,
  });
}

describeWith([], "Processes of tests", () => {
  it("show what they printed when they end before they are ready", async () => {
    const start = startProcess({
      name: "server",
      command: "sh",
      args: ["-c", "echo cannot read the moon >&2; exit 7"],
      ready: () => false,
    });
    const message = await failureOf(start);
    expect(message).to.include("server ended with exit code 7 before it was ready");
    expect(message).to.include("cannot read the moon");
  });

  it("say when there is no such program", async () => {
    const start = startProcess({ name: "x", command: "/no/such", args: [], ready: () => false });
    expect(await failureOf(start)).to.match(/exit code 127.*not found/s);
  });

  it("end with all that they have started", async () => {
    const parent = await startParent();
    const child = childOf(parent.output());
    expect(await lives(child)).to.equal(true);
    await parent.stop();
    expect(await lives(child)).to.equal(false);
    expect(parent.ended()).to.equal("signal SIGKILL");
  });

  it("end when the process that tests is killed", async () => {
    const module = path.join(path.dirname(fileURLToPath(import.meta.url)), "process.ts");
    const script = `
      const { startProcess } = await import(${JSON.stringify(module)});
      await startProcess({
        name: "parent", command: "sh", args: ["-c", ${JSON.stringify(PARENT)}],
        ready: (it) => { console.log(it.output()); return it.output() !== ""; },
      });`;
    const args = ["--import", "tsx", "--input-type=module", "--eval", script];
    const tester = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    tester.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
    });
    await until("the child is there", () => childOf(output) !== undefined);
    const child = childOf(output);
    tester.kill("SIGKILL");
    await once(tester, "exit");
    await until("the child is gone", async () => !(await lives(child)));
  });

  it("get another port when somebody has taken theirs", async () => {
    const tried: number[] = [];
    const taken = await onFreePort(async (port) => {
      tried.push(port);
      if (tried.length === 1) {
        throw new Error(`listen 127.0.0.1:${port}: Address already in use`);
      }
      const server = createServer().listen(port, "127.0.0.1");
      await once(server, "listening");
      server.close();
      return port;
    });
    expect(tried).to.have.length(2);
    expect(taken).to.equal(tried[1]);
    const other = onFreePort(async () => await Promise.reject(new Error("no such option")));
    expect(await failureOf(other)).to.equal("no such option");
  });

  it("leave no folder behind, whether they start or not", async () => {
    const folders: string[] = [];
    const server = await inTemporaryFolder("server", async (folder) => {
      folders.push(folder);
      return await startParent();
    });
    expect(existsSync(folders[0] ?? "")).to.equal(true);
    await server.stop();
    const failing = inTemporaryFolder<RunningProcess>("server", async (folder) => {
      folders.push(folder);
      return await Promise.reject(new Error("no"));
    });
    expect(await failureOf(failing)).to.equal("no");
    expect(folders.map((folder) => existsSync(folder))).to.deep.equal([false, false]);
  });
});
