import { expect } from "chai";

import { imagesIn, readManifest, titleOf } from "../../../src/indexer/helm/manifest.js";
import { diffManifests } from "../../../src/indexer/helm/manifest-diff.js";
import { withoutValues } from "../../../src/indexer/helm/try-objects.js";
import { expectRejection } from "../../helpers/refusal.js";

const deployment = (image: string, env = ""): string => `
# Source: indexer/templates/a.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  replicas: 2
  template:
    spec:
      initContainers: [{name: init, image: "init:1"}]
      containers:
        - name: api
          image: ${image}
          env: [${env}]
`;

const job = `
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: other}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: "cron:1"}]}}}}}
`;

describe("The manifest of a release", () => {
  it("is split as helm does, and read as Kubernetes does", async () => {
    const text = `---\n${deployment("api:1")}\n---  \n# nothing\n---\n${job}---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {mode: 0644, on: yes, when: 2001-01-01}}\n`;
    const objects = await readManifest(text, "revision 1");
    expect(objects.map(titleOf)).to.deep.equal([
      "Deployment api",
      "CronJob nightly in other",
      "ConfigMap a",
    ]);
    expect(imagesIn(objects)).to.deep.equal(["init:1", "api:1", "cron:1"]);
    expect(objects[2]?.json.data).to.include({ mode: 420 });
  });

  it("is refused without a word of what is in it, when it is none", async () => {
    for (const text of ["a: [a-secret", "kind: a-secret", "- a-secret"]) {
      const { message } = await expectRejection(
        readManifest(text, "revision 1"),
        "HELM_RECORD_UNREADABLE",
      );
      expect(message).not.to.contain("a-secret");
    }
  });

  it("is compared by object and field, images first, and no value is shown that may be secret", async () => {
    const secret = (value: string, more = ""): string =>
      `---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: ${value}${more}}\n`;
    const before = await readManifest(
      `${secret("canary-a", ", old: canary-b")}---\n${deployment("api:1", "{name: URL, value: canary-c}")}---\n${job}`,
      "revision 1",
    );
    const after = await readManifest(
      `${secret("canary-d")}---\n${deployment("api:2", "{name: URL, value: canary-e}, {name: NEW, value: canary-f}")}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}`,
      "revision 2",
    );
    const changes = diffManifests(before, after);
    expect(changes.map(({ object, change }) => [object, change])).to.deep.equal([
      ["Deployment api", "changed"],
      ["Secret s", "changed"],
      ["ConfigMap c", "added"],
      ["CronJob nightly in other", "removed"],
    ]);
    expect(changes[0]?.fields[0]).to.deep.equal({
      path: "spec.template.spec.containers[api].image",
      before: "api:1",
      after: "api:2",
    });
    expect(changes[1]?.fields.map(({ path }) => path)).to.deep.equal([
      "stringData.password",
      "stringData.old",
    ]);
    expect(JSON.stringify(changes)).not.to.contain("canary");
    expect(diffManifests(before, before)).to.deep.equal([]);
  });

  it("is refused by an API server without the values that it quotes", () => {
    const said = withoutValues(
      'Job.batch "m" is invalid: spec.template: Invalid value: core.PodTemplateSpec{Env: "canary: x"}: field is immutable',
    );
    expect(said).to.equal(
      'Job.batch "m" is invalid: spec.template: Invalid value (not shown): field is immutable',
    );
    expect(withoutValues('a: Invalid value: "canary"')).not.to.contain("canary");
  });
});
