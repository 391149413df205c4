import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import type { Address } from "../../../src/chain/address.js";
import { checksummed } from "../../../src/chain/address.js";
import type {
  EmergencyFollowedUserConfig,
  EmergencyUserConfig,
} from "../../../src/config/types.js";
import { owner } from "../../helpers/accounts.js";
import { startNode, type LocalNode } from "../../helpers/anvil.js";
import { deploy } from "../../helpers/contracts.js";
import { captured, createProject, type Outcome, type Project } from "../../helpers/project.js";
import { expectRefusal, expectSuccess, onlyDocument } from "../../helpers/refusal.js";
import { describeWith } from "../servers/describe-services.js";
import { KUBERNETES_TOOLS, startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { applied, config, dataOf, deployment, market, variables } from "./workload.js";

/** What must be in no output. */
const SECRET = "a-database-password";

describeWith(KUBERNETES_TOOLS, "indexer repoint", () => {
  let kubernetes: Kubernetes;
  let node: LocalNode;
  let old: Address;
  let fresh: Address;
  /** The blocks in which they were deployed. */
  let oldBlock: number;
  let freshBlock: number;
  let namespace: string;
  const projects: Project[] = [];

  const newest = async (): Promise<number> => Number(await node.request("eth_blockNumber"));

  before(async () => {
    [kubernetes, node] = await Promise.all([startKubernetes(), startNode()]);
    await node.request("anvil_mine", "0x14");
    old = await deploy(node, "OwnablePausable", [owner.address]);
    oldBlock = await newest();
    await node.request("anvil_mine", "0x1e");
    fresh = await deploy(node, "OwnablePausable", [owner.address]);
    freshBlock = await newest();
    await node.request("anvil_mine", "0x0a");
  });
  after(async () => {
    await Promise.all([kubernetes.stop(), node.stop()]);
  });
  beforeEach(async () => {
    namespace = await kubernetes.namespace();
  });
  afterEach(async () => {
    await Promise.all(
      projects.splice(0).map(async (project) => {
        await project.remove();
      }),
    );
  });

  async function run(
    vault: EmergencyFollowedUserConfig,
    args: Readonly<Record<string, string | boolean>> = {},
    more: { readonly chainId?: number; readonly contracts?: EmergencyUserConfig["contracts"] } = {},
  ): Promise<Outcome> {
    const { kubeconfig } = kubernetes;
    const project = await createProject({
      url: node.url,
      chainId: more.chainId ?? node.chainId,
      accounts: [],
      emergency: {
        contracts: more.contracts ?? { vault: old },
        indexers: {
          market: {
            kubernetes: { name: "market", namespace, kubeconfig },
            contracts: { vault },
            waitSeconds: 60,
          },
        },
      },
    });
    projects.push(project);
    const outcome = await captured(
      async (): Promise<unknown> =>
        await project.hre.tasks
          .getTask(["indexer", "repoint"])
          .run({ contract: "vault", to: fresh, yes: true, ...args }),
    );
    expect(outcome.stdout + outcome.stderr + String(outcome.error)).not.to.contain(SECRET);
    expect(JSON.stringify(await filesIn(project.folder))).not.to.contain(SECRET);
    return outcome;
  }

  const VARIABLES: EmergencyFollowedUserConfig = {
    address: "VAULT_ADDRESS",
    startBlock: "VAULT_START_BLOCK",
    previous: {
      address: "OLD_VAULT_ADDRESS",
      startBlock: "OLD_VAULT_START_BLOCK",
      endBlock: "OLD_VAULT_END_BLOCK",
    },
  };

  const plain = (address: string = old): readonly object[] => [
    { name: "VAULT_ADDRESS", value: address },
    { name: "VAULT_START_BLOCK", value: String(oldBlock) },
    { name: "DATABASE_PASSWORD", value: SECRET },
  ];

  /** What the plan says of undoing it is typed. */
  async function undo(vault: EmergencyFollowedUserConfig, done: Outcome): Promise<void> {
    const [, command = ""] = /undo {4}npx hardhat indexer repoint (.*)/.exec(done.stdout) ?? [];
    const words = command.trim().split(" ");
    const args: Record<string, string> = {};
    for (let at = 0; at < words.length; at += 2) {
      const name = (words[at] ?? "")
        .slice(2)
        .replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
      args[name] = words[at + 1] ?? "";
    }
    expect(args, done.stdout).to.have.property("to");
    expectSuccess(await run(vault, args));
  }

  it("sets plain variables in every container that has them, keeps the old contract, and undoes it as said", async () => {
    await applied(
      kubernetes,
      namespace,
      deployment(
        [
          { name: "market", env: plain(old.toLowerCase()) },
          { name: "sidecar", env: [{ name: "OTHER", value: "1" }] },
        ],
        { init: [{ name: "migrate", env: [{ name: "VAULT_ADDRESS", value: old }] }] },
      ),
    );
    const before = (await market(kubernetes, namespace)).spec.template.spec;
    const dry = await run(VARIABLES, { dryRun: true });
    expectSuccess(dry);
    expect((await market(kubernetes, namespace)).spec.template.spec).to.deep.equal(before);

    const done = await run(VARIABLES, { rehearse: true });
    expectSuccess(done);
    expect(done.stdout).to.contain("In a dry run of the API server").and.to.contain("DONE");
    const block = await newest();
    const after = await variables(kubernetes, namespace);
    expect(after).to.deep.equal({
      VAULT_ADDRESS: fresh.toLowerCase(),
      VAULT_START_BLOCK: String(freshBlock),
      DATABASE_PASSWORD: SECRET,
      OLD_VAULT_ADDRESS: old.toLowerCase(),
      OLD_VAULT_START_BLOCK: String(oldBlock),
      OLD_VAULT_END_BLOCK: String(block),
    });
    expect(await variables(kubernetes, namespace, "migrate")).to.include({ VAULT_ADDRESS: fresh });
    expect(await variables(kubernetes, namespace, "sidecar")).to.deep.equal({ OTHER: "1" });
    const { metadata } = await market(kubernetes, namespace);
    expect(metadata.annotations?.["kubernetes.io/change-cause"]).to.contain(fresh);

    await node.request("anvil_mine", "0x05");
    const again = await run(VARIABLES, { json: true });
    expectSuccess(again);
    expect(onlyDocument(again)).to.include({ verified: true });
    expect(JSON.stringify(onlyDocument(again))).to.contain('"already"');
    expect(await variables(kubernetes, namespace)).to.deep.equal(after);

    await undo(VARIABLES, done);
    expect((await market(kubernetes, namespace)).spec.template.spec).to.deep.equal(before);
  });

  it("lets the next kubectl apply be what its manifest says", async () => {
    await applied(kubernetes, namespace, deployment([{ name: "market", env: plain() }]));
    expectSuccess(await run(VARIABLES));
    const env = plain(fresh).slice(0, 1);
    await applied(kubernetes, namespace, deployment([{ name: "market", env }]));
    expect(await variables(kubernetes, namespace)).to.deep.equal({ VAULT_ADDRESS: fresh });
  });

  it("patches the ConfigMap of envFrom and of configMapKeyRef, keeps what others write into it, and replaces the pods", async () => {
    const data = { address: old, VAULT_START_BLOCK: String(oldBlock), LOG_LEVEL: "info" };
    await applied(
      kubernetes,
      namespace,
      config("ConfigMap", "market-env", data),
      config("Secret", "market-secret", { DATABASE_PASSWORD: SECRET }),
      deployment([
        {
          name: "market",
          env: [
            {
              name: "VAULT_ADDRESS",
              valueFrom: { configMapKeyRef: { name: "market-env", key: "address" } },
            },
          ],
          envFrom: [
            { configMapRef: { name: "market-env" } },
            { secretRef: { name: "market-secret" } },
          ],
        },
      ]),
    );
    const where = { ...VARIABLES, previous: { address: "OLD_VAULT", startBlock: "OLD_START" } };
    const done = await run(where);
    expectSuccess(done);
    expect(await dataOf(kubernetes, namespace, "ConfigMap", "market-env")).to.include({
      address: fresh,
      VAULT_START_BLOCK: String(freshBlock),
      LOG_LEVEL: "info",
    });
    // Nothing in the ConfigMap has the name OLD_VAULT in the container: it is put beside VAULT_ADDRESS.
    expect(await variables(kubernetes, namespace)).to.include({
      OLD_VAULT: old,
      OLD_START: String(oldBlock),
    });
    const { template } = (await market(kubernetes, namespace)).spec;
    expect(template.metadata.annotations?.["hardhat-emergency/repointed"]).to.contain(fresh);

    const again = await run(where);
    expectSuccess(again);
    expect(again.stdout).to.contain("ALREADY SO");
    expect((await market(kubernetes, namespace)).spec.template).to.deep.equal(template);
    await undo(where, done);
    expect(await dataOf(kubernetes, namespace, "ConfigMap", "market-env")).to.deep.equal(data);
    expect(await variables(kubernetes, namespace)).to.deep.equal({});
  });

  it("patches a Secret without showing what it holds", async () => {
    const data = {
      APP_VAULT_ADDRESS: old,
      VAULT_ADDRESS: old,
      VAULT_START_BLOCK: String(oldBlock),
      DATABASE_PASSWORD: SECRET,
    };
    await applied(
      kubernetes,
      namespace,
      config("Secret", "market-secret", data),
      deployment([
        {
          name: "market",
          envFrom: [{ prefix: "APP_", secretRef: { name: "market-secret" } }],
        },
      ]),
    );
    const done = await run({
      address: "APP_VAULT_ADDRESS",
      startBlock: "APP_VAULT_START_BLOCK",
      previous: { address: "APP_OLD_VAULT", startBlock: "APP_OLD_START" },
    });
    expectSuccess(done);
    expect(done.stdout).to.contain("in the Secret").and.not.to.contain(`${oldBlock} ->`);
    expect(await dataOf(kubernetes, namespace, "Secret", "market-secret")).to.deep.equal({
      ...data,
      VAULT_ADDRESS: fresh,
      VAULT_START_BLOCK: String(freshBlock),
      OLD_VAULT: old,
      OLD_START: String(oldBlock),
    });
  });

  for (const format of ["json", "yaml"] as const) {
    it(`changes a ${format} file in a ConfigMap, and nothing else in it`, async () => {
      const text =
        format === "json"
          ? `{\n\t"networks": [ { "vault": {"address":"${old}", "startBlock": ${oldBlock}, "old": null, "oldStart": null} } ],\n\t"name" : "market"\n}\n`
          : `# contracts that are followed\nnetworks:\n  - vault:\n      address: '${old}' # the vault\n      startBlock: ${oldBlock}\n      old: ""\n      oldStart: 0\nname: market\n`;
      const key = `networks.${format}`;
      await applied(
        kubernetes,
        namespace,
        config("ConfigMap", "market-config", { [key]: text, "other.json": "{}" }),
        deployment([{ name: "market" }], {
          volumes: [{ name: "config", configMap: { name: "market-config" } }],
        }),
      );
      const path = (name: string): string => `networks[0].vault.${name}`;
      const where = {
        address: path("address"),
        startBlock: path("startBlock"),
        previous: { address: path("old"), startBlock: path("oldStart") },
        file: { configMap: "market-config", key },
      };
      expectSuccess(await run(where));
      const changed = (await dataOf(kubernetes, namespace, "ConfigMap", "market-config"))[key];
      const expected =
        format === "json"
          ? text
              .replace(old, fresh)
              .replace(String(oldBlock), String(freshBlock))
              .replace('"old": null', `"old": "${old}"`)
              .replace('"oldStart": null', `"oldStart": ${oldBlock}`)
          : text
              .replace(old, fresh)
              .replace(`startBlock: ${oldBlock}`, `startBlock: ${freshBlock}`)
              .replace('old: ""', `old: "${old}"`)
              .replace("oldStart: 0", `oldStart: ${oldBlock}`);
      expect(changed).to.equal(expected);
      const wrong = expectRefusal(
        await run({ ...where, address: "networks[1].vault" }),
        "UNKNOWN_VARIABLE",
      );
      expect(wrong.what).to.contain("networks[1].vault");
    });
  }

  it("makes a new ConfigMap beside one that Kustomize has made, of the name that Kustomize would give it", async () => {
    const folder = await kustomization({ VAULT_ADDRESS: old, VAULT_START_BLOCK: String(oldBlock) });
    const first = await kubernetes.kubectl(namespace, "apply", "--kustomize", folder);
    expect(first.code, first.output).to.equal(0);
    const before = (await market(kubernetes, namespace)).spec.template;
    const where = { address: "VAULT_ADDRESS", startBlock: "VAULT_START_BLOCK", list: "," };
    const done = await run(where);
    expectSuccess(done);
    expect(done.stdout).to.contain("stays as it is, for earlier revisions");
    const after = (await market(kubernetes, namespace)).spec.template;
    expect(after).not.to.deep.equal(before);

    // Whoever writes the same into the repository gets the same object, and no second rollout.
    await writeFile(
      join(folder, "market.env"),
      `VAULT_ADDRESS=${fresh},${old}\nVAULT_START_BLOCK=${freshBlock},${oldBlock}\n`,
    );
    const second = await kubernetes.kubectl(namespace, "apply", "--kustomize", folder);
    expect(second.code, second.output).to.equal(0);
    expect((await market(kubernetes, namespace)).spec.template).to.deep.equal(after);

    const again = await run(where);
    expect(again.stdout).to.contain("ALREADY SO");
    await undo(where, done);
    expect((await market(kubernetes, namespace)).spec.template).to.deep.equal(before);
  });

  async function kustomization(data: Readonly<Record<string, string>>): Promise<string> {
    const project = await createProject({ url: node.url, chainId: 1, accounts: [] });
    projects.push(project);
    const lines = Object.entries(data).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(join(project.folder, "market.env"), lines.join(""));
    const container = { name: "market", envFrom: [{ configMapRef: { name: "market-env" } }] };
    await writeFile(join(project.folder, "market.json"), JSON.stringify(deployment([container])));
    await writeFile(
      join(project.folder, "kustomization.yaml"),
      JSON.stringify({
        resources: ["market.json"],
        configMapGenerator: [{ name: "market-env", envs: ["market.env"] }],
      }),
    );
    return project.folder;
  }

  it("refuses to lose the old contract's history, unless that is said", async () => {
    await applied(kubernetes, namespace, deployment([{ name: "market", env: plain() }]));
    const where = { address: "VAULT_ADDRESS", startBlock: "VAULT_START_BLOCK" };
    const refused = expectRefusal(await run(where), "HISTORY_LOST");
    expect(refused.what).to.contain("indexer market").and.to.contain(old);
    expect(refused.next).to.contain("--forget-old");
    expect(await variables(kubernetes, namespace)).to.include({ VAULT_ADDRESS: old });
    const done = await run(where, { forgetOld: true });
    expectSuccess(done);
    expect(done.stdout).to.contain("will be gone");

    // A second source makes room for another one only when that is said.
    const third = await checksummed(`0x${"ab".repeat(20)}`);
    await applied(
      kubernetes,
      namespace,
      deployment([
        { name: "market", env: [...plain(), { name: "OLD_VAULT_ADDRESS", value: third }] },
      ]),
    );
    const lost = expectRefusal(await run(VARIABLES), "HISTORY_LOST");
    expect(lost.what).to.contain(third);
    expectSuccess(await run(VARIABLES, { forgetOld: true }));
    expect(await variables(kubernetes, namespace)).to.include({ OLD_VAULT_ADDRESS: old });
  });

  it("refuses what is not there, with the names of what is", async () => {
    await applied(
      kubernetes,
      namespace,
      config("Secret", "market-secret", { API_KEY: SECRET }),
      deployment([
        { name: "market", env: plain(), envFrom: [{ secretRef: { name: "market-secret" } }] },
      ]),
    );
    const unknown = expectRefusal(
      await run({ ...VARIABLES, address: "VAULT" }),
      "UNKNOWN_VARIABLE",
    );
    expect(unknown.next).to.contain("API_KEY, DATABASE_PASSWORD, VAULT_ADDRESS");
    expectRefusal(await run({ ...VARIABLES, startBlock: "START" }), "UNKNOWN_VARIABLE");
    // It holds the password: that is not said.
    expectRefusal(await run({ ...VARIABLES, address: "DATABASE_PASSWORD" }), "CANNOT_REPOINT");
    expectRefusal(await run({ ...VARIABLES, startBlock: "DATABASE_PASSWORD" }), "CANNOT_REPOINT");
    const file = { configMap: "nothing", key: "networks.json" };
    expectRefusal(await run({ address: "vault", file }), "UNKNOWN_VARIABLE");
    expectRefusal(await run(VARIABLES, { contract: "market" }), "BAD_CONFIG");
    expect(await variables(kubernetes, namespace)).to.include({ VAULT_ADDRESS: old });
  });

  it("refuses an address with a typing error, without code, or of another chain, and a start block that is too late", async () => {
    await applied(kubernetes, namespace, deployment([{ name: "market", env: plain() }]));
    const swapped = fresh.replace(/[a-fA-F]/, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    );
    expectRefusal(await run(VARIABLES, { to: swapped }), "BAD_ADDRESS");
    expectRefusal(await run(VARIABLES, { to: owner.address }), "NO_CODE");
    expectRefusal(await run(VARIABLES, {}, { chainId: 1 }), "WRONG_CHAIN");
    expectRefusal(await run(VARIABLES, { to: old, from: old }), "BAD_ARGUMENTS");
    const late = expectRefusal(
      await run(VARIABLES, { startBlock: String(freshBlock + 1) }),
      "BAD_ARGUMENTS",
    );
    expect(late.what).to.contain(String(freshBlock));
    expect(await variables(kubernetes, namespace)).to.include({ VAULT_ADDRESS: old });
  });

  it("refuses to replace an address that somebody else has put there, until it is named", async () => {
    const strange = await checksummed(`0x${"cd".repeat(20)}`);
    await applied(kubernetes, namespace, deployment([{ name: "market", env: plain(strange) }]));
    const refused = expectRefusal(await run(VARIABLES), "OTHER_ADDRESS");
    expect(refused.what).to.contain(strange);
    expectSuccess(await run(VARIABLES, { from: strange }));
    expect(await variables(kubernetes, namespace)).to.include({ OLD_VAULT_ADDRESS: strange });
  });

  it("replaces pods that have not read a ConfigMap which somebody has changed by hand, and leaves those alone that have", async () => {
    const data = { VAULT_ADDRESS: old, VAULT_START_BLOCK: String(oldBlock) };
    const manifests = [
      config("ConfigMap", "market-env", data),
      deployment([{ name: "market", envFrom: [{ configMapRef: { name: "market-env" } }] }]),
    ];
    await applied(kubernetes, namespace, ...manifests);
    const where = { ...VARIABLES, previous: { address: "OLD_VAULT_ADDRESS" } };
    const status = ["rollout", "status", "deployment/market", "--timeout=30s"];
    expect((await kubernetes.kubectl(namespace, ...status)).code).to.equal(0);
    await applied(
      kubernetes,
      namespace,
      config("ConfigMap", "market-env", {
        VAULT_ADDRESS: fresh,
        VAULT_START_BLOCK: String(freshBlock),
        OLD_VAULT_ADDRESS: old,
      }),
    );
    const done = await run(where);
    expectSuccess(done);
    expect(done.stdout).to.contain("replace the pods");
    expect((await run(where)).stdout).to.contain("ALREADY SO");
  });
});

async function filesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder, { recursive: true });
}
