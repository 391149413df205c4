import { strictBool } from "../mechanism.js";
import { CONTRACT, call, valueOf, type Idiom } from "./idiom.js";

/**
 * OpenZeppelin's AccessManager closes a target: nobody may call its restricted functions any more. The
 * target must be AccessManaged: it asks `canCall` and has `isConsumingScheduledOp`.
 */
export const accessManagerTarget: Idiom = {
  id: "access-manager-target",
  title: "OpenZeppelin AccessManager, target closed",
  marks: ["0x8fb36037", "0xb7009613"],
  values: { manager: { paths: [[call("authority()", "0xbf7e214f")]] } },
  to: "manager",
  pause: call("setTargetClosed(address,bool)", "0x167bd395", [valueOf(CONTRACT), true]),
  unpause: call("setTargetClosed(address,bool)", "0x167bd395", [valueOf(CONTRACT), false]),
  readBacks: [
    {
      reads: [
        { of: "manager", call: call("isTargetClosed(address)", "0xa166aa89", [valueOf(CONTRACT)]) },
      ],
      decode: strictBool,
    },
  ],
  limits:
    "it stops only the functions that are restricted; those that anybody may call without the manager go on",
};
