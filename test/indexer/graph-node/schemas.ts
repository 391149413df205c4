/**
 * What graph-node's GraphQL interfaces take and give: names and types, read from its sources at commit f27eb5f
 * (server/index-node/src/schema.graphql, server/graphman/src, graph/src/schema/meta.graphql).
 */

/** Port 8030. */
export const STATUS_SCHEMA = `
scalar BigInt
scalar Bytes

type Query {
  indexingStatuses(subgraphs: [String!]): [SubgraphIndexingStatus!]!
  indexingStatusesForSubgraphName(subgraphName: String!): [SubgraphIndexingStatus!]!
  indexingStatusForCurrentVersion(subgraphName: String!): SubgraphIndexingStatus
  indexingStatusForPendingVersion(subgraphName: String!): SubgraphIndexingStatus
  blockHashFromNumber(network: String!, blockNumber: Int!): Bytes
  version: Version!
}

enum Health { failed healthy unhealthy }

type Version { commit: String! version: String! }
type Block { number: BigInt! hash: Bytes! }
type EarliestBlock { number: BigInt! hash: Bytes! }
type SubgraphError { message: String! handler: String block: Block deterministic: Boolean! }

type SubgraphIndexingStatus {
  subgraph: String!
  node: String
  paused: Boolean
  synced: Boolean!
  health: Health!
  fatalError: SubgraphError
  nonFatalErrors: [SubgraphError!]!
  chains: [ChainIndexingStatus!]!
  entityCount: BigInt!
  historyBlocks: Int!
}

interface ChainIndexingStatus {
  network: String!
  earliestBlock: EarliestBlock
  latestBlock: Block
  chainHeadBlock: Block
  lastHealthyBlock: Block
}

type EthereumIndexingStatus implements ChainIndexingStatus {
  network: String!
  earliestBlock: EarliestBlock
  latestBlock: Block
  chainHeadBlock: Block
  lastHealthyBlock: Block
}
`;

/** Port 8050: graphman's own API. It has no rewind. */
export const CONTROL_SCHEMA = `
scalar BlockHash
scalar BlockNumber
scalar ExecutionId
scalar DateTime

schema { query: QueryRoot mutation: MutationRoot }

type QueryRoot { deployment: DeploymentQuery! execution: ExecutionQuery! }
type DeploymentQuery {
  info(deployment: DeploymentSelector, version: DeploymentVersionSelector): [DeploymentInfo!]!
}
type ExecutionQuery { info(id: ExecutionId!): Execution! }

type MutationRoot { deployment: DeploymentMutation! }
type DeploymentMutation {
  pause(deployment: DeploymentSelector!): EmptyResponse!
  resume(deployment: DeploymentSelector!): EmptyResponse!
  restart(deployment: DeploymentSelector!, delaySeconds: Int! = 20): ExecutionId!
  create(name: String!): EmptyResponse!
  remove(name: String!): EmptyResponse!
  unassign(deployment: DeploymentSelector!): EmptyResponse!
  reassign(deployment: DeploymentSelector!, node: String!): ReassignResponse!
}

input DeploymentSelector { name: String hash: String shard: String schema: String }
enum DeploymentVersionSelector { CURRENT PENDING USED }
enum SubgraphHealth { HEALTHY UNHEALTHY FAILED }
enum CommandKind { RESTART_DEPLOYMENT }
enum ExecutionStatus { INITIALIZING RUNNING FAILED SUCCEEDED }

type EmptyResponse { success: Boolean! }
type CompletedWithWarnings { success: Boolean! warnings: [String!]! }
union ReassignResponse = EmptyResponse | CompletedWithWarnings
type BlockPtr { hash: BlockHash! number: BlockNumber! }

type DeploymentInfo {
  hash: String!
  namespace: String!
  name: String!
  nodeId: String
  shard: String!
  chain: String!
  versionStatus: String!
  isActive: Boolean!
  status: DeploymentStatus
}
type DeploymentStatus {
  isPaused: Boolean
  isSynced: Boolean!
  health: SubgraphHealth!
  earliestBlockNumber: BlockNumber!
  latestBlock: BlockPtr
  chainHeadBlock: BlockPtr
}
type Execution {
  id: ExecutionId!
  kind: CommandKind!
  status: ExecutionStatus!
  errorMessage: String
  createdAt: DateTime!
  updatedAt: DateTime
  completedAt: DateTime
}
`;

/** Port 8000, as far as every subgraph has it. */
export const META_SCHEMA = `
scalar Bytes

type Query { _meta(block: Block_height): _Meta_ }
input Block_height { hash: Bytes number: Int number_gte: Int }
type _Meta_ { block: _Block_! deployment: String! hasIndexingErrors: Boolean! }
type _Block_ { hash: Bytes number: Int! timestamp: Int parentHash: Bytes }
`;
