import { EmergencyError } from "../../errors.js";
import type { Target } from "./choose-revision.js";

/**
 * Where to go back to, as it is typed: "previous", "healthy", a revision's number, an image or its digest.
 * @throws EmergencyError BAD_ARGUMENTS
 */
export function parseTarget(text: string | undefined): Target {
  const typed = text?.trim() ?? "previous";
  if (typed === "previous" || typed === "healthy") {
    return { to: typed };
  }
  if (/^\d{1,9}$/.test(typed) && Number(typed) > 0) {
    return { to: "revision", revision: Number(typed) };
  }
  if (/^(?=.*[:/@])[\w./:@-]+$/.test(typed)) {
    return { to: "image", image: typed };
  }
  throw new EmergencyError(
    "BAD_ARGUMENTS",
    `"${typed}" is neither a revision's number nor an image`,
    "see what there is: npx hardhat indexer history; then --to 3, --to indexer:1.4, --to sha256:…, --to healthy or --to previous",
  );
}
