import { expect } from "chai";
import fc from "fast-check";

import { patternsOf } from "../../../src/frontend/cloudfront/invalidation-path.js";
import { batchesOf } from "../../../src/frontend/cloudfront/perform-invalidation.js";
import {
  MOST_LISTED,
  MOST_PATHS,
  MOST_WILDCARDS,
  planInvalidation,
  type Cached,
} from "../../../src/frontend/cloudfront/plan-invalidation.js";

const PLAIN: Cached = { base: "", errorPages: [], queryStrings: false };

/** Said once more in the plainest way, to hold the planner against. */
function isCovered(paths: readonly string[], address: string): boolean {
  return paths.some((path) =>
    path.endsWith("*") ? address.startsWith(path.slice(0, -1)) : path === address,
  );
}

/** All the ways in which browsers and pages write the address of a file. */
function addresses(path: string): readonly string[] {
  const whole = `/${path}`;
  const directory = /^(.*\/)index\.html$/.exec(whole)?.[1];
  const forms =
    directory === undefined
      ? [whole]
      : [whole, directory, ...(directory === "/" ? [] : [directory.slice(0, -1)])];
  return forms.flatMap((form) => [
    new URL(form.replace(/[?#% ]/g, encodeURIComponent), "http://x").pathname,
    form.split("/").map(encodeURIComponent).join("/"),
  ]);
}

const segment = fc.oneof(
  fc.constantFrom("index.html", "docs", "assets", "a b", "ä.html", "a+b.js", "x~y", "(1).png"),
  fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" }).filter(
    // No file is called so; a browser takes a backslash for a slash, and drops these others.
    (text) => !/[/\\\0\t\n\r]/.test(text) && ![".", ".."].includes(text),
  ),
);

const sitePath = fc
  .tuple(fc.array(segment, { maxLength: 4 }), segment)
  .map(([folders, name]) => [...folders, name].join("/"));

describe("what is invalidated", () => {
  const plan = (paths: readonly string[], cached: Partial<Cached> = {}): readonly string[] =>
    planInvalidation(paths, { ...PLAIN, ...cached }).paths;

  it("is each file, and an index under all its names", () => {
    expect(plan([])).to.deep.equal([]);
    expect(plan(["config.json"])).to.deep.equal(["/config.json"]);
    expect(plan(["index.html"])).to.deep.equal(["/", "/index.html"]);
    expect(plan(["docs/index.html", "gone.html"])).to.deep.equal([
      "/docs",
      "/docs/",
      "/docs/index.html",
      "/gone.html",
    ]);
  });

  it("is encoded as everybody writes it, and a wildcard where it is written in two ways", () => {
    expect(plan(["a b.html", "ä.html", '100%"#?.html'])).to.deep.equal(
      ["/100%25%22%23%3F.html", "/%C3%A4.html", "/a%20b.html"].sort(),
    );
    expect(plan(["user@home.html", "users/it's.html"])).to.deep.equal(["/user*"]);
    expect(plan(["a*b.html"])).to.deep.equal(["/a*"]);
  });

  it("stands below where users see the site", () => {
    expect(plan(["index.html"], { base: "/app" })).to.deep.equal([
      "/app",
      "/app/",
      "/app/index.html",
    ]);
  });

  it("takes every query string where these are cached apart", () => {
    expect(plan(["config.json"], { queryStrings: true })).to.deep.equal(["/config.json*"]);
    expect(plan(["docs/index.html"], { queryStrings: true })).to.deep.equal(["/docs*"]);
    expect(plan(["index.html"], { queryStrings: true })).to.deep.equal(["/*"]);
  });

  it("is everything when a page has changed that is shown, for long, in place of what is missing", () => {
    const page = (ttlSeconds: number): Partial<Cached> => ({
      errorPages: [{ status: 403, path: "/index.html", ttlSeconds }],
    });
    expect(plan(["index.html"], page(300))).to.deep.equal(["/*"]);
    expect(plan(["config.json"], page(300))).to.deep.equal(["/config.json"]);
    // It is gone before an invalidation is done.
    expect(plan(["index.html"], page(10))).to.deep.equal(["/", "/index.html"]);
  });

  it("is drawn together by folders when it is much, and what is little stays by itself", () => {
    const many = Array.from({ length: 500 }, (_, index) => `blog/post-${index}.html`);
    expect(plan([...many, "config.json", "index.html"])).to.deep.equal([
      "/",
      "/blog/*",
      "/config.json",
      "/index.html",
    ]);
  });

  it("says what it costs at most", () => {
    const { costUsd, summary } = planInvalidation(["index.html", "config.json"], PLAIN);
    expect(costUsd).to.equal(0.015);
    expect(summary).to.equal(
      "invalidate 3 paths: /, /config.json, /index.html (free within the month's first 1000, else $0.015)",
    );
  });

  it("covers every address of every file, within the limits, for no more than a list would cost", () => {
    fc.assert(
      fc.property(
        fc.array(sitePath, { maxLength: 400 }),
        fc.boolean(),
        fc.constantFrom("", "/app"),
        (files, queryStrings, base) => {
          const { paths, costUsd } = planInvalidation(files, { ...PLAIN, queryStrings, base });
          for (const file of files) {
            for (const address of addresses(`${base}/${file}`.slice(1))) {
              expect(isCovered(paths, address), `${address} by ${paths.join(" ")}`).to.equal(true);
              if (queryStrings) {
                expect(isCovered(paths, `${address}?utm_source=x`)).to.equal(true);
              }
            }
          }
          const listed = new Set(
            files.flatMap((file) => patternsOf(`${base}/${file}`, queryStrings)),
          );
          expect(paths.length).to.be.at.most(Math.min(listed.size, MOST_LISTED));
          expect(paths.filter((path) => path.endsWith("*")).length).to.be.at.most(MOST_WILDCARDS);
          expect(costUsd).to.be.at.most(listed.size * 0.005 + 1e-9);
          expect(paths.every((path) => /^\/[\x21-\x7e]*$/.test(path))).to.equal(true);
          expect(new Set(paths).size).to.equal(paths.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("is asked for in batches that CloudFront takes", () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.boolean(), { maxLength: 7_000 })
          .map((wild) =>
            wild.map((isWild, index) => `/${index}${isWild && index % 50 === 0 ? "*" : ""}`),
          ),
        (paths) => {
          const batches = batchesOf(paths);
          expect(batches.flat()).to.deep.equal(paths);
          for (const batch of batches) {
            expect(batch.length).to.be.within(1, MOST_PATHS);
            expect(batch.filter((path) => path.endsWith("*")).length).to.be.at.most(MOST_WILDCARDS);
          }
        },
      ),
      { numRuns: 20 },
    );
  });
});
