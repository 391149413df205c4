import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { launchChromium } from "./chromium.js";
import { describeWith } from "./describe-services.js";
import { startStaticNginx } from "./nginx.js";
import { inTemporaryFolder } from "./process.js";
import { runToEnd } from "./run-to-end.js";
import { linkVite } from "./vite.js";

const ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

const page = '<!doctype html><title>t</title><script type="module" src="/main.js"></script>';
const main = "document.title = import.meta.env.VITE_MARKETPLACE;";

describeWith(["vite", "nginx", "chromium"], "vite, nginx and Chromium", () => {
  it("build a site, serve it and run it", async () => {
    const site = await inTemporaryFolder("site", async (folder) => {
      await writeFile(join(folder, "index.html"), page);
      await writeFile(join(folder, "main.js"), main);
      await writeFile(join(folder, ".env.production"), `VITE_MARKETPLACE=${ADDRESS}\n`);
      await linkVite(folder);
      const vite = join(folder, "node_modules/vite/bin/vite.js");
      const { code, output } = await runToEnd(process.execPath, [vite, "build"], { cwd: folder });
      expect(code, output).to.equal(0);
      return await startStaticNginx(join(folder, "dist"));
    });
    const browser = await launchChromium();
    try {
      const tab = await browser.newPage();
      await tab.goto(site.url);
      expect(await tab.title()).to.equal(ADDRESS);
    } finally {
      await browser.close();
      await site.stop();
    }
  });
});
