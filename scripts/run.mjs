// The way into every command of this repository: `node scripts/run.mjs <command> [args...]`.
//
// Hardhat 3 needs Node 22.13 or later, and many machines still have an older one. So this file runs on the
// Node that is there (20 or later), makes sure that the locked dependencies are installed, and hands over
// to the Node that is locked among them.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn } from "node:child_process";

import { InstallError } from "./group.mjs";
import { ensureInstalled } from "./install.mjs";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");
const inModules = (path) => join(root, "node_modules", path);

const tools = {
  hardhat: inModules("hardhat/dist/src/cli.js"),
  tsc: inModules("typescript/bin/tsc"),
  eslint: inModules("eslint/bin/eslint.js"),
  prettier: inModules("prettier/bin/prettier.cjs"),
  solhint: inModules("solhint/solhint.js"),
};

const commands = {
  setup: {
    does: "install the locked dependencies, and nothing else",
    run: () => 0,
  },
  hardhat: {
    does: "run Hardhat with the arguments given",
    run: (args) => node(tools.hardhat, ...args),
  },
  drill: {
    does: "rehearse an emergency on a local chain and local services",
    run: (args) => node(tools.hardhat, "drill", ...args),
  },
  build: {
    does: "compile src/ and tasks/ into dist/",
    run: build,
  },
  test: {
    does: "build, then run the tests",
    run: async (args) => (await build()) || node(tools.hardhat, "test", "mocha", ...args),
  },
  "test:services": {
    does: "install real servers, build, then run the tests that need them",
    run: testServices,
  },
  typecheck: {
    does: "check the types of everything",
    run: (args) => node(tools.tsc, "--noEmit", "-p", "tsconfig.json", ...args),
  },
  lint: {
    does: "check the code, the formatting and the contracts",
    run: () =>
      // All three run, whatever the first one finds: one run then shows all there is to mend.
      all(
        [tools.eslint, "."],
        [tools.prettier, "--check", "--log-level", "warn", "."],
        [tools.solhint, ...solhintFlags, "contracts/**/*.sol"],
      ),
  },
  format: {
    does: "mend what lint can mend by itself",
    run: () =>
      all([tools.eslint, "--fix", "."], [tools.prettier, "--write", "--log-level", "warn", "."]),
  },
  bench: {
    does: "compare with the tools people use today",
    run: bench,
  },
};

// --disc: no look at the network for a newer solhint.
const solhintFlags = ["--disc", "--noPoster", "--max-warnings", "0"];

/** Starts the locked Node and gives its exit code. */
function node(...args) {
  return new Promise((done, fail) => {
    const path = [inModules(".bin"), process.env.PATH ?? ""].join(delimiter);
    const child = spawn(lockedNode(), args, {
      cwd: root,
      env: { ...process.env, PATH: path },
      stdio: "inherit",
    });

    const forward = (signal) => {
      // Ctrl-C reaches every process of the terminal by itself. Sent twice, it would mean "stop at once".
      if (signal === "SIGINT" && terminal()) return;
      child.kill(signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, forward);

    child.on("error", fail);
    child.on("exit", (code, signal) => {
      for (const name of signals) process.off(name, forward);
      // Shells report a process that a signal ended as 128 + the signal's number.
      done(code ?? 128 + constants.signals[signal]);
    });
  });
}

function lockedNode() {
  return inModules(process.platform === "win32" ? "node/bin/node.exe" : "node/bin/node");
}

function terminal() {
  return [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
}

/** Runs each one and gives the first exit code that was not 0. A signal ends the whole row. */
async function all(...rows) {
  let firstFailure = 0;
  for (const row of rows) {
    const code = await node(...row);
    firstFailure ||= code;
    if (code > 128) break;
  }
  return firstFailure;
}

/** The tests of test/services: those files that are named, else all. */
async function testServices(args) {
  const { ensureServices } = await import("./services.mjs");
  const { file, missing } = await ensureServices(root, lockedNode());
  process.env.HARDHAT_EMERGENCY_SERVICES = file;

  const named = args.some((arg) => !arg.startsWith("-") && arg.endsWith(".ts"));
  const files = named ? [] : serviceTests();
  const code = (await build()) || (await node(tools.hardhat, "test", "mocha", ...files, ...args));
  if (missing.length === 0) return code;

  const nothingSkipped = process.env.HARDHAT_EMERGENCY_NOTHING_SKIPPED === "1";
  const title = nothingSkipped ? "Nothing may be skipped, and these are missing:" : "Skipped:";
  process.stderr.write([title, ...missing].join("\n  ") + "\n");
  return code || (nothingSkipped ? 1 : 0);
}

/** The comparisons. Those of frontends and indexers need servers, and the tools they are compared with. */
async function bench(args) {
  if (args[0] === "frontend" || args[0] === "indexer") {
    const { ensureServices } = await import("./services.mjs");
    process.env.HARDHAT_EMERGENCY_SERVICES = (await ensureServices(root, lockedNode())).file;
  }
  // tsx, because our imports name `.js` files that are `.ts` here: Node's own type stripping cannot follow them.
  return await node("--import", "tsx", "bench/main.ts", ...args);
}

function serviceTests() {
  const top = join("test", "services");
  const files = readdirSync(join(root, top), { recursive: true });
  return files
    .filter((file) => file.endsWith(".test.ts"))
    .sort()
    .map((file) => join(top, file));
}

async function build() {
  const code = await node(tools.tsc, "-p", "tsconfig.build.json");
  if (code === 0) for (const top of ["src", "tasks"]) removeLeftovers(top);
  return code;
}

/** tsc never deletes: without this, a file that was renamed or removed would still be published. */
function removeLeftovers(folder) {
  const built = join(root, "dist", folder);
  if (!existsSync(built)) return;
  for (const entry of readdirSync(built, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const source = entry.isDirectory()
      ? path
      : path.replace(/(\.d)?\.([cm]?)[jt]s(\.map)?$/, ".$2ts");
    if (!existsSync(join(root, source))) rmSync(join(root, "dist", path), { recursive: true });
    else if (entry.isDirectory()) removeLeftovers(path);
  }
}

function usage() {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(
    ([name, { does }]) => `  ${name.padEnd(width)}  ${does}`,
  );
  return ["node scripts/run.mjs <command> [args...]", "", ...lines, ""].join("\n");
}

async function main([name, ...args]) {
  if (name === "help" || name === "--help" || name === "-h") {
    process.stdout.write(usage());
    return 0;
  }
  if (name === undefined || !Object.hasOwn(commands, name)) {
    process.stderr.write(
      `${name === undefined ? "No command given." : `Unknown command: ${name}.`}\n\n${usage()}`,
    );
    return 1;
  }
  await ensureInstalled(root, lockedNode());
  return commands[name].run(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof InstallError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
