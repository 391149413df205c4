import { expect } from "chai";
import { id } from "ethers";

import { signaturesFor, speaksOfStopping } from "../../../src/chain/inspection/dictionary.js";
import { grammar } from "../../../src/chain/inspection/grammar.js";
import { selectorHints } from "../../../src/chain/inspection/selector-hints.js";
import { isHex } from "../../../src/chain/reads.js";

function lookUp(signature: string): readonly string[] {
  const selector = id(signature).slice(0, 10);
  return isHex(selector) ? signaturesFor(selector) : [];
}

describe("the dictionary of stopping words", () => {
  it("has hints that are those of the grammar (else run scripts/selector-hints.mjs)", () => {
    const hints = [...grammar()].map((signature) => id(signature).slice(2, 6)).join("");
    expect(Buffer.from(selectorHints(), "base64").toString("hex") === hints).to.be.true;
  }).timeout(20_000);

  for (const signature of [
    ...[
      "pause()",
      "unpause()",
      "paused()",
      "pauseAll()",
      "pause(uint256)",
      "paused(uint8)",
      "stop()",
    ],
    ...[
      "togglePause()",
      "setPaused(bool)",
      "set_paused(bool)",
      "kill_me()",
      "is_killed()",
      "freeze()",
    ],
    ...["setTradingEnabled(bool)", "enableTrading()", "pauseDeposits()", "setDepositsPaused(bool)"],
    ...["_setMintPaused(address,bool)", "_setTransferPaused(bool)", "emergencyPause()", "cage()"],
    ...[
      "setReserveFreeze(address,bool)",
      "setPoolPause(bool)",
      "shutDown()",
      "shutdown()",
      "halt()",
    ],
    ...["emergencyShutdown()", "setEmergencyShutdown(bool)", "suspendSystem()", "resumeSystem()"],
    ...[
      "tradingEnabled()",
      "isShutdown()",
      "live()",
      "active()",
      "lock()",
      "unlock()",
      "setStatus(uint8)",
    ],
    ...["deactivate()", "activate()", "openTrading()", "closeMarket()", "freezeAccount(address)"],
    ...[
      "pauseFor(uint256)",
      "pauseUntil(uint256)",
      "setSwapEnabled(bool)",
      "mintGuardianPaused(address)",
    ],
  ]) {
    it(`knows ${signature}`, () => {
      expect(lookUp(signature)).to.include(signature);
    });
  }

  it("knows nothing of other functions", () => {
    for (const signature of [
      "transfer(address,uint256)",
      "swap()",
      "owner()",
      "upgradeTo(address)",
    ]) {
      expect(lookUp(signature)).to.deep.equal([]);
    }
  });

  it("takes a selector in capitals", () => {
    expect(signaturesFor("0x8456CB59")).to.deep.equal(["pause()"]);
  });

  const meanings = {
    stop: [
      ...[
        "pause()",
        "pauseAll",
        "_pause",
        "stop(uint256)",
        "emergencyPause",
        "kill_me",
        "shutDown()",
      ],
      ...[
        "freezeReserve(address)",
        "activateShutdown()",
        "enableEmergencyMode",
        "enterRecoveryMode",
      ],
      ...[
        "guardianPauseDeposits",
        "vaultPause",
        "closeMarket",
        "turnOff()",
        "cage()",
        "triggerPause",
      ],
    ],
    start: [
      ...["unpause()", "resume", "un_pause", "unfreeze(address)", "enableTrading()", "openTrading"],
      ...["disableEmergencyMode()", "liftPause", "endPause()", "switchOn", "reactivate(bytes32)"],
    ],
    toggle: ["togglePause()", "flipSaleState()", "toggle()"],
    set: [
      ...[
        "setPaused(bool)",
        "_setMintPaused(address,bool)",
        "set_killed(bool)",
        "setStatus(uint8)",
      ],
      ...["setTradingEnabled(bool)", "setReserveFreeze(address,bool)", "updateMintStatus(bool)"],
    ],
    state: [
      ...["paused()", "isPaused", "is_killed()", "tradingEnabled()", "mintGuardianPaused(address)"],
      ...["isShutdown()", "stopped", "live()", "active()", "getPausedState()", "contractPaused()"],
    ],
  } as const;
  for (const [meaning, names] of Object.entries(meanings)) {
    for (const name of names) {
      it(`hears "${meaning}" in ${name}`, () => {
        expect(speaksOfStopping(name)).to.equal(meaning);
      });
    }
  }

  for (const name of [
    ...[
      "setPauser(address)",
      "pauseGuardian()",
      "isPauser(address)",
      "PAUSER_ROLE()",
      "stopLoss()",
    ],
    ...[
      "blockNumber()",
      "startTime()",
      "unlockTime()",
      "emergencyWithdraw()",
      "transferOwnership(address)",
    ],
    ...[
      "setPauseDuration(uint256)",
      "deposit()",
      "openPosition(uint256)",
      "supportsInterface(bytes4)",
      "()",
    ],
  ]) {
    it(`hears nothing of stopping in ${name}`, () => {
      expect(speaksOfStopping(name)).to.equal(undefined);
    });
  }
});
