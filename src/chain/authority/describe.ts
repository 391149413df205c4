import type { Address } from "../address.js";
import {
  delegateOf,
  readAccounts,
  readAnswers,
  readCodesBehind,
  readFurther,
  type Account,
  type Answers,
} from "./contracts.js";
import { ALL_GETTERS, recogniseKind } from "./kinds/index.js";
import { finding, present, type View } from "./kinds/kind.js";
import { SAFE_GETTERS, readSafe } from "./kinds/safe.js";
import { counted, lead, type Finding } from "./node.js";
import { whyNobody } from "./nobody.js";

/** What each of the addresses is, and whom it leads to. All of them take the same round trips. */
export async function describeAddresses(
  view: View,
  addresses: readonly Address[],
): Promise<readonly Finding[]> {
  const accounts = await readAccounts(view.chain, view.blockNumber, addresses);
  return await Promise.all(accounts.map(async (account) => await describeOne(view, account)));
}

async function describeOne(view: View, account: Account): Promise<Finding> {
  const { address, code } = account;
  if (code === undefined) {
    return finding({
      kind: "contract",
      about: "not known: the node does not say whether there is code",
      unknown: ["what this address is"],
    });
  }
  if (code === "0x") {
    return describeAccount(account);
  }
  const delegate = await delegateOf(code);
  if (delegate !== undefined) {
    return describeDelegated(account, delegate);
  }
  const { chain, blockNumber } = view;
  const contract = { address, code };
  const answers = await readAnswers(chain, blockNumber, contract, ALL_GETTERS, SAFE_GETTERS);
  // A Safe is told by its storage, so it need not wait for the code behind its proxy.
  const [safe, codes] = await Promise.all([
    readSafe(answers, view),
    readCodesBehind(chain, blockNumber, answers),
  ]);
  if (safe !== undefined) {
    return withProxy(answers, safe);
  }
  const seen = await readFurther(chain, blockNumber, answers, codes, ALL_GETTERS);
  return withProxy(answers, await recogniseKind(seen, view));
}

function describeAccount({ address, nonce, balanceWei }: Account): Finding {
  const nobody = whyNobody(address);
  if (nobody !== undefined) {
    return finding({ kind: "nobody", about: nobody, needed: 0 });
  }
  const sent = nonce === undefined ? null : Number(nonce);
  const about =
    sent === null
      ? "account"
      : sent === 0
        ? "account that has never sent a transaction here"
        : `account, ${counted(sent, "transaction")} sent`;
  return finding({
    kind: "account",
    about,
    facts: { transactions: sent, balanceWei: balanceWei?.toString() ?? null },
    known: ["no code"],
  });
}

function describeDelegated(account: Account, delegate: Address): Finding {
  return finding({
    kind: "delegated-account",
    about: `account that runs the code of ${delegate} (EIP-7702)`,
    facts: {
      delegate,
      transactions: account.nonce === undefined ? null : Number(account.nonce),
      balanceWei: account.balanceWei?.toString() ?? null,
    },
    known: ["code 0xef0100 and the address"],
    unknown: [`whom the code of ${delegate} lets act as this account, besides its key`],
  });
}

/** What is so whatever its kind is. */
function withProxy({ proxy, nonsense, spendsAll }: Answers, found: Finding): Finding {
  const unknown = [
    ...found.unknown,
    ...(nonsense !== undefined && nonsense !== "0x"
      ? ["it answers every call, whatever is asked: those answers were not counted"]
      : []),
    ...(spendsAll ? ["it spends all the gas it is given: it was not asked further"] : []),
    ...(proxy?.kind === "unknown" && found.kind !== "safe"
      ? ["it runs the code of another contract, but of which is not known"]
      : []),
  ];
  if (proxy === null) {
    return { ...found, unknown };
  }
  const { kind, implementation, admin, beacon } = proxy;
  return {
    ...found,
    facts: { ...found.facts, proxy: { kind, implementation } },
    // Whoever may change its code may make it do anything, but must do that first.
    leads: present([
      ...found.leads,
      admin === null ? undefined : lead(admin, "admin of its proxy: may change its code", "aside"),
      beacon === null
        ? undefined
        : lead(beacon, "beacon of its proxy: its owner may change the code", "aside"),
    ]),
    unknown,
  };
}
