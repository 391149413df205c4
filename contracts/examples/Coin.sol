// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {ERC20Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC20/ERC20Upgradeable.sol";
import {ERC20PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC20/extensions/ERC20PausableUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts-upgradeable/proxy/utils/UUPSUpgradeable.sol";

/**
 * @title Coin
 * @author hardhat-emergency
 * @notice The payment token of the drill's marketplace. Amounts are in wei of the coin: 1 coin is 1e18 wei.
 * @dev Lives behind an ERC1967Proxy (UUPS). One owner mints, pauses and upgrades. While it is paused no coin moves at
 * all, so pausing it is the wide stop when it is not yet known which contract is being drained.
 */
contract Coin is ERC20Upgradeable, ERC20PausableUpgradeable, OwnableUpgradeable, UUPSUpgradeable {
    /// @notice Locks the implementation, so that nobody can initialise and own it outside the proxy.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor() {
        _disableInitializers();
    }

    /**
     * @notice Names the coin and its owner. Anybody may call it once, so call it in the proxy's own constructor.
     * @param initialOwner Account that may mint, pause, unpause and upgrade.
     */
    function initialize(address initialOwner) external initializer {
        __ERC20_init("Drill Coin", "DRILL");
        __ERC20Pausable_init();
        __Ownable_init(initialOwner);
    }

    /**
     * @notice Creates coins. Only the owner may call it.
     * @param to Account that receives the coins.
     * @param amountWei Amount in wei of the coin.
     */
    function mint(address to, uint256 amountWei) external onlyOwner {
        _mint(to, amountWei);
    }

    /// @notice Stops every transfer, mint and burn. Only the owner may call it.
    function pause() external onlyOwner {
        _pause();
    }

    /// @notice Lets coins move again. Only the owner may call it.
    function unpause() external onlyOwner {
        _unpause();
    }

    /**
     * @notice Moves, mints or burns coins. Both parents guard this one path, which is why it is overridden.
     * @param from Sender, or the zero address for a mint.
     * @param to Receiver, or the zero address for a burn.
     * @param amountWei Amount in wei of the coin.
     */
    function _update(
        address from,
        address to,
        uint256 amountWei
    ) internal override(ERC20Upgradeable, ERC20PausableUpgradeable) {
        super._update(from, to, amountWei);
    }

    /**
     * @notice Allows an upgrade. Only the owner passes: without this check anybody could replace the code.
     * @param newImplementation Address of the next implementation.
     */
    function _authorizeUpgrade(address newImplementation) internal override onlyOwner {}
}
