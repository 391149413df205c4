import { expect } from "chai";
import { getAddress } from "ethers";
import fc from "fast-check";

import { addressInWord, parseAddress } from "../../src/chain/address.js";
import { expectRejection } from "../helpers/refusal.js";

const address = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);

describe("an address as typed", () => {
  it("is taken in lower case, in upper case and with its checksum, and means the same", async () => {
    await fc.assert(
      fc.asyncProperty(address, async (text) => {
        const checksummed = getAddress(text);
        for (const spelling of [text, `0x${text.slice(2).toUpperCase()}`, checksummed]) {
          expect(await parseAddress(spelling, "--contract")).to.equal(checksummed);
        }
      }),
    );
  });

  it("is refused with any one letter of its checksum in the other case", async () => {
    await fc.assert(
      fc.asyncProperty(address, fc.nat(), async (text, choice) => {
        const right = getAddress(text);
        const letters = [...right.matchAll(/[a-f]/gi)].map(({ index }) => index);
        const at = letters[choice % letters.length] ?? 0;
        const typed = right.slice(0, at) + otherCase(right.charAt(at)) + right.slice(at + 1);
        // All in one case there is no checksum to be wrong.
        fc.pre(!/^0x(?:[^a-f]*|[^A-F]*)$/.test(typed));
        await expectRejection(parseAddress(typed, "--contract"), "BAD_ADDRESS");
      }),
    );
  });

  it("is refused with a digit too many or too few", async () => {
    await fc.assert(
      fc.asyncProperty(address, fc.integer({ min: 2, max: 41 }), async (text, at) => {
        const shorter = text.slice(0, at) + text.slice(at + 1);
        const longer = `${text.slice(0, at)}0${text.slice(at)}`;
        for (const typed of [shorter, longer]) {
          const error = await expectRejection(parseAddress(typed, "--contract"), "BAD_ADDRESS");
          expect(error.what)
            .to.contain(`${typed.length - 2} digits`)
            .and.to.contain("--contract");
        }
      }),
    );
  });
});

function otherCase(letter: string): string {
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
}

describe("an address in a 32-byte word", () => {
  it("is the word's low 20 bytes", async () => {
    await fc.assert(
      fc.asyncProperty(address, async (text) => {
        fc.pre(!/^0x0+$/.test(text));
        const found = await addressInWord(`0x${"00".repeat(12)}${text.slice(2)}`);
        expect(found).to.equal(getAddress(text));
      }),
    );
  });

  const none: readonly string[] = [
    "0x",
    `0x${"00".repeat(32)}`,
    `0x01${"00".repeat(11)}${"11".repeat(20)}`,
    `0x${"11".repeat(20)}`,
    `0x${"00".repeat(12)}${"11".repeat(21)}`,
    "not hex at all",
  ];
  for (const word of none) {
    it(`is not read into ${word.slice(0, 30)}`, async () => {
      expect(await addressInWord(word)).to.equal(undefined);
    });
  }
});
