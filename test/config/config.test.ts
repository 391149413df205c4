import { expect } from "chai";

import configHooks from "../../src/config/hooks.js";
import { resolveEmergencyConfig } from "../../src/config/resolve.js";
import { useChain } from "../helpers/chain.js";
import { createProject } from "../helpers/project.js";

const ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

/** What the plugin objects to in a configuration, as "path: message". */
async function objections(emergency: unknown): Promise<string[]> {
  const { validateUserConfig } = await configHooks();
  if (validateUserConfig === undefined) {
    throw new Error("the plugin checks its configuration");
  }
  // Handed over as a file would: nobody has checked its types.
  const config: object = { emergency };
  const errors = await validateUserConfig(config);
  return errors.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

const HALT = {
  pause: { signature: "halt(bool)", args: [true] },
  unpause: { signature: "halt(bool)", args: [false] },
  readBack: { signature: "halted()", paused: true },
};

/** A mechanism that is right, with some of it put differently. */
function mechanisms(changes: Readonly<Record<string, unknown>> = {}): unknown {
  return { mechanisms: { halt: { ...HALT, ...changes } } };
}

describe("the configuration", () => {
  const good: readonly (readonly [string, unknown])[] = [
    ["nothing", undefined],
    ["an empty one", {}],
    ["a contract by its address", { contracts: { Token: ADDRESS } }],
    ["an address in lower case", { contracts: { Token: ADDRESS.toLowerCase() } }],
    ["one address a network", { contracts: { Token: { address: { live: ADDRESS } } } }],
    ["an artifact", { contracts: { Token: { address: ADDRESS, artifact: "Token" } } }],
    [
      "a contract that must be pausable",
      { contracts: { Token: { address: ADDRESS, mustBePausable: true } } },
    ],
    ["a name from Ignition", { contracts: { "Module#Token": ADDRESS } }],
    ["a way to pause", mechanisms()],
    ["a way to pause that has no way back", mechanisms({ unpause: null })],
    ["a way to pause for one contract", mechanisms({ contract: "Token" })],
    ["a way to pause by another contract", mechanisms({ contract: "Token", to: ADDRESS })],
    ["a way to pause behind getters", mechanisms({ to: "bridge().rollup()" })],
    [
      "a way to pause with every kind of argument",
      mechanisms({ pause: { signature: "f(a)", args: ["$contract", 1, 2n ** 200n, true, [[]]] } }),
    ],
    [
      "a way to pause that is read back from several values",
      mechanisms({
        readBack: {
          signature: "state(uint8) returns (uint256, bool)",
          args: [1],
          paused: [null, true],
        },
      }),
    ],
    ["every setting", { directory: "records", minedTimeoutSeconds: 60 }],
    ["a website", { frontends: { web: { directory: "www", url: "https://a.example/" } } }],
  ];
  for (const [what, emergency] of good) {
    it(`may hold ${what}`, async () => {
      expect(await objections(emergency)).to.deep.equal([]);
    });
  }

  const bad: readonly (readonly [string, unknown, string])[] = [
    ["a text", "all", "emergency"],
    ["an unknown setting", { contract: {} }, "emergency"],
    ["contracts as a list", { contracts: [ADDRESS] }, "emergency.contracts"],
    [
      "an address that is too short",
      { contracts: { Token: ADDRESS.slice(0, -1) } },
      "emergency.contracts.Token",
    ],
    ["an address that is a number", { contracts: { Token: 42 } }, "emergency.contracts.Token"],
    ["a contract without an address", { contracts: { Token: {} } }, "emergency.contracts.Token"],
    [
      "a contract that must be pausable, in words",
      { contracts: { Token: { address: ADDRESS, mustBePausable: "yes" } } },
      "emergency.contracts.Token",
    ],
    [
      "a mistyped field of a contract",
      { contracts: { Token: { address: ADDRESS, artefact: "Token" } } },
      "emergency.contracts.Token",
    ],
    [
      "a wrong address for one network",
      { contracts: { Token: { address: { live: "0x12" } } } },
      "emergency.contracts.Token.address.live",
    ],
    [
      "a name that looks like an address",
      { contracts: { "0xToken": ADDRESS } },
      "emergency.contracts.0xToken",
    ],
    ["a name with a comma", { contracts: { "A,B": ADDRESS } }, "emergency.contracts.A,B"],
    ["a name with a space", { contracts: { "A B": ADDRESS } }, "emergency.contracts.A B"],
    ["an empty directory", { directory: "" }, "emergency.directory"],
    ["ways to pause as a list", { mechanisms: [] }, "emergency.mechanisms"],
    [
      "a way to pause with a name in capitals",
      { mechanisms: { Halt: HALT } },
      "emergency.mechanisms.Halt",
    ],
    [
      "a way to pause without a call",
      mechanisms({ pause: undefined }),
      "emergency.mechanisms.halt.pause",
    ],
    [
      "a way to pause without a read-back",
      mechanisms({ readBack: undefined }),
      "emergency.mechanisms.halt.readBack",
    ],
    [
      "a read-back without the value that means paused",
      mechanisms({ readBack: { signature: "halted()" } }),
      "emergency.mechanisms.halt.readBack.paused",
    ],
    [
      "a function without its types",
      mechanisms({ pause: { signature: "halt", args: [true] } }),
      "emergency.mechanisms.halt.pause.signature",
    ],
    [
      "a call that returns something",
      mechanisms({ pause: { signature: "halt() returns (bool)" } }),
      "emergency.mechanisms.halt.pause.signature",
    ],
    [
      "an argument that is null",
      mechanisms({ pause: { signature: "halt(bool)", args: [null] } }),
      "emergency.mechanisms.halt.pause.args.0",
    ],
    [
      "an argument with a fraction",
      mechanisms({ pause: { signature: "halt(uint8)", args: [1.5] } }),
      "emergency.mechanisms.halt.pause.args.0",
    ],
    [
      "a mistyped field of a way to pause",
      mechanisms({ unpuase: null }),
      "emergency.mechanisms.halt",
    ],
    [
      "a place that is none",
      mechanisms({ contract: "Token", to: "authority(" }),
      "emergency.mechanisms.halt.to",
    ],
    [
      "a fixed contract to call for whatever contract",
      mechanisms({ to: ADDRESS }),
      "emergency.mechanisms.halt.contract",
    ],
    ["a website without a place", { frontends: { web: {} } }, "emergency.frontends.web.directory"],
    [
      "a website at no URL",
      { frontends: { web: { directory: "www", url: "a.example" } } },
      "emergency.frontends.web.url",
    ],
    [
      "an indexer that runs nowhere",
      { indexers: { api: {} } },
      "emergency.indexers.api.kubernetes",
    ],
    [
      "a subgraph that is somewhere else as well",
      {
        indexers: {
          api: {
            kubernetes: { name: "api" },
            graphNode: { subgraph: "org/market", status: "http://node:8030/graphql" },
          },
        },
      },
      "emergency.indexers.api.graphNode",
    ],
    [
      "a name that graph-node would not take",
      { indexers: { api: { graphNode: { subgraph: "org/graphql", status: "http://node:8030" } } } },
      "emergency.indexers.api.graphNode.subgraph",
    ],
    [
      "graphman's interface without its token",
      {
        indexers: {
          api: {
            graphNode: {
              subgraph: "org/market",
              status: "http://node:8030/graphql",
              control: "http://node:8050",
            },
          },
        },
      },
      "emergency.indexers.api.graphNode.token",
    ],
    [
      "a tag that would be another path",
      { indexers: { api: { goldsky: { subgraph: "market", tag: "../prod", token: "x" } } } },
      "emergency.indexers.api.goldsky.tag",
    ],
    [
      "a workload without a history",
      { indexers: { api: { kubernetes: { kind: "Job", name: "api" } } } },
      "emergency.indexers.api.kubernetes.kind",
    ],
    [
      "a secret of AWS that goes nowhere",
      {
        indexers: {
          api: {
            kubernetes: { name: "api" },
            configuration: { secretsManager: [{ secret: "production/db" }] },
          },
        },
      },
      "emergency.indexers.api.configuration.secretsManager.0.into",
    ],
    ["a patience of zero", { minedTimeoutSeconds: 0 }, "emergency.minedTimeoutSeconds"],
    ["a patience without end", { minedTimeoutSeconds: 1e9 }, "emergency.minedTimeoutSeconds"],
    ["a patience in words", { minedTimeoutSeconds: "60" }, "emergency.minedTimeoutSeconds"],
  ];
  for (const [what, emergency, path] of bad) {
    it(`may not hold ${what}, and the error names the place`, async () => {
      const [first, ...more] = await objections(emergency);
      expect(first, "an objection").to.be.a("string");
      expect(first?.startsWith(`${path}: `), `${first} begins with ${path}`).to.be.true;
      expect(first?.slice(path.length + 2)).not.to.equal("");
      expect(more).to.deep.equal([]);
    });
  }

  it("has defaults", () => {
    expect(resolveEmergencyConfig()).to.deep.equal({
      contracts: {},
      frontends: {},
      indexers: {},
      mechanisms: {},
      directory: ".emergency",
      minedTimeoutSeconds: 180,
    });
  });

  it("is resolved to one form", () => {
    const { contracts } = resolveEmergencyConfig({
      contracts: {
        A: ADDRESS,
        B: { address: { live: ADDRESS }, artifact: "Token", mustBePausable: true },
      },
    });
    expect(contracts).to.deep.equal({
      A: { address: ADDRESS, artifact: undefined, mustBePausable: false },
      B: { address: { live: ADDRESS }, artifact: "Token", mustBePausable: true },
    });
  });

  describe("of a whole project", () => {
    const chain = useChain();

    it("is refused by Hardhat when it is wrong, with the place of the mistake", async () => {
      const { url, chainId } = chain.node;
      const contracts = { Token: "0x1234" };
      const refused = createProject({ url, chainId, accounts: [], emergency: { contracts } });
      const error: unknown = await refused.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(String(error)).to.contain("emergency.contracts.Token");
    });
  });
});
