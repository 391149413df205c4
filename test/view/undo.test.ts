import { expect } from "chai";

import type { JsonObject } from "../../src/json.js";
import type { Inverse, PlannedStep } from "../../src/step.js";
import { undoOf } from "../../src/view/undo.js";

function undone(inverse: Inverse, kind = "frontend-deploy", intent: JsonObject = {}): string {
  const step: PlannedStep = {
    ...{ id: "step", kind, intent, after: [], prior: {}, title: "a step" },
    ...{ actions: [], expected: [], outputs: {}, inverse, notes: [] },
  };
  return undoOf(step);
}

describe("How a step is undone", () => {
  it("is a command that can be typed, for each kind of inverse", () => {
    const commands: readonly (readonly [kind: string, intent: JsonObject, command: string])[] = [
      ["frontend-rollback", { to: "0007" }, "frontend rollback --to 0007"],
      ["frontend-restore", { target: { before: "0001-x" } }, "frontend rollback --undo 0001-x"],
      [
        "indexer-rollback",
        { indexer: "api", target: { to: "revision", revision: 3 } },
        "indexer rollback --indexer api --to 3",
      ],
      ["indexer-start", { indexer: "api" }, "indexer start --indexer api"],
      ["indexer-resume", { indexer: "api" }, "indexer resume --indexer api"],
    ];
    for (const [kind, intent, command] of commands) {
      expect(undone({ kind, intent })).to.equal(`npx hardhat ${command}`);
    }
  });

  it("wants the old address back where a change of addresses is undone", () => {
    const inverse = { kind: "frontend-rollback", intent: { to: "0007" } };
    expect(undone(inverse, "frontend-repoint")).to.match(/ --accept-old-address$/);
    expect(undone(inverse, "frontend-rollback", { acceptOldAddress: true })).to.match(
      / --accept-old-address$/,
    );
  });

  it("is why it cannot be undone, or at least what would have to be done", () => {
    expect(undone({ none: "there was nothing before" })).to.equal("there was nothing before");
    expect(undone({ kind: "unpause", intent: {} })).to.equal("unpause");
  });
});
