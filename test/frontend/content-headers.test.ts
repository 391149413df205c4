import { expect } from "chai";

import { isImmutable, mayBeAskedForLater } from "../../src/frontend/content-headers.js";

describe("what open pages may ask for later", () => {
  it("is what has a hash in its name, also one that looks like a word", () => {
    // All are names that Vite gives; of the last two nobody can tell for sure.
    expect(isImmutable("assets/index-DkR2c9Pa.js")).to.equal(true);
    for (const path of [
      "assets/index-DkR2c9Pa.js",
      "assets/index-Dk_ezlpq.js",
      "assets/index-azwjjrzx.css.br",
      "assets/Market-Cq1xW_3t.js.map",
    ]) {
      expect(mayBeAskedForLater(path), path).to.equal(true);
    }
  });

  it("is nothing else: it would be shown under an address that the next release has not", () => {
    for (const path of ["index.html", "pages/only-3.html", "config.json", "sw.js", "logo.svg"]) {
      expect(mayBeAskedForLater(path), path).to.equal(false);
    }
  });

  it("is not told to be kept for a year where nobody can tell for sure", () => {
    expect(isImmutable("assets/index-Dk_ezlpq.js")).to.equal(false);
    expect(isImmutable("assets/index-azwjjrzx.css.br")).to.equal(false);
  });
});
