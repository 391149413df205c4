import { createHash } from "node:crypto";

/** A deployment as graph-node's database has it, and what its node really does. */
export interface ModelDeployment {
  readonly hash: string;
  earliest: number;
  latest: number | null;
  synced: boolean;
  health: "healthy" | "unhealthy" | "failed";
  fatalError: { readonly message: string; readonly block: number; readonly handler: string } | null;
  /** Null: no node has it. */
  node: string | null;
  paused: boolean;
  /** Whether the node indexes: it follows the order to pause some looks later. */
  running: boolean;
  /** The lowest block that it was ever rewound to; null: never. */
  rewoundTo: number | null;
}

/** The two versions of a name. */
export interface ModelName {
  current: string | null;
  pending: string | null;
}

/** What IPFS has of a version. */
interface Manifest {
  readonly startBlock: number;
}

export const NETWORK = "mainnet";

/** graph-node's own default. */
export const REORG_THRESHOLD = 250;

/** An IPFS hash that no content has. */
export function hashFor(name: string): string {
  const digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  const bytes = [
    ...createHash("sha256").update(name).digest(),
    ...createHash("md5").update(name).digest(),
  ];
  return `Qm${bytes
    .slice(0, 44)
    .map((byte) => digits[byte % digits.length])
    .join("")}`;
}

/** What graph-node says in place of an answer. */
export class Refusal extends Error {}

/**
 * A graph-node as far as its interfaces show it: names with their versions, deployments that index, are paused and
 * rewound. Time passes by one step with every request that anybody makes.
 */
export class GraphNodeModel {
  readonly deployments = new Map<string, ModelDeployment>();
  readonly names = new Map<string, ModelName>();
  readonly ipfs = new Map<string, Manifest>();
  mode: "instant" | "synced" = "instant";
  head = 10_000;
  /** How many blocks a deployment indexes in a step of time. */
  speed = 20;
  /** For how many steps a node goes on after it should have paused. */
  stopsAfter = 8;
  /** What nobody may ever do. */
  readonly violations: string[] = [];
  readonly #stopping = new Map<string, number>();

  /** Puts a version there without anybody having asked for it. */
  add(name: string | null, hash: string, changes: Partial<ModelDeployment> = {}): ModelDeployment {
    const deployment: ModelDeployment = {
      hash,
      earliest: 100,
      latest: this.head,
      synced: true,
      health: "healthy",
      fatalError: null,
      node: "default",
      paused: false,
      running: true,
      rewoundTo: null,
      ...changes,
    };
    this.deployments.set(hash, deployment);
    this.ipfs.set(hash, { startBlock: deployment.earliest });
    if (name !== null) {
      this.names.set(name, { current: hash, pending: null });
    }
    return deployment;
  }

  blockHash(number: number): string {
    return createHash("sha256").update(`block ${number}`).digest("hex");
  }

  tick(): void {
    this.head += 1;
    for (const deployment of this.deployments.values()) {
      this.#index(deployment);
    }
  }

  #index(deployment: ModelDeployment): void {
    const { hash } = deployment;
    const left = this.#stopping.get(hash);
    if (left !== undefined) {
      deployment.running = left > 0;
      this.#stopping.set(hash, left - 1);
      if (left <= 0) {
        this.#stopping.delete(hash);
      }
    }
    if (!deployment.running || deployment.health === "failed" || deployment.node === null) {
      return;
    }
    const next = (deployment.latest ?? deployment.earliest - 1) + this.speed;
    deployment.latest = Math.min(this.head, next);
    if (deployment.latest >= this.head && !deployment.synced) {
      deployment.synced = true;
      this.#promote(hash);
    }
  }

  #promote(hash: string): void {
    for (const name of this.names.values()) {
      if (name.pending === hash) {
        name.current = hash;
        name.pending = null;
      }
    }
    this.#unassignUnused();
  }

  /** A deployment that is no version of any name is indexed no more. */
  #unassignUnused(): void {
    const used = new Set(
      [...this.names.values()].flatMap(({ current, pending }) => [current, pending]),
    );
    for (const deployment of this.deployments.values()) {
      if (!used.has(deployment.hash)) {
        deployment.node = null;
        deployment.running = false;
        deployment.paused = false;
      }
    }
  }

  #assigned(hash: string): ModelDeployment {
    const found = this.deployments.get(hash);
    if (found === undefined || found.node === null) {
      throw new Refusal(`deployment not found: ${hash}`);
    }
    return found;
  }

  pause(hash: string): void {
    const found = this.#assigned(hash);
    if (!found.paused) {
      found.paused = true;
      this.#stopping.set(hash, this.stopsAfter);
    }
  }

  resume(hash: string): void {
    const found = this.#assigned(hash);
    found.paused = false;
    found.running = true;
    this.#stopping.delete(hash);
  }

  create(name: string): void {
    checkName(name);
    if (!this.names.has(name)) {
      this.names.set(name, { current: null, pending: null });
    }
  }

  deploy(name: string, hash: string): void {
    const manifest = this.ipfs.get(hash);
    if (manifest === undefined) {
      throw new Refusal(`subgraph resolve error: resolve error: failed to fetch ${hash} over IPFS`);
    }
    const versions = this.names.get(name);
    if (versions === undefined) {
      throw new Refusal(`subgraph name not found: ${name}`);
    }
    if (!this.deployments.has(hash)) {
      const { startBlock } = manifest;
      this.add(null, hash, { earliest: startBlock, latest: null, synced: false });
    }
    const now = versions.current === null ? undefined : this.deployments.get(versions.current);
    const candidate = this.deployments.get(hash);
    if (candidate === undefined) {
      throw new TypeError("it was just added");
    }
    if (candidate.node === null) {
      candidate.node = "default";
      candidate.running = true;
    }
    if (this.mode === "synced" && now?.synced === true && !candidate.synced) {
      versions.pending = hash;
    } else if (versions.current !== hash) {
      if (versions.current !== null && !candidate.synced) {
        this.violations.push(`${name} is served by ${hash}, which is not synced`);
      }
      versions.current = hash;
      versions.pending = null;
    }
    this.#unassignUnused();
  }

  remove(name: string): void {
    this.names.delete(name);
    this.#unassignUnused();
  }

  /** What `graphman rewind` does, in its order. @returns what it prints. */
  rewind(hash: string, blockHash: string, block: number): readonly string[] {
    const found = this.deployments.get(hash);
    if (found === undefined) {
      return ["No deployments found"];
    }
    if (blockHash.replace(/^0x/, "") !== this.blockHash(block) || block > this.head) {
      throw new Refusal(`the chain ${NETWORK} does not have a block with hash ${blockHash}`);
    }
    if (block < found.earliest + REORG_THRESHOLD) {
      throw new Refusal(
        `The block number ${block} is not safe to rewind to for deployment ${hash}[1]`,
      );
    }
    const printed = ["Checking if its safe to rewind deployments", "Pausing deployments"];
    if (found.running) {
      this.violations.push(`${hash} is rewound while its node indexes`);
    }
    this.pause(hash);
    if ((found.latest ?? -1) <= block) {
      throw new Refusal("internal error: rewind must go backwards");
    }
    found.latest = block;
    found.rewoundTo = Math.min(found.rewoundTo ?? block, block);
    printed.push("Rewinding deployments", `  ... rewound ${hash}[1]`, "Resuming deployments");
    this.resume(hash);
    return printed;
  }

  /** What must be the same in the end, however often a command was killed. */
  state(): unknown {
    return {
      names: Object.fromEntries([...this.names].filter(([, { current }]) => current !== null)),
      deployments: [...this.deployments.values()].map(
        ({ hash, node, paused, running, rewoundTo, synced }) => ({
          hash,
          node,
          paused,
          running,
          rewoundTo,
          synced,
        }),
      ),
      violations: this.violations,
    };
  }
}

function checkName(name: string): void {
  const parts = name.split("/");
  const good = parts.every(
    (part) =>
      /^[a-zA-Z0-9]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$/.test(part) &&
      /[a-zA-Z]/.test(part) &&
      part !== "graphql",
  );
  if (!good || name.length > 255) {
    throw new Refusal(`Invalid params: subgraph name ${name}`);
  }
}
