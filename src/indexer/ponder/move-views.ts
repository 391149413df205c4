import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import { changedFacts, type Facts } from "../../step.js";
import { describePresent, look, type Look } from "./look.js";
import { ConnectionLost, LockNotAvailable, type Session } from "./database.js";
import { META } from "./deployments.js";
import { readMark, type Mark } from "./mark.js";
import { literal, quoted } from "./names.js";
import type { PonderIndexer } from "./ponder-indexer.js";
import { readRelations } from "./relations.js";
import { asOne, changeStatements } from "./statements.js";

/** From which schema each view reads. */
export type Sources = Readonly<Record<string, string>>;

/** How long new readers may have to wait in one attempt, until those who have begun have ended. */
const BUDGET_MS = 100;
/** With those who have been reading for long. */
const LONG_BUDGET_MS = 300;

/** Whoever has been reading for longer than this is left alone for longer. */
const LONG_SECONDS = 2;

/** Pauses between attempts, so that those can go on who had to wait. */
const PAUSES_MS = [20, 70, 40, 110, 30, 90];
const LONG_PAUSES_MS = [250, 500, 1000, 2000, 4000];

/** The server ends the transaction by itself when this process falls silent in its midst. */
const SILENCE_MS = 10_000;

/**
 * Points the views at a deployment, in one transaction, or tries it and rolls it back. What was planned is looked at
 * again inside it. Readers wait for at most a third of a second; where one of them holds a view for longer than that,
 * the whole transaction is given up and tried again later.
 * @param prior the facts that the plan rests on.
 * @param tell told what is waited for.
 * @returns which schema each view reads from then.
 * @throws EmergencyError PRIOR_STATE_CHANGED, INDEXER_LOCKED, VIEWS_BUSY, DATABASE_…
 */
export async function moveViews(
  ponder: PonderIndexer,
  schema: string,
  prior: Facts,
  tell: (what: string) => void,
): Promise<Sources> {
  const run = ponder.unique();
  try {
    return await ponder.database.session(
      async (session) => await attempts(session, ponder, { schema, prior, run }, tell),
    );
  } catch (error) {
    if (error instanceof CommitUnknown) {
      return await afterLostCommit(ponder, run, error);
    }
    throw error;
  }
}

async function attempts(
  session: Session,
  ponder: PonderIndexer,
  wanted: Pick<Attempt, "schema" | "prior" | "run">,
  tell: (what: string) => void,
): Promise<Sources> {
  const { views, waitMs, wait, now } = ponder;
  const startedMs = now().getTime();
  // Whoever holds a view and then wants another one waits for us while we wait for him. Taken in the order in which
  // readers take them, there is no such circle: a view that could not be had comes first the next time.
  const order: string[] = [];
  let budgetMs = BUDGET_MS;
  let long = 0;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await transaction(session, ponder, { ...wanted, order, budgetMs });
    } catch (error) {
      if (!(error instanceof LockNotAvailable)) {
        throw error;
      }
      order.unshift(error.message);
    }
    await session.query("ROLLBACK");
    const readers = await whoReads(session, views);
    const isLong = (readers[0]?.seconds ?? 0) >= LONG_SECONDS;
    budgetMs = isLong ? LONG_BUDGET_MS : BUDGET_MS;
    const pause = isLong ? nth(LONG_PAUSES_MS, long) : nth(PAUSES_MS, attempt % PAUSES_MS.length);
    if (now().getTime() - startedMs + pause > waitMs) {
      throw new EmergencyError(
        "VIEWS_BUSY",
        `somebody reads the views of "${views}" and does not end: ${inWords(readers)}. Nothing was changed`,
        "wait until that has ended, or end it: SELECT pg_terminate_backend(<process>); then type the same command again",
      );
    }
    if (isLong) {
      long += 1;
      tell(`readers to end: ${inWords(readers)}`);
    }
    await wait(pause);
  }
}

function nth(values: readonly number[], index: number): number {
  return values[Math.min(index, values.length - 1)] ?? 0;
}

/** What one attempt needs to know. */
interface Attempt {
  readonly schema: string;
  readonly prior: Facts;
  readonly run: string;
  /** Views that could not be had at once, the last one first. */
  readonly order: readonly string[];
  readonly budgetMs: number;
}

/** The answer to COMMIT was lost. */
class CommitUnknown extends Error {
  override readonly name = "CommitUnknown";
}

async function transaction(
  session: Session,
  ponder: PonderIndexer,
  { schema, prior, run, order, budgetMs }: Attempt,
): Promise<Sources> {
  const { views, by, now, dryRun } = ponder;
  await session.query(
    `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
     SET LOCAL idle_in_transaction_session_timeout = ${SILENCE_MS};
     SET LOCAL client_min_messages = warning`,
  );
  await takeTurn(session, views);
  const found = await look(session, views, schema);
  const changes = changedFacts(prior, found.facts);
  if (changes.length > 0) {
    throw new EmergencyError(
      "PRIOR_STATE_CHANGED",
      `somebody else has changed it in the same moment: ${changes.map(({ fact }) => fact).join(", ")}. Nothing was done`,
      "type the command again: it looks at the views as they are now",
    );
  }
  const mark: Mark = {
    from: onlySource(found),
    to: schema,
    at: now().toISOString(),
    by,
    run,
  };
  const place = (about: string): number => {
    const index = order.indexOf(about);
    return index === -1 ? order.length : index;
  };
  const statements = [...changeStatements(views, schema, found.change, found.live, mark)].sort(
    (a, b) => place(a.about) - place(b.about),
  );
  if (!found.hasSchema) {
    await session.query(`CREATE SCHEMA ${quoted(views)}`);
  }
  await session.query(asOne(statements, budgetMs));
  const sources = await readSources(session, views, found);
  if (dryRun) {
    await session.query("ROLLBACK");
    return sources;
  }
  try {
    await session.query("COMMIT");
  } catch (error) {
    throw error instanceof ConnectionLost ? new CommitUnknown(error.message) : error;
  }
  return sources;
}

/**
 * One at a time: whoever else moves these views waits for nothing, and is told.
 * @throws EmergencyError INDEXER_LOCKED
 */
async function takeTurn(session: Session, views: string): Promise<void> {
  const rows = await session.query(
    `SELECT pg_try_advisory_xact_lock(hashtext('hardhat-emergency'), hashtext(${literal(views)})) AS mine`,
  );
  if (rows[0]?.mine !== true) {
    throw new EmergencyError(
      "INDEXER_LOCKED",
      `somebody else is moving the views of "${views}" at this moment. Nothing was changed`,
      "type the command again: it looks at what that came to",
    );
  }
}

async function readSources(session: Session, views: string, { change }: Look): Promise<Sources> {
  const relations = await readRelations(session, views);
  const sources: Record<string, string> = {};
  for (const { name, how, present } of change.views) {
    const now = relations.find((relation) => relation.name === name);
    sources[name] = now?.sources.map((source) => source.schema).join(", ") ?? "nothing";
    // A default of the schema could have given a view that was made anew to more people than before.
    const grants = JSON.stringify(now?.grants);
    if (
      how === "anew" &&
      (grants !== JSON.stringify(present?.grants) || now?.owner !== present?.owner)
    ) {
      throw new EmergencyError(
        "DATABASE_REFUSED",
        `view "${name}" cannot be made anew for the same people as before. Nothing was changed`,
        `look at the default privileges of the schema: \\ddp ${views}`,
      );
    }
  }
  return sources;
}

/** The connection broke while the answer to COMMIT was awaited: looks whether it has happened. */
async function afterLostCommit(
  { database, views, wait }: PonderIndexer,
  run: string,
  lost: CommitUnknown,
): Promise<Sources> {
  return await database.session(async (session) => {
    // As long as the server is still at it, the turn cannot be had.
    await session.query("BEGIN READ ONLY");
    for (let tries = 0; tries < 20; tries += 1) {
      const over = await takeTurn(session, views).then(
        () => true,
        () => false,
      );
      if (over) {
        break;
      }
      await wait(250);
    }
    const relations = await readRelations(session, views);
    await session.query("ROLLBACK");
    const comment = relations.find(({ name }) => name === META)?.comment ?? null;
    if (readMark(comment)?.run === run) {
      return Object.fromEntries(
        relations
          .filter(({ kind }) => kind === "view")
          .map(({ name, sources }) => [name, sources.map((source) => source.schema).join(", ")]),
      );
    }
    throw new EmergencyError(
      "DATABASE_UNREACHABLE",
      `the connection broke at the end (${lost.message}), and the server has undone it: nothing was changed`,
      "type the same command again",
    );
  });
}

function onlySource(found: Look): string | null {
  return found.change.present.size === 1 ? describePresent(found.change) : null;
}

const reader = z.object({
  pid: z.number(),
  login: z.string().nullable(),
  application: z.string().nullable(),
  seconds: z.coerce.number(),
});
type Reader = z.infer<typeof reader>;

/** Who holds views of the schema, longest first. */
async function whoReads(session: Session, views: string): Promise<readonly Reader[]> {
  const rows = await session.query(
    `SELECT DISTINCT a.pid, a.usename AS login, a.application_name AS application,
       coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::int AS seconds
     FROM pg_locks l
     JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE n.nspname = $1 AND l.granted AND l.pid <> pg_backend_pid()
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     ORDER BY seconds DESC LIMIT 3`,
    [views],
  );
  return z.array(reader).parse(rows);
}

function inWords(readers: readonly Reader[]): string {
  return readers.length === 0
    ? "many, one after the other"
    : readers
        .map(
          ({ pid, login, application, seconds }) =>
            `process ${pid} (${[login, application].filter((each) => each !== null && each !== "").join(", ")}) since ${seconds} s`,
        )
        .join("; ");
}
