import { expect } from "chai";

import type { ConfigurationPlaces } from "../../../src/indexer/configuration/places.js";
import { referencesOf } from "../../../src/indexer/configuration/references.js";
import {
  readSource,
  type FoundSource,
  type SourceIntent,
} from "../../../src/indexer/configuration/source.js";
import type { JsonObject } from "../../../src/json.js";
import { expectRejection } from "../../helpers/refusal.js";

const CANARY = "canary-271828";

/** What the workload reads: all of ConfigMap "env-1", and a key of Secret "db". */
const TEMPLATE = {
  spec: {
    containers: [
      {
        name: "app",
        envFrom: [{ configMapRef: { name: "env-1" } }],
        env: [{ name: "P", valueFrom: { secretKeyRef: { name: "db", key: "password" } } }],
      },
    ],
  },
};

function configMap(name: string, metadata: JsonObject = {}): JsonObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, ...metadata },
    data: { LEVEL: "info" },
  };
}

async function read(
  source: SourceIntent,
  found: { readonly objects?: readonly JsonObject[]; readonly text?: string },
): Promise<FoundSource> {
  const places: ConfigurationPlaces = {
    manifests: async (file) =>
      await Promise.resolve({ what: file, version: "1", objects: found.objects ?? [] }),
    manifestsAt: async () => await Promise.reject(new Error("no commit")),
    previousSecret: async () =>
      await Promise.resolve({ versionId: "v1", current: "v2", text: found.text ?? "" }),
  };
  const cluster = {
    namespace: "market",
    object: async () => await Promise.reject(new Error("nothing is read")),
  };
  const references = referencesOf(TEMPLATE);
  return await readSource(
    source,
    {
      ...{ cluster, references, title: "Deployment api", revision: "revision 3" },
      ...{ template: "t", snapshots: [] },
    },
    places,
  );
}

describe("the source of a configuration", () => {
  const manifest: SourceIntent = { from: "manifest", file: "all.yaml" };

  it("gives what the workload reads of a manifest, in its namespace, and says what it lacks", async () => {
    const objects = [
      configMap("env-1"),
      configMap("env-1", { namespace: "other" }),
      configMap("unused"),
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "env-1" } },
    ];
    const found = await read(manifest, { objects });
    expect(found.objects.map(({ kind, name }) => `${kind} ${name}`)).to.deep.equal([
      "ConfigMap env-1",
    ]);
    expect(found.notes).to.deep.equal(["all.yaml has no Secret db: that stays as it is"]);
  });

  it("is refused where names carry a hash of another content, with the way", async () => {
    const error = await expectRejection(
      read(manifest, { objects: [configMap("env-7g2h")] }),
      "BAD_CONFIGURATION",
    );
    expect(error.what).to.contain("none of what revision 3 reads").and.contain("ConfigMap env-1");
    expect(error.next).to.contain("env-7g2h").and.contain("indexer rollback --to");
  });

  it("is refused where it has an object twice, or a value that is no text", async () => {
    const twice = [configMap("env-1"), configMap("env-1")];
    await expectRejection(read(manifest, { objects: twice }), "BAD_CONFIGURATION");
    const wrong = { ...configMap("env-1"), data: { [CANARY]: 80, LEVEL: CANARY } };
    await expectRejection(read(manifest, { objects: [wrong] }), "BAD_CONFIGURATION");
  });

  it("says that nothing is known without a snapshot, and is refused where one is asked for", async () => {
    const { origin, notes } = await read({ from: "auto" }, {});
    expect(origin).to.equal(null);
    expect(notes[0]).to.contain("ConfigMap env-1, Secret db stay as they are");
    await expectRejection(read({ from: "snapshot" }, {}), "UNKNOWN_SNAPSHOT");
    await expectRejection(read({ from: "snapshot", number: 4 }, {}), "UNKNOWN_SNAPSHOT");
  });

  describe("in AWS Secrets Manager", () => {
    const from = (keys?: Record<string, string>): SourceIntent => ({
      from: "secrets-manager",
      secrets: [{ secret: "production/db", into: "db", ...(keys === undefined ? {} : { keys }) }],
    });
    const decoded = async (source: SourceIntent, text: string): Promise<unknown> =>
      (await read(source, { text })).objects.map(({ keys, content: { data } }) => ({
        keys,
        data: Object.fromEntries(
          Object.entries(data).map(([key, value]) => [
            key,
            Buffer.from(value, "base64").toString("utf8"),
          ]),
        ),
      }));

    it("gives its fields, those that are named, or the whole of it", async () => {
      const text = JSON.stringify({ user: "api", pw: CANARY, port: 5432 });
      expect(await decoded(from({ password: "pw", port: "port" }), text)).to.deep.equal([
        { keys: ["password", "port"], data: { password: CANARY, port: "5432" } },
      ]);
      expect(await decoded(from(), JSON.stringify({ pw: CANARY }))).to.deep.equal([
        { keys: ["pw"], data: { pw: CANARY } },
      ]);
      expect(await decoded(from({ password: "*" }), CANARY)).to.deep.equal([
        { keys: ["password"], data: { password: CANARY } },
      ]);
    });

    it("is refused where it does not fit, without a word of what it is", async () => {
      for (const [keys, text] of [
        [undefined, CANARY],
        [{ password: "missing" }, JSON.stringify({ pw: CANARY })],
        [{ password: "pw" }, JSON.stringify({ pw: { deep: CANARY } })],
      ] as const) {
        const error = await expectRejection(read(from(keys), { text }), "BAD_CONFIGURATION");
        expect(error.message).not.to.contain(CANARY);
      }
    });
  });
});
