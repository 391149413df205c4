/**
 * Functions that many contracts have, so that a selector without an ABI has a name. Those that speak
 * of stopping are in the dictionary.
 */
export const EVERYDAY_FUNCTIONS = [
  // ERC-20, with its extensions
  ...["name()", "symbol()", "decimals()", "totalSupply()", "balanceOf(address)"],
  ...["transfer(address,uint256)", "transferFrom(address,address,uint256)"],
  ...[
    "approve(address,uint256)",
    "allowance(address,address)",
    "increaseAllowance(address,uint256)",
  ],
  ...["decreaseAllowance(address,uint256)", "mint(address,uint256)", "mint(uint256)", "mint()"],
  ...["burn(uint256)", "burn(address,uint256)", "burnFrom(address,uint256)", "cap()"],
  ...["permit(address,address,uint256,uint256,uint8,bytes32,bytes32)", "nonces(address)"],
  ...["DOMAIN_SEPARATOR()", "eip712Domain()", "delegate(address)", "delegates(address)"],
  // ERC-721, ERC-1155, ERC-165
  ...[
    "ownerOf(uint256)",
    "tokenURI(uint256)",
    "getApproved(uint256)",
    "setApprovalForAll(address,bool)",
  ],
  ...["isApprovedForAll(address,address)", "safeTransferFrom(address,address,uint256)"],
  ...[
    "safeTransferFrom(address,address,uint256,bytes)",
    "safeMint(address,uint256)",
    "uri(uint256)",
  ],
  ...["safeTransferFrom(address,address,uint256,uint256,bytes)", "supportsInterface(bytes4)"],
  ...["safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)"],
  ...["balanceOfBatch(address[],uint256[])", "balanceOf(address,uint256)"],
  // ERC-4626, WETH, pools
  ...["asset()", "totalAssets()", "deposit()", "deposit(uint256)", "deposit(uint256,address)"],
  ...[
    "mint(uint256,address)",
    "withdraw()",
    "withdraw(uint256)",
    "withdraw(uint256,address,address)",
  ],
  ...["withdraw(address,uint256)", "withdraw(address)", "deposit(address,uint256)"],
  ...["redeem(uint256)", "redeem(uint256,address,address)", "convertToShares(uint256)"],
  ...["convertToAssets(uint256)", "maxDeposit(address)", "maxWithdraw(address)", "token()"],
  ...[
    "token0()",
    "token1()",
    "getReserves()",
    "swap(uint256,uint256,address,bytes)",
    "skim(address)",
  ],
  ...[
    "sync()",
    "stake(uint256)",
    "unstake(uint256)",
    "claim()",
    "claim(address)",
    "getReward()",
    "exit()",
  ],
  ...[
    "borrow(uint256)",
    "repay(uint256)",
    "supply(address,uint256)",
    "harvest()",
    "sweep(address)",
  ],
  ...["emergencyWithdraw()", "emergencyWithdraw(uint256)", "emergencyWithdraw(address)"],
  ...[
    "recoverERC20(address,uint256)",
    "rescueTokens(address,uint256)",
    "rescueERC20(address,address,uint256)",
  ],
  // Who may do what
  ...["owner()", "pendingOwner()", "transferOwnership(address)", "acceptOwnership()", "isOwner()"],
  ...["renounceOwnership()", "hasRole(bytes32,address)", "getRoleAdmin(bytes32)", "admin()"],
  ...["grantRole(bytes32,address)", "revokeRole(bytes32,address)", "renounceRole(bytes32,address)"],
  ...["getRoleMember(bytes32,uint256)", "getRoleMemberCount(bytes32)", "DEFAULT_ADMIN_ROLE()"],
  ...[
    "PAUSER_ROLE()",
    "MINTER_ROLE()",
    "UPGRADER_ROLE()",
    "pauser()",
    "guardian()",
    "pauseGuardian()",
  ],
  ...[
    "updatePauser(address)",
    "setPauser(address)",
    "setGuardian(address)",
    "setPauseGuardian(address)",
  ],
  ...["addPauser(address)", "removePauser(address)", "renouncePauser()", "isPauser(address)"],
  ...[
    "governance()",
    "setGovernance(address)",
    "governor()",
    "gov()",
    "authority()",
    "setOwner(address)",
  ],
  ...[
    "setAuthority(address)",
    "isConsumingScheduledOp()",
    "rely(address)",
    "deny(address)",
    "wards(address)",
  ],
  ...["pendingAdmin()", "setPendingAdmin(address)", "acceptAdmin()", "manager()", "controller()"],
  ...["_setPendingAdmin(address)", "_acceptAdmin()", "_setPauseGuardian(address)", "strategist()"],
  // Proxies, diamonds and their upgrades
  ...[
    "implementation()",
    "changeAdmin(address)",
    "upgradeTo(address)",
    "upgradeToAndCall(address,bytes)",
  ],
  ...["proxiableUUID()", "UPGRADE_INTERFACE_VERSION()", "getImplementation()", "masterCopy()"],
  ...[
    "_setPendingImplementation(address)",
    "_acceptImplementation()",
    "comptrollerImplementation()",
  ],
  ...["pendingComptrollerImplementation()", "upgrade(address)", "proxyType()", "version()"],
  ...["facets()", "facetAddresses()", "facetAddress(bytes4)", "facetFunctionSelectors(address)"],
  ...[
    "diamondCut((address,uint8,bytes4[])[],address,bytes)",
    "initialize()",
    "initialize(address)",
  ],
  // Calls for others
  ...["multicall(bytes[])", "execute(address,uint256,bytes)", "nonce()", "getOwners()"],
  ...[
    "isTrustedForwarder(address)",
    "receiveMessage(bytes,bytes)",
    "onERC721Received(address,address,uint256,bytes)",
  ],
];
