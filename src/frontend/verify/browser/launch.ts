import { access, constants } from "node:fs/promises";

import type { Browser } from "playwright-core";

import { EmergencyError, messageOf } from "../../../errors.js";
import { findBrowser, type FoundBrowser, type Machine } from "./find.js";

/** A browser that runs, or why there is none. */
export type LaunchedBrowser =
  | { readonly browser: Browser; readonly found: FoundBrowser; readonly version: string }
  | { readonly why: string };

/** What Chromium does at every start that has nothing to do with the page. */
const FLAGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];

/**
 * Starts a headless browser with an empty profile.
 * @param named of `--browser`; undefined looks for one.
 * @throws EmergencyError BAD_ARGUMENTS when the one that is named is not there.
 */
export async function launchBrowser(named: string | undefined): Promise<LaunchedBrowser> {
  const { chromium } = await import("playwright-core");
  const machine: Machine = {
    platform: process.platform,
    env: process.env,
    isExecutable,
    playwright: async () => await Promise.resolve(chromium.executablePath() || undefined),
  };
  const found = await findBrowser(named, machine);
  if (found === undefined) {
    if (named !== undefined) {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        `--browser: there is no program at ${named}`,
        "name the executable of Chromium, Chrome or Edge, or leave --browser out to have it looked for",
      );
    }
    return {
      why: "no Chromium, Chrome or Edge was found on this machine (install one, or name it with --browser or CHROME_PATH)",
    };
  }
  try {
    const browser = await chromium.launch({
      executablePath: found.executable,
      // The sandbox needs a user who is not root.
      chromiumSandbox: process.getuid?.() !== 0,
      args: FLAGS,
    });
    return { browser, found, version: browser.version() };
  } catch (error) {
    const [line = ""] = messageOf(error).split("\n");
    return { why: `${found.executable} does not start: ${line}` };
  }
}

async function isExecutable(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
