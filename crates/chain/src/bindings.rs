//! The contracts' ABI in Rust; nothing outside this crate sees it. Drift from `contracts/artifacts` fails a test.
//!
//! Safe to extend with what the artifacts declare; a changed line is a changed wire format.

use alloy::sol;

sol! {
    struct SolAccount { uint256 stake; uint256 locked; }
    struct SolCategory { string name; string description; uint256 workClockTimeRef; }
    struct SolResource { address pointer; address owner; uint256 price; }
    struct SolDeal {
        SolResource app; SolResource dataset; SolResource workerpool;
        uint256 trust; uint256 category; bytes32 tag;
        address requester; address beneficiary; address callback; string params;
        uint256 startTime; uint256 botFirst; uint256 botSize;
        uint256 workerStake; uint256 schedulerRewardRatio; address sponsor;
    }
    struct SolTask {
        uint8 status; bytes32 dealid; uint256 idx; uint256 timeref;
        uint256 contributionDeadline; uint256 revealDeadline; uint256 finalDeadline;
        bytes32 consensusValue; uint256 revealCounter; uint256 winnerCounter;
        address[] contributors; bytes32 resultDigest; bytes results;
        uint256 resultsTimestamp; bytes resultsCallback;
    }
    struct SolContribution {
        uint8 status; bytes32 resultHash; bytes32 resultSeal; address enclaveChallenge; uint256 weight;
    }
    struct SolAppInfo {
        address owner; string m_appName; string m_appType; bytes m_appMultiaddr; bytes32 m_appChecksum;
        bytes m_appMREnclave;
    }
    struct SolDatasetInfo { address owner; string m_datasetName; bytes m_datasetMultiaddr; bytes32 m_datasetChecksum; }
    struct SolWorkerpoolInfo {
        address owner; string m_workerpoolDescription; uint256 m_workerStakeRatioPolicy;
        uint256 m_schedulerRewardRatioPolicy;
    }
    struct SolDomain { string name; string version; uint256 chainId; address verifyingContract; }
    struct SolAppOrder {
        address app; uint256 appprice; uint256 volume; bytes32 tag; address datasetrestrict;
        address workerpoolrestrict; address requesterrestrict; bytes32 salt; bytes sign;
    }
    struct SolDatasetOrder {
        address dataset; uint256 datasetprice; uint256 volume; bytes32 tag; address apprestrict;
        address workerpoolrestrict; address requesterrestrict; bytes32 salt; bytes sign;
    }
    struct SolWorkerpoolOrder {
        address workerpool; uint256 workerpoolprice; uint256 volume; bytes32 tag; uint256 category; uint256 trust;
        address apprestrict; address datasetrestrict; address requesterrestrict; bytes32 salt; bytes sign;
    }
    struct SolRequestOrder {
        address app; uint256 appmaxprice; address dataset; uint256 datasetmaxprice; address workerpool;
        uint256 workerpoolmaxprice; address requester; uint256 volume; bytes32 tag; uint256 category; uint256 trust;
        address beneficiary; address callback; string params; bytes32 salt; bytes sign;
    }
    struct SolAppOrderOperation { SolAppOrder order; uint8 operation; bytes sign; }
    struct SolDatasetOrderOperation { SolDatasetOrder order; uint8 operation; bytes sign; }
    struct SolWorkerpoolOrderOperation { SolWorkerpoolOrder order; uint8 operation; bytes sign; }
    struct SolRequestOrderOperation { SolRequestOrder order; uint8 operation; bytes sign; }

    interface Hub {
        function appregistry() external view returns (address);
        function datasetregistry() external view returns (address);
        function workerpoolregistry() external view returns (address);
        function token() external view returns (address);
        function domain() external view returns (SolDomain);
        function countCategory() external view returns (uint256);
        function callbackgas() external view returns (uint256);
        function viewAccount(address account) external view returns (SolAccount);
        function viewApp(address app) external view returns (SolAppInfo);
        function viewCategory(uint256 catid) external view returns (SolCategory);
        function viewConsumed(bytes32 id) external view returns (uint256);
        function viewContribution(bytes32 taskid, address worker) external view returns (SolContribution);
        function viewDataset(address dataset) external view returns (SolDatasetInfo);
        function viewDeal(bytes32 id) external view returns (SolDeal);
        function viewScore(address worker) external view returns (uint256);
        function viewTask(bytes32 id) external view returns (SolTask);
        function viewWorkerpool(address workerpool) external view returns (SolWorkerpoolInfo);
        function verifyPresignatureOrSignature(address identity, bytes32 hash, bytes signature) external view returns (bool);

        function matchOrders(SolAppOrder app, SolDatasetOrder dataset, SolWorkerpoolOrder workerpool, SolRequestOrder request) external returns (bytes32);
        function sponsorMatchOrders(SolAppOrder app, SolDatasetOrder dataset, SolWorkerpoolOrder workerpool, SolRequestOrder request) external returns (bytes32);
        function initialize(bytes32 dealid, uint256 idx) external returns (bytes32);
        function initializeArray(bytes32[] dealid, uint256[] idx) external returns (bool);
        function initializeAndClaimArray(bytes32[] dealid, uint256[] idx) external returns (bool);
        function contribute(bytes32 taskid, bytes32 resultHash, bytes32 resultSeal, address enclaveChallenge, bytes enclaveSign, bytes authorizationSign) external;
        function contributeAndFinalize(bytes32 taskid, bytes32 resultDigest, bytes results, bytes resultsCallback, address enclaveChallenge, bytes enclaveSign, bytes authorizationSign) external;
        function reveal(bytes32 taskid, bytes32 resultDigest) external;
        function reopen(bytes32 taskid) external;
        function finalize(bytes32 taskid, bytes results, bytes resultsCallback) external;
        function claim(bytes32 taskid) external;
        function claimArray(bytes32[] taskid) external returns (bool);
        function manageAppOrder(SolAppOrderOperation operation) external;
        function manageDatasetOrder(SolDatasetOrderOperation operation) external;
        function manageWorkerpoolOrder(SolWorkerpoolOrderOperation operation) external;
        function manageRequestOrder(SolRequestOrderOperation operation) external;
        function deposit(uint256 amount) external returns (bool);
        function withdraw(uint256 amount) external returns (bool);
        function transfer(address recipient, uint256 amount) external returns (bool);
        function configure(address token, string name, string symbol, uint8 decimal, address appregistry, address datasetregistry, address workerpoolregistry, address v3hub) external;
        function createCategory(string name, string description, uint256 workClockTimeRef) external returns (uint256);
        function transferOwnership(address owner) external;

        event SchedulerNotice(address indexed workerpool, bytes32 dealid);
        event OrdersMatched(bytes32 dealid, bytes32 appHash, bytes32 datasetHash, bytes32 workerpoolHash, bytes32 requestHash, uint256 volume);
        event TaskInitialize(bytes32 indexed taskid, address indexed workerpool);
        event TaskContribute(bytes32 indexed taskid, address indexed worker, bytes32 hash);
        event TaskConsensus(bytes32 indexed taskid, bytes32 consensus);
        event TaskReveal(bytes32 indexed taskid, address indexed worker, bytes32 digest);
        event TaskReopen(bytes32 indexed taskid);
        event TaskFinalize(bytes32 indexed taskid, bytes results);
        event TaskClaimed(bytes32 indexed taskid);
        event AccurateContribution(address indexed worker, bytes32 indexed taskid);
        event FaultyContribution(address indexed worker, bytes32 indexed taskid);
        event Transfer(address indexed from, address indexed to, uint256 value);
        event Lock(address owner, uint256 amount);
        event Unlock(address owner, uint256 amount);
        event Reward(address owner, uint256 amount, bytes32 ref);
        event Seize(address owner, uint256 amount, bytes32 ref);
        event CreateCategory(uint256 catid, string name, string description, uint256 workClockTimeRef);
        event ClosedAppOrder(bytes32 appHash);
        event ClosedDatasetOrder(bytes32 datasetHash);
        event ClosedWorkerpoolOrder(bytes32 workerpoolHash);
        event ClosedRequestOrder(bytes32 requestHash);
        event SignedAppOrder(bytes32 appHash);
        event SignedDatasetOrder(bytes32 datasetHash);
        event SignedWorkerpoolOrder(bytes32 workerpoolHash);
        event SignedRequestOrder(bytes32 requestHash);

        error IncompatibleDatasetOrder(string reason);
        error CallerIsNotTheRequester();
        error OperationFailed();
        error UnsupportedOperation(bytes4 selector);
    }

    interface Registry {
        function isRegistered(address entry) external view returns (bool);
        function initialize(address previous) external;
        function setBaseURI(string uri) external;
        function createApp(address owner, string name, string kind, bytes multiaddr, bytes32 checksum, bytes mrenclave) external returns (address);
        function predictApp(address owner, string name, string kind, bytes multiaddr, bytes32 checksum, bytes mrenclave) external view returns (address);
        function createDataset(address owner, string name, bytes multiaddr, bytes32 checksum) external returns (address);
        function predictDataset(address owner, string name, bytes multiaddr, bytes32 checksum) external view returns (address);
        function createWorkerpool(address owner, string description) external returns (address);
        function predictWorkerpool(address owner, string description) external view returns (address);
        function safeTransferFrom(address from, address to, uint256 tokenId) external;

        event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);
    }

    interface Resource {
        function owner() external view returns (address);
        function changePolicy(uint256 workerStakeRatio, uint256 schedulerRewardRatio) external;
    }

    interface Rlc {
        function balanceOf(address account) external view returns (uint256);
        function transfer(address to, uint256 value) external returns (bool);
        function approve(address spender, uint256 value) external returns (bool);
        function approveAndCall(address spender, uint256 value, bytes extraData) external;
    }

    interface Group {
        function keyHasPurpose(bytes32 key, uint256 purpose) external view returns (bool);
    }

    struct SolFacetCut { address facetAddress; uint8 action; bytes4[] functionSelectors; }
    struct SolDiamondArgs { address owner; address init; bytes initCalldata; }

    interface Diamond {
        function init() external;
        error FunctionNotFound(bytes4 selector);
        error NotContractOwner(address user, address owner);
    }
}
