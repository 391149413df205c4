import type { UserInterruptionManager } from "hardhat/types/user-interruptions";

/**
 * Asks the person at the keyboard through Hardhat.
 * @returns the answer, or undefined when standard input ends without one: then nobody is there, and
 * waiting on would end the process in silence.
 */
export function asker(
  interruptions: UserInterruptionManager,
): (question: string) => Promise<string | undefined> {
  return async (question) => {
    const nobody = new Promise<undefined>((resolve) => {
      if (process.stdin.readableEnded) {
        resolve(undefined);
      }
      process.stdin.once("end", () => {
        // An answer that came just before the end is still on its way. (A last line without a line
        // feed is none: readline does not hand it over.)
        setImmediate(() => {
          resolve(undefined);
        });
      });
    });
    return await Promise.race([interruptions.requestInput("hardhat-emergency", question), nobody]);
  };
}
