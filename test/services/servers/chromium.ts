import type { Browser } from "playwright-core";

import { pathOf } from "./tools.js";

/** The installed Chromium. */
export function chromiumPath(): string {
  return pathOf("chromium");
}

/**
 * How it is started: quietly. Without these it talks to its maker's hosts at every start, and where those cannot be
 * reached it tries many times. It refuses its sandbox to root.
 */
export function chromiumFlags(): readonly string[] {
  return [
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
}

/** Starts it without a window, with a profile of its own. Close it after the test. */
export async function launchChromium(): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  return await chromium.launch({
    executablePath: chromiumPath(),
    args: [...chromiumFlags()],
    headless: true,
  });
}
