import { EmergencyError, messageOf } from "../../errors.js";
import { isRecord } from "../../json.js";
import { LockNotAvailable } from "./database.js";

/** What Postgres answers with; anything else comes from the network, or from the client. */
interface Answer {
  /** SQLSTATE, as in appendix A of Postgres' documentation. */
  readonly code: string;
}

/** Of which the transaction is undone, and may be done again. */
const UNDONE: ReadonlySet<string> = new Set(["55P03", "40P01", "40001"]);

/** Shutting down, cut off by an administrator, starting up, too many connections. */
const UNREACHABLE: ReadonlySet<string> = new Set(["57P01", "57P02", "57P03", "53300"]);

/** Whether the connection broke, so that nobody knows what came of the last statement. */
export function lost(error: unknown): boolean {
  const answer = answerOf(error);
  return answer === undefined || answer.code === "57P01" || answer.code === "57P02";
}

/**
 * An error of the client as one that a person can act on.
 * @param place see `Database.place`.
 * @param setting see `openDatabase`.
 */
export function translated(
  error: unknown,
  place: string,
  setting: string,
): EmergencyError | LockNotAvailable {
  const answer = answerOf(error);
  // Only the message: other fields of such errors hold statements, and the connection string.
  const message = messageOf(error);
  if (answer === undefined || UNREACHABLE.has(answer.code)) {
    return new EmergencyError(
      "DATABASE_UNREACHABLE",
      `${place} does not answer: ${message === "" ? networkCode(error) : message}`,
      `check ${setting}, the network, and that the server runs`,
    );
  }
  const { code } = answer;
  if (UNDONE.has(code)) {
    return new LockNotAvailable(message);
  }
  switch (code) {
    case "28P01":
    case "28000":
      return new EmergencyError(
        "DATABASE_CREDENTIALS",
        `${place} does not accept the login: ${message}`,
        `check user and password in ${setting}`,
      );
    case "3D000":
      return new EmergencyError("BAD_CONFIG", `${place}: ${message}`, `check ${setting}`);
    case "42501":
      return new EmergencyError(
        "DATABASE_DENIED",
        `${place}: ${message}`,
        "log in as the owner of the views, or let somebody who may grant it",
      );
    case "25006":
      return new EmergencyError(
        "DATABASE_DENIED",
        `${place} only reads: ${message}`,
        `name the primary server in ${setting}, not a replica of it, and no login that only reads`,
      );
    default:
      return new EmergencyError(
        "DATABASE_REFUSED",
        `${place}: ${message} (${code})`,
        "look at the reason above",
      );
  }
}

function answerOf(error: unknown): Answer | undefined {
  return isRecord(error) && typeof error.severity === "string" && typeof error.code === "string"
    ? { code: error.code }
    : undefined;
}

/** Where all addresses of a host refuse, there is no message, but several errors inside. */
function networkCode(error: unknown): string {
  return isRecord(error) && typeof error.code === "string" ? error.code : "no answer";
}
