// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Marketplace} from "./Marketplace.sol";

/**
 * @title MarketplaceV2
 * @author hardhat-emergency
 * @notice The repaired marketplace. Escrow, listings and roles stay as they were.
 * @dev Two changes. `cancel` pays back only a sale which is still waiting to be settled: before, a seller could cancel
 * the same sold listing again and again, and each time its buyer was paid, out of other people's escrow. And whatever
 * the next mistake may be, no more than a fixed amount leaves in one block, which leaves time to pause. For that, money
 * which is paid back goes into the buyer's escrow, so that a price above the limit can be withdrawn in pieces.
 *
 * New state is appended only. All amounts are in wei of the coin.
 */
contract MarketplaceV2 is Marketplace {
    uint256 private _payoutLimitWei;
    uint256 private _lossWei;
    uint256 private _payoutBlock;
    uint256 private _paidInBlockWei;

    /// @notice The limit for the coins that leave in one block was set.
    /// @param limitWei Limit in wei of the coin.
    event PayoutLimitSet(uint256 limitWei);

    /// @notice The loss of the attack was written down.
    /// @param lossWei Loss in wei of the coin.
    event LossRecorded(uint256 lossWei);

    /// @notice The listing is closed, and so there is nothing to cancel and nobody to pay back.
    /// @param id The listing.
    /// @param status State the listing is in.
    error NotCancellable(uint256 id, Status status);

    /// @notice A limit of zero would lock every coin in the contract.
    error ZeroPayoutLimit();

    /// @notice The loss cannot be this small: more than that is missing already.
    /// @param statedWei Loss that was stated, in wei of the coin.
    /// @param shortfallWei Escrow which no coin stands behind, in wei of the coin.
    error LossUnderstated(uint256 statedWei, uint256 shortfallWei);

    /// @notice The payout does not fit into this block. Ask for at most `leftWei`, or wait for the next block.
    /// @param requestedWei What was asked for, in wei of the coin.
    /// @param leftWei What may still leave in this block, in wei of the coin.
    error PayoutLimitExceeded(uint256 requestedWei, uint256 leftWei);

    /**
     * @notice Sets the payout limit and writes down the loss. It runs once. Anybody could be the one to run it, so call
     * it in the upgrade's own transaction.
     * @param limitWei Most that may leave in one block, in wei of the coin. Accounts share it, so one which withdraws
     * up to the limit makes the others wait for the next block.
     * @param stolenWei What the attack took, in wei of the coin, counted from its `Refunded` events. Zero if there was
     * none. A figure that is smaller than the visible shortfall is refused.
     * @custom:oz-upgrades-validate-as-initializer
     * @custom:oz-upgrades-unsafe-allow missing-initializer-call
     */
    function initializeV2(uint256 limitWei, uint256 stolenWei) external virtual reinitializer(2) {
        if (limitWei == 0) revert ZeroPayoutLimit();
        uint256 missingWei = _shortfallWei();
        if (stolenWei < missingWei) revert LossUnderstated(stolenWei, missingWei);
        _payoutLimitWei = limitWei;
        emit PayoutLimitSet(limitWei);
        _lossWei = stolenWei;
        emit LossRecorded(stolenWei);
    }

    /**
     * @notice Takes a listing back while it is open or sold. Only its seller may call it. If it was sold, the buyer
     * gets the price back, into the buyer's escrow.
     * @param id The listing.
     */
    function cancel(uint256 id) external override whenNotPaused {
        Listing storage listing = _listing(id);
        if (msg.sender != listing.seller) revert NotSeller(id, msg.sender);
        Status status = listing.status;
        if (status != Status.Open && status != Status.Sold) revert NotCancellable(id, status);
        listing.status = Status.Cancelled;
        emit Cancelled(id);
        if (status == Status.Sold) {
            _credit(listing.buyer, listing.priceWei);
            emit Refunded(id, listing.buyer, listing.priceWei);
        }
    }

    /// @notice Most that may leave in one block.
    /// @return Amount in wei of the coin.
    function payoutLimitWei() external view returns (uint256) {
        return _payoutLimitWei;
    }

    /// @notice What the attack took, as stated at the upgrade.
    /// @return Amount in wei of the coin.
    function lossWei() external view returns (uint256) {
        return _lossWei;
    }

    /// @notice Which release of the marketplace this is. The first one has no such function.
    /// @return Version number.
    function version() external pure returns (string memory) {
        return "2";
    }

    /**
     * @notice Sends coins out, within the limit of the block.
     * @param to Account that receives the coins.
     * @param amountWei Amount in wei of the coin.
     */
    function _payOut(address to, uint256 amountWei) internal override {
        if (_payoutBlock != block.number) {
            _payoutBlock = block.number;
            _paidInBlockWei = 0;
        }
        uint256 leftWei = _payoutLimitWei - _paidInBlockWei;
        if (amountWei > leftWei) revert PayoutLimitExceeded(amountWei, leftWei);
        _paidInBlockWei += amountWei;
        super._payOut(to, amountWei);
    }
}
