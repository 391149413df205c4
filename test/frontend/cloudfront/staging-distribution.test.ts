import { expect } from "chai";

import { promotedDifferences } from "../../../src/frontend/cloudfront/staging-distribution.js";
import { configOf } from "../../services/cloudfront/made-distribution.js";

describe("what a promotion would change", () => {
  const primary = configOf({ bucket: "sites", aliases: ["app.example.org"], policy: "policy-1" });
  const staging = configOf({ bucket: "sites", isStaging: true });

  it("is nothing that belongs to a distribution alone, and not how it is written", () => {
    expect(promotedDifferences(primary, staging)).to.deep.equal([]);
    const { DefaultRootObject, ...others } = staging;
    expect(
      promotedDifferences(primary, {
        ...others,
        DefaultRootObject,
        CacheBehaviors: { Quantity: 0 },
        WebACLId: "",
      }),
    ).to.deep.equal([]);
  });

  it("is named by field", () => {
    expect(
      promotedDifferences(primary, { ...staging, Comment: "next", PriceClass: "PriceClass_100" }),
    ).to.deep.equal(["Comment", "PriceClass"]);
    expect(
      promotedDifferences(primary, configOf({ bucket: "other", isStaging: true })),
    ).to.deep.equal(["Origins"]);
  });
});
