import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { parseAddress } from "../../src/chain/address.js";
import { EmergencyError } from "../../src/errors.js";
import type { Way } from "../../src/frontend/repoint-way.js";
import {
  runFrontendTask,
  type FrontendArguments,
  type FrontendResult,
} from "../shared/frontend-task.js";
import { needed } from "../shared/writing-task.js";

interface RepointArguments extends FrontendArguments {
  readonly contract: string | undefined;
  readonly address: string | undefined;
  readonly replaces: string | undefined;
  readonly by: string | undefined;
  readonly ref: string | undefined;
  readonly chainId: string | undefined;
  readonly startBlock: string | undefined;
}

const EXAMPLE = "npx hardhat frontend repoint --contract marketplace --address 0x…";

const repoint: NewTaskActionFunction<RepointArguments> = async (
  args,
  hre,
): Promise<FrontendResult> =>
  await runFrontendTask(hre, "frontend repoint", args, async ({ name }) => ({
    id: "repoint",
    kind: "frontend-repoint",
    intent: {
      frontend: name,
      contract: needed(args.contract, "--contract", EXAMPLE),
      address: await parseAddress(needed(args.address, "--address", EXAMPLE), "--address"),
      replaces:
        args.replaces === undefined ? null : await parseAddress(args.replaces, "--replaces"),
      by: wayOf(args.by),
      ref: args.ref ?? null,
      chainId: numberOf(args.chainId, "--chain-id"),
      startBlock: numberOf(args.startBlock, "--start-block"),
    },
  }));

const WAYS: readonly Way[] = ["build", "config", "bundle"];

function wayOf(text: string | undefined): Way | null {
  const way = WAYS.find((one) => one === text);
  if (text !== undefined && way === undefined) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `--by cannot be "${text}"`,
      `name one of these: ${WAYS.join(", ")}; or leave it out, and the site is looked at`,
    );
  }
  return way ?? null;
}

function numberOf(text: string | undefined, option: string): number | null {
  if (text === undefined) {
    return null;
  }
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `${option} cannot be "${text}"`,
      `name a whole number in decimal digits: ${option} 1`,
    );
  }
  return number;
}

export default repoint;
