// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

// Every enum and struct of the hub's ABI. Field order, types and names are wire format: orders are signed over them and
// clients decode views by position. Never reorder; the storage behind them may be packed freely (see ../hub).

/// @dev Life of a task. Names are indexed by number in every client.
enum TaskStatus {
    UNSET,
    ACTIVE,
    REVEALING,
    COMPLETED,
    FAILED
}

/// @dev Life of one worker's contribution to a task.
enum ContributionStatus {
    UNSET,
    CONTRIBUTED,
    PROVED,
    REJECTED
}

/// @dev What an order operation does: SIGN authorizes without a signature, CLOSE consumes the whole volume.
enum OrderOperation {
    SIGN,
    CLOSE
}

/// @dev nRLC of one account: free, and locked in running deals and contributions.
struct Account {
    uint256 stake;
    uint256 locked;
}

/// @dev Speed class of tasks. workClockTimeRef is in seconds.
struct Category {
    string name;
    string description;
    uint256 workClockTimeRef;
}

/// @dev One side of a deal: the resource, its owner at match time and the price per task in nRLC.
struct Resource {
    address pointer;
    address owner;
    uint256 price;
}

/// @dev A match of four orders: botSize tasks with indexes from botFirst. Never changes after creation.
struct Deal {
    Resource app;
    Resource dataset;
    Resource workerpool;
    uint256 trust;
    uint256 category;
    bytes32 tag;
    address requester;
    address beneficiary;
    address callback;
    string params;
    uint256 startTime;
    uint256 botFirst;
    uint256 botSize;
    uint256 workerStake;
    uint256 schedulerRewardRatio;
    address sponsor;
}

/// @dev A match of four orders by the boost module: botSize tasks with indexes from 0. Prices and workerReward are nRLC per
/// task, deadline is Unix seconds, shortTag the last three bytes of the tag. Never changes after creation.
struct DealBoost {
    address appOwner;
    uint96 appPrice;
    address datasetOwner;
    uint96 datasetPrice;
    address workerpoolOwner;
    uint96 workerpoolPrice;
    address requester;
    uint96 workerReward;
    address callback;
    uint40 deadline;
    uint16 botFirst;
    uint16 botSize;
    bytes3 shortTag;
    address sponsor;
}

/// @dev One unit of work. Deadlines are Unix seconds; resultsTimestamp is always zero.
struct Task {
    TaskStatus status;
    bytes32 dealid;
    uint256 idx;
    uint256 timeref;
    uint256 contributionDeadline;
    uint256 revealDeadline;
    uint256 finalDeadline;
    bytes32 consensusValue;
    uint256 revealCounter;
    uint256 winnerCounter;
    address[] contributors;
    bytes32 resultDigest;
    bytes results;
    uint256 resultsTimestamp;
    bytes resultsCallback;
}

/// @dev One worker's vote on a task. weight is floor(log2) of the voting weight and only shares out rewards.
struct Contribution {
    ContributionStatus status;
    bytes32 resultHash;
    bytes32 resultSeal;
    address enclaveChallenge;
    uint256 weight;
}

/// @dev What an application resource says about itself.
struct AppInfo {
    address owner;
    string m_appName;
    string m_appType;
    bytes m_appMultiaddr;
    bytes32 m_appChecksum;
    bytes m_appMREnclave;
}

/// @dev What a dataset resource says about itself.
struct DatasetInfo {
    address owner;
    string m_datasetName;
    bytes m_datasetMultiaddr;
    bytes32 m_datasetChecksum;
}

/// @dev What a workerpool resource says about itself. Both policies are percentages.
struct WorkerpoolInfo {
    address owner;
    string m_workerpoolDescription;
    uint256 m_workerStakeRatioPolicy;
    uint256 m_schedulerRewardRatioPolicy;
}

/// @dev The EIP-712 domain under which orders are signed.
struct EIP712Domain {
    string name;
    string version;
    uint256 chainId;
    address verifyingContract;
}

/// @dev Offer of an application. appprice is nRLC per task, volume the number of tasks.
struct AppOrder {
    address app;
    uint256 appprice;
    uint256 volume;
    bytes32 tag;
    address datasetrestrict;
    address workerpoolrestrict;
    address requesterrestrict;
    bytes32 salt;
    bytes sign;
}

/// @dev Offer of a dataset. datasetprice is nRLC per task, volume the number of tasks.
struct DatasetOrder {
    address dataset;
    uint256 datasetprice;
    uint256 volume;
    bytes32 tag;
    address apprestrict;
    address workerpoolrestrict;
    address requesterrestrict;
    bytes32 salt;
    bytes sign;
}

/// @dev Offer of computing power. workerpoolprice is nRLC per task, volume the number of tasks.
struct WorkerpoolOrder {
    address workerpool;
    uint256 workerpoolprice;
    uint256 volume;
    bytes32 tag;
    uint256 category;
    uint256 trust;
    address apprestrict;
    address datasetrestrict;
    address requesterrestrict;
    bytes32 salt;
    bytes sign;
}

/// @dev Demand for work. The max prices are nRLC per task, volume the number of tasks.
struct RequestOrder {
    address app;
    uint256 appmaxprice;
    address dataset;
    uint256 datasetmaxprice;
    address workerpool;
    uint256 workerpoolmaxprice;
    address requester;
    uint256 volume;
    bytes32 tag;
    uint256 category;
    uint256 trust;
    address beneficiary;
    address callback;
    string params;
    bytes32 salt;
    bytes sign;
}

/// @dev An operation on an app order; sign covers the operation, order.sign is ignored.
struct AppOrderOperation {
    AppOrder order;
    OrderOperation operation;
    bytes sign;
}

/// @dev An operation on a dataset order; sign covers the operation, order.sign is ignored.
struct DatasetOrderOperation {
    DatasetOrder order;
    OrderOperation operation;
    bytes sign;
}

/// @dev An operation on a workerpool order; sign covers the operation, order.sign is ignored.
struct WorkerpoolOrderOperation {
    WorkerpoolOrder order;
    OrderOperation operation;
    bytes sign;
}

/// @dev An operation on a request order; sign covers the operation, order.sign is ignored.
struct RequestOrderOperation {
    RequestOrder order;
    OrderOperation operation;
    bytes sign;
}
