import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import fc from "fast-check";

import { isRecord } from "../../src/json.js";
import { readPlan, savePlan } from "../../src/recovery/plan-file.js";
import { sealPlan, withRehearsal, type Plan } from "../../src/recovery/plan.js";
import type { PlannedStep } from "../../src/step.js";
import { expectRejection } from "../helpers/refusal.js";

const WORLD = { network: "live", chainId: 1, block: { number: 7, hash: "0x07" } };

function step(changes: Partial<PlannedStep> = {}): PlannedStep {
  return {
    id: "pause",
    kind: "pause",
    intent: { contract: "0x01", label: "Token" },
    after: [],
    prior: { paused: false, mechanism: "openzeppelin" },
    title: "pause Token",
    actions: [{ type: "transaction", summary: "call pause()", data: "0x8456cb59", nonce: null }],
    expected: [{ fact: "paused", before: false, after: true }],
    outputs: {},
    inverse: { kind: "unpause", intent: { contract: "0x01" } },
    notes: ["at most 0.01 ETH"],
    ...changes,
  };
}

const plan = (): Plan => sealPlan("pause", WORLD, [step(), step({ id: "other" })]);

function rehearsed(): Plan {
  return withRehearsal(plan(), {
    block: 8,
    steps: [
      {
        id: "pause",
        effects: { actions: [{ type: "transaction", hash: "0xaa", events: [] }] },
        verification: { verified: true, evidence: ["paused() is true"] },
      },
    ],
  });
}

/** A place in a document: the keys that lead to a value. */
type Path = readonly (string | number)[];

/** The places of all values that are not objects or lists. */
function leaves(value: unknown, path: Path = []): Path[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => leaves(item, [...path, index]));
  }
  if (isRecord(value)) {
    return Object.entries(value).flatMap(([key, field]) => leaves(field, [...path, key]));
  }
  return [path];
}

/** A copy of a document with another value at one place. */
function changed(value: unknown, [key, ...rest]: Path, change: (old: unknown) => unknown): unknown {
  if (key === undefined) {
    return change(value);
  }
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) =>
      index === key ? changed(item, rest, change) : item,
    );
  }
  if (!isRecord(value)) {
    throw new TypeError(`no ${key} here`);
  }
  return { ...value, [key]: changed(value[String(key)], rest, change) };
}

/** Another value of the same type. */
function other(value: unknown): unknown {
  switch (typeof value) {
    case "string":
      return `${value}0`;
    case "number":
      return value + 1;
    case "boolean":
      return !value;
    default:
      return 1;
  }
}

describe("a plan's hash", () => {
  it("is the same for the same plan, in whatever order its facts were found", () => {
    const { prior } = step();
    const backwards = Object.fromEntries(Object.entries(prior).reverse());
    const again = sealPlan("pause", WORLD, [step({ prior: backwards }), step({ id: "other" })]);
    expect(again.hash).to.equal(plan().hash);
  });

  it("does not hang on the notes, which speak of fees", () => {
    const again = sealPlan("pause", WORLD, [step({ notes: ["dearer"] }), step({ id: "other" })]);
    expect(again.hash).to.equal(plan().hash);
  });

  it("hangs on the order of the steps", () => {
    const again = sealPlan("pause", WORLD, [step({ id: "other" }), step()]);
    expect(again.hash).not.to.equal(plan().hash);
  });

  it("is another one for any other data", () => {
    const data = fc.stringMatching(/^0x[0-9a-f]{8}$/);
    fc.assert(
      fc.property(data, data, (a, b) => {
        const hash = (text: string): string =>
          sealPlan("pause", WORLD, [
            step({ actions: [{ type: "transaction", summary: "", data: text }] }),
          ]).hash;
        expect(hash(a) === hash(b)).to.equal(a === b);
      }),
    );
  });
});

describe("a plan in a file", () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "hardhat-emergency-"));
    file = join(folder, "plan.json");
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("comes back as it was", async () => {
    for (const saved of [plan(), rehearsed()]) {
      await savePlan(file, saved);
      expect(await readPlan(file)).to.deep.equal(saved);
    }
  });

  it("is taken out of the document that --dry-run --json prints", async () => {
    await writeFile(file, JSON.stringify({ schema: "report", plan: rehearsed(), ok: true }));
    expect(await readPlan(file)).to.deep.equal(rehearsed());
  });

  it("is refused when anything in it was changed, except what only people read", async () => {
    const original = rehearsed();
    // The network's name is checked against the chain's id, and notes are for reading.
    const free = (path: Path): boolean => path.includes("notes") || path.at(-1) === "network";
    const places = leaves(original).filter((path) => !free(path));
    expect(places.length).to.be.greaterThan(30);
    for (const path of places) {
      await writeFile(file, JSON.stringify(changed(original, path, other)));
      await expectRejection(readPlan(file), "BAD_PLAN");
    }
  });

  it("is refused when something was taken out or added", async () => {
    const original = rehearsed();
    const [first] = original.steps;
    const forgeries: readonly unknown[] = [
      { ...original, steps: [] },
      { ...original, steps: [first] },
      { ...original, steps: [...original.steps, first] },
      { ...original, extra: 1 },
      { ...original, steps: [{ ...first, extra: 1 }, ...original.steps.slice(1)] },
      { ...original, rehearsal: { ...original.rehearsal, steps: [] } },
      { ...original, hash: undefined },
    ];
    for (const forgery of forgeries) {
      await writeFile(file, JSON.stringify(forgery));
      await expectRejection(readPlan(file), "BAD_PLAN");
    }
  });

  it("is refused with the rehearsal of another plan", async () => {
    const { rehearsal } = rehearsed();
    const another = sealPlan("pause", WORLD, [step({ title: "pause another one" })]);
    await writeFile(file, JSON.stringify({ ...another, rehearsal }));
    await expectRejection(readPlan(file), "BAD_PLAN");
  });

  const noPlans: readonly (readonly [string, string])[] = [
    ["empty", ""],
    ["not JSON", "pause everything"],
    ["cut off", JSON.stringify({ schema: "hardhat-emergency/plan@1" }).slice(0, -3)],
    ["a list", "[]"],
    ["null", "null"],
    ["a plan of another form", '{"schema":"hardhat-emergency/plan@2"}'],
    ["a report without a plan", '{"schema":"hardhat-emergency/report@1","plan":null}'],
  ];
  for (const [what, text] of noPlans) {
    it(`is refused when it is ${what}`, async () => {
      await writeFile(file, text);
      const error = await expectRejection(readPlan(file), "BAD_PLAN");
      expect(error.what).to.contain(file);
    });
  }

  it("is refused when it is not there", async () => {
    await expectRejection(readPlan(file), "BAD_PLAN");
  });

  it("is refused when it cannot be written", async () => {
    await mkdir(file);
    await expectRejection(savePlan(file, plan()), "BAD_PLAN");
  });

  it("can be read by people", async () => {
    await savePlan(file, plan());
    expect(await readFile(file, "utf8")).to.match(/^\{\n {2}"schema".*\n\}\n$/s);
  });
});
