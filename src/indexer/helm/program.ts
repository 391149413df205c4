import { spawn } from "node:child_process";
import { mkdtemp, open, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { EmergencyError, asError, messageOf } from "../../errors.js";
import { once } from "../../once.js";
import type { Cluster } from "../kubernetes/cluster.js";
import type { Process } from "./pending.js";
import type { Driver } from "./storage.js";

/** How a helm that was started ends. */
export interface HelmEnd {
  /** Null when a signal ended it. */
  readonly code: number | null;
  /** All that it has printed. May hold secrets. */
  readonly output: string;
}

/** A helm at work. */
export interface RunningHelm {
  readonly ended: Promise<HelmEnd>;
  /** Ends it at once: a rollback does not listen to requests to end. */
  kill(): void;
}

/** What the helm at hand can do. */
export interface HelmAbilities {
  /** "v4.3.1". */
  readonly version: string;
  /** 3 or 4. */
  readonly major: number;
  /** Flags of `helm rollback`, without the dashes. */
  readonly flags: ReadonlySet<string>;
}

/** The helm program, set on one namespace of one cluster. */
export interface Helm {
  /** @throws EmergencyError HELM_MISSING */
  abilities(): Promise<HelmAbilities>;
  /** Starts it with these arguments and those that name the place. */
  start(args: readonly string[]): Promise<RunningHelm>;
  /** The processes of this machine; null when they cannot be listed. */
  processes(): Promise<readonly Process[] | null>;
}

/** helm does not look at these where it is told where to go. */
const PLACES = /^HELM_(KUBE|NAMESPACE$|DEBUG$|DRIVER$|MAX_HISTORY$)/;

/** What a pod's own account is called where there is no kubeconfig. */
const IN_CLUSTER = "inClusterContext";

/**
 * The helm of this machine.
 * @param program a name to be found on PATH, or a file.
 * @param cluster where it is to work: it is told so, whatever its environment says.
 */
export function helmProgram(
  program: string,
  { access, namespace }: Pick<Cluster, "access" | "namespace">,
  driver: Driver,
): Helm {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !PLACES.test(name)),
  );
  const place = [
    ...["--namespace", namespace],
    ...(access.kubeconfig === undefined ? [] : ["--kubeconfig", access.kubeconfig]),
    ...(access.context === IN_CLUSTER ? [] : ["--kube-context", access.context]),
  ];
  const start = async (args: readonly string[]): Promise<RunningHelm> =>
    await startHelm(program, args, { ...env, HELM_DRIVER: driver });

  return {
    abilities: once(async () => {
      const [version, help] = await Promise.all(
        [
          ["version", "--template", "{{.Version}}"],
          ["rollback", "--help"],
        ].map(async (args) => {
          const { code, output } = await (await start(args)).ended;
          return code === 0 ? output.trim() : "";
        }),
      );
      const major = Number(/^v(\d+)\./.exec(version ?? "")?.[1]);
      if (major !== 3 && major !== 4) {
        throw new EmergencyError(
          "HELM_MISSING",
          `${program} is not a helm that can be used: it says its version is "${(version ?? "").slice(0, 80)}"`,
          "install Helm 3 or 4 (https://helm.sh/docs/intro/install), or name it in hardhat.config.ts: helm.program",
        );
      }
      const flags = [...(help ?? "").matchAll(/^\s+(?:-\w, )?--([\w-]+)/gm)].map(
        ([, flag = ""]) => flag,
      );
      return { version: version ?? "", major, flags: new Set(flags) };
    }),
    start: async (args) => await start([...args, ...place]),
    processes,
  };
}

/**
 * Starts a program without a shell. What it prints goes to a file: a helm whose output nobody takes any more, because
 * we were killed, is not to die of it in the middle of its work.
 */
async function startHelm(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<RunningHelm> {
  const folder = await mkdtemp(path.join(tmpdir(), "hardhat-emergency-helm-"));
  const file = path.join(folder, "output");
  const output = await open(file, "wx", 0o600);
  const child = spawn(program, [...args], { stdio: ["ignore", output.fd, output.fd], env });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return {
    ended: (async () => {
      try {
        const code = await ended;
        return { code, output: await readFile(file, "utf8") };
      } catch (error) {
        throw new EmergencyError(
          "HELM_MISSING",
          `${program} cannot be started: ${messageOf(error)}`,
          "install Helm 3 or 4 (https://helm.sh/docs/intro/install), or name it in hardhat.config.ts: helm.program",
          asError(error),
        );
      } finally {
        await output.close();
        await rm(folder, { recursive: true, force: true });
      }
    })(),
    kill: () => {
      child.kill("SIGKILL");
    },
  };
}

/** Linux shows all of them as files; elsewhere `ps` is asked. */
async function processes(): Promise<readonly Process[] | null> {
  if (process.platform === "win32") {
    return null;
  }
  const ids = await readdir("/proc").catch(() => []);
  const found = await Promise.all(
    ids
      .filter((id) => /^\d+$/.test(id))
      .map(async (id) => {
        // One that has ended in the meantime is none.
        const line = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
        return { id: Number(id), args: line.split("\0") };
      }),
  );
  return found.length > 0 ? found : await askPs();
}

async function askPs(): Promise<readonly Process[] | null> {
  const ps = await startHelm("ps", ["-A", "-ww", "-o", "pid=,args="], process.env);
  const end = await ps.ended.catch(() => null);
  if (end?.code !== 0) {
    return null;
  }
  return end.output.split("\n").map((line) => {
    const [id = "", ...args] = line.trim().split(/\s+/);
    return { id: Number(id), args };
  });
}
