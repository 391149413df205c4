import { expect } from "chai";

import type { Address } from "../../src/chain/address.js";
import type { ErrorCode } from "../../src/errors.js";
import { admin, owner, pauser, stranger } from "../helpers/accounts.js";
import { useChain } from "../helpers/chain.js";
import { deploy, deployUups } from "../helpers/contracts.js";
import type { Outcome } from "../helpers/project.js";
import { expectRefusal, expectSuccess, onlyDocument } from "../helpers/refusal.js";

describe("call", () => {
  let token: Address;
  let records: Address;
  const chain = useChain(async (node) => {
    token = await deploy(node, "RolePausable", [admin.address, pauser.address]);
    records = await deploy(node, "WithConstructorArguments", [owner.address, 10n ** 30n, "a, b"]);
  });

  async function call(args: Readonly<Record<string, string | boolean>>): Promise<Outcome> {
    const project = await chain.project({ accounts: [] });
    return await chain.nothingWritten(project, async () => await project.run("call", args));
  }

  async function refused(
    args: Readonly<Record<string, string | boolean>>,
    code: ErrorCode,
  ): Promise<string> {
    return expectRefusal(await call(args), code).message;
  }

  const role = "0x65d7a28e3265b37a6474929f336521b332c1681b933f6cb9f3376673440d862a";

  /** Title, contract, function, arguments, values. */
  const cases: readonly (readonly [string, () => Address, string, string | undefined, string[]])[] =
    [
      ["without return types", () => token, "paused()", undefined, ["false"]],
      ["without parentheses", () => token, "paused", undefined, ["false"]],
      ["with return types", () => token, "paused() returns (bool)", undefined, ["false"]],
      [
        "with `function` in front and `view` behind",
        () => token,
        "function paused() external view returns (bool)",
        undefined,
        ["false"],
      ],
      [
        "with a return type of one's own",
        () => token,
        "paused() returns (uint256)",
        undefined,
        ["0"],
      ],
      [
        "with arguments separated by commas",
        () => token,
        "hasRole(bytes32,address)",
        `${role},${pauser.address}`,
        ["true"],
      ],
      [
        "with arguments as a JSON list",
        () => token,
        "hasRole(bytes32,address)",
        `["${role}","${owner.address}"]`,
        ["false"],
      ],
      [
        "with a number that JSON would round",
        () => records,
        "limitWei()",
        undefined,
        [`1${"0".repeat(30)}`],
      ],
      ["with a text", () => records, "name()", undefined, ["a, b"]],
      ["with an address", () => records, "owner()", undefined, [owner.address]],
    ];
  for (const [title, contract, signature, args, values] of cases) {
    it(`reads a function ${title}`, async () => {
      const outcome = await call({
        contract: contract(),
        function: signature,
        json: true,
        ...(args === undefined ? {} : { args }),
      });
      expectSuccess(outcome);
      expect(onlyDocument(outcome)).to.deep.include({ values, typed: true });
    });
  }

  describe("where compiled contracts differ in what a function returns", () => {
    async function values(contract: Address): Promise<unknown> {
      const outcome = await call({ contract, function: "paused()", json: true });
      expectSuccess(outcome);
      return onlyDocument(outcome).values;
    }

    it("believes the one whose code is at the address", async () => {
      const bitmap = await deploy(chain.node, "BitmapPaused", [owner.address, owner.address]);
      expect(await values(bitmap)).to.deep.equal(["0"]);
      expect(await values(token)).to.deep.equal(["false"]);
    });

    it("believes the one whose code is behind the proxy", async () => {
      const bitmap = await deploy(chain.node, "BitmapPaused", [owner.address, owner.address]);
      const unitroller = await deploy(chain.node, "PlainUnitroller", [bitmap]);
      const vault = await deployUups(chain.node, "UupsVaultV1", "initialize", [owner.address]);
      expect(await values(unitroller)).to.deep.equal(["0"]);
      expect(await values(vault.proxy)).to.deep.equal(["false"]);
    });

    it("believes none of them about code that it does not know, or that it cannot find", async () => {
      const answer = `0x${"01".padStart(64, "0")}`;
      const foreign = await deploy(chain.node, "ReturnsJunk", [owner.address, answer]);
      expect(await values(foreign)).to.deep.equal(["true"]);
      const nowhere = await deploy(chain.node, "PlainUnitroller", [stranger.address]);
      expect(await values(nowhere)).to.deep.equal(["0x"]);
    });

    it("believes the configuration first, and goes on where what it names is not compiled", async () => {
      for (const [artifact, value] of [
        ["BitmapPaused", "0"],
        ["NeverCompiled", "false"],
      ] as const) {
        const contracts = { Token: { address: token, artifact } };
        const project = await chain.project({ emergency: { contracts } });
        const args = { contract: "Token", function: "paused()", json: true };
        const outcome = await project.run("call", args);
        expect(onlyDocument(outcome).values).to.deep.equal([value]);
      }
    });
  });

  it("prints the value on a line of its own, for people and scripts", async () => {
    const outcome = await call({ contract: token, function: "paused()" });
    expectSuccess(outcome);
    expect(outcome.stdout.split("\n")[0]).to.equal("false");
  });

  it("shows the raw answer where it does not fit the types that are known", async () => {
    // The plugin thinks that paused() gives a bool, and this one gives a bitmap.
    const answer = `0x${"07".padStart(64, "0")}`;
    const bitmap = await deploy(chain.node, "ReturnsJunk", [owner.address, answer]);
    const outcome = await call({ contract: bitmap, function: "paused()", json: true });
    expectSuccess(outcome);
    expect(onlyDocument(outcome)).to.deep.include({ values: [answer], typed: false });
  });

  it("shows the raw answer of a function that no ABI knows", async () => {
    const odd = await deploy(chain.node, "PermissiveFallback");
    const outcome = await call({
      contract: odd,
      function: "unheardOf(uint256)",
      args: "5",
      json: true,
    });
    expectSuccess(outcome);
    expect(onlyDocument(outcome)).to.deep.include({ values: ["0x"], typed: false });
  });

  it("refuses an answer that is not of the types that were asked for", async () => {
    const junk = await deploy(chain.node, "ReturnsJunk", [owner.address, "0x1234"]);
    await refused({ contract: junk, function: "paused() returns (bool)" }, "CALL_FAILED");
  });

  it("ends in time although the contract runs for ever, or answers without end", async () => {
    const loop = await deploy(chain.node, "InfiniteLoop", [owner.address]);
    await refused({ contract: loop, function: "paused()" }, "CALL_FAILED");
    const bomb = await deploy(chain.node, "ReturnBomb", [owner.address]);
    const outcome = await call({ contract: bomb, function: "paused() returns (bool)" });
    expectRefusal(outcome, "CALL_FAILED");
    expect(String(outcome.error).length).to.be.lessThan(2_000);
  });

  it("calls as somebody else", async () => {
    const args = { contract: token, function: "pause()" };
    const message = await refused({ ...args, from: stranger.address }, "CALL_FAILED");
    expect(message).to.contain("AccessControlUnauthorizedAccount").and.to.contain(stranger.address);
    expectSuccess(await call({ ...args, from: pauser.address }));
  });

  const wrong: readonly (readonly [string, Readonly<Record<string, string>>, ErrorCode])[] = [
    ["a signature that is none", { function: "paused(" }, "BAD_ARGUMENTS"],
    ["an event", { function: "event Paused(address)" }, "BAD_ARGUMENTS"],
    ["a type that does not exist", { function: "f(uint7)" }, "BAD_ARGUMENTS"],
    ["too few arguments", { function: "hasRole(bytes32,address)", args: role }, "BAD_ARGUMENTS"],
    ["too many arguments", { function: "paused()", args: "1" }, "BAD_ARGUMENTS"],
    [
      "an argument of another type",
      { function: "balanceOf(address)", args: "everybody" },
      "BAD_ARGUMENTS",
    ],
    ["arguments that are no JSON", { function: "paused()", args: "[" }, "BAD_ARGUMENTS"],
    ["a function that the contract does not have", { function: "unheardOf()" }, "CALL_FAILED"],
    ["nothing", {}, "BAD_ARGUMENTS"],
  ];
  for (const [title, args, code] of wrong) {
    it(`refuses ${title}`, async () => {
      await refused({ contract: token, ...args }, code);
    });
  }

  it("refuses in one JSON document", async () => {
    const outcome = await call({ contract: token, function: "unheardOf()", json: true });
    expectRefusal(outcome, "CALL_FAILED");
    const { ok, error } = onlyDocument(outcome);
    expect(ok).to.be.false;
    expect(error).to.include({ code: "CALL_FAILED" });
  });
});
