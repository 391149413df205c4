import { randomUUID } from "node:crypto";

import { allInside, inside, replaced, withInside } from "./cloudfront-xml.js";

/** A distribution as the proxy remembers it: what was really sent, not what moto kept of it. */
interface Distribution {
  /** What is inside DistributionConfig. */
  config: string;
  etag: string;
  /** What the edges still do until `deployedAtMs`. */
  before: string;
  /** By performance.now(). */
  deployedAtMs: number;
}

/** What is inside a configuration and belongs to a distribution, not to what is promoted. */
const OWN = ["CallerReference", "Aliases", "ContinuousDeploymentPolicyId", "Staging"];

/** The configurations of all distributions. In memory. */
export class Distributions {
  readonly #byId = new Map<string, Distribution>();
  readonly #deployMs: number;

  /** @param deployMs how long a change takes to the edges. */
  constructor(deployMs: number) {
    this.#deployMs = deployMs;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  get(id: string): Readonly<Distribution> {
    const found = this.#byId.get(id);
    if (found === undefined) {
      throw new Error(`there is no distribution ${id}`);
    }
    return found;
  }

  /** @param config what is inside DistributionConfig. */
  set(id: string, config: string): void {
    this.#byId.set(id, {
      config,
      etag: `E${randomUUID().replace(/-/g, "").slice(0, 12).toUpperCase()}`,
      before: this.#byId.has(id) ? this.deployed(id) : config,
      deployedAtMs: performance.now() + this.#deployMs,
    });
  }

  status(id: string): "Deployed" | "InProgress" {
    return performance.now() >= this.get(id).deployedAtMs ? "Deployed" : "InProgress";
  }

  /** What the edges do now. */
  deployed(id: string): string {
    const { config, before } = this.get(id);
    return this.status(id) === "Deployed" ? config : before;
  }

  /** What a promotion of one makes of the other. */
  promoted(primaryId: string, stagingId: string): string {
    const primary = this.get(primaryId).config;
    return OWN.reduce(
      (config, name) => withInside(config, name, inside(primary, name)),
      this.get(stagingId).config,
    );
  }

  /** moto's description of a distribution, as it should be. */
  mended(id: string, answer: string): string {
    const { config } = this.get(id);
    return replaced(replaced(answer, "DistributionConfig", config), "Status", this.status(id));
  }

  /** One page of moto's list, as it should be. */
  page(list: string, marker: string, size: number): string {
    const all = allInside(list, "DistributionSummary").map((summary) => {
      const id = inside(summary, "Id") ?? "";
      const config = this.#byId.get(id)?.config ?? "";
      const told = ["Aliases", "Origins", "DefaultCacheBehavior", "Comment", "Enabled", "Staging"]
        .map((name) => [name, inside(config, name)] as const)
        .flatMap(([name, text]) => (text === undefined ? [] : [`<${name}>${text}</${name}>`]));
      return { id, xml: `<DistributionSummary>${summary}${told.join("")}</DistributionSummary>` };
    });
    const from = marker === "" ? 0 : all.findIndex(({ id }) => id === marker) + 1;
    const page = all.slice(from, from + size);
    const isTruncated = from + size < all.length;
    const next = isTruncated ? `<NextMarker>${page.at(-1)?.id ?? ""}</NextMarker>` : "";
    return `<DistributionList xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Marker>${marker}</Marker>${next}<MaxItems>${size}</MaxItems><IsTruncated>${String(isTruncated)}</IsTruncated><Quantity>${page.length}</Quantity><Items>${page.map(({ xml }) => xml).join("")}</Items></DistributionList>`;
  }
}
