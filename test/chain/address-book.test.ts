import { expect } from "chai";

import type { Address } from "../../src/chain/address.js";
import type { EmergencyUserConfig } from "../../src/config/types.js";
import type { ErrorCode } from "../../src/errors.js";
import { owner } from "../helpers/accounts.js";
import { useChain } from "../helpers/chain.js";
import { artifact, deploy, isPaused } from "../helpers/contracts.js";
import { writeInto, type Outcome } from "../helpers/project.js";
import { expectRefusal, expectSuccess, onlyDocument } from "../helpers/refusal.js";

describe("contracts by name", () => {
  let token: Address;
  let other: Address;
  const chain = useChain(async (node) => {
    token = await deploy(node, "OwnablePausable", [owner.address]);
    other = await deploy(node, "OwnablePausable", [owner.address]);
  });

  /** A project's files by their path, and its configuration. */
  interface Records {
    readonly files?: Readonly<Record<string, unknown>>;
    readonly contracts?: EmergencyUserConfig["contracts"];
  }

  /** Looks a name up by calling a function of the contract. */
  async function lookUp(name: string, { files = {}, contracts = {} }: Records): Promise<Outcome> {
    const project = await chain.project({ emergency: { contracts } });
    for (const [file, content] of Object.entries(files)) {
      await writeInto(project.folder, file, content);
    }
    return await project.run("call", { contract: name, function: "paused()", json: true });
  }

  async function expectFound(name: string, records: Records, address: Address): Promise<void> {
    const outcome = await lookUp(name, records);
    expectSuccess(outcome);
    expect(onlyDocument(outcome).address).to.equal(address);
  }

  async function expectRefused(name: string, records: Records, code: ErrorCode): Promise<string> {
    const error = expectRefusal(await lookUp(name, records), code);
    return error.message;
  }

  describe("in hardhat.config.ts", () => {
    it("stand for one address on every network", async () => {
      await expectFound("Token", { contracts: { Token: token.toLowerCase() } }, token);
    });

    it("stand for one address a network", async () => {
      const contracts = { Token: { address: { live: token, elsewhere: other } } };
      await expectFound("Token", { contracts }, token);
    });

    it("are not known on a network that they do not name", async () => {
      const contracts = { Token: { address: { elsewhere: other } } };
      await expectRefused("Token", { contracts }, "UNKNOWN_CONTRACT");
    });

    it("with a wrong checksum are refused with their place", async () => {
      const wrong = token.replace(/[a-f]/, (letter) => letter.toUpperCase());
      const message = await expectRefused("Token", { contracts: { Token: wrong } }, "BAD_ADDRESS");
      expect(message).to.contain("emergency.contracts.Token");
    });
  });

  describe("in Ignition's deployments", () => {
    const deployed = (
      content: unknown,
      id = `chain-${chain.node.chainId}`,
    ): Record<string, unknown> => ({
      [`ignition/deployments/${id}/deployed_addresses.json`]: content,
    });

    it("are known with their module and without", async () => {
      const files = deployed({ "TokenModule#Token": token });
      await expectFound("TokenModule#Token", { files }, token);
      await expectFound("Token", { files }, token);
    });

    it("of another chain are not known here", async () => {
      const files = deployed({ "TokenModule#Token": token }, "chain-1");
      await expectRefused("Token", { files }, "UNKNOWN_CONTRACT");
    });

    it("under a name of their own belong to the chain that their journal names", async () => {
      const journal = (chainId: number): Record<string, unknown> => ({
        ...deployed({ "TokenModule#Token": token }, "launch"),
        "ignition/deployments/launch/journal.jsonl": `${JSON.stringify({ chainId, type: "DEPLOYMENT_INITIALIZE" })}\n`,
      });
      await expectFound("Token", { files: journal(chain.node.chainId) }, token);
      await expectRefused("Token", { files: journal(1) }, "UNKNOWN_CONTRACT");
    });

    it("are refused when the file is damaged, with its path: it might hold the name", async () => {
      for (const content of ["{", "[]", "null", ""]) {
        const message = await expectRefused(
          "Token",
          { files: deployed(content) },
          "UNKNOWN_CONTRACT",
        );
        expect(message).to.contain("deployed_addresses.json");
      }
    });

    it("are refused when an address is damaged, with its path", async () => {
      for (const address of [token.slice(0, -1), 42, null, {}]) {
        const files = deployed({ "TokenModule#Token": address });
        const message = await expectRefused("Token", { files }, "BAD_ADDRESS");
        expect(message).to.contain("deployed_addresses.json");
      }
    });
  });

  describe("in hardhat-deploy's deployments", () => {
    it("are known by the file's name, on the network of the folder", async () => {
      await expectFound(
        "Token",
        { files: { "deployments/live/Token.json": { address: token } } },
        token,
      );
      const elsewhere = { "deployments/elsewhere/Token.json": { address: token } };
      await expectRefused("Token", { files: elsewhere }, "UNKNOWN_CONTRACT");
    });

    it("are known when the folder's .chainId is that of the chain, and not otherwise", async () => {
      const files = { "deployments/live/Token.json": { address: token } };
      const chainId = String(chain.node.chainId);
      await expectFound(
        "Token",
        { files: { ...files, "deployments/live/.chainId": chainId } },
        token,
      );
      const wrong = { ...files, "deployments/live/.chainId": "1" };
      await expectRefused("Token", { files: wrong }, "UNKNOWN_CONTRACT");
    });

    it("say how their functions answer", async () => {
      const { abi } = await artifact("OwnablePausable");
      const parsed: unknown = JSON.parse(abi.formatJson());
      const outcome = await lookUp("Token", {
        files: { "deployments/live/Token.json": { address: token, abi: parsed } },
      });
      expect(onlyDocument(outcome)).to.deep.include({ values: ["false"], typed: true });
    });

    it("are refused when the file is damaged, with its path", async () => {
      const files = { "deployments/live/Token.json": "{" };
      const message = await expectRefused("Token", { files }, "UNKNOWN_CONTRACT");
      expect(message).to.contain("Token.json");
    });
  });

  describe("that stand for several addresses", () => {
    it("are refused with all of them, and with where each is from", async () => {
      const message = await expectRefused(
        "Token",
        {
          contracts: { Token: token },
          files: { "deployments/live/Token.json": { address: other } },
        },
        "AMBIGUOUS_CONTRACT",
      );
      expect(message).to.contain(token).and.to.contain(other);
      expect(message).to.contain("hardhat.config.ts").and.to.contain("deployments/live/Token.json");
    });

    it("are refused within Ignition too, and known by their whole names", async () => {
      const files = {
        [`ignition/deployments/chain-${chain.node.chainId}/deployed_addresses.json`]: {
          "First#Token": token,
          "Second#Token": other,
        },
      };
      await expectRefused("Token", { files }, "AMBIGUOUS_CONTRACT");
      await expectFound("Second#Token", { files }, other);
    });

    it("are one where all say the same", async () => {
      const files = { "deployments/live/Token.json": { address: token.toLowerCase() } };
      await expectFound("Token", { contracts: { Token: token }, files }, token);
    });
  });

  it("that are unknown are refused with those that are known", async () => {
    const message = await expectRefused(
      "Tokn",
      { contracts: { Token: token } },
      "UNKNOWN_CONTRACT",
    );
    expect(message).to.contain("Token");
  });

  it("can be paused, several at once", async () => {
    const project = await chain.project({
      emergency: { contracts: { Token: token, Other: other } },
    });
    const outcome = await project.run("pause", { contract: "Token, Other", yes: true });
    expectSuccess(outcome);
    expect(outcome.stdout).to.contain(`Token (${token})`);
    expect(await isPaused(chain.node, token)).to.be.true;
    expect(await isPaused(chain.node, other)).to.be.true;
  });
});
