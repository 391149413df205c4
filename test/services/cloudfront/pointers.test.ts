import { expect } from "chai";

import { openEdge } from "../../../src/frontend/cloudfront/open-edge.js";
import type { Pointer } from "../../../src/frontend/cloudfront/pointer.js";
import { expectRejection } from "../../helpers/refusal.js";
import { describeWith } from "../servers/describe-services.js";
import { inside } from "./cloudfront-xml.js";
import { linkStaging } from "./linked-staging.js";
import { installFunction, makeDistribution, viewerRequestSource } from "./made-distribution.js";
import { QUICK, startCloudFront, type CloudFrontLaboratory } from "./start-cloudfront.js";

const OLD = "app/releases/0001-0123456789ab";
const NEW = "app/releases/0002-ba9876543210";
const OTHER = "app/releases/0003-aaaaaaaaaaaa";

describeWith(["moto"], "CloudFront pointers", () => {
  const site = { bucket: "site-bucket", prefix: "app" };
  let cloudFront: CloudFrontLaboratory;
  let names = 0;

  before(async () => {
    cloudFront = await startCloudFront();
  });

  after(async () => {
    await cloudFront.stop();
  });

  async function pointerOf(id: string): Promise<Pointer> {
    const { pointer } = await openEdge({}, { id }, site, QUICK);
    if (pointer === null) {
      throw new Error("it has no pointer");
    }
    return pointer;
  }

  interface Made {
    readonly id: string;
    readonly pointer: Pointer;
    /** What users are served from now. */
    readonly served: () => string | undefined;
    /** Changes something else in the same whole. */
    readonly touch: () => Promise<void>;
  }

  const kinds: Readonly<Record<Pointer["kind"], () => Promise<Made>>> = {
    async "key-value-store"() {
      const { client, proxy } = cloudFront;
      const name = `switch-${(names += 1)}`;
      const { keyValueStore } = await installFunction(client, name, await viewerRequestSource());
      const { id } = await makeDistribution(client, { ...site, viewerRequest: name });
      const pointer = await pointerOf(id);
      expect((await pointer.read()).folder).to.equal(null);
      await pointer.move(OLD, (await pointer.read()).version, () => undefined);
      const values = proxy.keyValueStores.valuesOf(keyValueStore);
      return {
        id,
        pointer,
        served: () => values.get("release"),
        touch: async () => {
          await putAnotherKey(keyValueStore);
        },
      };
    },
    async "origin-path"() {
      const { client, proxy } = cloudFront;
      const { id } = await makeDistribution(client, { ...site, originPath: `/${OLD}` });
      return {
        id,
        pointer: await pointerOf(id),
        served: () => originPath(proxy.deployed(id)),
        touch: async () => {
          await changeComment(id);
        },
      };
    },
    async "staging-distribution"() {
      const { client, proxy } = cloudFront;
      const { primary } = await linkStaging(client, { ...site, originPath: `/${OLD}` });
      return {
        id: primary,
        pointer: await pointerOf(primary),
        served: () => originPath(proxy.deployed(primary)),
        touch: async () => {
          await changeAliases(primary);
        },
      };
    },
  };

  async function putAnotherKey(KvsARN: string): Promise<void> {
    const { keyValueStoreClient } = await import("../../../src/frontend/cloudfront/clients.js");
    const { DescribeKeyValueStoreCommand, UpdateKeysCommand } =
      await import("@aws-sdk/client-cloudfront-keyvaluestore");
    const client = await keyValueStoreClient({});
    const { ETag } = await client.send(new DescribeKeyValueStoreCommand({ KvsARN }));
    const Key = `other-${(names += 1)}`;
    await client.send(
      new UpdateKeysCommand({ KvsARN, IfMatch: ETag, Puts: [{ Key, Value: "x" }] }),
    );
    client.destroy();
  }

  async function changed(id: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    const { GetDistributionConfigCommand, UpdateDistributionCommand } =
      await import("@aws-sdk/client-cloudfront");
    const { client } = cloudFront;
    const { DistributionConfig, ETag } = await client.send(
      new GetDistributionConfigCommand({ Id: id }),
    );
    if (DistributionConfig === undefined) {
      throw new Error("it has no configuration");
    }
    await client.send(
      new UpdateDistributionCommand({
        Id: id,
        IfMatch: ETag,
        DistributionConfig: { ...DistributionConfig, ...fields },
      }),
    );
  }

  async function changeComment(id: string): Promise<void> {
    await changed(id, { Comment: `changed ${(names += 1)}` });
  }

  async function changeAliases(id: string): Promise<void> {
    await changed(id, { Aliases: { Quantity: 1, Items: [`a${(names += 1)}.example.org`] } });
  }

  for (const [kind, make] of Object.entries(kinds)) {
    it(`moves a ${kind} and waits until it is everywhere`, async () => {
      const { pointer, served } = await make();
      expect(pointer.kind).to.equal(kind);
      const { folder, version } = await pointer.read();
      expect(folder).to.equal(OLD);
      const told: string[] = [];
      await pointer.move(NEW, version, (text) => told.push(text));
      expect(served()?.replace(/^\//, "")).to.equal(NEW);
      expect((await pointer.read()).folder).to.equal(NEW);
      expect(told).not.to.deep.equal([]);
    });

    it(`refuses to move a ${kind} that somebody else has moved`, async () => {
      const { id, pointer, served } = await make();
      const { version } = await pointer.read();
      const other = await pointerOf(id);
      await other.move(OTHER, (await other.read()).version, () => undefined);
      const refusal = await expectRejection(
        pointer.move(NEW, version, () => undefined),
        "POINTER_CHANGED",
      );
      expect(refusal.what).to.contain(OTHER);
      expect(served()?.replace(/^\//, "")).to.equal(OTHER);
    });

    it(`moves a ${kind} when only something else beside it has changed`, async () => {
      const { pointer, served, touch } = await make();
      const { version } = await pointer.read();
      await touch();
      await pointer.move(NEW, version, () => undefined);
      expect(served()?.replace(/^\//, "")).to.equal(NEW);
    });

    it(`moves a ${kind} once when the answer is lost`, async () => {
      const { proxy } = cloudFront;
      const { pointer, served } = await make();
      const { version } = await pointer.read();
      const isWrite = (method: string, path: string): boolean =>
        (method === "PUT" && /\/(config|promote-staging-config)$/.test(path)) ||
        (method === "POST" && path.endsWith("/keys"));
      proxy.loseAnswer(isWrite);
      await pointer.move(NEW, version, () => undefined);
      expect(served()?.replace(/^\//, "")).to.equal(NEW);
    });
  }

  it("changes nothing of a distribution but the path of the one origin", async () => {
    const { client, proxy } = cloudFront;
    const { id } = await makeDistribution(client, {
      ...site,
      originPath: `/${OLD}`,
      aliases: ["kept.example.org"],
      errorPages: [{ status: 404, path: "/404.html", ttlSeconds: 300 }],
    });
    const before = proxy.deployed(id);
    const pointer = await pointerOf(id);
    await pointer.move(NEW, (await pointer.read()).version, () => undefined);
    const differing = differingLines(before, proxy.deployed(id));
    expect(differing).to.deep.equal([[`OriginPath>/${OLD}`, `OriginPath>/${NEW}`]]);
  });

  it("does not promote a staging distribution that differs in more", async () => {
    const { client, proxy } = cloudFront;
    const { primary, staging } = await linkStaging(client, { ...site, originPath: `/${OLD}` });
    await changed(staging, { PriceClass: "PriceClass_100" });
    const pointer = await pointerOf(primary);
    const refusal = await expectRejection(
      pointer.move(NEW, (await pointer.read()).version, () => undefined),
      "POINTER_UNUSABLE",
    );
    expect(refusal.what).to.contain("PriceClass");
    expect(originPath(proxy.deployed(primary))).to.equal(`/${OLD}`);
  });
});

/** Of the origin that is the bucket. */
function originPath(config: string): string | undefined {
  const origins = [...config.matchAll(/<Origin>[^]*?<\/Origin>/g)].map(([xml]) => xml);
  const site = origins.find((origin) => inside(origin, "Id") === "site");
  return site === undefined ? undefined : inside(site, "OriginPath");
}

function differingLines(before: string, after: string): readonly (readonly string[])[] {
  const [one, other] = [before, after].map((xml) => elements(xml));
  return (one ?? [])
    .map((line, index) => [line, other?.[index] ?? ""])
    .filter(([left, right]) => left !== right);
}

/** The elements with a text, in the order of their names: clients order them as they like. */
function elements(xml: string): readonly string[] {
  return [...xml.matchAll(/<(\w+)>([^<]+)</g)]
    .map(([, name, text]) => `${name ?? ""}>${text ?? ""}`)
    .sort();
}
