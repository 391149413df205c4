import { EmergencyError } from "../../errors.js";
import { META, readDeployments, type Deployments } from "./deployments.js";
import { readMark, type Mark } from "./mark.js";
import type { PonderIndexer } from "./ponder-indexer.js";
import { readRelations } from "./relations.js";

/** The deployments of an app, and which of them readers see. */
export interface DeploymentList extends Deployments {
  /** Where the database is. */
  readonly place: string;
  readonly views: string;
  /** The schemas that the views read from: one, unless somebody was stopped half way. */
  readonly served: readonly string[];
  /** How they came to read from there, if this plugin has pointed them there. */
  readonly mark: Mark | undefined;
}

/**
 * Reads which deployments there are, and which of them readers see. Never writes.
 * @throws EmergencyError DATABASE_…
 */
export async function listDeployments({ database, views }: PonderIndexer): Promise<DeploymentList> {
  return await database.session(async (session) => {
    const found = await readDeployments(session);
    const relations = await readRelations(session, views);
    const apps = new Set([...found.deployments.map(({ schema }) => schema), ...found.closed]);
    const served = relations
      .filter(({ kind, plain }) => kind === "view" && plain)
      .flatMap(({ name, sources }) => sources.filter((source) => source.name === name))
      .map(({ schema }) => schema)
      .filter((schema) => apps.has(schema));
    return {
      ...found,
      place: database.place,
      views,
      served: [...new Set(served)].sort(),
      mark: readMark(relations.find(({ name }) => name === META)?.comment ?? null),
    };
  });
}

/**
 * The schema that somebody means.
 * @param to a schema; "previous": where the views have read from before; undefined: the only other deployment that
 * something works on.
 * @throws EmergencyError UNKNOWN_VERSION with those that there are.
 */
export function chooseDeployment(
  { deployments, served, mark, views }: DeploymentList,
  to: string | undefined,
): string {
  const others = deployments.filter(({ schema }) => !served.includes(schema));
  const names = others.map(({ schema }) => schema).join(", ");
  const next =
    names === "" ? "deploy to a new schema first" : `name one of these with --to: ${names}`;
  if (to === "previous") {
    if (mark?.from === undefined || mark.from === null || !served.includes(mark.to)) {
      throw new EmergencyError(
        "UNKNOWN_VERSION",
        `nothing says where the views of "${views}" have read from before: this plugin did not move them last`,
        next,
      );
    }
    return mark.from;
  }
  if (to !== undefined) {
    return to;
  }
  const running = others.filter((each) => each.running);
  const [only, ...more] = running;
  if (only === undefined || more.length > 0) {
    throw new EmergencyError(
      "UNKNOWN_VERSION",
      running.length === 0
        ? "there is no other deployment that something works on"
        : `there are ${running.length} other deployments, and none is named`,
      next,
    );
  }
  return only.schema;
}
