import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { Address, Hex } from "../../../src/chain/address.js";
import {
  projectArtifacts,
  type ProjectArtifacts,
} from "../../../src/chain/inspection/artifacts.js";
import type { InspectedContract } from "../../../src/chain/inspection/contract.js";
import { knownAbis, readAbiFile } from "../../../src/chain/inspection/known-abi.js";
import { owner, stranger } from "../../helpers/accounts.js";
import { writeInto } from "../../helpers/project.js";
import { expectRejection } from "../../helpers/refusal.js";

const PAUSE = { type: "function", name: "pause", inputs: [], outputs: [], stateMutability: "view" };

/** The end of code as solc 0.8 writes it: CBOR with a hash, and its length. */
function metadata(hash: string): string {
  return `a264697066735822${hash.repeat(34)}64736f6c634300081e0033`;
}

describe("ABIs of a contract", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "hardhat-emergency-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  /** A project with these artifacts, by name; texts are written as they are. */
  async function project(artifacts: Readonly<Record<string, unknown>>): Promise<ProjectArtifacts> {
    const paths = new Map<string, string>();
    for (const [name, artifact] of Object.entries(artifacts)) {
      paths.set(name, await writeInto(folder, `${name}.json`, artifact));
    }
    return projectArtifacts({
      getAllArtifactPaths: async () => await Promise.resolve(new Set(paths.values())),
      getArtifactPath: async (name) => {
        const path = paths.get(name);
        if (path === undefined) {
          throw new Error(`no artifact ${name}`);
        }
        return await Promise.resolve(path);
      },
    });
  }

  function compiled(contractName: string, deployedBytecode: string, more = {}): unknown {
    const sourceName = `contracts/${contractName}.sol`;
    return { contractName, sourceName, abi: [PAUSE], deployedBytecode, ...more };
  }

  function contractOf(...codes: readonly Hex[]): InspectedContract {
    const addresses: readonly Address[] = [owner.address, stranger.address];
    const parts = codes.map((code, index) => ({ address: addresses[index] ?? "0x", code }));
    const [own = { address: owner.address, code: "0x" as const }] = parts;
    const part = { ...own, codeHash: "0x" as const };
    return { ...part, proxy: null, behind: [], logic: part, codes: parts };
  }

  async function sources(
    artifacts: ProjectArtifacts,
    code: Hex,
    more: Omit<Parameters<typeof knownAbis>[1], "artifacts"> = {},
  ): Promise<readonly string[]> {
    const abis = await knownAbis(contractOf(code), { artifacts, ...more });
    return (abis.get(owner.address) ?? []).map(({ source }) => source);
  }

  it("are those of the compiled contract with the same code, whatever its name and metadata", async () => {
    const artifacts = await project({
      Other: compiled("Other", `0x6001${metadata("ab")}`),
      Same: compiled("Same", `0x6002${metadata("ab")}`),
      Longer: compiled("Longer", `0x600200${metadata("ab")}`),
    });
    expect(await sources(artifacts, `0x6002${metadata("cd")}`)).to.deep.equal([
      "artifact contracts/Same.sol:Same, matched by code",
    ]);
    expect(await sources(artifacts, "0x6003")).to.deep.equal([]);
  });

  it("are found where immutables, libraries and the library's own address differ", async () => {
    const immutables = { immutableReferences: { 7: [{ start: 1, length: 2 }] } };
    const linked = {
      deployedLinkReferences: { "L.sol": { L: [{ start: 1, length: 20 }] } },
    };
    const zero = "00".repeat(20);
    const artifacts = await project({
      Immutable: compiled("Immutable", "0x61000000aa", immutables),
      Linked: compiled("Linked", `0x73__$${"ab".repeat(17)}$__5b`, linked),
      Library: compiled("Library", `0x73${zero}30146080aa`),
    });
    const match = (name: string): readonly string[] => [
      `artifact contracts/${name}.sol:${name}, matched by code`,
    ];
    expect(await sources(artifacts, "0x61123400aa")).to.deep.equal(match("Immutable"));
    expect(await sources(artifacts, "0x61123401aa")).to.deep.equal([]);
    expect(await sources(artifacts, `0x73${"cd".repeat(20)}5b`)).to.deep.equal(match("Linked"));
    expect(await sources(artifacts, `0x73${"cd".repeat(20)}30146080aa`)).to.deep.equal(
      match("Library"),
    );
  });

  it("are proven ones first, then those of the command line, the record and the configuration", async () => {
    const artifacts = await project({
      Same: compiled("Same", "0x6002"),
      Named: compiled("Named", "0x6003"),
    });
    const file = { abi: [], source: "--abi token.json", matched: false };
    const known = { abi: [PAUSE], artifact: "Named", source: "deployments/live/Token.json" };
    expect(await sources(artifacts, "0x6002", { file, known })).to.deep.equal([
      "artifact contracts/Same.sol:Same, matched by code",
      "--abi token.json",
      "deployments/live/Token.json",
      "artifact contracts/Named.sol:Named, named in deployments/live/Token.json",
    ]);
    const missing = { ...known, abi: undefined, artifact: "NeverCompiled" };
    expect(await sources(artifacts, "0x6009", { known: missing })).to.deep.equal([]);
  });

  it("are of each code behind a proxy", async () => {
    const artifacts = await project({
      Proxy: compiled("Proxy", "0x6001"),
      Logic: compiled("Logic", "0x6002"),
    });
    const abis = await knownAbis(contractOf("0x6001", "0x6002"), { artifacts });
    expect(abis.get(owner.address)?.[0]?.source).to.contain("Proxy");
    expect(abis.get(stranger.address)?.[0]?.source).to.contain("Logic");
  });

  it("are not looked for in artifacts that are half written, or gone", async () => {
    const artifacts = await project({
      Half: '{"contractName":"Half","deployedBytecode":"0x6002"',
      List: [],
      Same: compiled("Same", "0x6002"),
    });
    expect(await sources(artifacts, "0x6002")).to.have.lengthOf(1);
    await rm(join(folder, "Same.json"));
    expect(await sources(artifacts, "0x6002")).to.deep.equal([]);
  });

  it("are found among 2,000 artifacts in a moment", async () => {
    const names = Array.from({ length: 2_000 }, (_, index) => `C${index}`);
    const code = (index: number): Hex => `0x${"5b".repeat(1_000 + index)}`;
    const artifacts = await project(
      Object.fromEntries(names.map((name, index) => [name, compiled(name, code(index))])),
    );
    expect(await sources(artifacts, code(1_500))).to.deep.equal([
      "artifact contracts/C1500.sol:C1500, matched by code",
    ]);
    const before = performance.now();
    expect(await sources(artifacts, code(7))).to.have.lengthOf(1);
    expect(await sources(artifacts, "0x6001")).to.deep.equal([]);
    // The second look reads one file; generous, for machines that are busy.
    expect(performance.now() - before).to.be.lessThan(2_000);
  });

  describe("in a file", () => {
    async function read(content: unknown): Promise<readonly unknown[]> {
      return (await readAbiFile(await writeInto(folder, "abi.json", content))).abi;
    }

    it("are a JSON ABI, or what an artifact holds", async () => {
      expect(await read([PAUSE])).to.deep.equal([PAUSE]);
      expect(await read({ abi: [PAUSE], bytecode: "0x" })).to.deep.equal([PAUSE]);
    });

    const bad: readonly (readonly [string, unknown])[] = [
      ["is no JSON", "{"],
      ["is empty", ""],
      ["holds a text", '"pause()"'],
      ["is an object without an ABI", { contracts: {} }],
      ["has an ABI that is no list", { abi: "pause()" }],
      ["has entries that are no objects", ["function pause()"]],
      ["has an entry of no known type", [PAUSE, { type: "procedure", name: "pause" }]],
      ["has a type that does not exist", [{ ...PAUSE, inputs: [{ name: "a", type: "uint7" }] }]],
      ["has a function without a name", [{ type: "function", inputs: [] }]],
      ["has no function", [{ type: "event", name: "Paused", inputs: [], anonymous: false }]],
      ["has nothing at all", []],
    ];
    for (const [title, content] of bad) {
      it(`are refused when it ${title}, with its path`, async () => {
        const path = await writeInto(folder, "abi.json", content);
        const { message } = await expectRejection(readAbiFile(path), "BAD_ARGUMENTS");
        expect(message).to.contain(`--abi ${path}`);
      });
    }

    it("are refused when there is none, or when it is a folder", async () => {
      for (const path of [join(folder, "none.json"), folder]) {
        await expectRejection(readAbiFile(path), "BAD_ARGUMENTS");
      }
      await writeFile(join(folder, "binary"), Buffer.from([0xff, 0x00, 0xfe]));
      await expectRejection(readAbiFile(join(folder, "binary")), "BAD_ARGUMENTS");
    });
  });
});
