import { expect } from "chai";

import {
  matchDistribution,
  type ListedDistribution,
} from "../../../src/frontend/cloudfront/match-distribution.js";
import { EmergencyError } from "../../../src/errors.js";

function listed(id: string, more: Partial<ListedDistribution> = {}): ListedDistribution {
  return {
    id,
    arn: `arn:aws:cloudfront::1:distribution/${id}`,
    comment: "",
    aliases: [],
    domainName: `${id.toLowerCase()}.cloudfront.net`,
    isStaging: false,
    ...more,
  };
}

describe("which distribution is meant", () => {
  const all = [
    listed("E1", { aliases: ["*.example.org"], comment: "wide" }),
    listed("E2", { aliases: ["*.app.example.org"], comment: "same" }),
    listed("E3", { aliases: ["www.example.org"], comment: "same" }),
    listed("E4", { comment: "wide", isStaging: true }),
  ];

  it("is the one with the closest alias", () => {
    const by = (alias: string): string => matchDistribution({ alias }, all).id;
    expect(by("www.example.org")).to.equal("E3");
    expect(by("x.app.example.org")).to.equal("E2");
    expect(by("x.y.example.org")).to.equal("E1");
    expect(by("*.example.org")).to.equal("E1");
    expect(() => by("example.org")).to.throw(EmergencyError, "DISTRIBUTION_UNKNOWN");
  });

  it("is never a staging one, but by its id", () => {
    expect(matchDistribution({ comment: "wide" }, all).id).to.equal("E1");
    expect(matchDistribution({ id: "E4" }, all).id).to.equal("E4");
  });

  it("is none of several, and they are listed", () => {
    expect(() => matchDistribution({ comment: "same" }, all)).to.throw(
      EmergencyError,
      'E2 (*.app.example.org, "same"); E3 (www.example.org, "same")',
    );
    expect(() => matchDistribution({ id: "E9" }, [])).to.throw(
      EmergencyError,
      "has no distribution",
    );
    const many = Array.from({ length: 20 }, (_, index) => listed(`E1${index}`));
    expect(() => matchDistribution({ comment: "x" }, many)).to.throw(/and 8 more/);
  });
});
