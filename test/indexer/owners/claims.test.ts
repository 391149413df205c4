import { expect } from "chai";

import { claimsOf } from "../../../src/indexer/owners/claims.js";
import type { JsonObject } from "../../../src/json.js";
import { deployment } from "./objects.js";

const wroteTemplate = (manager: string): JsonObject => ({
  manager,
  operation: "Update",
  fieldsV1: { "f:spec": { "f:template": {} } },
});

function claims(metadata: JsonObject): readonly unknown[] {
  return claimsOf(deployment(metadata));
}

describe("The marks on a workload", () => {
  it("name no owner where there are none, nor where only people have written it", () => {
    expect(claims({})).to.deep.equal([]);
    expect(
      claims({
        managedFields: [
          "kubectl-client-side-apply",
          "kubectl-rollout",
          "hardhat-emergency",
          "node-fetch",
        ].map(wroteTemplate),
      }),
    ).to.deep.equal([]);
  });

  it("name Argo CD's Application by its tracking id, and the namespace where it says one", () => {
    const tracked = (id: string): readonly unknown[] =>
      claims({ annotations: { "argocd.argoproj.io/tracking-id": id } });
    expect(tracked("shop:apps/Deployment:market/api")).to.deep.equal([
      { by: "application", namespace: null, name: "shop", certain: true },
    ]);
    expect(tracked("team-a_shop:apps/Deployment:market/api")).to.deep.equal([
      { by: "application", namespace: "team-a", name: "shop", certain: true },
    ]);
  });

  it("do not count where they were copied from another object", () => {
    for (const id of [
      "shop:apps/Deployment:market/web",
      "shop:apps/StatefulSet:market/api",
      "shop:apps/Deployment:other/api",
      "shop",
    ]) {
      expect(claims({ annotations: { "argocd.argoproj.io/tracking-id": id } })).to.deep.equal([]);
    }
  });

  it("name it by a label only where Argo CD has written the workload, for charts bear that label too", () => {
    const labels = { "app.kubernetes.io/instance": "shop" };
    const certain = { by: "application", namespace: null, name: "shop", certain: false };
    expect(claims({ labels, managedFields: [wroteTemplate("helm")] })).to.deep.equal([]);
    expect(claims({ labels, managedFields: [wroteTemplate("argocd-controller")] })).to.deep.equal([
      certain,
    ]);
    expect(claims({ labels })).to.deep.equal([certain]);
  });

  it("name Flux' Kustomization and HelmRelease", () => {
    expect(
      claims({
        labels: {
          "kustomize.toolkit.fluxcd.io/name": "apps",
          "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
          "helm.toolkit.fluxcd.io/name": "api",
          "helm.toolkit.fluxcd.io/namespace": "market",
        },
      }),
    ).to.deep.equal([
      { by: "kustomization", namespace: "flux-system", name: "apps" },
      { by: "helmrelease", namespace: "market", name: "api" },
    ]);
  });

  it("name Helm where nothing else has made it from a chart", () => {
    const annotations = {
      "meta.helm.sh/release-name": "api",
      "meta.helm.sh/release-namespace": "market",
    };
    const [helm] = claimsOf(deployment({ annotations }));
    expect(helm).to.include({ by: "other", title: "Helm release market/api", heals: "when asked" });
    expect(
      claims({
        annotations,
        labels: {
          "helm.toolkit.fluxcd.io/name": "api",
          "helm.toolkit.fluxcd.io/namespace": "market",
        },
      }),
    ).to.deep.equal([{ by: "helmrelease", namespace: "market", name: "api" }]);
  });

  it("name an operator by the controller among its owners, and Kubernetes' own kinds not", () => {
    const controlled = (apiVersion: string, kind: string): readonly unknown[] =>
      claims({ ownerReferences: [{ apiVersion, kind, name: "it", uid: "1", controller: true }] });
    expect(controlled("example.org/v1", "Indexer")).to.deep.equal([
      { by: "custom", apiVersion: "example.org/v1", kind: "Indexer", name: "it" },
    ]);
    expect(controlled("apps/v1", "ReplicaSet")).to.deep.equal([]);
    expect(controlled("argoproj.io/v1alpha1", "ApplicationSet")).to.deep.equal([
      { by: "applicationset", namespace: "market", name: "it" },
    ]);
    expect(
      claims({
        ownerReferences: [{ apiVersion: "example.org/v1", kind: "It", name: "it", uid: "1" }],
      }),
    ).to.deep.equal([]);
  });

  it("name Config Sync, Fleet, kapp and OLM, each with what can be done", () => {
    const marks: readonly (readonly [JsonObject, string, string])[] = [
      [{ annotations: { "configmanagement.gke.io/managed": "enabled" } }, "Config Sync", "at once"],
      [
        { annotations: { "objectset.rio.cattle.io/id": "default-api" } },
        "Rancher Fleet",
        "unknown",
      ],
      [{ labels: { "kapp.k14s.io/app": "1588343775866234000" } }, "kapp", "unknown"],
      [
        { labels: { "olm.owner": "api.v1", "olm.owner.kind": "ClusterServiceVersion" } },
        "Operator Lifecycle Manager",
        "at once",
      ],
    ];
    for (const [metadata, tool, heals] of marks) {
      const [claim, ...others] = claimsOf(deployment(metadata));
      expect(others).to.deep.equal([]);
      expect(claim).to.include({ by: "other", heals });
      expect(claim).to.have.property("title").that.contains(tool);
      expect(claim).to.have.property("advice").that.is.a("string");
    }
  });

  it("name a program that has written the template where nothing else says whose it is", () => {
    const [claim, ...others] = claimsOf(
      deployment({
        managedFields: [
          wroteTemplate("indexer-operator"),
          wroteTemplate("indexer-operator"),
          wroteTemplate("kube-controller-manager"),
          { manager: "scaling-operator", fieldsV1: { "f:spec": { "f:replicas": {} } } },
          { manager: "status-controller", subresource: "status", fieldsV1: { "f:status": {} } },
        ],
      }),
    );
    expect(others).to.deep.equal([]);
    expect(claim).to.include({ title: 'the program "indexer-operator"', heals: "unknown" });
  });
});
