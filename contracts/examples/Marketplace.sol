// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessControlUpgradeable} from "@openzeppelin/contracts-upgradeable/access/AccessControlUpgradeable.sol";
import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";
import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/**
 * @title Marketplace
 * @author hardhat-emergency
 * @notice Listings paid for from escrow: deposit coins, buy, settle when the goods have arrived, withdraw.
 * Do not use it for real sales. It is what the drill attacks: it carries one deliberate mistake, which lets an
 * ordinary account drain the escrow, and which `MarketplaceV2` repairs.
 * @dev Lives behind a TransparentUpgradeableProxy. All amounts are in wei of the coin.
 *
 * A sale goes Open -> Sold -> Settled, or ends in Cancelled:
 *  - `buy` takes the price out of the buyer's escrow, and the contract holds it for the listing,
 *  - `settle`, by the buyer, puts it into the seller's escrow,
 *  - `cancel`, by the seller, sends it back to the buyer's wallet.
 *
 * Every function that moves money stops while the contract is paused.
 */
contract Marketplace is Initializable, AccessControlUpgradeable, PausableUpgradeable {
    using SafeERC20 for IERC20;

    /// @notice Where a listing stands.
    enum Status {
        Open,
        Sold,
        Settled,
        Cancelled
    }

    /// @notice One listing. `buyer` is the zero address until it is sold. `priceWei` is in wei of the coin.
    struct Listing {
        address seller;
        Status status;
        address buyer;
        uint256 priceWei;
    }

    /// @notice May pause and unpause. Given to the people on call, who need no other power.
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    IERC20 private _coin;
    mapping(address account => uint256 amountWei) private _escrowWei;
    uint256 private _totalEscrowWei;
    Listing[] private _listings;

    /// @notice Coins came in and were added to an account's escrow.
    /// @param account Account whose escrow grew.
    /// @param amountWei Amount in wei of the coin.
    event Deposited(address indexed account, uint256 amountWei);

    /// @notice An account took coins out of its escrow.
    /// @param account Account whose escrow shrank, and which received the coins.
    /// @param amountWei Amount in wei of the coin.
    event Withdrawn(address indexed account, uint256 amountWei);

    /// @notice A listing was opened.
    /// @param id The listing.
    /// @param seller Account that sells.
    /// @param priceWei Price in wei of the coin.
    event Listed(uint256 indexed id, address indexed seller, uint256 priceWei);

    /// @notice A listing was bought. The contract now holds its price.
    /// @param id The listing.
    /// @param buyer Account that paid.
    /// @param priceWei Price in wei of the coin.
    event Bought(uint256 indexed id, address indexed buyer, uint256 priceWei);

    /// @notice A sale was completed, and its price was added to the seller's escrow.
    /// @param id The listing.
    /// @param seller Account whose escrow grew.
    /// @param priceWei Price in wei of the coin.
    event Settled(uint256 indexed id, address indexed seller, uint256 priceWei);

    /// @notice A listing was cancelled.
    /// @param id The listing.
    event Cancelled(uint256 indexed id);

    /// @notice The price of a cancelled listing was given back.
    /// @param id The listing.
    /// @param buyer Account that it belongs to again.
    /// @param priceWei Price in wei of the coin.
    event Refunded(uint256 indexed id, address indexed buyer, uint256 priceWei);

    /// @notice An address which must be given was zero. A zero administrator would leave nobody able to pause.
    error ZeroAddress();

    /// @notice There is no such listing.
    /// @param id The listing that was asked for.
    /// @param count Number of listings. Ids run from 0 to `count - 1`.
    error UnknownListing(uint256 id, uint256 count);

    /// @notice The listing is not in the state which this call needs.
    /// @param id The listing.
    /// @param actual State the listing is in.
    /// @param needed State the call needs.
    error WrongStatus(uint256 id, Status actual, Status needed);

    /// @notice Only the seller of a listing may do this.
    /// @param id The listing.
    /// @param caller Account that tried.
    error NotSeller(uint256 id, address caller);

    /// @notice Only the buyer of a listing may do this.
    /// @param id The listing.
    /// @param caller Account that tried.
    error NotBuyer(uint256 id, address caller);

    /// @notice An account's escrow does not cover the amount.
    /// @param account Account that would have to pay.
    /// @param escrowWei What its escrow holds, in wei of the coin.
    /// @param neededWei What was asked for, in wei of the coin.
    error InsufficientEscrow(address account, uint256 escrowWei, uint256 neededWei);

    /// @notice Locks the implementation, so that nobody can initialise it outside the proxy.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor() {
        _disableInitializers();
    }

    /**
     * @notice Sets the coin and who holds the powers. Anybody may call it once, so call it in the proxy's own
     * constructor: a stranger who came first would own the marketplace.
     * @dev Public, because the upgrade check does not see an external initializer in the next version's parent.
     * @param coin_ Token that escrow is kept in. It must not call back and must not take a fee on transfers.
     * @param admin Account that grants and revokes roles.
     * @param pauser Account that may pause and unpause.
     */
    function initialize(IERC20 coin_, address admin, address pauser) public initializer {
        if (address(coin_) == address(0) || admin == address(0) || pauser == address(0)) revert ZeroAddress();
        __AccessControl_init();
        __Pausable_init();
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(PAUSER_ROLE, pauser);
        _coin = coin_;
    }

    /**
     * @notice Moves coins from the caller's wallet into the caller's escrow. Anybody may call it, after approving.
     * @param amountWei Amount in wei of the coin.
     */
    function deposit(uint256 amountWei) external whenNotPaused {
        _credit(msg.sender, amountWei);
        emit Deposited(msg.sender, amountWei);
        _coin.safeTransferFrom(msg.sender, address(this), amountWei);
    }

    /**
     * @notice Moves coins from the caller's escrow into the caller's wallet. Anybody may call it.
     * @param amountWei Amount in wei of the coin, at most the caller's escrow.
     */
    function withdraw(uint256 amountWei) external whenNotPaused {
        _debit(msg.sender, amountWei);
        emit Withdrawn(msg.sender, amountWei);
        _payOut(msg.sender, amountWei);
    }

    /**
     * @notice Opens a listing. Anybody may call it, and becomes its seller.
     * @param priceWei Price in wei of the coin.
     * @return id Number of the new listing.
     */
    function list(uint256 priceWei) external whenNotPaused returns (uint256 id) {
        id = _listings.length;
        _listings.push(Listing({seller: msg.sender, status: Status.Open, buyer: address(0), priceWei: priceWei}));
        emit Listed(id, msg.sender, priceWei);
    }

    /**
     * @notice Buys an open listing with the caller's escrow. Anybody may call it.
     * @param id The listing.
     */
    function buy(uint256 id) external whenNotPaused {
        Listing storage listing = _listing(id);
        _requireStatus(id, listing, Status.Open);
        _debit(msg.sender, listing.priceWei);
        listing.status = Status.Sold;
        listing.buyer = msg.sender;
        emit Bought(id, msg.sender, listing.priceWei);
    }

    /**
     * @notice Confirms that the goods have arrived, and pays the seller. Only the buyer may call it.
     * @param id The listing.
     */
    function settle(uint256 id) external whenNotPaused {
        Listing storage listing = _listing(id);
        if (msg.sender != listing.buyer) revert NotBuyer(id, msg.sender);
        _requireStatus(id, listing, Status.Sold);
        listing.status = Status.Settled;
        _credit(listing.seller, listing.priceWei);
        emit Settled(id, listing.seller, listing.priceWei);
    }

    /**
     * @notice Takes a listing back. Only its seller may call it. If it was sold, the buyer gets the price back, straight
     * into the buyer's wallet.
     * @param id The listing.
     */
    function cancel(uint256 id) external virtual whenNotPaused {
        Listing storage listing = _listing(id);
        if (msg.sender != listing.seller) revert NotSeller(id, msg.sender);
        listing.status = Status.Cancelled;
        emit Cancelled(id);
        // A listing with a buyer has been paid for.
        if (listing.buyer != address(0)) {
            emit Refunded(id, listing.buyer, listing.priceWei);
            _payOut(listing.buyer, listing.priceWei);
        }
    }

    /// @notice Stops everything that moves money. Only an account with PAUSER_ROLE may call it.
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    /// @notice Opens the marketplace again. Only an account with PAUSER_ROLE may call it.
    function unpause() external onlyRole(PAUSER_ROLE) {
        _unpause();
    }

    /// @notice The token that escrow is kept in.
    /// @return The token.
    function coin() external view returns (IERC20) {
        return _coin;
    }

    /// @notice What an account can spend or withdraw.
    /// @param account Account to look at.
    /// @return Amount in wei of the coin.
    function escrowOf(address account) external view returns (uint256) {
        return _escrowWei[account];
    }

    /// @notice The escrow of all accounts together. The price of a sold listing is in it again once it is settled.
    /// @return Amount in wei of the coin.
    function totalEscrowWei() external view returns (uint256) {
        return _totalEscrowWei;
    }

    /**
     * @notice How much of the accounts' escrow is no longer backed by coins. Zero while the books balance, so it is
     * what to watch: anything else means that somebody was paid with other people's money.
     * @return Amount in wei of the coin. Coins held for sold listings can hide a gap of up to their own size.
     */
    function shortfallWei() external view returns (uint256) {
        return _shortfallWei();
    }

    /// @notice How many listings there are. Ids run from 0 to one less than this.
    /// @return Number of listings, whatever their state.
    function listingCount() external view returns (uint256) {
        return _listings.length;
    }

    /// @notice One listing.
    /// @param id The listing.
    /// @return The listing as it is stored.
    function listingOf(uint256 id) external view returns (Listing memory) {
        return _listing(id);
    }

    /**
     * @notice Sends coins out. The only way by which coins leave.
     * @param to Account that receives the coins.
     * @param amountWei Amount in wei of the coin.
     */
    function _payOut(address to, uint256 amountWei) internal virtual {
        _coin.safeTransfer(to, amountWei);
    }

    /// @notice Adds to an account's escrow.
    /// @param account Account whose escrow grows.
    /// @param amountWei Amount in wei of the coin.
    function _credit(address account, uint256 amountWei) internal {
        _escrowWei[account] += amountWei;
        _totalEscrowWei += amountWei;
    }

    /// @notice Finds a listing, or reverts.
    /// @param id The listing.
    /// @return The listing as it is stored.
    function _listing(uint256 id) internal view returns (Listing storage) {
        if (id >= _listings.length) revert UnknownListing(id, _listings.length);
        return _listings[id];
    }

    /// @notice The escrow which no coin stands behind.
    /// @return Amount in wei of the coin.
    function _shortfallWei() internal view returns (uint256) {
        uint256 heldWei = _coin.balanceOf(address(this));
        return _totalEscrowWei > heldWei ? _totalEscrowWei - heldWei : 0;
    }

    function _debit(address account, uint256 amountWei) private {
        uint256 escrowWei = _escrowWei[account];
        if (escrowWei < amountWei) revert InsufficientEscrow(account, escrowWei, amountWei);
        _escrowWei[account] = escrowWei - amountWei;
        _totalEscrowWei -= amountWei;
    }

    function _requireStatus(uint256 id, Listing storage listing, Status needed) private view {
        if (listing.status != needed) revert WrongStatus(id, listing.status, needed);
    }
}
