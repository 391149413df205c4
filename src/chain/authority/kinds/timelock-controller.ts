import { ZERO_ADDRESS, sameAddress, type Address, type Hex } from "../../address.js";
import { duration, lead, type Lead } from "../node.js";
import { roleMembers, type RoleMember } from "../roles.js";
import { countIn } from "../words.js";
import { finding, getter, type Kind } from "./kind.js";

const GET_MIN_DELAY = getter("getMinDelay()", "0xf27a0c92");
const PROPOSER_ROLE = getter("PROPOSER_ROLE()", "0x8f61f4f5");

/** keccak256 of the roles' names. The admin role is TIMELOCK_ADMIN_ROLE before OpenZeppelin 5. */
const ROLES = {
  proposer: "0xb09aa5aeb3702cfd50b6b62bc4532604938f21248a27a1d5ca736082b6819cc1",
  executor: "0xd8aa0f3194971a2a116679f7c2090f6939c8d4e01a2a8d7e41d55e5351469e63",
  canceller: "0xfd643c72710c63c0180259aba6b2d05451e3591a24e58b62239378085726f783",
  admin: "0x0000000000000000000000000000000000000000000000000000000000000000",
  timelockAdmin: "0x5f58e3a2316349923ce3780f8d587db2d72378aed66a8261c916544fa6846ca5",
} as const;

/** OpenZeppelin's TimelockController, 3.3 to 5: a proposer, then the delay, then an executor. */
export const timelockController: Kind = {
  getters: [GET_MIN_DELAY, PROPOSER_ROLE],
  async read(seen, { chain, blockNumber, also }) {
    const delaySeconds = countIn(seen.answer(GET_MIN_DELAY));
    if (delaySeconds === undefined || seen.answer(PROPOSER_ROLE) !== ROLES.proposer) {
      return undefined;
    }
    const { members, known, unknown } = await roleMembers(
      chain,
      seen.address,
      Object.values(ROLES),
      blockNumber,
      // The zero address as executor stands for everybody. It is asked about even without logs.
      [...also, ZERO_ADDRESS],
    );
    const holders = (role: Hex): readonly RoleMember[] =>
      members.filter((member) => member.role === role);
    const openExecutor = holders(ROLES.executor).some(({ address }) => address === ZERO_ADDRESS);
    const isSelf = (address: Address): boolean => sameAddress(address, seen.address);
    const admins = [...holders(ROLES.admin), ...holders(ROLES.timelockAdmin)];
    const leads: Lead[] = [
      ...holders(ROLES.proposer).map(({ address }) => lead(address, "proposer: may schedule")),
      ...(openExecutor ? [] : holders(ROLES.executor)).map(({ address }) =>
        lead(address, "executor: one is needed after the delay", "helps"),
      ),
      ...admins.map(({ address }) =>
        lead(address, "admin: may make itself proposer and executor", "alone"),
      ),
      ...holders(ROLES.canceller).map(({ address }) =>
        lead(address, "canceller: may cancel what is scheduled", "aside"),
      ),
    ];
    const who = openExecutor ? "anybody executes" : "an executor executes";
    return finding({
      kind: "timelock",
      about: `TimelockController, delay ${duration(delaySeconds)}, then ${who}`,
      facts: {
        delaySeconds,
        openExecutor,
        selfAdministered: admins.some(({ address }) => isSelf(address)),
        proposers: holders(ROLES.proposer).map(({ address }) => address),
        executors: holders(ROLES.executor).map(({ address }) => address),
        cancellers: holders(ROLES.canceller).map(({ address }) => address),
      },
      delaySeconds,
      leads: leads.filter(({ address }) => !isSelf(address) && address !== ZERO_ADDRESS),
      known: ["getMinDelay()", ...known],
      unknown,
    });
  },
};
