import { inspect } from "node:util";

import { expect } from "chai";
import fc from "fast-check";

import { EmergencyError, messageOf } from "../src/errors.js";
import { redact, registerSecret, registerSecretUrl } from "../src/redact.js";

describe("secrets", () => {
  it("are taken out of whatever is around them", () => {
    const secret = "canary-6f1d2c9e40b7";
    registerSecret(secret);
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(redact(`${before}${secret}${after}`)).not.to.contain(secret);
      }),
    );
  });

  it("are taken out every time they occur", () => {
    registerSecret("canary-11aa22bb");
    expect(redact("canary-11aa22bb canary-11aa22bb")).to.equal("[secret] [secret]");
  });

  it("leave a text alone that holds none", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes("canary"));
        expect(redact(text)).to.equal(text);
      }),
    );
  });

  it("are found without their prefix, and percent-encoded", () => {
    registerSecret("0xcafe11aa22bb33cc44dd");
    expect(redact("key cafe11aa22bb33cc44dd")).not.to.contain("cafe11aa");
    registerSecret("canary with/slash");
    expect(redact("?key=canary%20with%2Fslash")).not.to.contain("canary");
  });

  it("are not words of everyday language", () => {
    registerSecret("pause");
    expect(redact("pause")).to.equal("pause");
  });

  const urls: readonly (readonly [string, string, readonly string[]])[] = [
    ["in the path", "https://node.example/v3/canary0123456789abcdef", ["canary0123456789abcdef"]],
    ["in the query", "https://node.example/?apikey=canary-a1b2c3", ["canary-a1b2c3"]],
    [
      "as a password",
      "https://canary-user:canary-word@node.example/",
      ["canary-user", "canary-word"],
    ],
    ["in what is no URL at all", "//canary-no-url", []],
  ];
  for (const [title, url, parts] of urls) {
    it(`are found ${title}`, () => {
      registerSecretUrl(url);
      expect(redact(`cannot reach ${url}`)).to.equal("cannot reach [secret]");
      for (const part of parts) {
        expect(redact(`refused ${part}`)).to.equal("refused [secret]");
      }
    });
  }

  it("are not a plain address of a node", () => {
    registerSecretUrl("http://127.0.0.1:8545");
    registerSecretUrl("http://127.0.0.1:8545/rpc");
    expect(redact("http://127.0.0.1:8545/rpc")).to.equal("http://127.0.0.1:8545/rpc");
  });

  it("are in no part of an error, not even its cause and its stack", () => {
    const secret = "canary-in-an-error";
    registerSecret(secret);
    const cause = new Error(`cause ${secret}`);
    const error = new EmergencyError("UNEXPECTED", `what ${secret}`, `next ${secret}`, cause);
    expect(inspect(error, { depth: null, showHidden: true })).not.to.contain(secret);
    const { message, what, next, stack } = error;
    expect([message, what, next, stack, String(error)].join("\n")).not.to.contain(secret);
  });

  it("are in no message of anything thrown", () => {
    registerSecret("canary-thrown");
    expect(messageOf("canary-thrown")).to.equal("[secret]");
    expect(messageOf(new Error("canary-thrown"))).to.equal("[secret]");
  });
});
