import type { CloudFrontClient, DistributionSummary } from "@aws-sdk/client-cloudfront";

import { awsError, awsErrorName } from "../aws-error.js";
import { each } from "../each.js";
import type { DistributionChoice } from "./distribution-choice.js";
import { matchDistribution, type ListedDistribution } from "./match-distribution.js";

/** Requests for tags at the same time; more of them are slowed down by AWS. */
const AT_A_TIME = 8;

/**
 * The id of the distribution that is meant.
 * @throws EmergencyError DISTRIBUTION_UNKNOWN when it is none or several, and see awsError.
 */
export async function findDistribution(
  client: CloudFrontClient,
  choice: DistributionChoice,
): Promise<string> {
  if (choice.id !== undefined) {
    return choice.id;
  }
  const listed = await listDistributions(client);
  const { tag } = choice;
  const tagged =
    tag === undefined ? new Set<string>() : await taggedWith(client, listed, tag.key, tag.value);
  return matchDistribution(choice, listed, tagged).id;
}

/** All distributions of the account, also the staging ones. */
export async function listDistributions(
  client: CloudFrontClient,
): Promise<readonly ListedDistribution[]> {
  const { paginateListDistributions } = await import("@aws-sdk/client-cloudfront");
  const listed: ListedDistribution[] = [];
  try {
    for await (const { DistributionList } of paginateListDistributions({ client }, {})) {
      listed.push(...(DistributionList?.Items ?? []).map(listedOf));
    }
  } catch (error) {
    throw awsError(error, "listing the CloudFront distributions", {
      action: "cloudfront:ListDistributions",
    });
  }
  return listed;
}

function listedOf(summary: DistributionSummary): ListedDistribution {
  return {
    id: summary.Id ?? "",
    arn: summary.ARN ?? "",
    comment: summary.Comment ?? "",
    aliases: summary.Aliases?.Items ?? [],
    domainName: summary.DomainName ?? "",
    isStaging: summary.Staging ?? false,
  };
}

async function taggedWith(
  client: CloudFrontClient,
  listed: readonly ListedDistribution[],
  key: string,
  value: string,
): Promise<ReadonlySet<string>> {
  const { ListTagsForResourceCommand } = await import("@aws-sdk/client-cloudfront");
  const found = await each(listed, AT_A_TIME, async ({ id, arn }) => {
    try {
      const { Tags } = await client.send(new ListTagsForResourceCommand({ Resource: arn }));
      return (Tags?.Items ?? []).some((tag) => tag.Key === key && (tag.Value ?? "") === value)
        ? [id]
        : [];
    } catch (error) {
      // Somebody has deleted it since it was listed.
      if (awsErrorName(error) === "NoSuchResource") {
        return [];
      }
      throw awsError(error, `reading the tags of distribution ${id}`, {
        action: "cloudfront:ListTagsForResource",
      });
    }
  });
  return new Set(found.flat());
}
