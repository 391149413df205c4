import { turnOf } from "../upload-order.js";

/** When an object comes back, in this order: what pages refer to, pages, what everything starts with. */
export const STAGES = ["assets", "pages", "settings", "entry page"] as const;

/** See {@link STAGES}. */
export type Stage = (typeof STAGES)[number];

/**
 * When an object comes back. What is hidden goes in the reverse order, after all that came back.
 * @param path relative to the site's root.
 * @param runtimeConfig the file that the site reads its addresses from, if there is one.
 */
export function stageOf(path: string, runtimeConfig: string | undefined): Stage {
  switch (turnOf(path, runtimeConfig)) {
    case 3:
      return /^index\.html(?:\.(?:gz|br|zst))?$/.test(path) ? "entry page" : "settings";
    case 2:
      return "pages";
    case 0:
    case 1:
      return "assets";
  }
}
