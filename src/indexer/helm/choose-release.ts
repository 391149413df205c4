import { EmergencyError } from "../../errors.js";
import type { Target } from "../kubernetes/choose-revision.js";
import type { Release } from "./release.js";

/** What is looked at to choose a revision. */
export type Candidate = Pick<
  Release,
  "number" | "status" | "description" | "rollbackTo" | "content" | "chart"
>;

/** The revision to bring back. */
export interface ChosenRelease<T extends Candidate> {
  readonly release: T;
  /** Whether the newest revision is that already, and was deployed. */
  readonly there: boolean;
  /** What a person should know of it. */
  readonly notes: readonly string[];
}

/**
 * Whether a revision has been deployed, now or once. When a rollback fails, helm calls the revision that it
 * was to replace superseded, even one that had failed before: only its description still says so.
 */
export function wasDeployed({ status, description }: Candidate): boolean {
  return (
    status === "deployed" ||
    (status === "superseded" &&
      !/^(Install|Upgrade|Rollback|Release) ".*" failed: |^Preparing upgrade$|^Initial install underway$/s.test(
        description,
      ))
  );
}

/**
 * The revision that is meant. Pure.
 *
 * "previous" is the newest one that was deployed and is another than the newest of all: not the number before,
 * as helm has it, which may have failed. After a rollback it stays where that one went, and where one was broken
 * off or failed, it is the same again: so the same command typed again goes on, and never forth or further back.
 * @param releases oldest first, at least one.
 * @param imagesOf the images of a revision.
 * @throws EmergencyError UNKNOWN_REVISION naming those that there are.
 */
export function chooseRelease<T extends Candidate>(
  title: string,
  releases: readonly T[],
  target: Target,
  imagesOf: (release: T) => readonly string[],
): ChosenRelease<T> {
  const newest = releases.at(-1);
  if (newest === undefined) {
    throw new TypeError("a release without revisions is none");
  }
  const newestFirst = [...releases].reverse();
  const deployed = newestFirst.filter(wasDeployed);
  const chosen = (release: T | undefined, otherwise: string, notes: readonly string[] = []) => {
    if (release === undefined) {
      throw new EmergencyError("UNKNOWN_REVISION", otherwise, namesOf(releases));
    }
    const never = wasDeployed(release)
      ? []
      : [
          `revision ${release.number} is ${release.status}: it was never wholly deployed (${release.description})`,
        ];
    return {
      release,
      there: newest.status === "deployed" && release.content === newest.content,
      notes: [...never, ...notes],
    };
  };

  if (target.to === "revision") {
    return chosen(
      releases.find(({ number }) => number === target.revision),
      `${title} has no revision ${target.revision}`,
    );
  }
  if (target.to === "image") {
    const isMeant = (image: string): boolean =>
      image === target.image || image.endsWith(`@${target.image.replace(/^@/, "")}`);
    return chosen(
      deployed.find((release) => imagesOf(release).some(isMeant)),
      `no revision of ${title} that was deployed has image ${target.image}`,
    );
  }
  if (newest.status === "uninstalled" || newest.status === "uninstalling") {
    throw new EmergencyError(
      "UNKNOWN_REVISION",
      `${title} is ${newest.status}: there is no present revision to go back from`,
      namesOf(releases),
    );
  }
  const source = sourceOf(newest, releases);
  if (source !== undefined) {
    return newest.status === "deployed"
      ? {
          release: newest,
          there: true,
          notes: [
            `revision ${newest.number} is a rollback to ${source.number} already; to go further back, name the revision`,
          ],
        }
      : chosen(source, "", [
          `revision ${newest.number} was to be a rollback to ${source.number} and is ${newest.status}: it is done again`,
        ]);
  }
  const before = deployed.filter(
    ({ number, content }) =>
      number < newest.number && (newest.status !== "deployed" || content !== newest.content),
  );
  return chosen(
    before[0],
    `no revision of ${title} before ${newest.number} (${newest.status}) was deployed and is another`,
  );
}

/** The revision that a rollback was to bring back; undefined when the newest one is no rollback. */
function sourceOf<T extends Candidate>(newest: T, releases: readonly T[]): T | undefined {
  const older = [...releases].reverse().filter(({ number }) => number < newest.number);
  const named = older.find(({ number }) => number === newest.rollbackTo);
  if (named !== undefined) {
    return named;
  }
  // Helm 3 forgets which one it was when it fails; and the one it was may be in the history no more.
  const isRollback =
    newest.rollbackTo !== null || /^(Rollback|Release) ".*" failed: /s.test(newest.description);
  return isRollback
    ? older.find((release) => wasDeployed(release) && release.content === newest.content)
    : undefined;
}

function namesOf(releases: readonly Candidate[]): string {
  const known = releases.map(({ number, status, chart }) => `${number} (${status}, ${chart})`);
  return `name one of these with --to: ${known.join("; ")}`;
}
