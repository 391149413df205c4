import { expect } from "chai";
import { id } from "ethers";

import { sameAddress, type Address, type Hex } from "../../src/chain/address.js";
import { isRecord } from "../../src/json.js";
import { owner } from "../helpers/accounts.js";
import { useChain } from "../helpers/chain.js";
import { createProject } from "../helpers/project.js";
import type { LocalNode } from "../helpers/anvil.js";
import { listOf, onlyDocument } from "../helpers/refusal.js";
import { awaiting } from "./awaiting.js";
import { deployed, works, type CaseFacts, type Protocol, type Subject } from "./case.js";
import { protocols } from "./protocols/index.js";
import { Workbench, type Call } from "./workbench.js";

type Report = Readonly<Record<string, unknown>>;

/** What was said of the contracts of one protocol: as they were deployed, started, and stopped. */
interface Said {
  readonly subjects: Readonly<Record<string, Subject>>;
  readonly asDeployed: readonly Report[];
  readonly started: readonly Report[];
  readonly stopped: readonly Report[];
}

/** All contracts of a protocol are examined three times: on a busy machine that takes a while. */
const DEADLINE_MS = 900_000;

/** What `verify-pausable` says of each contract, held against what really happens when one calls. */
describe("verify-pausable on real contracts", () => {
  for (const protocol of protocols) {
    const tested = Object.entries(protocol.cases).filter(
      ([, { title }]) => process.env.EMERGENCY_CORPUS === "all" || awaiting[title] === undefined,
    );
    if (tested.length > 0) {
      describe(protocol.name, function () {
        this.timeout(DEADLINE_MS);
        let said: Said | undefined;
        const chain = useChain(async (node) => {
          said = await listen(
            node,
            protocol,
            tested.map(([key]) => key),
          );
        });

        for (const [key, facts] of tested) {
          it(facts.title, async () => {
            const subject = said?.subjects[key];
            if (said === undefined || subject === undefined) {
              throw new Error(`${key} was not deployed`);
            }
            const { address } = subject;
            const report = reportOn(said.asDeployed, address);
            const words = JSON.stringify(report);
            const pausedNow = facts.paused === null ? [null, false] : [facts.paused];
            expect(report.paused, `paused now: ${words}`).to.be.oneOf(pausedNow);
            expect(report.verdict, words).to.be.oneOf([facts.verdict].flat());
            if (facts.paused === true && subject.start !== undefined) {
              const { paused } = reportOn(said.started, address);
              expect(paused, "paused once it was started").to.equal(false);
            }
            if (subject.stop !== undefined) {
              const allowed = facts.pausedAfter === null ? [true, null] : [true];
              const { paused } = reportOn(said.stopped, address);
              expect(paused, "paused once it was stopped").to.be.oneOf(allowed);
            }
            await expectMechanismsToWork(
              new Workbench(chain.node),
              subject,
              facts,
              listOf(report, "mechanisms"),
            );
          });
        }
      });
    }
  }
});

/** Deploys, asks, starts what is paused, asks, stops all, asks again; and puts the chain back. */
async function listen(node: LocalNode, protocol: Protocol, keys: readonly string[]): Promise<Said> {
  const bench = new Workbench(node);
  const { cases } = protocol;
  const subjects = await deployed(bench, protocol);
  const chosen = Object.entries(subjects).filter(([key]) => keys.includes(key));
  const asDeployed = await verify(node, addressesOf(chosen));
  return await bench.undone(async () => {
    const paused = chosen.filter(
      ([key, { start }]) => cases[key]?.paused === true && start !== undefined,
    );
    for (const [, { start }] of paused) {
      await (start === undefined ? undefined : bench.send(start));
    }
    const started = await verify(node, addressesOf(paused));
    const stoppable = chosen.filter(([, { stop }]) => stop !== undefined);
    for (const [, { stop, probe }] of stoppable) {
      // One stop may stop several.
      if (stop !== undefined && (await works(bench, probe))) {
        await bench.send(stop);
      }
    }
    const stopped = await verify(node, addressesOf(stoppable));
    return { subjects, asDeployed, started, stopped };
  });
}

function addressesOf(subjects: readonly (readonly [string, Subject])[]): readonly Address[] {
  return subjects.map(([, { address }]) => address);
}

/** The reports that the command prints on several contracts at once. */
async function verify(node: LocalNode, addresses: readonly Address[]): Promise<readonly Report[]> {
  if (addresses.length === 0) {
    return [];
  }
  const { url, chainId } = node;
  const project = await createProject({ url, chainId, accounts: [owner.key] });
  try {
    const contract = addresses.join(",");
    const outcome = await project.run("verify-pausable", { contract, json: true });
    if (outcome.stdout === "") {
      throw new Error("verify-pausable printed nothing", { cause: outcome.error });
    }
    return listOf(onlyDocument(outcome), "contracts");
  } finally {
    await project.remove();
  }
}

function reportOn(reports: readonly Report[], address: Address): Report {
  const found = reports.find(
    (report) => typeof report.address === "string" && sameAddress(report.address, address),
  );
  if (found === undefined) {
    throw new Error(`no report on ${address}`);
  }
  return found;
}

/**
 * Everything that was called proved is sent for real, from where it was proved: it succeeds, changes
 * something, and stops what users do, unless it is known to stop something else. The inverse of the best
 * brings that back.
 */
async function expectMechanismsToWork(
  bench: Workbench,
  { probe, start, also = [] }: Subject,
  { paused, verdict }: CaseFacts,
  mechanisms: readonly Record<string, unknown>[],
): Promise<void> {
  const known = new Set(also.map((signature) => id(signature).slice(0, 10)));
  const proved = mechanisms.map(provedCalls);
  if (verdict === "pausable" || verdict === "pausable-elsewhere") {
    expect(proved[0], "callers of the best mechanism for whom it was proved").not.to.be.empty;
  }
  for (const [index, calls] of proved.entries()) {
    const mechanism = mechanisms[index];
    for (const call of calls) {
      await bench.undone(async () => {
        if (paused === true && start !== undefined) {
          await bench.send(start);
        }
        const words = `${String(mechanism?.id)}: ${JSON.stringify(call)}`;
        expect(await bench.sendTraced(call), `storage changes after ${words}`).to.equal(true);
        if (index > 0 && known.has(call.data.slice(0, 10))) {
          return;
        }
        expect(await works(bench, probe), `users go on after ${words}`).to.equal(false);
        const inverse = callIn(mechanism?.inverse);
        if (index === 0 && inverse !== undefined && start !== undefined) {
          await bench.send({ ...inverse, from: start.from });
          expect(await works(bench, probe), "users go on after the inverse").to.equal(true);
        }
      });
    }
  }
}

/** The calls of a mechanism that were proved, each as the account for which they were. */
function provedCalls(mechanism: Record<string, unknown>): Call[] {
  const call = callIn(mechanism.call);
  if (call === undefined) {
    throw new Error(`a mechanism without a call: ${JSON.stringify(mechanism)}`);
  }
  return listOf(mechanism, "callers").flatMap(({ address, proved }) =>
    proved === true && isHexText(address) ? [{ ...call, from: address }] : [],
  );
}

function callIn(value: unknown): Pick<Call, "to" | "data"> | undefined {
  return isRecord(value) && isHexText(value.to) && isHexText(value.data)
    ? { to: value.to, data: value.data }
    : undefined;
}

function isHexText(value: unknown): value is Hex {
  return typeof value === "string" && value.startsWith("0x");
}
