import { findContracts, type AddressBook } from "../../src/chain/address-book.js";
import type { Address } from "../../src/chain/address.js";
import type { PauseDirection } from "../../src/chain/pausing/pause-step.js";
import type { StepRequest } from "../../src/step.js";
import { needed } from "./writing-task.js";

/** One step for each contract that `--contract` names. */
export function pauseRequests(
  kind: PauseDirection,
  contract: string | undefined,
  irreversible = false,
): (book: AddressBook, from: Address | undefined) => Promise<readonly StepRequest[]> {
  return async (book, from) => {
    const names = needed(contract, "--contract", `npx hardhat ${kind} --contract 0x…`);
    const contracts = await findContracts(book, names, "--contract");
    return contracts.map(({ label, address }) => ({
      id: `${kind}-${label}`,
      kind,
      intent: {
        contract: address,
        label,
        ...(from === undefined ? {} : { from }),
        ...(irreversible ? { irreversible } : {}),
      },
    }));
  };
}
