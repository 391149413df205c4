import { EmergencyError } from "../../errors.js";
import type { DistributionChoice } from "./distribution-choice.js";

/** What a list of distributions tells about one. */
export interface ListedDistribution {
  readonly id: string;
  readonly arn: string;
  readonly comment: string;
  readonly aliases: readonly string[];
  /** "d111111abcdef8.cloudfront.net" */
  readonly domainName: string;
  /** Of a continuous deployment: never what users are served from. */
  readonly isStaging: boolean;
}

/** Of many distributions, so many are told. */
const MOST_TOLD = 12;

/**
 * Pure: the one distribution that is meant.
 * @param tagged the ids of those that carry the tag; only needed to find one by a tag.
 * @throws EmergencyError DISTRIBUTION_UNKNOWN when it is none or several, with what there is.
 */
export function matchDistribution(
  choice: DistributionChoice,
  listed: readonly ListedDistribution[],
  tagged: ReadonlySet<string> = new Set(),
): ListedDistribution {
  const { id, comment, alias, tag } = choice;
  const live = listed.filter(({ isStaging }) => !isStaging);
  const matches =
    id !== undefined
      ? listed.filter((distribution) => distribution.id === id)
      : alias !== undefined
        ? withAlias(alias, live)
        : comment !== undefined
          ? live.filter((distribution) => distribution.comment === comment)
          : tag !== undefined
            ? live.filter((distribution) => tagged.has(distribution.id))
            : live;
  const [match] = matches;
  if (match !== undefined && matches.length === 1) {
    return match;
  }
  throw new EmergencyError(
    "DISTRIBUTION_UNKNOWN",
    match === undefined
      ? `no CloudFront distribution has ${wanted(choice)}. ${told("There are", live)}`
      : `${matches.length} CloudFront distributions have ${wanted(choice)}: ${told("", matches)}`,
    "set cloudfront.id of the frontend to the id of the right one",
  );
}

/** Those with the alias itself; else those with the closest wildcard that covers it. */
function withAlias(
  alias: string,
  listed: readonly ListedDistribution[],
): readonly ListedDistribution[] {
  const name = alias.toLowerCase();
  const candidates = listed.flatMap((distribution) => {
    const lengths = distribution.aliases
      .map((own) => own.toLowerCase())
      .filter((own) => own === name || (own.startsWith("*.") && name.endsWith(own.slice(1))))
      .map((own) => (own === name ? Infinity : own.length));
    return lengths.length === 0 ? [] : [{ distribution, closeness: Math.max(...lengths) }];
  });
  const closest = Math.max(...candidates.map(({ closeness }) => closeness));
  return candidates
    .filter(({ closeness }) => closeness === closest)
    .map(({ distribution }) => distribution);
}

function wanted({ id, comment, alias, tag }: DistributionChoice): string {
  return id !== undefined
    ? `the id ${id}`
    : alias !== undefined
      ? `the alias ${alias}`
      : comment !== undefined
        ? `the comment "${comment}"`
        : tag !== undefined
          ? `the tag ${tag.key}=${tag.value}`
          : "been chosen, so any could be meant";
}

function told(intro: string, listed: readonly ListedDistribution[]): string {
  if (listed.length === 0) {
    return "The account in use has no distribution";
  }
  const shown = listed.slice(0, MOST_TOLD).map(describeDistribution).join("; ");
  const more = listed.length > MOST_TOLD ? `; and ${listed.length - MOST_TOLD} more` : "";
  return `${intro === "" ? "" : `${intro}: `}${shown}${more}`;
}

/** For people: 'E123 (app.example.org, "the app")'. */
export function describeDistribution({
  id,
  aliases,
  comment,
  domainName,
}: Pick<ListedDistribution, "id" | "aliases" | "comment" | "domainName">): string {
  const names = aliases.length === 0 ? [domainName] : aliases;
  return `${id} (${[...names, ...(comment === "" ? [] : [`"${comment}"`])].join(", ")})`;
}
