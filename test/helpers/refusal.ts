import { expect } from "chai";

import { EmergencyError, type ErrorCode } from "../../src/errors.js";
import { isRecord } from "../../src/json.js";
import type { Outcome } from "./project.js";

/** The plugin's error, or a failure of the test that shows what came instead. */
export function emergencyError(thrown: unknown): EmergencyError {
  if (!(thrown instanceof EmergencyError)) {
    throw new Error("expected a refusal of the plugin", { cause: thrown });
  }
  return thrown;
}

/** A task was refused: with this code, a next command, exit code 1, and no stack trace in its words. */
export function expectRefusal(outcome: Outcome, code: ErrorCode): EmergencyError {
  const error = emergencyError(outcome.error);
  expectCode(error, code);
  expect(outcome.exitCode).to.equal(1);
  return error;
}

/** Something was refused with this code. */
export async function expectRejection(
  run: Promise<unknown>,
  code: ErrorCode,
): Promise<EmergencyError> {
  const thrown: unknown = await run.then(
    () => undefined,
    (error: unknown) => error,
  );
  const error = emergencyError(thrown);
  expectCode(error, code);
  return error;
}

function expectCode(error: EmergencyError, code: ErrorCode): void {
  expect(error.code, error.message).to.equal(code);
  expect(error.what.trim(), "what happened").not.to.equal("");
  expect(error.next.trim(), "the next command").not.to.equal("");
}

/** A task ended well. */
export function expectSuccess(outcome: Outcome): void {
  if (outcome.error !== undefined) {
    throw new Error("expected success", { cause: outcome.error });
  }
  expect(outcome.exitCode, outcome.stdout).to.equal(0);
}

/** Standard output is one JSON document and nothing else. */
export function onlyDocument({ stdout }: { readonly stdout: string }): Record<string, unknown> {
  const document: unknown = JSON.parse(stdout);
  if (!isRecord(document)) {
    throw new Error(`not a JSON object: ${stdout}`);
  }
  return document;
}

/** A field of a document that is an object itself. */
export function fieldOf(document: unknown, name: string): Record<string, unknown> {
  const value = isRecord(document) ? document[name] : undefined;
  if (!isRecord(value)) {
    throw new Error(`${name} is not an object`);
  }
  return value;
}

/** A field of a document that is a list of objects. */
export function listOf(document: unknown, name: string): Record<string, unknown>[] {
  const value: unknown = isRecord(document) ? document[name] : undefined;
  if (!Array.isArray(value)) {
    throw new Error(`${name} is not a list`);
  }
  return value.filter(isRecord);
}
