import { expect } from "chai";
import fc from "fast-check";

import { allReferences, referencesOf } from "../../../src/indexer/configuration/references.js";
import type { JsonObject } from "../../../src/json.js";

function template(spec: JsonObject): JsonObject {
  return { metadata: { labels: { app: "api" } }, spec };
}

/** One way to read a ConfigMap or Secret, and what is to be found of it. */
interface Way {
  readonly kind: "ConfigMap" | "Secret";
  readonly name: string;
  readonly how: "env" | "envFrom" | "volume" | "subPath" | "projected" | "init";
  readonly key: string;
  readonly optional: boolean;
}

const way: fc.Arbitrary<Way> = fc.record({
  kind: fc.constantFrom("ConfigMap", "Secret"),
  name: fc.constantFrom("a", "b", "c"),
  how: fc.constantFrom("env", "envFrom", "volume", "subPath", "projected", "init"),
  key: fc.constantFrom("K", "L", "M"),
  optional: fc.boolean(),
});

/** A template that reads in these ways, each with a container and a volume of its own. */
function reading(ways: readonly Way[]): JsonObject {
  const containers: JsonObject[] = [];
  const initContainers: JsonObject[] = [];
  const volumes: JsonObject[] = [];
  for (const [index, { kind, name, how, key, optional }] of ways.entries()) {
    const field = kind === "ConfigMap" ? "configMap" : "secret";
    const volume = `v${index}`;
    switch (how) {
      case "env":
      case "init": {
        const valueFrom = { [`${field}KeyRef`]: { name, key, optional } };
        const list = how === "init" ? initContainers : containers;
        list.push({ name: `c${index}`, env: [{ name: "X", valueFrom }] });
        break;
      }
      case "envFrom":
        containers.push({ name: `c${index}`, envFrom: [{ [`${field}Ref`]: { name, optional } }] });
        break;
      case "volume":
      case "subPath": {
        const named = kind === "ConfigMap" ? { name } : { secretName: name };
        volumes.push({
          name: volume,
          [field]: { ...named, optional, items: [{ key, path: "p" }] },
        });
        const mount = {
          name: volume,
          mountPath: "/m",
          ...(how === "subPath" ? { subPath: "p" } : {}),
        };
        containers.push({ name: `c${index}`, volumeMounts: [mount] });
        break;
      }
      case "projected":
        volumes.push({ name: volume, projected: { sources: [{ [field]: { name, optional } }] } });
        break;
    }
  }
  return template({ containers, initContainers, volumes });
}

describe("what a pod template reads", () => {
  it("is found wherever it is named, with the keys that are read", () => {
    fc.assert(
      fc.property(fc.array(way, { maxLength: 8 }), (ways) => {
        const found = referencesOf(reading(ways));
        const names = new Set(ways.map(({ kind, name }) => `${kind} ${name}`));
        expect(found.map(({ kind, name }) => `${kind} ${name}`)).to.deep.equal([...names].sort());
        for (const { kind, name, keys, optional, uses } of found) {
          const own = ways.filter((each) => each.kind === kind && each.name === name);
          const whole = own.some(({ how }) => how === "envFrom" || how === "projected");
          expect(keys).to.deep.equal(
            whole ? "all" : [...new Set(own.map(({ key }) => key))].sort(),
          );
          expect(optional).to.equal(own.every((each) => each.optional));
          expect(uses.includes("subPath")).to.equal(own.some(({ how }) => how === "subPath"));
          expect(uses.includes("env")).to.equal(
            own.some(({ how }) => how === "env" || how === "init"),
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  it("of two templates is what either of them reads", () => {
    fc.assert(
      fc.property(fc.array(way, { maxLength: 5 }), fc.array(way, { maxLength: 5 }), (a, b) => {
        const both = allReferences(referencesOf(reading(a)), referencesOf(reading(b)));
        expect(both).to.deep.equal(referencesOf(reading([...a, ...b])));
      }),
      { numRuns: 200 },
    );
  });

  it("is not what the kubelet alone reads, nor what Kubernetes puts everywhere", () => {
    const spec = {
      imagePullSecrets: [{ name: "registry" }],
      volumes: [
        { name: "storage", csi: { driver: "d", nodePublishSecretRef: { name: "storage" } } },
        { name: "ca", projected: { sources: [{ configMap: { name: "kube-root-ca.crt" } }] } },
        { name: "data", persistentVolumeClaim: { claimName: "data" } },
      ],
      containers: [{ name: "app", image: "app:1" }],
    };
    expect(referencesOf(template(spec))).to.deep.equal([]);
    expect(referencesOf({})).to.deep.equal([]);
  });

  it("keeps the prefixes of variables", () => {
    const envFrom = [
      { prefix: "OLD_", configMapRef: { name: "env" } },
      { configMapRef: { name: "env" } },
    ];
    const [found] = referencesOf(template({ containers: [{ name: "app", envFrom }] }));
    expect(found).to.deep.include({ name: "env", keys: "all", prefixes: ["OLD_"] });
  });
});
