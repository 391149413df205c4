import { mkdir, readFile, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { expect } from "chai";

import type { Address } from "../../src/chain/address.js";
import { isRecord } from "../../src/json.js";
import { owner } from "../helpers/accounts.js";
import type { LocalNode } from "../helpers/anvil.js";
import { useChain } from "../helpers/chain.js";
import type { Finished } from "../helpers/cli.js";
import { deploy, isPaused } from "../helpers/contracts.js";
import { repository } from "../helpers/repository.js";
import {
  installedFiles,
  makeForeignProject,
  packPlugin,
  run,
  temporaryFolder,
  type Environment,
  type ForeignProject,
  type Tarball,
} from "./foreign-project.js";

const TASKS = [
  "call",
  "deploy-fixed",
  "drill",
  "frontend deploy",
  "frontend repoint",
  "frontend rollback",
  "pause",
  "unpause",
  "upgrade",
  "verify-pausable",
] as const;

/** Each costs tens to hundreds of milliseconds, or talks to somebody's cloud. */
const SDKS = [
  "ethers",
  "viem",
  "solc",
  "listr2",
  "pg",
  "@openzeppelin",
  "@aws-sdk",
  "@smithy",
  "@kubernetes",
  "@dbos-inc",
  "@electric-sql",
  "@shazow",
  "@safe-global",
];

/** Far more than the plugin needs today, and far less than a bundled dependency would add. */
const MOST_BYTES = 2_200_000;

/** The project's own configuration: the key comes from the environment, as a stranger's would. */
function config(node: LocalNode, contracts: Readonly<Record<string, Address>>): string {
  return `import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import emergency from "hardhat-emergency";
import { configVariable, defineConfig } from "hardhat/config";

export default defineConfig({
  plugins: [hardhatEthers, emergency],
  networks: {
    production: {
      type: "http",
      url: "${node.url}",
      chainId: ${node.chainId},
      accounts: [configVariable("PAUSER_KEY")],
    },
  },
  emergency: { contracts: ${JSON.stringify(contracts)} },
});
`;
}

/** A configuration that must not compile, so that the one above does not compile for want of types. */
const WRONG_CONFIG = `import { defineConfig } from "hardhat/config";
import emergency from "hardhat-emergency";

export const wrongAddress = defineConfig({
  plugins: [emergency],
  // @ts-expect-error an address is a text
  emergency: { contracts: { Vault: 5 } },
});

export const unknownSetting = defineConfig({
  plugins: [emergency],
  // @ts-expect-error there is no such setting
  emergency: { contract: {} },
});
`;

const TSCONFIG = {
  compilerOptions: {
    target: "ES2023",
    module: "NodeNext",
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ["node"],
    // Our declarations are read as strictly as the project's own files.
    skipLibCheck: false,
  },
  files: ["hardhat.config.ts", "wrong.config.ts"],
};

describe("the packed plugin in somebody else's project", function () {
  // npm installs a whole project: seconds with a warm cache, a minute or two without.
  this.timeout(300_000);

  let contracts: Readonly<Record<"Vault" | "Market", Address>>;
  const chain = useChain(async (node) => {
    contracts = {
      Vault: await deploy(node, "OwnablePausable", [owner.address]),
      Market: await deploy(node, "OwnablePausable", [owner.address]),
    };
  });

  let tarball: Tarball;
  let project: ForeignProject;
  let cleanUp: (() => Promise<void>) | undefined;

  before(async () => {
    const { folder, remove } = await temporaryFolder();
    cleanUp = remove;
    tarball = await packPlugin(folder);
    const home = path.join(folder, "project");
    await mkdir(home);
    project = await makeForeignProject(home, tarball, {
      "hardhat.config.ts": config(chain.node, contracts),
      "wrong.config.ts": WRONG_CONFIG,
      "tsconfig.json": JSON.stringify(TSCONFIG),
    });
  });

  after(async () => {
    await cleanUp?.();
  });

  /** What a person would type there. */
  async function hardhat(args: readonly string[], env: Environment = {}): Promise<Finished> {
    const finished = await project.run("npx", ["--no-install", "hardhat", ...args], {
      PAUSER_KEY: owner.key,
      ...env,
    });
    expect(finished.stdout + finished.stderr).not.to.contain(owner.key.slice(2));
    return finished;
  }

  function onProduction(task: string, contract: string, ...more: string[]): string[] {
    return [task, "--network", "production", "--contract", contract, ...more];
  }

  describe("the tarball", () => {
    it("holds what a user needs", async () => {
      const files = await installedFiles(project, tarball.name);
      const sources = files.filter((file) => /^(src|tasks)\/.*\.ts$/.test(file));
      const needed = [
        ...["LICENSE", "README.md", "package.json", "src/index.ts"],
        ...sources.map((file) => `dist/${file.replace(/ts$/, "js")}`),
        ...sources.map((file) => `dist/${file.replace(/ts$/, "d.ts")}`),
      ];
      expect(needed.filter((file) => !files.includes(file))).to.deep.equal([]);

      // A renamed source leaves its old form behind in dist/ unless the build removes it.
      const stale = files.filter(
        (file) =>
          /^dist\/.*\.js$/.test(file) &&
          !files.includes(file.slice("dist/".length).replace(/js$/, "ts")),
      );
      expect(stale).to.deep.equal([]);
    });

    it("holds nothing else", async () => {
      const files = await installedFiles(project, tarball.name);
      const wanted =
        /^((dist\/)?(src|tasks)\/.*\.(js|ts|map)|contracts\/examples\/.*\.sol|prebuilt\/artifacts\/.*\.(json|d\.ts)|prebuilt\/cache\/validations\.json|docs\/.*\.md|(README|CHANGELOG)\.md|LICENSE|package\.json)$/;
      expect(files.filter((file) => !wanted.test(file))).to.deep.equal([]);
      expect(files.filter((file) => /\.(test|spec)\./.test(file))).to.deep.equal([]);

      for (const file of files) {
        const text = await readFile(
          path.join(project.folder, "node_modules", tarball.name, file),
          "utf8",
        );
        expect(text, file).not.to.match(/BEGIN [A-Z ]*PRIVATE KEY|_authToken/);
        expect(text, `${file} names a folder of the machine that built it`).not.to.contain(
          repository,
        );
      }
      const { size } = await stat(tarball.file);
      expect(size).to.be.below(MOST_BYTES);
    });
  });

  it("gives hardhat.config.ts the type of `emergency`", async () => {
    const tsc = path.join(repository, "node_modules/typescript/bin/tsc");
    const { exitCode, stdout } = await run(process.execPath, [tsc, "-p", "."], project.folder);
    expect(stdout).to.equal("");
    expect(exitCode).to.equal(0);
  });

  it("lists its tasks in --help, and loads no SDK for that", async () => {
    const { finished, loaded } = await recorded(["--help"]);
    expect(finished.exitCode, finished.stderr).to.equal(0);
    for (const task of TASKS) {
      expect(finished.stdout).to.match(new RegExp(`^  ${task} +\\S`, "m"));
    }
    expect(loaded.packages).to.include(tarball.name);
    expect(sdksIn(loaded)).to.deep.equal([]);
    // Nor anything that only a running task needs.
    expect(
      loaded.files.filter((file) => file.includes(`${tarball.name}/dist/tasks/`)),
    ).to.deep.equal([]);
    expect(
      loaded.files.filter((file) => /\/dist\/src\/(chain|frontend)\//.test(file)),
    ).to.deep.equal([]);
  });

  it("finds a contract pausable, and proves it on a fork", async () => {
    const { exitCode, stdout, stderr } = await hardhat(onProduction("verify-pausable", "Vault"));
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.contain("CAN BE PAUSED");
    expect(stdout).to.contain(owner.address);
    expect(await isPaused(chain.node, contracts.Vault)).to.equal(false);
  });

  it("pauses a contract, and reads that back", async () => {
    const { exitCode, stdout, stderr } = await hardhat(onProduction("pause", "Vault", "--yes"));
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.contain("DONE");
    expect(stdout).to.contain(contracts.Vault);
    expect(await isPaused(chain.node, contracts.Vault)).to.equal(true);

    const call = await hardhat(onProduction("call", "Vault", "--function", "paused()"));
    expect(call.exitCode, call.stderr).to.equal(0);
    expect(call.stdout.split("\n")[0]).to.equal("true");
  });

  it("loads no SDK but ethers to pause a contract", async () => {
    const { finished, loaded } = await recorded(onProduction("pause", "Vault", "--yes"));
    expect(finished.exitCode, finished.stderr).to.equal(0);
    expect(await isPaused(chain.node, contracts.Vault)).to.equal(true);
    // hardhat-ethers loads ethers for every connection. That it is seen here proves that the record sees it.
    expect(sdksIn(loaded)).to.deep.equal(["ethers"]);
  });

  it("runs the whole drill, with neither compiler nor OpenZeppelin's sources at hand", async () => {
    const { exitCode, stdout, stderr } = await hardhat(["drill", "--json"]);
    expect(exitCode, stderr).to.equal(0);
    const report: unknown = JSON.parse(stdout);
    expect(report).to.include({ schema: "hardhat-emergency/drill@1", ok: true });
  });

  it("refuses a name that nobody knows, and says which there are", async () => {
    const { exitCode, stderr } = await hardhat(onProduction("pause", "Vualt", "--yes"));
    expect(exitCode).to.equal(1);
    expect(stderr).to.contain(
      'UNKNOWN_CONTRACT: no contract "Vualt" is known on network "production"',
    );
    expect(stderr).to.match(/^Next: .*Vault.*Market/m);
  });

  it("refuses to write to a live chain when nobody is there to confirm it", async () => {
    const { exitCode, stderr } = await hardhat(onProduction("pause", "Vault"));
    expect(exitCode).to.equal(1);
    expect(stderr).to.contain("CONFIRMATION_NEEDED");
    expect(await isPaused(chain.node, contracts.Vault)).to.equal(false);
  });

  /** Runs hardhat and lists every module that it has loaded. */
  async function recorded(
    args: readonly string[],
  ): Promise<{ finished: Finished; loaded: Loaded }> {
    const { folder, remove } = await temporaryFolder();
    try {
      const recorder = pathToFileURL(path.join(repository, "test/package/record-modules.mjs"));
      const finished = await hardhat(args, {
        RECORD_MODULES_IN: folder,
        NODE_OPTIONS: `--import=${recorder.href}`,
      });
      return { finished, loaded: await loadedByHardhat(folder) };
    } finally {
      await remove();
    }
  }
});

interface Loaded {
  readonly files: readonly string[];
  /** The names of their packages, scoped ones without their scope's members: "ethers", "@openzeppelin". */
  readonly packages: ReadonlySet<string>;
}

function sdksIn({ packages }: Loaded): string[] {
  return SDKS.filter((name) => packages.has(name));
}

/** npx and hardhat have left a record each. */
async function loadedByHardhat(folder: string): Promise<Loaded> {
  for (const name of await readdir(folder)) {
    const record: unknown = JSON.parse(await readFile(path.join(folder, name), "utf8"));
    if (
      isRecord(record) &&
      Array.isArray(record.urls) &&
      String(record.script).endsWith("hardhat")
    ) {
      const files = record.urls.map(String);
      return { files, packages: new Set(files.flatMap(packageOf)) };
    }
  }
  throw new Error("hardhat has left no record of its modules");
}

function packageOf(url: string): string[] {
  const [, name] = /.*\/node_modules\/([^/]+)\//.exec(url) ?? [];
  return name === undefined ? [] : [name];
}
