import { expect } from "chai";

import { EmergencyError } from "../../../src/errors.js";
import type { Indexer } from "../../../src/indexer/indexer.js";
import type { Cluster } from "../../../src/indexer/kubernetes/cluster.js";
import type { ClusterObject } from "../../../src/indexer/kubernetes/objects.js";
import { findOwners } from "../../../src/indexer/owners/find-owners.js";
import { ownerRequests, parseOwnerPolicy } from "../../../src/indexer/owners/owner-requests.js";
import { inWords } from "../../../src/indexer/owners/owners-step.js";
import type { JsonObject } from "../../../src/json.js";
import { emergencyError } from "../../helpers/refusal.js";
import { clusterWith, object } from "./objects.js";

const AUTOMATED = { spec: { syncPolicy: { automated: { selfHeal: true } } } };

function indexerOn(cluster: Cluster): Indexer {
  return {
    name: "api",
    cluster,
    workload: { kind: "Deployment", name: "api" },
    waitMs: 1000,
    patienceMs: 1000,
    by: "test@test",
    now: () => new Date(0),
    wait: async () => {
      await Promise.resolve();
    },
  };
}

/** What is found, as "title: state". */
async function found(
  metadata: JsonObject,
  objects: Readonly<Record<string, ClusterObject>>,
  more: Partial<Cluster> = {},
): Promise<readonly string[]> {
  const cluster = clusterWith(
    { "deployments market/api": object("api", metadata), ...objects },
    more,
  );
  const { owners } = await findOwners(indexerOn(cluster));
  return owners.map(({ title, state }) => `${title}: ${state}`);
}

const tracked = (by: string, what: string): JsonObject => ({
  annotations: { "argocd.argoproj.io/tracking-id": `${by}:${what}` },
});

const flux = (name: string): JsonObject => ({
  labels: {
    "kustomize.toolkit.fluxcd.io/name": name,
    "kustomize.toolkit.fluxcd.io/namespace": "market",
  },
});

describe("Finding owners", () => {
  it("asks once where there are no marks", async () => {
    let asked = 0;
    const cluster = clusterWith({ "deployments market/api": object("api") });
    const counting: Cluster = {
      ...cluster,
      object: async (name) => {
        asked += 1;
        return await cluster.object(name);
      },
    };
    const { owners } = await findOwners(indexerOn(counting));
    expect(owners).to.deep.equal([]);
    expect(asked).to.equal(1);
  });

  it("finds Applications in any namespace, and owners of owners before them", async () => {
    const child = tracked("team_root", "argoproj.io/Application:team/api");
    expect(
      await found(tracked("team_api", "apps/Deployment:market/api"), {
        "applications team/api": object("api", { namespace: "team", ...child }, AUTOMATED),
        "applications team/root": object("root", { namespace: "team" }, AUTOMATED),
      }),
    ).to.deep.equal([
      "Argo CD Application team/root: active",
      "Argo CD Application team/api: active",
    ]);
  });

  it("takes the Application that lists the workload among its resources, of several of its name", async () => {
    const listing = (name: string): JsonObject => ({
      status: { resources: [{ group: "apps", kind: "Deployment", namespace: "market", name }] },
      ...AUTOMATED,
    });
    expect(
      await found(tracked("api", "apps/Deployment:market/api"), {
        "applications argocd/api": object("api", { namespace: "argocd" }, listing("web")),
        "applications gitops/api": object("api", { namespace: "gitops" }, listing("api")),
      }),
    ).to.deep.equal(["Argo CD Application gitops/api: active"]);
  });

  it("ends where an owner owns itself", async () => {
    const itself = tracked("argocd_argo", "argoproj.io/Application:argocd/argo");
    expect(
      await found(tracked("argocd_argo", "apps/Deployment:market/api"), {
        "applications argocd/argo": object("argo", { namespace: "argocd", ...itself }, AUTOMATED),
      }),
    ).to.deep.equal(["Argo CD Application argocd/argo: active"]);
  });

  it("ends where two owners own each other", async () => {
    const one = tracked("argocd_two", "argoproj.io/Application:argocd/one");
    const two = tracked("argocd_one", "argoproj.io/Application:argocd/two");
    const owners = await found(tracked("argocd_one", "apps/Deployment:market/api"), {
      "applications argocd/one": object("one", { namespace: "argocd", ...one }, AUTOMATED),
      "applications argocd/two": object("two", { namespace: "argocd", ...two }, AUTOMATED),
    });
    expect(owners).to.have.members([
      "Argo CD Application argocd/one: active",
      "Argo CD Application argocd/two: active",
    ]);
  });

  it("says that nobody can tell where the owner is in another cluster", async () => {
    expect(await found(tracked("api", "apps/Deployment:market/api"), {})).to.deep.equal([
      "Argo CD Application api: unknown",
    ]);
    expect(await found(flux("apps"), {})).to.deep.equal([
      "Flux Kustomization market/apps: unknown",
    ]);
  });

  it("says so where it may not be read, and throws what is no matter of rights", async () => {
    const denied: Partial<Cluster> = {
      objects: async () =>
        await Promise.reject(new EmergencyError("CLUSTER_DENIED", "you may not", "ask")),
    };
    expect(await found(tracked("api", "apps/Deployment:market/api"), {}, denied)).to.deep.equal([
      "Argo CD Application api: unknown",
    ]);
    const gone: Partial<Cluster> = {
      objects: async () =>
        await Promise.reject(new EmergencyError("CLUSTER_UNREACHABLE", "it is away", "wait")),
    };
    const thrown: unknown = await found(
      tracked("api", "apps/Deployment:market/api"),
      {},
      gone,
    ).catch((error: unknown) => error);
    expect(emergencyError(thrown).code).to.equal("CLUSTER_UNREACHABLE");
  });

  it("drops a label that is only a chart's", async () => {
    const labels = { "app.kubernetes.io/instance": "api" };
    expect(await found({ labels }, {})).to.deep.equal([]);
  });

  it("knows that Flux leaves alone what says so", async () => {
    const kustomization = { "kustomizations market/apps": object("apps", {}, { spec: {} }) };
    expect(await found(flux("apps"), kustomization)).to.deep.equal([
      "Flux Kustomization market/apps: active",
    ]);
    const annotations = { "kustomize.toolkit.fluxcd.io/reconcile": "disabled" };
    expect(await found({ ...flux("apps"), annotations }, kustomization)).to.deep.equal([
      "Flux Kustomization market/apps: idle",
    ]);
  });

  it("tells of each owner in one sentence", async () => {
    const cluster = clusterWith({
      "deployments market/api": object("api", flux("apps")),
      "kustomizations market/apps": object("apps", {}, { spec: { suspend: true } }),
    });
    const { owners } = await findOwners(indexerOn(cluster));
    expect(owners.map(inWords)).to.deep.equal([
      "Flux Kustomization market/apps does not act by itself, and this plugin has no part in that",
    ]);
  });
});

describe("Steps on owners", () => {
  it("stand before and behind the others, and nowhere where nothing keeps the workload", async () => {
    const cluster = clusterWith({ "deployments market/api": object("api", flux("apps")) });
    const bare = clusterWith({ "deployments market/api": object("api") });
    const book = async (name: string): Promise<Indexer> =>
      await Promise.resolve(indexerOn(name === "api" ? cluster : bare));
    const kinds = async (resume: boolean, owner: "suspend" | "ignore"): Promise<unknown> =>
      [...(await ownerRequests(book, ["api", "web"], { owner, resume })).values()].map(
        ({ first, last }) => [first.map(({ kind }) => kind), last.map(({ kind }) => kind)],
      );
    expect(await kinds(false, "suspend")).to.deep.equal([
      [["indexer-suspend"], []],
      [[], []],
    ]);
    expect(await kinds(true, "suspend")).to.deep.equal([
      [["indexer-suspend"], ["indexer-resume"]],
      [[], []],
    ]);
    expect(await kinds(false, "ignore")).to.deep.equal([
      [["indexer-suspend"], []],
      [[], []],
    ]);
  });

  it("are typed in words", () => {
    expect(parseOwnerPolicy(undefined, false)).to.deep.equal({ owner: "suspend", resume: false });
    expect(parseOwnerPolicy("ignore", false)).to.deep.equal({ owner: "ignore", resume: false });
    for (const [owner, resume] of [
      ["stop", false],
      ["ignore", true],
    ] as const) {
      expect(() => parseOwnerPolicy(owner, resume)).to.throw(EmergencyError, "BAD_ARGUMENTS");
    }
  });
});
