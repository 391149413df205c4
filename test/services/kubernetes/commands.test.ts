import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import type { EmergencyIndexerUserConfig } from "../../../src/config/types.js";
import { captured, createProject, type Outcome, type Project } from "../../helpers/project.js";
import {
  expectRefusal,
  expectSuccess,
  fieldOf,
  listOf,
  onlyDocument,
} from "../../helpers/refusal.js";
import { describeWith } from "../servers/describe-services.js";
import { KUBERNETES_TOOLS, startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { at, containerOf, read, roll, settled } from "./workloads.js";

/** Nobody answers there: commands on indexers need no chain. */
const NO_NODE = "http://127.0.0.1:9";

/** What must be in no output. */
const SECRET = "a-database-password";

describeWith(KUBERNETES_TOOLS, "indexer commands", () => {
  let kubernetes: Kubernetes;
  let namespace: string;
  let project: Project | undefined;

  before(async () => {
    kubernetes = await startKubernetes();
  });
  after(async () => {
    await kubernetes.stop();
  });
  beforeEach(async () => {
    namespace = await kubernetes.namespace();
    for (const image of ["api:1", "api:2"]) {
      const env = { DATABASE_PASSWORD: SECRET };
      await roll(kubernetes, namespace, "Deployment", { image, env });
    }
  });
  afterEach(async () => {
    await forget();
  });

  /** The next command has a configuration of its own. */
  async function forget(): Promise<void> {
    await project?.remove();
    project = undefined;
  }

  async function run(
    task: string,
    args: Readonly<Record<string, string | boolean>> = {},
    changes: Partial<EmergencyIndexerUserConfig["kubernetes"]> = {},
    answer?: () => Promise<string>,
  ): Promise<Outcome> {
    const { kubeconfig } = kubernetes;
    project ??= await createProject({
      url: NO_NODE,
      chainId: 1,
      accounts: [],
      emergency: {
        indexers: { api: { kubernetes: { name: "api", namespace, kubeconfig, ...changes } } },
      },
      ...(answer === undefined ? {} : { answer }),
    });
    const { hre } = project;
    return await captured(
      async (): Promise<unknown> => await hre.tasks.getTask(["indexer", task]).run(args),
    );
  }

  async function image(): Promise<unknown> {
    const object = await read(kubernetes, namespace, { kind: "Deployment", name: "api" });
    return at(containerOf(object), ["image"]);
  }

  it("list revisions, go back to one after a dry run by the API server, and tell how it is", async () => {
    const history = await run("history", { json: true });
    expectSuccess(history);
    expect(
      listOf(onlyDocument(history), "revisions").map(({ number, present }) => [number, present]),
    ).to.deep.equal([
      [1, false],
      [2, true],
    ]);
    const done = await run("rollback", { yes: true, rehearse: true });
    expectSuccess(done);
    expect(done.stdout)
      .to.contain("Indexer api in namespace")
      .and.to.contain("In a dry run of the API server, roll back api: works")
      .and.to.contain("The cluster was not written to.")
      .and.to.contain("npx hardhat indexer rollback --indexer api --to 2")
      .and.to.contain("DONE roll Deployment api back to revision 1");
    expect(await image()).to.equal("api:1");

    const again = await run("rollback", { yes: true, json: true });
    expectSuccess(again);
    expect(onlyDocument(again)).to.include({ verified: true, indexer: "api" });
    expect(listOf(onlyDocument(again), "outcomes")[0]).to.include({ status: "already" });

    // What the plan says of undoing it works.
    expectSuccess(await run("rollback", { to: "2", yes: true }));
    expect(await image()).to.equal("api:2");

    const status = await run("status");
    expectSuccess(status);
    expect(status.stdout).to.contain("is up: 2 of 2 pods are available");
    const shown = await run("history");
    expect(shown.stdout).to.contain("api:2").and.to.contain("* present");
    for (const outcome of [history, done, again, status, shown]) {
      expect(outcome.stdout + outcome.stderr).not.to.contain(SECRET);
      expect(outcome.stdout + outcome.stderr).not.to.contain(kubernetes.token);
    }
  });

  it("show a plan and stop, save it, and perform it from the file", async () => {
    const dry = await run("rollback", { dryRun: true });
    expectSuccess(dry);
    expect(dry.stdout).to.contain("Dry run: nothing was written.");
    expect(await image()).to.equal("api:2");
    const file = join(project?.folder ?? "", "plan.json");
    expectSuccess(await run("rollback", { dryRun: true, savePlan: file }));
    const performed = await run("rollback", { plan: file, yes: true });
    expectSuccess(performed);
    expect(await image()).to.equal("api:1");
    // It has been done: the same plan is not for this state any more.
    expectRefusal(await run("rollback", { plan: file, yes: true }), "PRIOR_STATE_CHANGED");
  });

  it("ask for the name of a live indexer, and change nothing without it", async () => {
    const answer = async (): Promise<string> => await Promise.resolve("web");
    expectRefusal(await run("rollback", {}, {}, answer), "NOT_CONFIRMED");
    expectRefusal(await run("rollback", { json: true }, {}, answer), "CONFIRMATION_NEEDED");
    expect(await image()).to.equal("api:2");
  });

  it("say why pods do not come up, with exit code 3", async () => {
    await roll(kubernetes, namespace, "Deployment", { image: "api:3", fate: "image-pull" });
    await settled(kubernetes, namespace, "Deployment");
    const status = await run("status", { noWait: true, json: true });
    expect(status.exitCode).to.equal(3);
    const document = onlyDocument(status);
    expect(document).to.include({ ok: false });
    expect(fieldOf(document, "rollout")).to.include({ state: "going" });
    expect(JSON.stringify(document)).not.to.contain(SECRET);
  });

  it("refuse what does not exist, with what there is", async () => {
    const unknown = await run("history", {}, { name: "web" });
    expect(expectRefusal(unknown, "UNKNOWN_WORKLOAD").what).to.contain(namespace);
    expectRefusal(await run("history", { indexer: "other" }), "UNKNOWN_INDEXER");
    await forget();
    const context = expectRefusal(await run("history", {}, { context: "prod" }), "BAD_CONFIG");
    expect(context.next).to.contain("test");
    await forget();
    expectRefusal(await run("history", {}, { kubeconfig: "nowhere.yaml" }), "BAD_CONFIG");
  });

  it("name the right that somebody does not have, and the login that is not accepted", async () => {
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "reader" } };
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    expect((await kubernetes.api("POST", accounts, account)).status).to.equal(201);
    const granted = await kubernetes.kubectl(
      namespace,
      ...["create", "rolebinding", "reader", "--clusterrole=view"],
      `--serviceaccount=${namespace}:reader`,
    );
    expect(granted.code, granted.output).to.equal(0);
    const { output: token } = await kubernetes.kubectl(namespace, "create", "token", "reader");
    const kubeconfigWith = async (name: string, wanted: string): Promise<string> => {
      const file = `${kubernetes.kubeconfig}.${namespace}.${name}`;
      const authority = Buffer.from(kubernetes.certificate).toString("base64");
      const { server } = kubernetes;
      await writeFile(
        file,
        JSON.stringify({
          apiVersion: "v1",
          kind: "Config",
          "current-context": "test",
          contexts: [{ name: "test", context: { cluster: "test", user: "user" } }],
          clusters: [
            { name: "test", cluster: { server, "certificate-authority-data": authority } },
          ],
          users: [{ name: "user", user: { token: wanted } }],
        }),
      );
      return file;
    };
    const kubeconfig = await kubeconfigWith("reader", token.trim());
    const denied = expectRefusal(
      await run("rollback", { yes: true }, { kubeconfig }),
      "CLUSTER_DENIED",
    );
    expect(denied.what).to.contain('cannot patch resource "deployments"');
    expect(await image()).to.equal("api:2");
    await forget();
    const expired = await kubeconfigWith("expired", "an-old-token");
    expectRefusal(await run("history", {}, { kubeconfig: expired }), "CLUSTER_CREDENTIALS");
  });
});
