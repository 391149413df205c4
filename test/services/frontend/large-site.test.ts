import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";

import type { SiteFiles } from "../../../src/frontend/site-files.js";
import { siteOf } from "../../frontend/sites.js";
import { temporaryFolder } from "../../frontend/stores.js";
import { listOf, onlyDocument } from "../../helpers/refusal.js";
import { describeWith } from "../servers/describe-services.js";
import { startVersitygw } from "../servers/versitygw.js";
import { startLaboratory, startMarket, type Laboratory, type Market } from "./laboratory.js";
import { done, printed } from "./shop-checks.js";

const CHUNKS = 4_900;
const PAGES = 98;

/** Every so many chunks, one talks to the market. */
const CALLERS = 100;

describeWith(["versitygw", "moto", "varnish"], "a website of 5,000 files", function () {
  this.timeout(300_000);
  let market: Market;
  let laboratory: Laboratory;
  let folder: string;
  let remove: () => Promise<void>;

  before(async () => {
    market = await startMarket();
    laboratory = await startLaboratory(market, startVersitygw);
    ({ folder, remove } = await temporaryFolder());
    await write(folder, largeSite(market.market));
  });
  after(async () => {
    await remove();
    await laboratory.stop();
    await market.node.stop();
  });

  it("is deployed, repointed in its built files, looked at and rolled back, and only what changes is written", async () => {
    const shop = await laboratory.newShop("none");
    const effects = async (...args: readonly [string, ...string[]]): Promise<unknown> => {
      const document = onlyDocument(await done(shop, ...args, "--json"));
      const [outcome] = listOf(document, "outcomes");
      const [put] = listOf(outcome?.effects, "actions");
      return { written: put?.written, shared: put?.shared, kept: put?.kept };
    };
    const [count, callers] = [CHUNKS + PAGES + 2, CHUNKS / CALLERS];
    expect(await effects("deploy", "--from", folder)).to.deep.equal({
      written: count,
      shared: 0,
      kept: 0,
    });
    // The callers under their new names and their old ones, and what imports them under its new one, and its page.
    const written = 2 * callers + 2;
    expect(
      await effects("repoint", "--contract", "market", "--address", market.marketFixed),
    ).to.deep.equal({ written, shared: count + callers + 1 - written, kept: callers + 1 });
    const status = await shop.type("status");
    expect(status.exitCode, printed(status)).to.equal(0);
    expect(status.stdout).to.contain(`and ${market.marketFixed} in the site`);

    const back = await done(shop, "rollback", "--to", "0001", "--accept-old-address");
    expect(back.stdout).to.match(/read back: http\S+ serves (\d+) of \1 files as they are/);
    const after = await shop.type("status", "--json");
    expect(after.exitCode, printed(after)).to.equal(3);
    expect(onlyDocument(after).problems).to.deep.equal([
      `it holds ${market.market}, an old address of market`,
    ]);
  });
});

async function write(folder: string, files: SiteFiles): Promise<void> {
  await rm(folder, { recursive: true });
  for (const name of ["assets", "pages"]) {
    await mkdir(path.join(folder, name), { recursive: true });
  }
  for (const [file, bytes] of files) {
    await writeFile(path.join(folder, file), bytes);
  }
}

/** Files of 4 KB, most of them with a hash in their name. */
function largeSite(address: string): SiteFiles {
  const files: Record<string, string> = {};
  const chunks = Array.from({ length: CHUNKS }, (_, index) => {
    const code = index % CALLERS === 7 ? `export const market="${address}";` : "export {};";
    return add(`chunk${index}`, `${code}/*${filler(index)}*/`);
  });
  function add(name: string, content: string): string {
    // With a digit and a capital letter, as most hashes have.
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 6);
    const file = `${name}-A${hash}1.js`;
    files[`assets/${file}`] = content;
    return file;
  }
  const list = chunks.map((file) => `()=>import("./${file}")`).join(",");
  const index = add("index", `const all=[${list}];await all[7]();`);
  for (let page = 0; page < PAGES; page++) {
    files[`pages/${page}.html`] = `<!doctype html><p>${filler(page)}</p>`;
  }
  files["index.html"] = `<!doctype html><script type="module" src="/assets/${index}"></script>`;
  return siteOf(files);
}

/** Nothing that could be taken for a hash. */
function filler(seed: number): string {
  return `${seed} ${"lorem ipsum ".repeat(330)}`;
}
