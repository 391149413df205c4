import type { CloudFrontClient } from "@aws-sdk/client-cloudfront";

import { configOf, makeDistribution, type Wanted } from "./made-distribution.js";

/** Makes a distribution, and a staging one that a continuous deployment policy links to it. */
export async function linkStaging(
  client: CloudFrontClient,
  wanted: Wanted,
): Promise<{ readonly primary: string; readonly staging: string }> {
  const {
    CreateContinuousDeploymentPolicyCommand,
    GetDistributionConfigCommand,
    UpdateDistributionCommand,
  } = await import("@aws-sdk/client-cloudfront");
  const primary = await makeDistribution(client, wanted);
  const staging = await makeDistribution(client, { ...wanted, aliases: [], isStaging: true });
  const { ContinuousDeploymentPolicy } = await client.send(
    new CreateContinuousDeploymentPolicyCommand({
      ContinuousDeploymentPolicyConfig: {
        Enabled: false,
        StagingDistributionDnsNames: { Quantity: 1, Items: [staging.domainName] },
      },
    }),
  );
  const policy = ContinuousDeploymentPolicy?.Id ?? "";
  const { DistributionConfig, ETag } = await client.send(
    new GetDistributionConfigCommand({ Id: primary.id }),
  );
  await client.send(
    new UpdateDistributionCommand({
      Id: primary.id,
      IfMatch: ETag,
      DistributionConfig: {
        ...(DistributionConfig ?? configOf(wanted)),
        ContinuousDeploymentPolicyId: policy,
      },
    }),
  );
  return { primary: primary.id, staging: staging.id };
}
