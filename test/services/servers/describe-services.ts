import { servicesWanted, whyMissing, type Tool } from "./tools.js";

/**
 * A suite that needs real servers. Under plain `npm test` it registers nothing. Under
 * `npm run test:services` it runs, or stands there as one skipped test that says what is missing and why.
 * @param tools what the suite starts.
 */
export function describeWith(
  tools: readonly Tool[],
  title: string,
  body: (this: Mocha.Suite) => void,
): void {
  if (!servicesWanted()) {
    return;
  }
  const missing = tools.flatMap((tool) => {
    const why = whyMissing(tool);
    // What an installer printed follows on more lines. It is shown once, not with every suite.
    const [reason = ""] = why?.split("\n") ?? [];
    return why === undefined ? [] : [`${tool} is missing: ${reason}`];
  });
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  describe(title, () => {
    for (const line of missing) {
      // Mocha counts a test without a body as skipped.
      it(line);
    }
  });
}
