import { expect } from "chai";

import type { Address, Hex } from "../../src/chain/address.js";
import { isRecord } from "../../src/json.js";
import { owner } from "../helpers/accounts.js";
import { useChain } from "../helpers/chain.js";
import { listOf, onlyDocument } from "../helpers/refusal.js";
import { works, type CaseFacts, type Subject } from "./case.js";
import { protocols } from "./protocols/index.js";
import { Workbench, type Call } from "./workbench.js";

/** What `verify-pausable` says of each contract, held against what really happens when one calls. */
describe("verify-pausable on the corpus", () => {
  for (const { name, cases, deploy } of protocols) {
    const ready = Object.entries(cases).filter(([, { awaits }]) => awaits === undefined);

    describe(name, () => {
      let subjects: Readonly<Record<string, Subject>> = {};
      const chain = useChain(async (node) => {
        subjects = await deploy(new Workbench(node));
      });

      /** The report on one contract, as the command prints it. */
      async function reportOn(address: Address): Promise<Report> {
        const project = await chain.project({ accounts: [owner] });
        const outcome = await project.run("verify-pausable", { contract: address, json: true });
        const [report] = listOf(onlyDocument(outcome), "contracts");
        if (report === undefined) {
          throw new Error(`no report on ${address}`);
        }
        return report;
      }

      for (const [key, facts] of ready) {
        it(`tells the truth of: ${facts.title}`, async () => {
          const bench = new Workbench(chain.node);
          const subject = subjects[key];
          if (subject === undefined) {
            throw new Error(`${key} was not deployed`);
          }
          const report = await reportOn(subject.address);
          const said = JSON.stringify(report);
          expect(report.paused, `paused now, in ${said}`).to.equal(facts.paused);
          expect(report.verdict, said).to.be.oneOf([facts.verdict].flat());
          for (const [index, mechanism] of listOf(report, "mechanisms").entries()) {
            for (const call of provedCalls(mechanism)) {
              await bench.undone(async () => {
                await expectToStop(bench, subject, call, index === 0, facts);
              });
            }
          }
          if (subject.stop === undefined) {
            return;
          }
          // The same account that really may is among those that the best mechanism names.
          if (facts.paused === true && subject.start !== undefined) {
            await bench.send(subject.start);
          }
          await bench.send(subject.stop);
          const stopped = await reportOn(subject.address);
          const allowed = facts.pausedAfter === undefined ? [true] : [true, facts.pausedAfter];
          expect(stopped.paused, `paused afterwards, in ${JSON.stringify(stopped)}`).to.be.oneOf(
            allowed,
          );
        });
      }
    });
  }
});

type Report = Readonly<Record<string, unknown>>;

/** The calls of a mechanism that were proved, each as the account for which they were. */
function provedCalls(mechanism: Record<string, unknown>): Call[] {
  const { call } = mechanism;
  if (!isRecord(call) || !isHexText(call.to) || !isHexText(call.data)) {
    throw new Error(`a mechanism without a call: ${JSON.stringify(mechanism)}`);
  }
  const { to, data } = call;
  return listOf(mechanism, "callers").flatMap(({ address, proved }) =>
    proved === true && isHexText(address) ? [{ from: address, to, data }] : [],
  );
}

/** Sent for real, what was called proved succeeds; and the best of them stops what users do. */
async function expectToStop(
  bench: Workbench,
  { probe, start }: Subject,
  call: Call,
  best: boolean,
  { paused, verdict }: CaseFacts,
): Promise<void> {
  if (paused === true && start !== undefined) {
    await bench.send(start);
  }
  await bench.send(call);
  if (best && (verdict === "pausable" || verdict === "pausable-elsewhere")) {
    expect(await works(bench, probe), `works after ${JSON.stringify(call)}`).to.be.false;
  }
}

function isHexText(value: unknown): value is Hex {
  return typeof value === "string" && value.startsWith("0x");
}
