import { counted, lead } from "../node.js";
import { managerMembers } from "../managers.js";
import { wordIn } from "../words.js";
import { finding, getter, type Kind } from "./kind.js";

const ADMIN_ROLE = getter("ADMIN_ROLE()", "0x75b238fc");
const PUBLIC_ROLE = getter("PUBLIC_ROLE()", "0x3ca7c02a");
/** AccessManager's role ids: 0, and the largest uint64. */
const ADMIN_ROLE_ID = 0n;
const PUBLIC_ROLE_ID = 2n ** 64n - 1n;

/** OpenZeppelin 5's AccessManager: its admins give and take roles and say which function needs which. */
export const accessManager: Kind = {
  getters: [ADMIN_ROLE, PUBLIC_ROLE],
  async read({ address, answer }, { chain, blockNumber, also }) {
    if (
      wordIn(answer(ADMIN_ROLE)) !== ADMIN_ROLE_ID ||
      wordIn(answer(PUBLIC_ROLE)) !== PUBLIC_ROLE_ID
    ) {
      return undefined;
    }
    const { members, known, unknown } = await managerMembers(
      chain,
      address,
      ADMIN_ROLE_ID,
      blockNumber,
      also,
    );
    return finding({
      kind: "access-manager",
      about: `AccessManager, ${counted(members.length, "admin")}`,
      facts: {
        admins: members.map((member) => ({
          address: member.address,
          delaySeconds: member.delaySeconds,
        })),
      },
      leads: members.map((member) =>
        lead(member.address, "holds role ADMIN (0)", "decides", member.delaySeconds),
      ),
      known,
      unknown,
    });
  },
};
