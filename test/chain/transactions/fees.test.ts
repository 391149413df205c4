import { expect } from "chai";
import { parseEther } from "ethers";
import fc from "fast-check";

import type { Block } from "../../../src/chain/chain.js";
import {
  decideFee,
  feeFields,
  formatEth,
  gasLimitFor,
  mostWei,
  raisedOver,
  type Fee,
  type FeeInputs,
} from "../../../src/chain/transactions/fees.js";
import { owner } from "../../helpers/accounts.js";
import { emergencyError } from "../../helpers/refusal.js";

const GWEI = 1_000_000_000n;

function block(changes: Partial<Block> = {}): Block {
  return {
    number: 1,
    hash: "0x01",
    timestamp: 1,
    baseFeePerGas: 10n * GWEI,
    gasLimit: 30_000_000n,
    ...changes,
  };
}

function inputs(changes: Partial<FeeInputs> = {}): FeeInputs {
  return {
    network: "live",
    from: owner.address,
    block: block(),
    suggestedTipWei: GWEI,
    gasPriceWei: 12n * GWEI,
    fixedGasPriceWei: undefined,
    gasLimit: 50_000n,
    valueWei: 0n,
    balanceWei: 10n ** 18n,
    ...changes,
  };
}

function wei(most: bigint): fc.Arbitrary<bigint> {
  return fc.bigInt({ min: 0n, max: most });
}

const anyInputs = fc
  .record({
    baseFeePerGas: fc.option(wei(1_000n * GWEI), { nil: undefined }),
    suggestedTipWei: fc.option(wei(100n * GWEI), { nil: undefined }),
    gasPriceWei: wei(1_000n * GWEI),
    fixedGasPriceWei: fc.option(wei(1_000n * GWEI), { nil: undefined }),
    gasLimit: fc.bigInt({ min: 21_000n, max: 16_777_216n }),
    valueWei: wei(10n ** 18n),
    balanceWei: wei(10n ** 19n),
  })
  .map(({ baseFeePerGas, ...others }) => inputs({ ...others, block: block({ baseFeePerGas }) }));

/** The fee, or the refusal for want of funds. Anything else fails the test. */
function feeOrRefusal(given: FeeInputs): Fee | "out of funds" {
  try {
    return decideFee(given);
  } catch (error) {
    expect(emergencyError(error).code).to.equal("OUT_OF_FUNDS");
    return "out of funds";
  }
}

describe("fees", () => {
  it("never cost more than the account has", () => {
    fc.assert(
      fc.property(anyInputs, (given) => {
        const fee = feeOrRefusal(given);
        if (fee !== "out of funds") {
          const most = mostWei(fee, given.gasLimit) + given.valueWei;
          expect(most <= given.balanceWei).to.be.true;
        }
      }),
    );
  });

  it("are never below what the next two blocks may ask for, and never refused to a rich account", () => {
    fc.assert(
      fc.property(anyInputs, (given) => {
        const { baseFeePerGas } = given.block;
        const rich = feeOrRefusal({ ...given, balanceWei: 10n ** 24n });
        expect(rich).not.to.equal("out of funds");
        const fee = feeOrRefusal(given);
        if (fee === "out of funds" || fee.kind === "legacy" || baseFeePerGas === undefined) {
          return;
        }
        expect(fee.maxFeeWei >= (baseFeePerGas * 1265n) / 1000n).to.be.true;
        expect(fee.tipWei <= fee.maxFeeWei).to.be.true;
      }),
    );
  });

  it("have room for fifteen full blocks, and a tip ahead of others", () => {
    expect(decideFee(inputs())).to.deep.equal({
      kind: "dynamic",
      maxFeeWei: 6n * 10n * GWEI + 2n * GWEI,
      tipWei: 2n * GWEI,
    });
  });

  it("have a tip even where the node suggests none", () => {
    const fee = decideFee(inputs({ suggestedTipWei: undefined }));
    expect(fee.kind === "dynamic" && fee.tipWei).to.equal(GWEI);
  });

  it("do not run away when our own last tip is what the node suggests", () => {
    let tip = GWEI;
    for (let transaction = 0; transaction < 50; transaction++) {
      const fee = decideFee(inputs({ suggestedTipWei: tip }));
      tip = fee.kind === "dynamic" ? fee.tipWei : 0n;
    }
    expect(tip <= 10n * GWEI).to.be.true;
  });

  it("are one gas price where the chain knows no base fee", () => {
    const fee = decideFee(inputs({ block: block({ baseFeePerGas: undefined }) }));
    expect(fee).to.deep.equal({ kind: "legacy", gasPriceWei: 15n * GWEI });
    expect(feeFields(fee)).to.deep.equal({ gasPrice: "0x37e11d600" });
  });

  it("are what the configuration fixes", () => {
    expect(decideFee(inputs({ fixedGasPriceWei: 7n }))).to.deep.equal({
      kind: "legacy",
      gasPriceWei: 7n,
    });
  });

  it("are refused to an account that cannot even pay the value, on a chain where gas is free", () => {
    const free = { block: block({ baseFeePerGas: undefined }), gasPriceWei: 0n };
    const given = inputs({ ...free, valueWei: 2n, balanceWei: 1n });
    expect(feeOrRefusal(given)).to.equal("out of funds");
  });

  it("say how much is missing", () => {
    let thrown: unknown;
    try {
      decideFee(inputs({ balanceWei: 1n }));
    } catch (error) {
      thrown = error;
    }
    const error = emergencyError(thrown);
    expect(error.what).to.contain("0.000000000000000001 ETH");
    expect(error.next).to.contain(owner.address);
  });

  it("that replace others are at least an eighth higher, in both fields", () => {
    const fee = fc.oneof(
      fc.record({ kind: fc.constant("legacy" as const), gasPriceWei: wei(10n ** 15n) }),
      fc.record({
        kind: fc.constant("dynamic" as const),
        maxFeeWei: wei(10n ** 15n),
        tipWei: wei(10n ** 15n),
      }),
    );
    fc.assert(
      fc.property(fee, fee, (now, before) => {
        fc.pre(now.kind === before.kind);
        const raised = feeFields(raisedOver(now, feeFields(before)));
        for (const [field, value] of Object.entries(feeFields(before))) {
          expect(BigInt(raised[field] ?? 0) * 8n >= BigInt(value) * 9n).to.be.true;
        }
        for (const [field, value] of Object.entries(feeFields(now))) {
          expect(BigInt(raised[field] ?? 0) >= BigInt(value)).to.be.true;
        }
      }),
    );
  });
});

describe("the gas limit", () => {
  it("is never below the estimate, and never above a quarter more", () => {
    fc.assert(
      fc.property(wei(40_000_000n), wei(60_000_000n), (estimate, gasLimit) => {
        const limit = gasLimitFor(estimate, block({ gasLimit }));
        expect(limit >= estimate).to.be.true;
        expect(limit <= estimate + estimate / 4n).to.be.true;
      }),
    );
  });

  it("is at most what one transaction may use (2^24), and what a block holds", () => {
    expect(gasLimitFor(16_000_000n, block())).to.equal(2n ** 24n);
    expect(gasLimitFor(9_000_000n, block({ gasLimit: 10_000_000n }))).to.equal(10_000_000n);
  });
});

describe("wei as ETH", () => {
  it("loses nothing", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (amount) => {
        expect(parseEther(formatEth(amount))).to.equal(amount);
      }),
    );
  });
});
