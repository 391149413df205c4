import { expect } from "chai";

import type { EmergencyHelmUserConfig } from "../../../src/config/indexers/helm-types.js";
import { captured, createProject, type Outcome, type Project } from "../../helpers/project.js";
import { expectRefusal, expectSuccess, listOf, onlyDocument } from "../../helpers/refusal.js";
import { at, containerOf, read } from "../kubernetes/workloads.js";
import { describeWith } from "../servers/describe-services.js";
import { startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { pathOf } from "../servers/tools.js";
import { HELM_TOOLS, releasesIn, type Releases } from "./releases.js";

/** Nobody answers there: commands on indexers need no chain. */
const NO_NODE = "http://127.0.0.1:9";

/** What must be in no output. */
const SECRET = "a-database-password";
const VARIABLE = "postgres://user:a-connection-secret@db/api";

describeWith(HELM_TOOLS, "indexer commands, of a Helm release", function () {
  this.timeout(120_000);
  let kubernetes: Kubernetes;
  let releases: Releases;
  let project: Project | undefined;
  const outputs: string[] = [];

  before(async () => {
    kubernetes = await startKubernetes();
  });
  after(async () => {
    await kubernetes.stop();
  });
  beforeEach(async () => {
    releases = await releasesIn(kubernetes, await kubernetes.namespace());
  });
  afterEach(async () => {
    await forget();
    await releases.remove();
    for (const output of outputs.splice(0)) {
      expect(output).not.to.contain(SECRET);
      expect(output).not.to.contain(Buffer.from(SECRET).toString("base64"));
      expect(output).not.to.contain("a-connection-secret");
      expect(output).not.to.contain(kubernetes.token);
    }
  });

  async function forget(): Promise<void> {
    await project?.remove();
    project = undefined;
  }

  async function run(
    task: string,
    args: Readonly<Record<string, string | boolean>> = {},
    changes: Partial<EmergencyHelmUserConfig> = {},
  ): Promise<Outcome> {
    const { kubeconfig } = kubernetes;
    const { namespace } = releases;
    project ??= await createProject({
      url: NO_NODE,
      chainId: 1,
      accounts: [],
      emergency: {
        indexers: {
          api: {
            helm: { release: "api", program: pathOf("helm"), namespace, kubeconfig, ...changes },
            waitSeconds: 30,
          },
        },
      },
    });
    const { hre } = project;
    const outcome = await captured(
      async (): Promise<unknown> => await hre.tasks.getTask(["indexer", task]).run(args),
    );
    outputs.push(outcome.stdout + outcome.stderr);
    return outcome;
  }

  async function image(): Promise<unknown> {
    const object = await read(kubernetes, releases.namespace, { kind: "Deployment", name: "api" });
    return at(containerOf(object), ["image"]);
  }

  it("list revisions, compare them, go back after a dry run, and tell how it is", async () => {
    const env = { DATABASE_URL: VARIABLE };
    await releases.deploy({ image: "api:1", chart: "0.1.0", appVersion: "1.0", env });
    await releases.deploy({
      image: "api:2",
      chart: "0.2.0",
      env,
      extra: true,
      before: "completes",
    });
    const history = await run("history", { json: true });
    expectSuccess(history);
    const shown = listOf(onlyDocument(history), "revisions");
    expect(shown.map(({ number, status, present }) => [number, status, present])).to.deep.equal([
      [1, "superseded", false],
      [2, "deployed", true],
    ]);
    const diff = await run("diff");
    expectSuccess(diff);
    expect(diff.stdout)
      .to.contain("From revision 2 (indexer-0.2.0) to 1 (indexer-0.1.0)")
      .and.to.contain("spec.template.spec.containers[api].image: api:2 -> api:1")
      .and.to.contain("- ConfigMap extra")
      .and.to.contain("- hook Job before");

    const done = await run("rollback", { yes: true, rehearse: true });
    expectSuccess(done);
    expect(await image()).to.equal("api:1");
    expect((await releases.history()).map(({ status }) => status)).to.deep.equal([
      "superseded",
      "superseded",
      "deployed",
    ]);

    const again = await run("rollback", { yes: true, json: true });
    expectSuccess(again);
    expect(listOf(onlyDocument(again), "outcomes")[0]).to.include({ status: "already" });
    // What the plan says of undoing it works.
    expectSuccess(await run("rollback", { to: "2", yes: true }));
    expect(await image()).to.equal("api:2");
    const status = await run("status");
    expectSuccess(status);
    expect(status.stdout).to.contain("revision 4 (indexer-0.2.0) is deployed");
  });
});
