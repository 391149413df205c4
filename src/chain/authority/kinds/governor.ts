import { lookAt, parseBlock, type Block, type Chain } from "../../chain.js";
import { quantity } from "../../reads.js";
import type { RpcReply } from "../../rpc.js";
import { duration, lead } from "../node.js";
import { addressIn, countIn, textIn, wordIn } from "../words.js";
import { ADMIN, GUARDIAN, TIMELOCK } from "./getters.js";
import { finding, getter, present, type Kind, type View } from "./kind.js";

const VOTING_DELAY = getter("votingDelay()", "0x3932abb1");
const VOTING_PERIOD = getter("votingPeriod()", "0x02a251a3");
const PROPOSAL_THRESHOLD = getter("proposalThreshold()", "0xb58131b0");
const CLOCK_MODE = getter("CLOCK_MODE()", "0x4bf5d7e9");
/** The token that votes: OpenZeppelin's, Compound's and Uniswap's names for it. */
const TOKENS = [
  getter("token()", "0xfc0c546a"),
  getter("comp()", "0x109d0af8"),
  getter("uni()", "0xedc9af95"),
] as const;

/**
 * OpenZeppelin's Governor, and Compound's GovernorAlpha and GovernorBravo. The people are the holders of
 * a token, who are too many to list: what can be said is how long a vote takes at the least.
 */
export const governor: Kind = {
  getters: [
    VOTING_DELAY,
    VOTING_PERIOD,
    PROPOSAL_THRESHOLD,
    CLOCK_MODE,
    TIMELOCK,
    GUARDIAN,
    ADMIN,
    ...TOKENS,
  ],
  async read({ answer }, view) {
    const votingDelay = countIn(answer(VOTING_DELAY));
    const votingPeriod = countIn(answer(VOTING_PERIOD));
    if (votingDelay === undefined || votingPeriod === undefined) {
      return undefined;
    }
    const inSeconds = textIn(answer(CLOCK_MODE)) === "mode=timestamp";
    const secondsEach = inSeconds ? 1 : await blockSeconds(view);
    const delaySeconds = Math.ceil((votingDelay + votingPeriod) * (secondsEach ?? 0));
    const [timelock, guardian, admin, ...tokens] = await Promise.all(
      [TIMELOCK, GUARDIAN, ADMIN, ...TOKENS].map(async (each) => await addressIn(answer(each))),
    );
    const token = tokens.find((each) => each !== undefined);
    const unit = inSeconds ? "s" : "blocks";
    const least =
      secondsEach === undefined ? `${votingDelay + votingPeriod} blocks` : duration(delaySeconds);
    return finding({
      kind: "governor",
      about: `Governor: a vote of the holders of token ${token ?? "(not known)"}, which takes ${least} at the least (delay ${votingDelay} ${unit}, period ${votingPeriod} ${unit})`,
      facts: {
        votingDelay,
        votingPeriod,
        unit,
        proposalThreshold: wordIn(answer(PROPOSAL_THRESHOLD))?.toString() ?? null,
        token: token ?? null,
        timelock: timelock ?? null,
      },
      delaySeconds,
      leads: present([
        timelock &&
          lead(timelock, "timelock(): executes what was voted, after its own delay", "aside"),
        guardian && lead(guardian, "guardian(): may cancel", "aside"),
        admin && lead(admin, "admin()", "aside"),
      ]),
      known: ["votingDelay(), votingPeriod()"],
      unknown: [
        `who holds enough votes${token === undefined ? "" : ` of token ${token}`}`,
        ...(secondsEach === undefined ? ["how long a block takes"] : []),
      ],
    });
  },
};

/** How many blocks are averaged. */
const SPAN = 1_000;

/** How long a block took of late, in seconds. */
async function blockSeconds({ chain, blockNumber }: View): Promise<number | undefined> {
  const earlier = Math.max(0, blockNumber - SPAN);
  const replies = await lookAt(
    chain,
    blockNumber,
    [blockNumber, earlier].map((number) => () => ({
      method: "eth_getBlockByNumber",
      params: [quantity(number), false],
    })),
  );
  const [last, first] = replies.map((reply) => blockIn(chain, reply));
  if (last === undefined || first === undefined || last.number <= first.number) {
    return undefined;
  }
  const seconds = (last.timestamp - first.timestamp) / (last.number - first.number);
  // A development node makes blocks whenever it is asked to.
  return seconds > 0 ? seconds : undefined;
}

/** A node may have forgotten old blocks. */
function blockIn(chain: Chain, reply: RpcReply): Block | undefined {
  return reply.ok && reply.result !== null ? parseBlock(chain.network, reply.result) : undefined;
}
