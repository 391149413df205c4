import { EmergencyError } from "../../errors.js";
import type { AutoscalerWish } from "./scale-step.js";

/** More is a slip of the finger. */
const MOST_PODS = 10_000;

/**
 * A number of pods, as it is typed.
 * @param least 0 or 1.
 * @throws EmergencyError BAD_ARGUMENTS
 */
export function parsePods(text: string | undefined, least: 0 | 1): number {
  const count = Number(text);
  if (text === undefined || !/^\d{1,6}$/.test(text) || count < least || count > MOST_PODS) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      text === undefined ? "it is not said how many pods" : `"${text}" is no number of pods`,
      `add how many: --to 2, from ${least} to ${MOST_PODS}`,
    );
  }
  return count;
}

/**
 * What becomes of an autoscaler, as it is typed: "keep", "widen", "pin", "2..5".
 * @throws EmergencyError BAD_ARGUMENTS
 */
export function parseAutoscaler(text: string | undefined): AutoscalerWish {
  switch (text) {
    case undefined:
    case "keep":
      return "keep";
    case "widen":
    case "pin":
      return text;
  }
  const [, min, max] = /^(\d{1,6})\.\.(\d{1,6})$/.exec(text) ?? [];
  const bounds = { min: Number(min), max: Number(max) };
  if (!(bounds.min >= 1 && bounds.max >= bounds.min)) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `"${text}" says nothing to an autoscaler`,
      "add --autoscaler keep, widen, pin, or the fewest and the most pods: 2..5",
    );
  }
  return bounds;
}
