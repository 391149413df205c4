import type { ListedVersion } from "../bucket.js";
import type { ExpiryRule } from "../lifecycle.js";
import type { Histories, KeyHistory } from "./history.js";

const DAY_MS = 86_400_000;

/**
 * The keys of which a rule may have removed what was visible at a time. A version is removed when it has
 * not been the newest for so many days, and it ceased to be when its successor was written. So the history
 * of a key is whole when something of then or earlier is still there, or when the oldest that is there is
 * younger than the rule allows, or has fewer followers than the rule keeps. (A rule for certain tags or
 * sizes may have removed one version and left an older one: that, nobody can see.)
 * @param time ISO 8601.
 */
export function maybeExpired(
  histories: Histories,
  time: string,
  rules: readonly ExpiryRule[],
  now: Date,
): readonly string[] {
  const at = Date.parse(time);
  return [...histories].flatMap(([key, history]) => {
    const oldest = history.at(-1);
    return oldest !== undefined &&
      rules.some((rule) => isFor(rule, key) && mayHaveRemoved(rule, history, oldest, at, now))
      ? [key]
      : [];
  });
}

/**
 * Rules by which keys may have vanished wholly, so that no listing can name them: what was deleted after
 * the time, and removed since.
 * @param prefix of the site's keys.
 */
export function mayHideKeys(
  prefix: string,
  time: string,
  rules: readonly ExpiryRule[],
  now: Date,
): readonly ExpiryRule[] {
  return rules.filter(
    (rule) =>
      rule.noncurrent !== null &&
      (rule.prefix.startsWith(prefix) || prefix.startsWith(rule.prefix)) &&
      Date.parse(time) + rule.noncurrent.days * DAY_MS <= now.getTime(),
  );
}

/** Whether a rule would soon hide a version again if it were shown by taking a marker away: it is too old. */
export function wouldExpireAgain(
  version: ListedVersion,
  rules: readonly ExpiryRule[],
  now: Date,
): boolean {
  return rules.some(({ prefix, current }) => {
    if (current === null || !version.key.startsWith(prefix)) {
      return false;
    }
    return "date" in current
      ? current.date <= now
      : version.modified.getTime() + current.days * DAY_MS <= now.getTime();
  });
}

function isFor({ prefix }: ExpiryRule, key: string): boolean {
  return key.startsWith(prefix);
}

function mayHaveRemoved(
  { noncurrent }: ExpiryRule,
  history: KeyHistory,
  oldest: ListedVersion,
  at: number,
  now: Date,
): boolean {
  // The newest of all is none of those that the rule counts.
  return (
    noncurrent !== null &&
    oldest.modified.getTime() > at &&
    oldest.modified.getTime() + noncurrent.days * DAY_MS <= now.getTime() &&
    history.length - 1 >= noncurrent.kept
  );
}
