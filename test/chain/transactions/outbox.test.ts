import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import {
  copiedOutbox,
  fileOutbox,
  noOutbox,
  type Outbox,
  type OutboxEntry,
} from "../../../src/chain/transactions/outbox.js";
import { expectRejection } from "../../helpers/refusal.js";

describe("the outbox", () => {
  let parent: string;
  let outbox: Outbox;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "hardhat-emergency-"));
    outbox = fileOutbox(join(parent, "records"), "live", 1);
  });
  afterEach(async () => {
    await rm(parent, { recursive: true });
  });

  const file = (): string => join(parent, "records", "outbox-live-1.jsonl");

  function entry(id: string): OutboxEntry {
    return { id, chainId: 1, transaction: { from: "0x01", nonce: "0x0", data: "0x" }, atMs: 5 };
  }

  it("is empty when nothing was ever sent", async () => {
    expect(await outbox.all()).to.deep.equal([]);
  });

  it("remembers what was intended, what was sent and what is settled, oldest first", async () => {
    await outbox.add(entry("a"));
    await outbox.add(entry("b"));
    await outbox.add(entry("c"));
    await outbox.markSent("a", "0xaa");
    await outbox.markSettled("a");
    await outbox.markSent("b", "0xbb");

    const states = await fileOutbox(join(parent, "records"), "live", 1).all();
    expect(states).to.deep.equal([
      { entry: entry("a"), hash: "0xaa", settled: true },
      { entry: entry("b"), hash: "0xbb", settled: false },
      { entry: entry("c"), hash: undefined, settled: false },
    ]);
  });

  it("is for one network: another chain, or another network of the same chain, has its own", async () => {
    await outbox.add(entry("a"));
    expect(await fileOutbox(join(parent, "records"), "live", 2).all()).to.deep.equal([]);
    expect(await fileOutbox(join(parent, "records"), "copy", 1).all()).to.deep.equal([]);
  });

  it("stays in its folder, whatever the network is called", async () => {
    const named = fileOutbox(join(parent, "records"), "../../escape", 1);
    await named.add(entry("a"));
    expect(await named.all()).to.have.lengthOf(1);
    expect((await stat(join(parent, "records"))).isDirectory()).to.be.true;
    expect(await stat(join(parent, "..", "escape-1.jsonl")).catch(() => undefined)).to.equal(
      undefined,
    );
  });

  it("can be read by its owner only", async () => {
    await outbox.add(entry("a"));
    // Windows knows no such modes.
    if (process.platform !== "win32") {
      expect((await stat(file())).mode & 0o077).to.equal(0);
    }
  });

  it("survives a kill at any byte: what was whole stays, what was torn never counted", async () => {
    await outbox.add(entry("a"));
    await outbox.markSent("a", "0xaa");
    await outbox.add(entry("b"));
    const whole = await readFile(file());
    for (let length = 0; length <= whole.length; length++) {
      const kept = whole.subarray(0, length);
      await writeFile(file(), kept);
      const lines = kept.toString("utf8").split("\n").length - 1;
      const before = await outbox.all();
      expect(before, `${length} bytes`).to.have.lengthOf(lines === 3 ? 2 : Math.min(lines, 1));
      expect(before[0]?.hash).to.equal(lines > 1 ? "0xaa" : undefined);

      // The next line neither joins the torn one nor takes back what was seen.
      await outbox.add(entry("next"));
      const after = await outbox.all();
      expect(after.slice(0, -1)).to.deep.equal(before);
      expect(after.at(-1)?.entry.id).to.equal("next");
    }
  });

  const damages: readonly (readonly [string, string])[] = [
    ["is not JSON", "{"],
    ["is another kind of line", '{"type":"forgotten","id":"a"}'],
    ["lacks a field", '{"type":"sent","id":"a"}'],
  ];
  for (const [what, line] of damages) {
    it(`is refused when a line that was whole ${what}`, async () => {
      await outbox.add(entry("a"));
      await writeFile(file(), `${await readFile(file(), "utf8")}${line}\n`);
      const error = await expectRejection(outbox.all(), "STORE_UNUSABLE");
      expect(error.what).to.contain("line 2");
    });
  }

  it("ignores what is said of an entry that it does not have", async () => {
    await outbox.markSettled("unknown");
    expect(await outbox.all()).to.deep.equal([]);
  });

  it("of a copy remembers, has nothing under way, and writes nothing", async () => {
    await outbox.add(entry("a"));
    const before = await readFile(file(), "utf8");
    const copy = copiedOutbox(outbox);
    await copy.add(entry("b"));
    await copy.markSent("a", "0xaa");
    await copy.markSettled("a");
    expect(await copy.all()).to.deep.equal([{ entry: entry("a"), hash: undefined, settled: true }]);
    expect(await readFile(file(), "utf8")).to.equal(before);
  });

  it("of a simulation keeps nothing", async () => {
    await noOutbox.add(entry("a"));
    expect(await noOutbox.all()).to.deep.equal([]);
  });
});
