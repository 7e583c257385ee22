//! The ABI written down from the specification, not from our artifacts: a slip in the contracts cannot hide here.
//! `tests/abi.rs` compares the artifacts with the tables of the specification.

use alloy::sol;

sol! {
    #![sol(all_derives = true)]

    struct Resource { address pointer; address owner; uint256 price; }
    struct Deal {
        Resource app; Resource dataset; Resource workerpool;
        uint256 trust; uint256 category; bytes32 tag;
        address requester; address beneficiary; address callback; string params;
        uint256 startTime; uint256 botFirst; uint256 botSize;
        uint256 workerStake; uint256 schedulerRewardRatio; address sponsor;
    }
    struct DealBoost {
        address appOwner; uint96 appPrice; address datasetOwner; uint96 datasetPrice;
        address workerpoolOwner; uint96 workerpoolPrice; address requester; uint96 workerReward;
        address callback; uint40 deadline; uint16 botFirst; uint16 botSize; bytes3 shortTag; address sponsor;
    }
    struct Task {
        uint8 status; bytes32 dealid; uint256 idx; uint256 timeref;
        uint256 contributionDeadline; uint256 revealDeadline; uint256 finalDeadline;
        bytes32 consensusValue; uint256 revealCounter; uint256 winnerCounter;
        address[] contributors; bytes32 resultDigest; bytes results;
        uint256 resultsTimestamp; bytes resultsCallback;
    }
    struct Contribution { uint8 status; bytes32 resultHash; bytes32 resultSeal; address enclaveChallenge; uint256 weight; }
    struct Account { uint256 stake; uint256 locked; }
    struct Category { string name; string description; uint256 workClockTimeRef; }
    struct AppInfo { address owner; string m_appName; string m_appType; bytes m_appMultiaddr; bytes32 m_appChecksum; bytes m_appMREnclave; }
    struct DatasetInfo { address owner; string m_datasetName; bytes m_datasetMultiaddr; bytes32 m_datasetChecksum; }
    struct WorkerpoolInfo { address owner; string m_workerpoolDescription; uint256 m_workerStakeRatioPolicy; uint256 m_schedulerRewardRatioPolicy; }
    struct Domain { string name; string version; uint256 chainId; address verifyingContract; }

    struct AppOrder { address app; uint256 appprice; uint256 volume; bytes32 tag; address datasetrestrict; address workerpoolrestrict; address requesterrestrict; bytes32 salt; bytes sign; }
    struct DatasetOrder { address dataset; uint256 datasetprice; uint256 volume; bytes32 tag; address apprestrict; address workerpoolrestrict; address requesterrestrict; bytes32 salt; bytes sign; }
    struct WorkerpoolOrder { address workerpool; uint256 workerpoolprice; uint256 volume; bytes32 tag; uint256 category; uint256 trust; address apprestrict; address datasetrestrict; address requesterrestrict; bytes32 salt; bytes sign; }
    struct RequestOrder { address app; uint256 appmaxprice; address dataset; uint256 datasetmaxprice; address workerpool; uint256 workerpoolmaxprice; address requester; uint256 volume; bytes32 tag; uint256 category; uint256 trust; address beneficiary; address callback; string params; bytes32 salt; bytes sign; }
    struct AppOrderOperation { AppOrder order; uint8 operation; bytes sign; }
    struct DatasetOrderOperation { DatasetOrder order; uint8 operation; bytes sign; }
    struct WorkerpoolOrderOperation { WorkerpoolOrder order; uint8 operation; bytes sign; }
    struct RequestOrderOperation { RequestOrder order; uint8 operation; bytes sign; }

    interface Hub {
        event SchedulerNotice(address indexed workerpool, bytes32 dealid);
        event OrdersMatched(bytes32 dealid, bytes32 appHash, bytes32 datasetHash, bytes32 workerpoolHash, bytes32 requestHash, uint256 volume);
        event DealSponsored(bytes32 dealId, address sponsor);
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
        error FunctionNotFound(bytes4 selector);
        error NotContractOwner(address user, address owner);

        function owner() external view returns (address);
        function transferOwnership(address newOwner) external;
        function facetAddress(bytes4 selector) external view returns (address);
        function supportsInterface(bytes4 id) external view returns (bool);
        function configure(address token, string name, string symbol, uint8 decimals, address appRegistry, address datasetRegistry, address workerpoolRegistry, address v3hub) external;
        function domain() external view returns (Domain);
        function eip712domain_separator() external view returns (bytes32);
        function updateDomainSeparator() external;
        function importScore(address worker) external;
        function setTeeBroker(address broker) external;
        function setCallbackGas(uint256 gas) external;
        function changeRegistries(address app, address dataset, address workerpool) external;
        function createCategory(string name, string description, uint256 timeRef) external returns (uint256);
        function countCategory() external view returns (uint256);
        function viewCategory(uint256 id) external view returns (Category);
        function viewCategoryABILegacy(uint256 id) external view returns (string, string, uint256);

        function balanceOf(address account) external view returns (uint256);
        function frozenOf(address account) external view returns (uint256);
        function totalSupply() external view returns (uint256);
        function allowance(address account, address spender) external view returns (uint256);
        function viewAccount(address account) external view returns (Account);
        function token() external view returns (address);
        function deposit(uint256 amount) external returns (bool);
        function depositFor(uint256 amount, address target) external returns (bool);
        function depositForArray(uint256[] amounts, address[] targets) external returns (bool);
        function withdraw(uint256 amount) external returns (bool);
        function withdrawTo(uint256 amount, address target) external returns (bool);
        function recover() external returns (uint256);
        function receiveApproval(address sender, uint256 amount, address token, bytes data) external returns (bool);
        function transfer(address to, uint256 amount) external returns (bool);
        function transferFrom(address from, address to, uint256 amount) external returns (bool);
        function approve(address spender, uint256 amount) external returns (bool);
        function increaseAllowance(address spender, uint256 amount) external returns (bool);
        function decreaseAllowance(address spender, uint256 amount) external returns (bool);
        function approveAndCall(address spender, uint256 amount, bytes data) external returns (bool);

        function broadcastAppOrder(AppOrder order) external;
        function broadcastDatasetOrder(DatasetOrder order) external;
        function broadcastWorkerpoolOrder(WorkerpoolOrder order) external;
        function broadcastRequestOrder(RequestOrder order) external;
        function manageAppOrder(AppOrderOperation operation) external;
        function manageDatasetOrder(DatasetOrderOperation operation) external;
        function manageWorkerpoolOrder(WorkerpoolOrderOperation operation) external;
        function manageRequestOrder(RequestOrderOperation operation) external;
        function viewConsumed(bytes32 id) external view returns (uint256);
        function viewPresigned(bytes32 id) external view returns (address);
        function verifySignature(address account, bytes32 digest, bytes sign) external view returns (bool);
        function verifyPresignature(address account, bytes32 digest) external view returns (bool);
        function verifyPresignatureOrSignature(address account, bytes32 digest, bytes sign) external view returns (bool);
        function computeDealVolume(AppOrder app, DatasetOrder dataset, WorkerpoolOrder workerpool, RequestOrder request) external view returns (uint256);
        function matchOrders(AppOrder app, DatasetOrder dataset, WorkerpoolOrder workerpool, RequestOrder request) external returns (bytes32);
        function sponsorMatchOrders(AppOrder app, DatasetOrder dataset, WorkerpoolOrder workerpool, RequestOrder request) external returns (bytes32);
        function assertDatasetDealCompatibility(DatasetOrder order, bytes32 dealid) external view;

        function initialize(bytes32 dealid, uint256 idx) external returns (bytes32);
        function initializeArray(bytes32[] dealids, uint256[] idx) external returns (bool);
        function initializeAndClaimArray(bytes32[] dealids, uint256[] idx) external returns (bool);
        function contribute(bytes32 taskid, bytes32 resultHash, bytes32 resultSeal, address enclaveChallenge, bytes enclaveSign, bytes authorizationSign) external;
        function reveal(bytes32 taskid, bytes32 resultDigest) external;
        function reopen(bytes32 taskid) external;
        function finalize(bytes32 taskid, bytes results, bytes resultsCallback) external;
        function contributeAndFinalize(bytes32 taskid, bytes32 resultDigest, bytes results, bytes resultsCallback, address enclaveChallenge, bytes enclaveSign, bytes authorizationSign) external;
        function claim(bytes32 taskid) external;
        function claimArray(bytes32[] taskids) external returns (bool);
        function viewDeal(bytes32 id) external view returns (Deal);
        function viewTask(bytes32 id) external view returns (Task);
        function viewContribution(bytes32 taskid, address worker) external view returns (Contribution);
        function viewScore(address worker) external view returns (uint256);
        function resultFor(bytes32 id) external view returns (bytes);
        function viewApp(address app) external view returns (AppInfo);
        function viewDataset(address dataset) external view returns (DatasetInfo);
        function viewWorkerpool(address workerpool) external view returns (WorkerpoolInfo);
        function viewAccountABILegacy(address account) external view returns (uint256, uint256);
        function viewConfigABILegacy(bytes32 id) external view returns (uint256, uint256, uint256, uint256, uint256, uint256);
        function viewContributionABILegacy(bytes32 taskid, address worker) external view returns (uint8, bytes32, bytes32, address);
        function viewDealABILegacy_pt1(bytes32 id) external view returns (address, address, uint256, address, address, uint256, address, address, uint256);
        function viewDealABILegacy_pt2(bytes32 id) external view returns (uint256, bytes32, address, address, address, string);
        function viewTaskABILegacy(bytes32 taskid) external view returns (uint8, bytes32, uint256, uint256, uint256, uint256, uint256, bytes32, uint256, uint256, address[], bytes);
    }

    /// Events of the hub that the twin does not know: nothing of the protocol's state is in them.
    interface Notes {
        event Approval(address indexed owner, address indexed spender, uint256 value);
        event CreateCategory(uint256 catid, string name, string description, uint256 workClockTimeRef);
        event BroadcastAppOrder(AppOrder apporder);
        event BroadcastDatasetOrder(DatasetOrder datasetorder);
        event BroadcastWorkerpoolOrder(WorkerpoolOrder workerpoolorder);
        event BroadcastRequestOrder(RequestOrder requestorder);
    }

    /// What a hub that stakes the chain's coin has instead of the token's deposits.
    interface Native {
        function deposit() external payable returns (bool);
        function depositFor(address target) external payable returns (bool);
        function depositForArray(uint256[] amounts, address[] targets) external payable returns (bool);
    }

    interface Payee {
        function prepare(address hub, bytes again, uint256 times) external;
        function act(bytes data) external payable;
        function attempts() external view returns (uint256);
        function successes() external view returns (uint256);
    }

    struct RangePermit { uint256 first; uint256 count; bytes sign; }
    struct SoloResult { bytes32 resultDigest; bytes results; bytes resultsCallback; }
    struct Vote { bytes32 taskid; bytes32 resultHash; bytes32 resultSeal; address enclaveChallenge; bytes enclaveSign; bytes authorizationSign; }
    struct Ballot { address worker; Vote[] votes; bytes workerSign; }
    interface Bags {
        event VoteSkipped(bytes32 indexed taskid, address indexed worker, uint8 reason);
        event TaskFinalizeLate(bytes32 indexed taskid, address indexed finalizer, uint256 bounty);
        event ResultsPublished(bytes32 indexed taskid, address indexed publisher, bytes results);
        error UnknownDeal(bytes32 dealid);
        error BadCount(uint256 count, uint256 most);
        error OutsideDeal(uint256 first, uint256 count, uint256 botFirst, uint256 botSize);
        error OutsidePermit(uint256 first, uint256 count, uint256 permitFirst, uint256 permitCount);
        error TooLate(uint256 deadline);
        error EnclaveRequired(bytes32 dealid);
        error NotAuthorized(address worker, address authorizer);
        error BadEnclaveSignature(address enclave);
        error ResultsTooLong(uint256 size, uint256 most);
        error LightDeal(bytes32 dealid);
        error TrustAboveOne(bytes32 dealid, uint256 trust);
        error LengthMismatch(uint256 left, uint256 right);
        error TooEarly(address caller, uint256 from);
        error TaskNotOpen(bytes32 dealid, uint256 idx);
        error TaskNotRevealed(bytes32 taskid);
        error TaskNotCompleted(bytes32 taskid);
        error CallbackMismatch(bytes32 taskid, bytes32 resultDigest);
        error ResultsNotYours(address caller);
        error VoteGas(uint256 left, uint256 least);
        error NothingCounted();
        error NothingProved();
        function initializeAndContributeAndFinalize(bytes32 dealid, uint256 idx, bytes32 resultDigest, bytes results, bytes resultsCallback, address enclaveChallenge, bytes enclaveSign, bytes authorizationSign) external returns (bytes32 taskid);
        function contributeAndFinalizeRange(bytes32 dealid, uint256 first, SoloResult[] entries, address enclaveChallenge, bytes enclaveSign, RangePermit permit) external;
        function contributeFor(Ballot[] ballots) external returns (uint256 counted);
        function revealFor(bytes32[] taskids, bytes32[] resultDigests) external returns (uint256 proved);
        function finalizeLate(bytes32 taskid, bytes results, bytes resultsCallback) external returns (uint256 bounty);
        function publishResults(bytes32 taskid, bytes results) external;
    }

    interface Boost {
        event SchedulerNoticeBoost(address indexed workerpool, bytes32 dealId, address app, address dataset, uint256 category, bytes32 tag, string params, address beneficiary);
        event ResultPushedBoost(bytes32 dealId, uint256 index, bytes results);
        event DealSponsoredBoost(bytes32 dealId, address sponsor);
        error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value);
        function matchOrdersBoost(AppOrder appOrder, DatasetOrder datasetOrder, WorkerpoolOrder workerpoolOrder, RequestOrder requestOrder) external returns (bytes32);
        function sponsorMatchOrdersBoost(AppOrder appOrder, DatasetOrder datasetOrder, WorkerpoolOrder workerpoolOrder, RequestOrder requestOrder) external returns (bytes32);
        function pushResultBoost(bytes32 dealId, uint256 index, bytes results, bytes resultsCallback, bytes authorizationSign, address enclaveChallenge, bytes enclaveSign) external;
        function claimBoost(bytes32 dealId, uint256 index) external;
        function viewDealBoost(bytes32 id) external view returns (DealBoost);
    }

    interface ComputeOracle {
        error NotAllowed(address caller);
        error NoTerms();
        error TooDear(uint256 price, uint256 maxPrice);
        error NotPending(bytes32 taskid);
        error NotOver(bytes32 taskid);

        function ask(AppOrder app, WorkerpoolOrder workerpool, string params) external returns (bytes32);
        function answers(bytes32 taskid) external view returns (uint8 status, uint64 time, int256 value);
        function collect(bytes32 taskid) external;
        function withdraw(uint256 amount) external;
        function receiveResult(bytes32 taskid, bytes result) external;
    }

    interface Prices {
        function priceOf(bytes32 taskid) external view returns (int256);
    }

    interface Rlc {
        function name() external view returns (string);
        function symbol() external view returns (string);
        function decimals() external view returns (uint8);
        function version() external view returns (string);
        function initialSupply() external view returns (uint256);
        function totalSupply() external view returns (uint256);
        function locked() external view returns (bool);
        function owner() external view returns (address);
        function transferOwnership(address newOwner) external;
        function transfer(address to, uint256 amount) external returns (bool);
        function transferFrom(address from, address to, uint256 amount) external returns (bool);
        function burn(uint256 amount) external returns (bool);
        function approve(address spender, uint256 amount) external returns (bool);
        function allowance(address account, address spender) external view returns (uint256);
        function approveAndCall(address spender, uint256 amount, bytes data) external;
        function balanceOf(address account) external view returns (uint256);
    }

    struct Cut { address facetAddress; uint8 action; bytes4[] functionSelectors; }
    struct DiamondArgs { address owner; address init; bytes initCalldata; }
    interface Diamond {
        constructor(Cut[] cuts, DiamondArgs args);
        event DiamondCut(Cut[] cuts, address init, bytes data);
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
        error NotContractOwner(address user, address owner);
        error NoSelectorsProvidedForFacetForCut(address facet);
        error CannotAddSelectorsToZeroAddress(bytes4[] selectors);
        error NoBytecodeAtAddress(address target, string message);
        error IncorrectFacetCutAction(uint8 action);
        error CannotAddFunctionToDiamondThatAlreadyExists(bytes4 selector);
        error CannotReplaceFunctionsFromFacetWithZeroAddress(bytes4[] selectors);
        error CannotReplaceFunctionWithTheSameFunctionFromTheSameFacet(bytes4 selector);
        error CannotReplaceFunctionThatDoesNotExists(bytes4 selector);
        error RemoveFacetAddressMustBeZeroAddress(address facet);
        error CannotRemoveFunctionThatDoesNotExist(bytes4 selector);
        error InitializationFunctionReverted(address init, bytes data);
        function diamondCut(Cut[] cuts, address init, bytes data) external;
        function facetFunctionSelectors(address facet) external view returns (bytes4[]);
        function facetAddresses() external view returns (address[]);
        function init() external;
    }

    interface Registry {
        event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);
        function initialize(address previous) external;
        function name() external view returns (string);
        function symbol() external view returns (string);
        function owner() external view returns (address);
        function previous() external view returns (address);
        function initialized() external view returns (bool);
        function transferOwnership(address newOwner) external;
        function renounceOwnership() external;
        function setBaseURI(string uri) external;
        function tokenURI(uint256 id) external view returns (string);
        function setName(address ens, string name) external;
        function isRegistered(address entry) external view returns (bool);
        function ownerOf(uint256 id) external view returns (address);
        function balanceOf(address owner) external view returns (uint256);
        function tokenOfOwnerByIndex(address owner, uint256 index) external view returns (uint256);
        function totalSupply() external view returns (uint256);
        function transferFrom(address from, address to, uint256 id) external;
        function master() external view returns (address);
        function proxyCode() external view returns (bytes);
        function proxyCodeHash() external view returns (bytes32);
        function createApp(address owner, string name, string kind, bytes multiaddr, bytes32 checksum, bytes mrenclave) external returns (address);
        function predictApp(address owner, string name, string kind, bytes multiaddr, bytes32 checksum, bytes mrenclave) external view returns (address);
        function createDataset(address owner, string name, bytes multiaddr, bytes32 checksum) external returns (address);
        function predictDataset(address owner, string name, bytes multiaddr, bytes32 checksum) external view returns (address);
        function createWorkerpool(address owner, string description) external returns (address);
        function predictWorkerpool(address owner, string description) external view returns (address);
    }

    /// What registries have from the token standard, beside what `Registry` names.
    interface Tokens {
        event Approval(address indexed owner, address indexed approved, uint256 indexed tokenId);
        event ApprovalForAll(address indexed owner, address indexed operator, bool approved);
        error ERC721NonexistentToken(uint256 tokenId);
        error ERC721InvalidReceiver(address receiver);
        error ERC721IncorrectOwner(address sender, uint256 tokenId, address owner);
        error ERC721InsufficientApproval(address operator, uint256 tokenId);
        error ERC721InvalidApprover(address approver);
        error ERC721OutOfBoundsIndex(address owner, uint256 index);
        function approve(address to, uint256 id) external;
        function getApproved(uint256 id) external view returns (address);
        function setApprovalForAll(address operator, bool approved) external;
        function isApprovedForAll(address owner, address operator) external view returns (bool);
        function safeTransferFrom(address from, address to, uint256 id, bytes data) external;
        function tokenByIndex(uint256 index) external view returns (uint256);
        function supportsInterface(bytes4 id) external view returns (bool);
        function onERC721Received(address operator, address from, uint256 id, bytes data) external returns (bytes4);
    }

    interface Resources {
        event PolicyUpdate(uint256 oldWorkerStakeRatioPolicy, uint256 newWorkerStakeRatioPolicy, uint256 oldSchedulerRewardRatioPolicy, uint256 newSchedulerRewardRatioPolicy);
        function owner() external view returns (address);
        function registry() external view returns (address);
        function setName(address ens, string name) external;
        function initialize(string description) external;
        function changePolicy(uint256 stake, uint256 reward) external;
        function m_appName() external view returns (string);
        function m_appMultiaddr() external view returns (bytes);
        function m_workerpoolDescription() external view returns (string);
        function m_workerStakeRatioPolicy() external view returns (uint256);
        function m_schedulerRewardRatioPolicy() external view returns (uint256);
    }

    struct LightProof { uint256 first; uint256 count; address worker; bytes32[] siblings; }
    interface Light {
        event LightSettled(bytes32 indexed dealid, address indexed worker, uint256 first, uint256 count, bytes32 root, bytes results);
        event LightClaimed(bytes32 indexed dealid, uint256 first, uint256 count, uint256 refunded);
        event LightDelivered(bytes32 indexed dealid, uint256 indexed idx, bytes32 taskid);
        error LightNotRequested(bytes32 tag);
        error LightTrust(uint256 trust);
        error NotLight(bytes32 dealid);
        error LightNotOpen(bytes32 dealid, uint256 idx);
        error NothingToClaim(bytes32 dealid, uint256 first, uint256 count);
        error NotExpired(uint256 deadline);
        error NotProved(bytes32 dealid, uint256 idx);
        error NoCallback(bytes32 dealid);
        error AlreadyDelivered(bytes32 dealid, uint256 idx);
        error CallbackGas(uint256 left, uint256 least);
        error BadCount(uint256 count, uint256 most);
        error OutsideDeal(uint256 first, uint256 count, uint256 botFirst, uint256 botSize);
        error OutsidePermit(uint256 first, uint256 count, uint256 permitFirst, uint256 permitCount);
        error TooLate(uint256 deadline);
        error EnclaveRequired(bytes32 dealid);
        error NotAuthorized(address worker, address authorizer);
        error BadEnclaveSignature(address enclave);
        error ResultsTooLong(uint256 size, uint256 most);
        function settleLight(bytes32 dealid, uint256 first, uint256 count, bytes32 root, bytes results, address enclaveChallenge, bytes enclaveSign, RangePermit permit) external;
        function claimLight(bytes32 dealid, uint256 first, uint256 count) external returns (uint256 refunded);
        function deliverLight(bytes32 dealid, uint256 idx, bytes data, LightProof proof) external;
        function proveLight(bytes32 dealid, uint256 idx, bytes32 resultDigest, LightProof proof) external view returns (bool);
        function viewLightStatus(bytes32 dealid, uint256 idx) external view returns (uint8);
        function viewLightRange(bytes32 dealid, uint256 first) external view returns (bytes32);
    }
}
