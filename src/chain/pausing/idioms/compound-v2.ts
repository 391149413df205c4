import { strictBool } from "../mechanism.js";
import { CONTRACT, call, valueOf, type CallTemplate, type Idiom, type Lookup } from "./idiom.js";

/*
 * Compound v2 and its forks. Each action of a market has a flag of its own, in the Comptroller. Its
 * guardian may set a flag; only the admin may take it back.
 */

const COMPTROLLER: Readonly<Record<string, Lookup>> = {
  comptroller: { paths: [[call("comptroller()", "0x5fe3b567")]] },
};

/** One flag, for one market or for all of them. */
function section(
  id: string,
  title: string,
  of: "comptroller" | typeof CONTRACT,
  [pause, unpause, getter]: readonly [CallTemplate, CallTemplate, CallTemplate],
  limits: string,
): Idiom {
  return {
    id,
    title,
    ...(of === CONTRACT ? {} : { values: COMPTROLLER }),
    to: of,
    pause,
    unpause,
    readBacks: [{ reads: [{ of, call: getter }], decode: strictBool }],
    limits,
    section: true,
  };
}

const OTHERS =
  "each action of a market is stopped by a call of its own; redeeming and repaying go on";
const EVERYWHERE = "it stops this action in every market of the Comptroller, and no other action";

const TRANSFER = [
  call("_setTransferPaused(bool)", "0x8ebf6364", [true]),
  call("_setTransferPaused(bool)", "0x8ebf6364", [false]),
  call("transferGuardianPaused()", "0x87f76303"),
] as const;
const SEIZE = [
  call("_setSeizePaused(bool)", "0x2d70db78", [true]),
  call("_setSeizePaused(bool)", "0x2d70db78", [false]),
  call("seizeGuardianPaused()", "0xac0b0bb7"),
] as const;

/** The flags that a cToken's market has for itself. Borrowing first: it takes other people's money out. */
export const COMPOUND_MARKET: readonly Idiom[] = [
  section(
    "compound-v2-borrow",
    "Compound v2: borrowing from this market",
    "comptroller",
    [
      call("_setBorrowPaused(address,bool)", "0x18c882a5", [valueOf(CONTRACT), true]),
      call("_setBorrowPaused(address,bool)", "0x18c882a5", [valueOf(CONTRACT), false]),
      call("borrowGuardianPaused(address)", "0x6d154ea5", [valueOf(CONTRACT)]),
    ],
    OTHERS,
  ),
  section(
    "compound-v2-mint",
    "Compound v2: supplying to this market",
    "comptroller",
    [
      call("_setMintPaused(address,bool)", "0x3bcf7ec1", [valueOf(CONTRACT), true]),
      call("_setMintPaused(address,bool)", "0x3bcf7ec1", [valueOf(CONTRACT), false]),
      call("mintGuardianPaused(address)", "0x731f0c2b", [valueOf(CONTRACT)]),
    ],
    OTHERS,
  ),
];

/** The flags of a Comptroller that hold for all its markets, for the Comptroller itself. */
export const COMPOUND_EVERYWHERE: readonly Idiom[] = [
  section(
    "compound-v2-transfer",
    "Compound v2: transfers in every market",
    CONTRACT,
    TRANSFER,
    EVERYWHERE,
  ),
  section("compound-v2-seize", "Compound v2: seizing in every market", CONTRACT, SEIZE, EVERYWHERE),
];
