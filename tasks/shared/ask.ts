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
        // A last line without a line feed is an answer too: let it arrive first.
        setImmediate(() => {
          resolve(undefined);
        });
      });
    });
    return await Promise.race([interruptions.requestInput("hardhat-emergency", question), nobody]);
  };
}
