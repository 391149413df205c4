import { expect } from "chai";

import { viewerRequestSource } from "../../services/cloudfront/made-distribution.js";
import { runFunction, type ReadKey } from "../../services/cloudfront/run-function.js";

const FOLDER = "app/releases/0007-0123456789ab";

/** CloudFront takes no larger one. */
const LARGEST = 10 * 1024;

describe("the viewer-request function", () => {
  async function answer(uri: string, read: ReadKey, singlePage = false): Promise<string | number> {
    const source = await viewerRequestSource({ singlePage });
    const result = await runFunction(source, read).handle(uri);
    return "status" in result ? result.status : result.uri;
  }

  it("puts the release's folder in front, and names a directory's index", async () => {
    const read: ReadKey = (key) => (key === "release" ? FOLDER : undefined);
    expect(await answer("/", read)).to.equal(`/${FOLDER}/index.html`);
    expect(await answer("/docs/", read)).to.equal(`/${FOLDER}/docs/index.html`);
    expect(await answer("/assets/a%20b.js", read)).to.equal(`/${FOLDER}/assets/a%20b.js`);
    expect(await answer("/some/route", read)).to.equal(`/${FOLDER}/some/route`);
  });

  it("gives a single page for its routes, and never for files", async () => {
    const read: ReadKey = () => FOLDER;
    expect(await answer("/some/route", read, true)).to.equal(`/${FOLDER}/index.html`);
    expect(await answer("/some/", read, true)).to.equal(`/${FOLDER}/index.html`);
    expect(await answer("/assets/gone.js", read, true)).to.equal(`/${FOLDER}/assets/gone.js`);
  });

  it("leaves everything as it is until a release is served", async () => {
    expect(await answer("/docs/", () => undefined)).to.equal("/docs/");
  });

  it("serves nothing rather than an old release when it cannot tell which one", async () => {
    const fails: ReadKey = () => {
      throw new Error("the store cannot be read");
    };
    expect(await answer("/", fails)).to.equal(503);
    for (const folder of ["", "/", "/app", "app/"]) {
      expect(await answer("/", () => folder), `"${folder}"`).to.equal(503);
    }
  });

  it("keeps nobody from asking again soon", async () => {
    const result = await runFunction(await viewerRequestSource(), () => "").handle("/");
    expect("headers" in result ? result.headers : {}).to.deep.equal({
      "cache-control": "no-store",
      "retry-after": "5",
    });
  });

  it("is small enough for CloudFront", async () => {
    expect(Buffer.byteLength(await viewerRequestSource())).to.be.below(LARGEST);
  });
});
