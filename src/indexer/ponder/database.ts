/** A row of an answer. Numbers that JavaScript cannot hold exactly come as text. */
export type Row = Readonly<Record<string, unknown>>;

/** One connection to a database. */
export interface Session {
  /**
   * Sends one statement, or without values several in one round trip, and answers with the rows of the last one.
   * @throws EmergencyError DATABASE_…, and {@link LockNotAvailable} when somebody holds what it needs.
   */
  query(text: string, values?: readonly (string | number)[]): Promise<readonly Row[]>;
}

/** A Postgres database. */
export interface Database {
  /** "database app at db.example:5432": never who logs in, or with what. */
  readonly place: string;
  /**
   * Runs something on a connection of its own. When it throws, what it has begun and not committed is rolled back
   * by the server.
   */
  session<T>(use: (session: Session) => Promise<T>): Promise<T>;
}

/** The server gave up a transaction because somebody holds what it needs. Nothing of it was done. */
export class LockNotAvailable extends Error {
  override readonly name = "LockNotAvailable";
}

/** The connection broke while an answer was awaited: nobody knows whether the server has done it. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}
