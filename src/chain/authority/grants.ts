import { once } from "../../once.js";

/**
 * Events by which contracts give powers, as their projects declare them: OpenZeppelin, Solady,
 * Solmate, DappHub, MakerDAO, Compound, Aave, EigenLayer, Balancer, Synthetix, Circle, Gnosis Safe.
 * The accounts in them are candidates and nothing more: each is tried.
 */
const GRANTS = [
  "OwnershipTransferred(address,address)",
  "OwnershipTransferStarted(address,address)",
  "OwnershipTransferred(address)",
  "OwnerChanged(address,address)",
  "OwnerNominated(address)",
  "OwnerUpdated(address,address)",
  "OwnershipHandoverRequested(address)",
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
  "GuardianUpdated(address,address)",
  "PauserChanged(address)",
  "PauserSet(address)",
  "UnpauserChanged(address,address)",
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
  "PermissionGranted(address,address,uint256)",
  "RolePermissionGranted(bytes32,address,bytes4)",
  "PermissionUpdated(address,address,bytes4,bool)",
  "PermissionGranted(address,address,string)",
  "SetPermission(address,address,bytes32,bool)",
  "RelayerApprovalChanged(address,address,bool)",
  "AuthorizationGranted(address)",
  "AllowedUpdated(address,bool)",
] as const;

/**
 * Events by which contracts put somebody on a list of who may. A contract that has one of them gives
 * it for everybody on the list, so that a whole history of them names all.
 */
const MEMBERSHIPS = [
  "RoleGranted(bytes32,address,address)",
  "RoleGranted(uint64,address,uint32,uint48,bool)",
  "RoleGranted(bytes32,address)",
  "AgentAdded(address)",
  "WatcherAdded(address)",
  "AuthorizedCallerAdded(address)",
  "RolesUpdated(address,uint256)",
  "UserRoleUpdated(address,uint8,bool)",
  "PauserAdded(address)",
  "PauserStatusChanged(address,bool)",
  "PauseStatusChanged(address,bool)",
  "MinterAdded(address)",
  "WhitelistAdminAdded(address)",
  "GuardianAdded(address)",
  "AdminAdded(address)",
  "OperatorAdded(address)",
  "OperatorSet(address,bool)",
  "KeeperAdded(address)",
  "ManagerAdded(address)",
  "SignerAdded(address)",
  "AccessControlListUpdated(bytes32,address,bool,bool)",
] as const;

/** MakerDAO's LogNote has the called selector as its first topic: `rely(address)` and `auth`'s kin. */
const NOTES = [`0x65fae35e${"0".repeat(56)}`, `0x13af4035${"0".repeat(56)}`];

/** The first topics of all of them, for one search. */
export const grantTopics = once(async (): Promise<readonly string[]> => {
  const { id } = await import("ethers");
  return [...[...GRANTS, ...MEMBERSHIPS].map((event) => id(event)), ...NOTES];
});

const membershipTopics = once(async (): Promise<readonly string[]> => {
  const { id } = await import("ethers");
  return MEMBERSHIPS.map((event) => id(event).slice(2));
});

/** Whether code gives one of the events by which members of a list are named. */
export async function announcesMembers(code: string): Promise<boolean> {
  const text = code.toLowerCase();
  return (await membershipTopics()).some((topic) => text.includes(topic));
}
