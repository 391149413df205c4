import { EmergencyError } from "../errors.js";

/** Whether an order failed in such a way that it may have been carried out all the same. */
export function mayHaveHappened(error: unknown): boolean {
  return error instanceof EmergencyError && error.code === "INDEXER_UNREACHABLE";
}
