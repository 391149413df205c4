import path from "node:path";

import { expect } from "chai";

import { EmergencyError } from "../../src/errors.js";
import { parseSource } from "../../src/recovery/configuration-source.js";

const ROOT = path.resolve("/project");

const CONFIG = {
  manifest: "deploy/config.yaml",
  git: { path: "overlays/production" },
  secretsManager: [{ secret: "production/db", into: "db", region: "eu-west-1" }],
};

describe("where a configuration comes from, as it is typed", () => {
  const parse = (typed: string | undefined, config?: typeof CONFIG): unknown =>
    parseSource(typed, { name: "api", config, root: ROOT });

  const understood: readonly (readonly [string | undefined, unknown])[] = [
    [undefined, { from: "auto" }],
    ["keep", { from: "keep" }],
    ["snapshot", { from: "snapshot" }],
    ["snapshot:3", { from: "snapshot", number: 3 }],
    ["manifest", { from: "manifest", file: path.join(ROOT, "deploy/config.yaml") }],
    ["k8s/env.yaml", { from: "manifest", file: path.join(ROOT, "k8s/env.yaml") }],
    ["git:v1", { from: "git", around: ROOT, ref: "v1", path: "overlays/production" }],
    ["git:HEAD~1:k8s", { from: "git", around: ROOT, ref: "HEAD~1", path: "k8s" }],
    [
      "secrets-manager",
      {
        from: "secrets-manager",
        secrets: [{ secret: "production/db", into: "db", region: "eu-west-1" }],
      },
    ],
  ];
  for (const [typed, source] of understood) {
    it(`understands ${typed ?? "nothing"}`, () => {
      expect(parse(typed, CONFIG)).to.deep.equal(source);
    });
  }

  it("says what is not configured, and what it does not understand", () => {
    const code = (typed: string): string => {
      try {
        parse(typed);
      } catch (error) {
        return error instanceof EmergencyError ? error.code : "another error";
      }
      return "none";
    };
    expect(["manifest", "git:v1", "secrets-manager"].map(code)).to.deep.equal(
      Array.from({ length: 3 }, () => "BAD_CONFIG"),
    );
    expect(["", "snapshot:0", "snapshot:x", "git:"].map(code)).to.deep.equal(
      Array.from({ length: 4 }, () => "BAD_ARGUMENTS"),
    );
  });
});
