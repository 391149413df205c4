import { canonicalJson } from "../json.js";
import type { Action, Decision, Inverse } from "../step.js";
import { mayBeAskedForLater } from "./content-headers.js";
import { describeDifference, differenceOf } from "./difference.js";
import { nextId, orderOf } from "./manifest.js";
import type { Site } from "./site.js";
import { stalePaths } from "./stale-paths.js";
import { told } from "./told.js";
import type { Prepared, SiteState } from "./wanted.js";

/** Pure: the release that is to be made, or only to be switched to, or nothing. */
export function decideRelease(
  site: Site,
  state: SiteState,
  { wanted, kept, damaged }: Prepared,
  content: string,
  isServed: boolean,
): Decision {
  const { current, newest, releases, pending, leaving } = state;
  const { title, files, returnsTo } = wanted;
  const { edge, store } = site;
  const invalidation = (paths: readonly string[]): readonly Action[] => {
    if (edge === null || !store.needsInvalidation) {
      return [];
    }
    const plan = edge.plan(paths);
    const summary = `${plan.summary} in ${edge.place}, and wait until it is done`;
    return plan.paths.length === 0 ? [] : [{ type: "invalidate", summary, paths: [...plan.paths] }];
  };
  const removal: Action = {
    type: "remove-old",
    summary: `remove releases older than ${site.keepDays} days, but for the last ${site.keepReleases}`,
    keepDays: site.keepDays,
    keepReleases: site.keepReleases,
  };
  if (current !== null && isServed) {
    return {
      title,
      actions: [
        ...(pending === null ? [] : invalidation(pending.paths)),
        ...(leaving.length === 0 ? [] : [removal]),
      ],
      expected: [],
      outputs: { release: current.id },
      inverse: { none: "nothing is done, so there is nothing to undo" },
      notes: [
        ...site.notes,
        ...wanted.notes,
        `release ${current.id} with the same files is served already`,
      ],
    };
  }
  const difference = differenceOf(current?.files ?? [], files);
  const inverse: Inverse =
    current === null
      ? { none: "nothing was served before" }
      : {
          kind: "frontend-rollback",
          intent: { frontend: site.name, to: current.id, acceptOldAddress: true },
        };
  const stale = invalidation(stalePaths(current, files, kept));
  const notes = [
    ...site.notes,
    ...wanted.notes,
    ...(damaged.length === 0
      ? []
      : [
          `somebody has changed files since release ${current?.id ?? ""} was made, and they are replaced: ${told(damaged)}`,
        ]),
  ];
  const contentDiffers = {
    fact: "content of the site",
    before: current?.content ?? null,
    after: content,
  };
  if (returnsTo !== undefined) {
    const before = current?.id ?? "nothing";
    const after = new Set([...files, ...kept].map(({ path }) => path));
    const leaves = (current?.files ?? []).some(
      ({ path }) => mayBeAskedForLater(path) && !after.has(path),
    );
    return {
      title,
      actions: [
        {
          type: "adopt",
          summary: `copy what pages that are open may ask for from ${before} to ${returnsTo}`,
        },
        {
          type: "switch",
          summary: `serve release ${returnsTo} instead of ${before}, ${store.switching}, without copying it`,
          release: returnsTo,
        },
        ...stale,
        // What is not kept for pages that are open, pages that are loading still find for a while.
        ...(leaves ? [removal] : []),
      ],
      expected: [
        { fact: "release that is served", before: current?.id ?? null, after: returnsTo },
        contentDiffers,
      ],
      outputs: { release: returnsTo },
      inverse,
      notes,
    };
  }
  const unfinished = releases.at(-1);
  const isWhole =
    unfinished?.content === content &&
    unfinished.id !== current?.id &&
    unfinished.replaces === (current?.id ?? null) &&
    canonicalJson(unfinished.repoint) === canonicalJson(wanted.repoint) &&
    unfinished.restores === wanted.restores;
  const id = isWhole ? unfinished.id : nextId(newest, content);
  const put: Action = {
    type: "put-release",
    summary: `make release ${id} in ${site.store.place}: ${describeDifference(difference)}`,
    release: id,
    content,
    ...difference,
  };
  return {
    title,
    actions: [
      ...(isWhole ? [] : [put]),
      {
        type: "switch",
        summary: `serve release ${id} instead of ${current?.id ?? "nothing"}, ${store.switching}`,
        release: id,
      },
      ...stale,
      removal,
    ],
    expected: [
      { fact: "release that is served", before: current?.id ?? null, after: id },
      contentDiffers,
    ],
    outputs: { release: id },
    inverse,
    notes: [
      ...notes,
      ...(isWhole ? [`an earlier run has made release ${id}; only the switch is left`] : []),
      ...(current === null || orderOf(current.id) === orderOf(newest ?? current.id)
        ? []
        : [`${newest ?? ""} is newer than the release that is served`]),
    ],
  };
}
