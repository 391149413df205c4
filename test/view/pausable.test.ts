import { expect } from "chai";

import type { Address } from "../../src/chain/address.js";
import type { FunctionEffect } from "../../src/chain/pausing/effect.js";
import type { MechanismReport, PausableReport } from "../../src/chain/pausing/report.js";
import { summarise } from "../../src/chain/pausing/summary.js";
import { printInspection } from "../../src/view/inspection.js";
import { nextStep } from "../../src/view/next-step.js";
import { printPausable } from "../../src/view/pausable.js";
import { RUNBOOK_MARK, runbookPage } from "../../src/view/runbook.js";
import { printTable } from "../../src/view/summary-table.js";

const TOKEN: Address = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const OTHER: Address = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
const ME: Address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const SLOT = `0x${"ab".repeat(32)}` as const;

function effect(
  signature: string | null,
  verdict: FunctionEffect["verdict"],
  more: Partial<FunctionEffect> = {},
): FunctionEffect {
  const moved = verdict === "open" ? { transfers: 0, balances: 0, slots: [] } : null;
  return {
    selector: "0x12345678",
    signature,
    verdict,
    guarded: verdict === "blocked",
    officer: false,
    origin: "made up, as a user",
    reason: null,
    moved,
    ...more,
  };
}

const FUNCTIONS: readonly FunctionEffect[] = [
  effect("transfer(address,uint256)", "blocked"),
  effect("setOwner(address)", "open", { origin: "made up, as an officer", officer: true }),
  effect("exit(uint256)", "open", {
    origin: `transaction ${SLOT} of block 7, replayed`,
    moved: { transfers: 2, balances: 1, slots: [{ address: TOKEN, slot: SLOT }] },
  }),
  effect(null, "open", {
    moved: { transfers: 0, balances: 0, slots: [{ address: TOKEN, slot: SLOT }] },
  }),
  effect("never()", "fails"),
];

function mechanism(more: Partial<MechanismReport> = {}): MechanismReport {
  const functions = more.functions ?? FUNCTIONS;
  return {
    id: "openzeppelin",
    title: "OpenZeppelin Pausable",
    discovered: false,
    call: { to: TOKEN, signature: "pause()", args: [], data: "0x8456cb59" },
    inverse: { to: TOKEN, signature: "unpause()", args: [], data: "0x3f4ba83a" },
    readback: "paused()",
    paused: false,
    works: true,
    needs: "Ownable: only the owner",
    starters: [],
    callers: [
      { address: ME, via: "owner()", proved: true },
      {
        address: OTHER,
        via: `storage slot ${SLOT} of ${TOKEN}, which the call looks at`,
        proved: false,
      },
    ],
    limits: "it stops only the functions that check it",
    expires: null,
    functions,
    summary: summarise(functions),
    evidence: [
      "paused() is false (OpenZeppelin Pausable, call at block 9)",
      `fork: pause() as ${ME} succeeds`,
      "fork: paused() is then true",
    ],
    ...more,
  };
}

function report(more: Partial<PausableReport> = {}): PausableReport {
  return {
    label: "token",
    address: TOKEN,
    verdict: "pausable",
    paused: false,
    proxy: null,
    about: "not a proxy",
    codeHash: SLOT,
    implementation: { address: TOKEN, codeHash: SLOT },
    codes: [{ address: TOKEN, codeHash: SLOT }],
    functions: { total: 9, mutating: 5, nameless: 1 },
    abi: "from the bytecode",
    mechanisms: [mechanism()],
    rejected: [],
    ours: [ME],
    canYou: {
      now: true,
      by: [ME],
      why: `you have the key of ${ME}`,
      funds: [
        {
          account: ME,
          balanceWei: "1500000000000000000",
          atMostWei: "71823003447504",
          enough: true,
        },
      ],
    },
    authority: [],
    upgrade: null,
    alternatives: ["upgrade it: somebody can"],
    evidence: ["one | claim"],
    unknown: [],
    ...more,
  };
}

const NOT_NOW = { now: false, by: [], why: "you do not have the key", funds: [] } as const;

function printed(contracts: readonly PausableReport[], print = printPausable): string {
  const lines: string[] = [];
  print((line) => lines.push(line), false, "live", { chainId: 1, block: 9, contracts });
  return lines.join("\n");
}

describe("what people see of an examination", () => {
  it("begins with whether it can be paused, and whether you can", () => {
    const [, , verdict = "", you = "", way = ""] = printed([report()]).split("\n");
    expect(verdict).to.contain("CAN BE PAUSED. It is not paused now.");
    expect(you).to.contain(`You can, now: you have the key of ${ME}`);
    expect(you).to.contain("gas up to 0.000071 ETH").and.to.contain("has 1.5 ETH");
    expect(way).to.contain("Way 1: pause() works");
  });

  it("shows what still moves funds first, and alone one a line", () => {
    const text = printed([report()]);
    const at = (part: string): number => {
      expect(text).to.contain(part);
      return text.indexOf(part);
    };
    expect(at("STILL OPEN AND MOVING FUNDS (1):")).to.be.lessThan(at("still open for users (1)"));
    expect(at("still open for users (1)")).to.be.lessThan(at("blocked by the pause (1)"));
    expect(text).to.contain(
      "exit(uint256): 2 token transfers, 1 ETH balance, 1 storage word (transaction 0xabababab… of block 7, replayed)",
    );
    expect(text).to.contain("still open for officers only (1): setOwner(address)");
    expect(text).to.contain("0x12345678 (1 storage word)");
  });

  it("says the experiment once, and shortens what nobody can read", () => {
    const text = printed([report()]);
    expect(text).to.contain(`fork: pause() as ${ME} succeeds; paused() is then true`);
    expect(text.match(/paused\(\) is then true/g)).to.have.lengthOf(1);
    expect(text).not.to.contain(SLOT);
  });

  it("gives the ways after the first one line each", () => {
    const second = mechanism({
      id: "discovered",
      discovered: true,
      title: "found by experiment: halt(7)",
      call: { to: OTHER, signature: "halt(uint256)", args: [(2n ** 255n).toString()], data: "0x" },
      inverse: null,
    });
    const text = printed([report({ mechanisms: [mechanism(), second] })]);
    const [line = ""] = text.split("\n").filter((each) => each.includes("Way 2"));
    expect(line)
      .to.contain(`halt(578960… (77 digits)) on ${OTHER} works (found by experiment)`)
      .and.to.contain("cannot be undone")
      .and.to.contain("still open and moving funds: exit(uint256)")
      .and.to.contain(`may now: ${ME}`);
  });

  it("offers what else can be done only to those who cannot pause", () => {
    expect(printed([report()])).not.to.contain("What else is possible");
    expect(printed([report({ canYou: NOT_NOW })])).to.contain("What else is possible");
  });

  const nexts: readonly (readonly [string, Partial<PausableReport>, RegExp])[] = [
    ["who can", {}, /^npx hardhat pause --network live --contract token$/],
    [
      "who can by a call elsewhere",
      { verdict: "pausable-elsewhere" },
      /^npx hardhat pause --network live --contract token$/,
    ],
    ["whose contract is stopped", { paused: true }, /stopped already.*npx hardhat unpause/],
    [
      "who can by a call that only an experiment knows",
      { mechanisms: [mechanism({ discovered: true })] },
      /emergency\.mechanisms.*0x8456cb59 to 0x5FbDB/,
    ],
    [
      "who holds no key",
      { ours: [], canYou: NOT_NOW },
      new RegExp(`^ask ${ME} to make the call: 0x8456cb59`),
    ],
    [
      "who has no ETH",
      {
        canYou: {
          ...NOT_NOW,
          by: [ME],
          funds: [{ account: ME, balanceWei: "0", atMostWei: "1", enough: false }],
        },
      },
      new RegExp(`^send ETH to ${ME}, then npx hardhat pause`),
    ],
    [
      "where nothing stops it",
      { verdict: "not-pausable", mechanisms: [], canYou: NOT_NOW },
      /^npx hardhat deploy-fixed .*--replaces token$/,
    ],
    ["where nothing is known", { verdict: "unknown" }, /--abi file and --calls/],
  ];
  for (const [who, more, expected] of nexts) {
    it(`says what to do next to those ${who}`, () => {
      expect(nextStep("live", report(more))).to.match(expected);
    });
  }

  it("counts those that you cannot pause, whoever else can", () => {
    const lines: string[] = [];
    const contracts = [report(), report({ label: "vault", ours: [], canYou: NOT_NOW })];
    printTable((line) => lines.push(line), { chainId: 1, block: 9, contracts });
    expect(lines.join("\n"))
      .to.match(/^token +yes +running +yes +1 MOVING FUNDS$/m)
      .and.to.match(/^vault +yes +running +NO +1 MOVING FUNDS$/m)
      .and.to.contain("1 of 2 cannot be paused by you now: vault");
  });

  it("shows trees and no functions when it inspects", () => {
    const lines: string[] = [];
    printInspection((line) => lines.push(line), "live", {
      chainId: 1,
      block: 9,
      contracts: [report()],
    });
    const text = lines.join("\n");
    expect(text).to.contain("├ Code").and.to.contain("├ Pausing").and.to.contain("└ Upgrading");
    expect(text).to.contain("1 of 4 exercised functions are blocked");
    expect(text).not.to.contain("STILL OPEN");
  });
});

describe("the page for the runbook", () => {
  const page = (more: Partial<PausableReport> = {}): string =>
    runbookPage("live", { chainId: 1, block: 9, contracts: [report(more)] });

  it("begins with the mark by which it may be written again", () => {
    expect(page().split("\n")[0]).to.equal(RUNBOOK_MARK);
  });

  it("leaves nothing out", () => {
    const text = page();
    for (const { signature, selector } of FUNCTIONS) {
      expect(text).to.contain(`| \`${signature ?? selector}\` |`);
    }
    expect(text).to.contain(SLOT).and.to.contain("0x8456cb59").and.to.contain("0x3f4ba83a");
  });

  it("has tables whose rows all have the same number of cells, whatever others have written", () => {
    const evil = "a | b\n# <script>alert(1)</script> `x` *y* [z](http://example.invalid)";
    const functions = [effect("f()", "blocked", { reason: evil, origin: evil })];
    const text = page({
      label: evil,
      mechanisms: [mechanism({ functions, title: evil })],
      unknown: [evil],
    });
    const lines = text.split("\n");
    expect(lines.some((line) => line.startsWith("# <script>"))).to.be.false;
    expect(text).not.to.match(/(?<!\\)<script/);
    expect(text).not.to.match(/(?<!\\)\[z/);
    const cells = (line: string): number => line.split(/(?<!\\)\|/).length;
    for (const [index, line] of lines.entries()) {
      if (line.startsWith("|") && lines[index - 1]?.startsWith("|") === true) {
        expect(cells(line), line).to.equal(cells(lines[index - 1] ?? ""));
      }
    }
  });
});
