import { expect } from "chai";

import { editTemplate } from "../../../src/indexer/repoint/template-edit.js";

const TEMPLATE = {
  metadata: { labels: { app: "market" } },
  spec: {
    initContainers: [{ name: "market", env: [{ name: "A", value: "init" }] }],
    containers: [
      {
        name: "market",
        env: [
          { name: "A", value: "1" },
          { name: "B", valueFrom: { configMapKeyRef: { name: "env-1", key: "b" } } },
        ],
        envFrom: [{ configMapRef: { name: "env-1" } }, { secretRef: { name: "env-1" } }],
      },
      { name: "sidecar" },
    ],
    volumes: [
      { name: "x", configMap: { name: "env-1" } },
      {
        name: "y",
        projected: { sources: [{ configMap: { name: "env-1" } }, { secret: { name: "env-1" } }] },
      },
      { name: "z", secret: { secretName: "env-1" } },
    ],
  },
};

describe("A template of pods", () => {
  it("gets variables in the container that is named, and in no other", () => {
    const container = { list: "containers", name: "market" } as const;
    const edited = editTemplate(TEMPLATE, {
      variables: [
        { container, name: "A", value: "2" },
        { container, name: "B", value: null },
        { container, name: "C", value: "3" },
        { container: { list: "containers", name: "gone" }, name: "D", value: "4" },
      ],
      renamed: [],
      annotations: {},
    });
    const [market, ...others] = TEMPLATE.spec.containers;
    expect(edited).to.deep.equal({
      ...TEMPLATE,
      spec: {
        ...TEMPLATE.spec,
        containers: [
          {
            ...market,
            env: [
              { name: "A", value: "2" },
              { name: "C", value: "3" },
            ],
          },
          ...others,
        ],
      },
    });
  });

  it("reads another object wherever it has read the old one, and none of another kind", () => {
    const edited = editTemplate(TEMPLATE, {
      variables: [],
      renamed: [{ object: { kind: "ConfigMap", name: "env-1" }, to: "env-2" }],
      annotations: { mark: "1" },
    });
    const text = JSON.stringify(edited);
    expect(text.split("env-2")).to.have.length(5);
    expect(text.split("env-1")).to.have.length(4);
    expect(edited.metadata).to.deep.equal({
      labels: { app: "market" },
      annotations: { mark: "1" },
    });
  });

  it("stays as it is where nothing is to be edited", () => {
    const nothing = { variables: [], renamed: [], annotations: {} };
    expect(editTemplate(TEMPLATE, nothing)).to.deep.equal(TEMPLATE);
    expect(editTemplate({}, nothing)).to.deep.equal({ spec: {} });
  });
});
