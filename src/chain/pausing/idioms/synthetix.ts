import { CONTRACT, call, firstOf, type Idiom, type Lookup } from "./idiom.js";

/** "SystemStatus" as bytes32: the name under which Synthetix' resolver knows it. */
const NAME = BigInt(`0x${Buffer.from("SystemStatus", "utf8").toString("hex").padEnd(64, "0")}`);

const RESOLVER = call("resolver()", "0x04f3bcec");
const BY_NAME = call("getAddress(bytes32)", "0x21f8a721", [NAME]);

const STATUS: Readonly<Record<string, Lookup>> = {
  status: {
    // SNX itself stands behind a proxy that calls its target, rather than running its code.
    paths: [
      [call("systemStatus()", "0x64cb907c")],
      [RESOLVER, BY_NAME],
      [call("target()", "0xd4b83992"), RESOLVER, BY_NAME],
    ],
  },
};

function system(id: string, of: string): Idiom {
  return {
    id,
    title: "Synthetix SystemStatus, the whole system",
    ...(of === CONTRACT ? {} : { values: STATUS }),
    to: of,
    pause: call("suspendSystem(uint256)", "0xe470df58", [2n]),
    unpause: call("resumeSystem()", "0x157c51d3"),
    readBacks: [
      { reads: [{ of, call: call("systemSuspension()", "0x2dd8afdb") }], decode: firstOf(2) },
    ],
    limits: "it stops the whole system, as far as it asks requireSystemActive()",
  };
}

/** SystemStatus itself. Reason 1 means an upgrade, so a stop gives another number: 2. */
export const synthetixStatus = system("synthetix-status", CONTRACT);

/** A contract that asks SystemStatus. */
export const synthetixMember = system("synthetix-member", "status");
