import { EmergencyError, type ErrorCode } from "../../errors.js";
import type { Action, Decision } from "../../step.js";
import type { Problem } from "./change.js";
import { describePresent, type Look } from "./look.js";
import type { PonderIndexer } from "./ponder-indexer.js";
import { ago, chainsBehind, describeBehind, describeCheckpoints } from "./progress.js";

/**
 * What somebody knows of and wants all the same:
 * - `behind`: readers would see older blocks than now
 * - `stopped`: no process works on the deployment, so that it stays where it is
 * - `empty`: a table has no rows where it has some now
 * - `types`: a column has another type
 */
export const ACCEPTABLE = ["behind", "stopped", "empty", "types"] as const;

/** See {@link ACCEPTABLE}. */
export type Accepted = (typeof ACCEPTABLE)[number];

/** All that the decision rests on. */
export interface Observed {
  readonly look: Look;
  /** The tables that have rows now and would have none. */
  readonly emptied: readonly string[];
  /** What the deployment answers at its URL; undefined when none is known. */
  readonly ready: { readonly url: string; readonly status: number | undefined } | undefined;
}

/**
 * Decides whether readers may be sent to a deployment, and what that takes. Pure.
 * @param accepted what is no reason to refuse.
 * @throws EmergencyError VERSION_NOT_READY, VERSION_INCOMPLETE, DATABASE_DENIED
 */
export function decidePromotion(
  ponder: Pick<PonderIndexer, "name" | "database" | "views" | "maxBehind" | "now">,
  { look, emptied, ready }: Observed,
  accepted: readonly Accepted[],
): Decision {
  const { name, views: viewsSchema } = ponder;
  const { target, served, change, mark, live } = look;
  const { schema, buildId } = target;
  const from = describePresent(change);
  const title = `point the views of "${viewsSchema}" at "${schema}"`;
  const outputs = { schema, build: buildId };
  const moved = change.views.filter(({ how }) => how !== "keep");
  if (moved.length === 0 && change.problems.length === 0) {
    return {
      title: `the views of "${viewsSchema}" read from "${schema}"`,
      actions: [],
      expected: [],
      outputs,
      inverse: { none: "nothing is done" },
      notes: change.notes,
    };
  }
  // Where one comes from one may go back to at once, for all that has happened since.
  const goingBack = mark?.to === from && mark.from === schema;
  const notes: string[] = [...change.notes];
  const unless = (reason: Accepted, code: ErrorCode, what: string, next: string): void => {
    if (!goingBack && !accepted.includes(reason)) {
      throw new EmergencyError(code, what, next);
    }
    notes.push(what);
  };

  refuseFor(change.problems, accepted, notes);
  refuseUnready(name, look, ready, goingBack);
  const missing = (served?.checkpoints ?? []).filter(
    ({ chainId }) => !target.checkpoints.some((there) => there.chainId === chainId),
  );
  if (missing.length > 0) {
    throw new EmergencyError(
      "VERSION_INCOMPLETE",
      `"${schema}" does not follow ${missing.map(({ chain }) => chain).join(", ")}, which readers have data of`,
      "add it to ponder.config.ts, and deploy to a new schema",
    );
  }
  const behind = served === undefined ? [] : chainsBehind(target, served, ponder.maxBehind);
  if (behind.length > 0) {
    unless(
      "behind",
      "VERSION_NOT_READY",
      `"${schema}" is behind: ${describeBehind(behind)}`,
      `wait for it with --wait; or, if readers may go back that far: --accept behind`,
    );
  }
  if (!target.running) {
    unless(
      "stopped",
      "VERSION_NOT_READY",
      `nothing works on "${schema}": its last sign of life was ${ago(ponder.now().getTime() - target.heartbeatMs)}`,
      `start it (ponder start --schema ${schema}); or, if it may stay where it is: --accept stopped`,
    );
  }
  if (emptied.length > 0) {
    unless(
      "empty",
      "VERSION_INCOMPLETE",
      `"${schema}" has no rows in ${emptied.join(", ")}, where readers see some now`,
      `check its addresses and start blocks; or, if there are none: --accept empty`,
    );
  }
  if (live.wanted && !live.may && !live.hasTrigger) {
    notes.push(
      `this login may not create a trigger in "${schema}": who listens to the views for changes (ponder serve, @ponder/client) hears of none`,
    );
  }
  const action: Action = {
    type: "move-views",
    summary: `point ${moved.length} of ${change.views.length} views of "${viewsSchema}" at "${schema}" (build ${buildId}), in one transaction`,
    schema,
    build: buildId,
    views: Object.fromEntries(moved.map((view) => [view.name, view.how])),
  };
  return {
    title,
    actions: [action],
    expected: [{ fact: `views of ${viewsSchema} read from`, before: from, after: schema }],
    outputs,
    inverse:
      served === undefined
        ? { none: change.present.size === 0 ? "there were no views" : `they read from ${from}` }
        : { kind: "ponder-promote", intent: { indexer: name, schema: served.schema } },
    notes: [
      `in ${ponder.database.place}`,
      ...notes,
      `"${schema}" has caught up: ${describeCheckpoints(target)}`,
      ...(served === undefined
        ? []
        : [
            `keep "${served.schema}" until all is well: ponder db prune drops it once it has stopped, and with it the way back`,
          ]),
    ],
  };
}

/** What is wrong with the tables, or with the rights. */
function refuseFor(
  problems: readonly Problem[],
  accepted: readonly Accepted[],
  notes: string[],
): void {
  const serious = problems.filter(({ kind }) => kind !== "type" || !accepted.includes("types"));
  notes.push(...problems.filter((each) => !serious.includes(each)).map(({ what }) => what));
  const [first] = serious;
  if (first !== undefined) {
    throw new EmergencyError(
      first.kind === "denied" ? "DATABASE_DENIED" : "VERSION_INCOMPLETE",
      serious.map(({ what }) => what).join("; "),
      first.next,
    );
  }
}

function refuseUnready(
  name: string,
  { target, served }: Look,
  ready: Observed["ready"],
  goingBack: boolean,
): void {
  const { schema } = target;
  const wait = `wait for it: npx hardhat indexer promote --indexer ${name} --to ${schema} --wait`;
  if (!target.ready) {
    const readers = served === undefined ? "" : `; readers see ${describeCheckpoints(served)}`;
    throw new EmergencyError(
      "VERSION_NOT_READY",
      `"${schema}" has not caught up with its chains: ${describeCheckpoints(target)}${readers}`,
      wait,
    );
  }
  if (ready !== undefined && ready.status !== 200 && !goingBack) {
    throw new EmergencyError(
      "VERSION_NOT_READY",
      `${ready.url} ${ready.status === undefined ? "does not answer" : `answers ${ready.status}`}, though the records of "${schema}" say that it has caught up`,
      wait,
    );
  }
}
