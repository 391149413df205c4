import { strictBool } from "../mechanism.js";
import { CONTRACT, call, inverted, type Idiom, type Lookup } from "./idiom.js";

/*
 * Optimism's SuperchainConfig: one pause for withdrawals of all the chains that use it. Contracts of
 * the bridge ask it, directly or through SystemConfig.
 */

const CONFIG: Readonly<Record<string, Lookup>> = {
  config: {
    paths: [
      [call("superchainConfig()", "0x35e80ab3")],
      [call("systemConfig()", "0x33d7e2bd"), call("superchainConfig()", "0x35e80ab3")],
    ],
  },
};

/** A contract that depends on it has, or asks for, `paused()`. */
const ASKS = "0x5c975abb";

const LIMITS =
  "it stops withdrawals and messages of every chain of the superchain, on L1; the L2 chains go on";

/** Since 2025: by identifier, of which zero is all chains. It ends by itself. */
function byIdentifier(id: string, of: string): Idiom {
  return {
    id,
    title: "Optimism's SuperchainConfig, all chains",
    ...(of === CONTRACT ? {} : { marks: [ASKS], values: CONFIG }),
    to: of,
    pause: call("pause(address)", "0x76a67a51", [0n]),
    unpause: call("unpause(address)", "0x57b001f9", [0n]),
    readBacks: [
      { reads: [{ of, call: call("paused(address)", "0x2e48152c", [0n]) }], decode: strictBool },
    ],
    closed: {
      of,
      call: call("pausable(address)", "0x32dfadd9", [0n]),
      why: (answer) =>
        inverted(answer) === true
          ? "an earlier pause has expired, and unpause(address) must be called before a new one"
          : undefined,
    },
    limits: LIMITS,
    expires: "after its pauseExpiry(), about three months, unless it is extended",
  };
}

/** Before: one flag, with a text that says why. */
function byText(id: string, of: string): Idiom {
  return {
    id,
    title: "Optimism's SuperchainConfig (first version)",
    ...(of === CONTRACT ? {} : { marks: [ASKS], values: CONFIG }),
    to: of,
    pause: call("pause(string)", "0x6da66355", [""]),
    unpause: call("unpause()", "0x3f4ba83a"),
    readBacks: [{ reads: [{ of, call: call("paused()", "0x5c975abb") }], decode: strictBool }],
    limits: LIMITS,
  };
}

export const superchainConfig = byIdentifier("superchain-config", CONTRACT);
export const superchainConfigText = byText("superchain-config-text", CONTRACT);
export const superchainMember = byIdentifier("superchain-member", "config");
export const superchainMemberText = byText("superchain-member-text", "config");
