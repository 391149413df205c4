import { expect } from "chai";

import type { PatchOperation } from "../../../src/indexer/kubernetes/cluster.js";
import { clusterObjectSchema } from "../../../src/indexer/kubernetes/objects.js";
import { applicationBrake, applicationSetBrake } from "../../../src/indexer/owners/argo.js";
import type { Brake } from "../../../src/indexer/owners/brake.js";
import { RECONCILE } from "../../../src/indexer/owners/claims.js";
import { ownerOf, type Handle } from "../../../src/indexer/owners/find-owners.js";
import { helmReleaseBrake, kustomizationBrake } from "../../../src/indexer/owners/flux.js";
import { operatorBrake } from "../../../src/indexer/owners/operators.js";
import { readSuspended, SUSPENDED } from "../../../src/indexer/owners/owner-mark.js";
import { resumePatch, suspendPatch } from "../../../src/indexer/owners/owner-patch.js";
import { at, isObject } from "../../../src/indexer/owners/paths.js";
import { canonicalJson, type Json, type JsonObject } from "../../../src/json.js";
import { jsonObjectSchema } from "../../../src/json-schema.js";
import { object } from "./objects.js";

const by = { by: "alice@laptop", at: "2026-01-01T00:00:00Z", for: "Deployment market/api" };

/** A JSON patch, as an API server applies it: all of it, or it throws. */
function applied(json: JsonObject, operations: readonly PatchOperation[]): JsonObject {
  const after = operations.reduce<Json>((value, operation) => {
    const keys = operation.path
      .split("/")
      .slice(1)
      .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    return changed(value, keys, operation);
  }, json);
  return jsonObjectSchema.parse(after);
}

function changed(
  value: Json | undefined,
  [key = "", ...rest]: readonly string[],
  operation: PatchOperation,
): Json {
  const { op, path, value: wanted = null } = operation;
  if (isList(value)) {
    const index = key === "-" ? value.length : Number(key);
    const behind = op === "remove" ? value.slice(index + 1) : value.slice(index);
    return [...value.slice(0, index), ...(op === "remove" ? [] : [wanted]), ...behind];
  }
  if (!isObject(value) || (op !== "add" && !(key in value))) {
    throw new Error(`${op} ${path}: nothing is there`);
  }
  if (rest.length > 0) {
    return { ...value, [key]: changed(value[key], rest, operation) };
  }
  if (op === "test") {
    expect(canonicalJson(value[key]), path).to.equal(canonicalJson(wanted));
    return value;
  }
  const others = Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  return op === "remove" ? others : { ...others, [key]: wanted };
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function handleOf(
  brake: Brake,
  spec: JsonObject,
  metadata: JsonObject = {},
  appliedBy: string | null = null,
): Handle {
  return {
    name: { apiVersion: "v1", plural: "owners", namespace: "market", name: "owner" },
    object: object("owner", { resourceVersion: "7", ...metadata }, { spec }),
    brake,
    appliedBy,
  };
}

function withJson(handle: Handle, json: JsonObject): Handle {
  return { ...handle, object: clusterObjectSchema.parse(json) };
}

function suspended(handle: Handle): Handle {
  const was = handle.brake.active(handle.object.json);
  expect(was, "it is active").not.to.equal(null);
  return withJson(handle, applied(handle.object.json, suspendPatch(handle, was ?? {}, by)));
}

function resumed(handle: Handle): Handle {
  const mark = readSuspended(handle.object);
  if (mark === null) {
    throw new Error("it bears no mark");
  }
  return withJson(handle, applied(handle.object.json, resumePatch(handle, mark)));
}

/** Without what an API server does not keep: an empty map of annotations. */
function meaning({ object: { json } }: Handle): string {
  const metadata = at(json, "metadata");
  const annotations = at(metadata, "annotations");
  const empty = isObject(annotations) && Object.keys(annotations).length === 0;
  return canonicalJson(
    empty && isObject(metadata)
      ? { ...json, metadata: { ...metadata, annotations: undefined } }
      : json,
  );
}

const REST = { generators: [], template: {} };

/** All forms in which an owner may be met that acts by itself. */
const ACTIVE: Readonly<Record<string, readonly (readonly [Brake, JsonObject])[]>> = {
  Application: [
    [applicationBrake, { project: "a", syncPolicy: { automated: {} } }],
    [applicationBrake, { syncPolicy: { automated: { selfHeal: true, prune: true } } }],
    [
      applicationBrake,
      { syncPolicy: { automated: { enabled: true }, syncOptions: ["CreateNamespace=true"] } },
    ],
  ],
  ApplicationSet: [
    [applicationSetBrake("api"), REST],
    [applicationSetBrake("api"), { ...REST, preservedFields: { labels: ["team"] } }],
    [applicationSetBrake("api"), { ...REST, preservedFields: { annotations: ["team"] } }],
    [
      applicationSetBrake("api"),
      {
        ...REST,
        ignoreApplicationDifferences: [
          { name: "web", jsonPointers: ["/spec/syncPolicy"] },
          { jsonPointers: ["/spec/source/targetRevision"] },
        ],
      },
    ],
    [
      applicationSetBrake("api"),
      { ...REST, ignoreApplicationDifferences: [{ jsonPointers: ["/spec/syncPolicy"] }] },
    ],
  ],
  Kustomization: [
    [kustomizationBrake, { interval: "10m" }],
    [kustomizationBrake, { interval: "10m", suspend: false }],
  ],
  HelmRelease: [[helmReleaseBrake, { interval: "10m", driftDetection: { mode: "enabled" } }]],
};

describe("An owner", () => {
  for (const [kind, forms] of Object.entries(ACTIVE)) {
    it(`(${kind}) does not act when it is suspended, bears a mark, and is as it was when it is resumed`, () => {
      const metadatas: readonly JsonObject[] = [{}, { annotations: { team: "market" } }];
      for (const [brake, spec] of forms) {
        for (const metadata of metadatas) {
          for (const appliedBy of [null, "flux-system/root"]) {
            const before = handleOf(brake, spec, metadata, appliedBy);
            expect(ownerOf("it", "api", before).state).to.equal("active");
            const during = suspended(before);
            const { state, mark } = ownerOf("it", "api", during);
            expect(state).to.equal("suspended");
            expect(mark).to.include(by);
            expect(during.object.metadata.annotations[RECONCILE]).to.equal(
              appliedBy === null ? undefined : "disabled",
            );
            expect(meaning(resumed(during))).to.equal(meaning(before));
          }
        }
      }
    });
  }

  it("that Flux was told before to reconcile, or to leave alone, is told the same again", () => {
    const told = { annotations: { [RECONCILE]: "enabled" } };
    const before = handleOf(kustomizationBrake, { interval: "1m" }, told, "flux-system/root");
    expect(meaning(resumed(suspended(before)))).to.equal(meaning(before));
    const left = { annotations: { [RECONCILE]: "disabled" } };
    const alone = handleOf(kustomizationBrake, { interval: "1m" }, left, "flux-system/root");
    expect(meaning(resumed(suspended(alone)))).to.equal(meaning(alone));
  });

  it("is not changed when anybody has changed its spec or annotations since the look, and is when only its state has", () => {
    const handle = handleOf(
      applicationBrake,
      { syncPolicy: { automated: {} } },
      { annotations: { team: "market" } },
    );
    const operations = suspendPatch(handle, { automated: {} }, by);
    const { json } = handle.object;
    const metadata = jsonObjectSchema.parse(json.metadata);
    expect(() => applied({ ...json, spec: { syncPolicy: {} } }, operations)).to.throw();
    const annotated = { ...json, metadata: { ...metadata, annotations: { team: "other" } } };
    expect(() => applied(annotated, operations)).to.throw();
    const newer = { ...json, metadata: { ...metadata, resourceVersion: "8" }, status: { a: 1 } };
    expect(() => applied(newer, operations)).not.to.throw();
    const bare = handleOf(applicationBrake, { syncPolicy: { automated: {} } });
    expect(suspendPatch(bare, { automated: {} }, by)).to.deep.include({
      op: "test",
      path: "/metadata/resourceVersion",
      value: "7",
    });
  });

  it("that somebody has resumed by hand keeps what it has, and loses the mark", () => {
    const during = suspended(handleOf(applicationBrake, { syncPolicy: { automated: {} } }));
    const spec = { syncPolicy: { automated: { prune: true } } };
    const byHand = withJson(during, { ...during.object.json, spec });
    expect(ownerOf("it", "api", byHand).state).to.equal("active");
    const after = resumed(byHand);
    expect(after.object.json.spec).to.deep.equal(spec);
    expect(after.object.metadata.annotations).not.to.have.property(SUSPENDED);
    const unsuspended = withJson(
      suspended(handleOf(kustomizationBrake, { suspend: false })),
      applied(suspended(handleOf(kustomizationBrake, { suspend: false })).object.json, [
        { op: "remove", path: "/spec/suspend" },
      ]),
    );
    expect(resumed(unsuspended).object.json.spec).to.deep.equal({});
  });

  it("whose policy somebody has taken out wholly gets it back", () => {
    const during = suspended(
      handleOf(applicationBrake, { project: "a", syncPolicy: { automated: { prune: true } } }),
    );
    const bare = withJson(during, { ...during.object.json, spec: { project: "a" } });
    expect(resumed(bare).object.json.spec).to.deep.equal({
      project: "a",
      syncPolicy: { automated: { prune: true } },
    });
  });

  it("that another has stopped is not this plugin's to resume", () => {
    const idle: readonly (readonly [Brake, JsonObject, JsonObject])[] = [
      [applicationBrake, {}, {}],
      [applicationBrake, { syncPolicy: { syncOptions: [] } }, {}],
      [applicationBrake, { syncPolicy: { automated: { enabled: false, selfHeal: true } } }, {}],
      [
        applicationBrake,
        { syncPolicy: { automated: { selfHeal: true } } },
        { annotations: { "argocd.argoproj.io/skip-reconcile": "true" } },
      ],
      [kustomizationBrake, { suspend: true }, {}],
      [helmReleaseBrake, { suspend: true }, {}],
    ];
    for (const [brake, spec, metadata] of idle) {
      const { state, mark } = ownerOf("it", "api", handleOf(brake, spec, metadata));
      expect(state, canonicalJson(spec)).to.equal("idle");
      expect(mark).to.equal(null);
    }
  });

  it("of several Applications is told of each, and keeps what is still wanted of the others", () => {
    const before = handleOf(applicationSetBrake("api"), REST);
    const first = suspended(before);
    const both = suspended({ ...first, brake: applicationSetBrake("web") });
    expect(at(both.object.json, "spec", "ignoreApplicationDifferences")).to.deep.equal([
      { name: "api", jsonPointers: ["/spec/syncPolicy"] },
      { name: "web", jsonPointers: ["/spec/syncPolicy"] },
    ]);
    const web = resumed({ ...both, brake: applicationSetBrake("api") });
    expect(ownerOf("it", "api", web).state).to.equal("active");
    const other = { ...web, brake: applicationSetBrake("web") };
    expect(ownerOf("it", "web", other).state).to.equal("suspended");
    expect(meaning(resumed(other))).to.equal(meaning(before));
  });

  it("says how soon it puts things back", () => {
    const heals = (brake: Brake, spec: JsonObject): string =>
      ownerOf("it", "api", handleOf(brake, spec)).heals;
    expect(heals(applicationBrake, { syncPolicy: { automated: { selfHeal: true } } })).to.equal(
      "at once",
    );
    expect(heals(applicationBrake, { syncPolicy: { automated: {} } })).to.equal(
      "with its next change",
    );
    expect(heals(helmReleaseBrake, {})).to.equal("with its next change");
    expect(heals(helmReleaseBrake, { driftDetection: { mode: "warn" } })).to.equal(
      "with its next change",
    );
    expect(heals(kustomizationBrake, {})).to.equal("at once");
  });

  it("says what it is doing: a sync, its retries, an apply; and not what changes nothing any more", () => {
    const reconciling = (reason: string, message: string): JsonObject => ({
      status: { conditions: [{ type: "Reconciling", status: "True", reason, message }] },
    });
    const busy: readonly (readonly [Brake, JsonObject])[] = [
      [applicationBrake, { operation: { sync: {} } }],
      [applicationBrake, { status: { operationState: { phase: "Running" } } }],
      [applicationBrake, { status: { operationState: { phase: "Terminating" } } }],
      [kustomizationBrake, reconciling("Progressing", "Detecting drift for revision main@sha1:1")],
      [helmReleaseBrake, reconciling("Progressing", "Running 'upgrade' action")],
    ];
    for (const [brake, json] of busy) {
      expect(brake.busy(json), canonicalJson(json)).to.be.a("string");
    }
    const idle: readonly (readonly [Brake, JsonObject])[] = [
      [applicationBrake, { status: { operationState: { phase: "Succeeded" } } }],
      [kustomizationBrake, reconciling("Progressing", "Running health checks for revision main")],
      [kustomizationBrake, reconciling("ProgressingWithRetry", "Detecting drift")],
      [kustomizationBrake, {}],
      [helmReleaseBrake, reconciling("ProgressingWithRetry", "retrying after 1m")],
    ];
    for (const [brake, json] of idle) {
      expect(brake.busy(json), canonicalJson(json)).to.equal(null);
    }
  });

  it("says whether its controller has seen the change, where it can", () => {
    const seen = (ready: string, observedGeneration: number): boolean | null =>
      kustomizationBrake.seen({
        metadata: { generation: 4 },
        status: { observedGeneration, conditions: [{ type: "Ready", status: ready }] },
      });
    expect([seen("True", 3), seen("True", 4), seen("False", 3)]).to.deep.equal([false, true, null]);
  });

  it("that is an operator's is only told where that is documented", () => {
    expect(operatorBrake("example.org/v1")).to.equal(undefined);
    for (const apiVersion of ["kafka.strimzi.io/v1beta2", "elasticsearch.k8s.elastic.co/v1"]) {
      const brake = operatorBrake(apiVersion);
      if (brake === undefined) {
        throw new Error(`${apiVersion} documents it`);
      }
      const before = handleOf(brake, {}, { annotations: { team: "market" } });
      const during = suspended(before);
      expect(ownerOf("it", "api", during).state).to.equal("suspended");
      expect(meaning(resumed(during))).to.equal(meaning(before));
    }
  });
});
