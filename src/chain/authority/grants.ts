import { once } from "../../once.js";

/**
 * Events by which contracts give powers, as their projects declare them: OpenZeppelin, Solady,
 * Solmate, DappHub, MakerDAO, Compound, Aave, EigenLayer, Balancer, Synthetix, Circle, Gnosis Safe.
 * The accounts in them are candidates and nothing more: each is tried.
 */
const GRANTS = [
  "RoleGranted(bytes32,address,address)",
  "RoleGranted(uint64,address,uint32,uint48,bool)",
  "RoleGranted(bytes32,address)",
  "OwnershipTransferred(address,address)",
  "OwnershipTransferStarted(address,address)",
  "OwnershipTransferred(address)",
  "OwnerChanged(address,address)",
  "OwnerNominated(address)",
  "OwnerUpdated(address,address)",
  "OwnershipHandoverRequested(address)",
  "RolesUpdated(address,uint256)",
  "UserRoleUpdated(address,uint8,bool)",
  "AuthorityUpdated(address,address)",
  "LogSetOwner(address)",
  "LogSetAuthority(address)",
  "Rely(address)",
  "AdminChanged(address,address)",
  "NewAdmin(address,address)",
  "NewAdmin(address)",
  "NewPauseGuardian(address,address)",
  "NewGuardian(address)",
  "GuardianSet(address)",
  "GuardianAdded(address)",
  "GuardianUpdated(address,address)",
  "PauserAdded(address)",
  "PauserChanged(address)",
  "PauserSet(address)",
  "PauserStatusChanged(address,bool)",
  "PauseStatusChanged(address,bool)",
  "UnpauserChanged(address,address)",
  "MinterAdded(address)",
  "WhitelistAdminAdded(address)",
  "AdminAdded(address)",
  "OperatorAdded(address)",
  "OperatorSet(address,bool)",
  "KeeperAdded(address)",
  "ManagerAdded(address)",
  "GovernanceTransferred(address,address)",
  "GovernorshipTransferred(address,address)",
  "GovernorTransferred(address,address)",
  "NewGovernor(address)",
  "NewGovernance(address)",
  "UpdateGovernance(address)",
  "UpdateGuardian(address)",
  "RoleSet(address,uint256)",
  "AddedOwner(address)",
  "OwnerAdded(address)",
  "EnabledModule(address)",
  "AccessControlListUpdated(bytes32,address,bool,bool)",
  "PermissionGranted(address,address,uint256)",
  "RolePermissionGranted(bytes32,address,bytes4)",
  "PermissionUpdated(address,address,bytes4,bool)",
  "PermissionGranted(address,address,string)",
  "SetPermission(address,address,bytes32,bool)",
  "RelayerApprovalChanged(address,address,bool)",
  "SignerAdded(address)",
  "AuthorizedCallerAdded(address)",
  "AuthorizationGranted(address)",
  "AllowedUpdated(address,bool)",
] as const;

/** MakerDAO's LogNote has the called selector as its first topic: `rely(address)` and `auth`'s kin. */
const NOTES = [`0x65fae35e${"0".repeat(56)}`, `0x13af4035${"0".repeat(56)}`];

/** The first topics of all of them, for one search. */
export const grantTopics = once(async (): Promise<readonly string[]> => {
  const { id } = await import("ethers");
  return [...GRANTS.map((event) => id(event)), ...NOTES];
});
