import { setTimeout as wait } from "node:timers/promises";

import { z } from "zod";

import { EmergencyError, asError, messageOf } from "../../errors.js";
import type { Json } from "../../json.js";
import type { Cluster } from "./cluster.js";

/** One question to an API server. */
export interface ApiRequest {
  readonly method: "GET" | "PATCH" | "POST" | "DELETE";
  /** "/apis/apps/v1/namespaces/market/deployments/api". */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** A JSON patch, when it is a list; otherwise an object, or what must hold of one that is removed. */
  readonly body?: Json;
  /** Of a body that is a text already, and goes as it is. */
  readonly contentType?: string;
}

/** Its answer, whatever it says. */
export interface ApiAnswer {
  readonly status: number;
  /** From the answer's `Retry-After`, in seconds. */
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** Asks once. Throws when nothing answers. */
export type Ask = (request: ApiRequest) => Promise<ApiAnswer>;

/** What is needed to ask an API server with patience. */
export interface ApiTools {
  readonly ask: Ask;
  /** For people: "context production (https://…)". */
  readonly server: string;
  readonly access: Cluster["access"];
  /** "--context production", as kubectl takes it. */
  readonly kubectl: string;
  readonly wait?: (milliseconds: number) => Promise<void>;
}

/** An API server that comes back within half a minute is waited for. */
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** Busy, restarting, or behind a balancer that has lost it. */
const PASSING = new Set([429, 500, 502, 503, 504]);

/** What an API server says of a refusal. */
const statusSchema = z.object({
  message: z.string().default(""),
  reason: z.string().default(""),
  details: z
    .object({ causes: z.array(z.object({ message: z.string().default("") })).default([]) })
    .nullish(),
});

/**
 * Asks until there is an answer that is not "come back later". Writes too: each holds only for the object
 * that was looked at, or for none at all, so one that has been done after all is refused the second time.
 * @throws EmergencyError CLUSTER_UNREACHABLE when there is none after about half a minute.
 */
export async function askPatiently(tools: ApiTools, request: ApiRequest): Promise<ApiAnswer> {
  const pause =
    tools.wait ??
    (async (milliseconds) => {
      await wait(milliseconds);
    });
  for (let attempt = 1; ; attempt += 1) {
    const last = attempt === ATTEMPTS;
    let again = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
    try {
      const answer = await tools.ask(request);
      if (!PASSING.has(answer.status)) {
        return answer;
      }
      if (last) {
        throw new EmergencyError(
          "CLUSTER_UNREACHABLE",
          `${tools.server} cannot answer now: ${answer.status} ${saidBy(answer)}`,
          "type the same command again in a minute: it looks at the cluster as it is then",
        );
      }
      const seconds = Number(answer.retryAfter);
      if (answer.retryAfter !== undefined && Number.isFinite(seconds)) {
        again = Math.min(Math.max(seconds * 1000, 0), LONGEST_PAUSE_MS);
      }
    } catch (error) {
      if (error instanceof EmergencyError) {
        throw error;
      }
      if (last) {
        throw new EmergencyError(
          "CLUSTER_UNREACHABLE",
          `${tools.server} does not answer: ${reasonOf(error)}`,
          `check that it is the right cluster and that you are in its network: kubectl ${tools.kubectl} get --raw /readyz`,
          asError(error),
        );
      }
    }
    await pause(again);
  }
}

/**
 * The refusal in an answer.
 * @param doing for people: "read deployment api".
 */
export function refusalOf(tools: ApiTools, doing: string, answer: ApiAnswer): EmergencyError {
  const said = saidBy(answer);
  switch (answer.status) {
    case 401:
      return new EmergencyError(
        "CLUSTER_CREDENTIALS",
        `${tools.server} does not accept the credentials in the kubeconfig: ${said}`,
        `log in again, and check with: kubectl ${tools.kubectl} auth whoami`,
      );
    case 403:
      return new EmergencyError(
        "CLUSTER_DENIED",
        `you may not ${doing}: ${said}`,
        `let somebody who may give you that right, or use another context; see what you may do: kubectl ${tools.kubectl} auth can-i --list`,
      );
    default:
      return new EmergencyError(
        "CLUSTER_REFUSED",
        `${tools.server} refuses to ${doing}: ${answer.status} ${said}`,
        "look at the reason above",
      );
  }
}

/** What an answer that is a refusal says in words. */
export function saidBy({ text }: ApiAnswer): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text.trim().slice(0, 300);
  }
  const status = statusSchema.safeParse(value);
  if (!status.success) {
    return text.trim().slice(0, 300);
  }
  const causes = (status.data.details?.causes ?? []).map(({ message }) => message);
  return [status.data.message, ...causes].filter((part) => part !== "").join("; ");
}

/** fetch says "fetch failed", and its cause says why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? messageOf(cause) : messageOf(error);
}
