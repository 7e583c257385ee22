// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IexecInterfaceToken} from "../interfaces/IexecInterfaceToken.sol";
import {
    AppOrder,
    DatasetOrder,
    OrderOperation,
    RequestOrder,
    RequestOrderOperation,
    Task,
    TaskStatus,
    WorkerpoolOrder
} from "../interfaces/IexecTypes.sol";
import {IOracleConsumer} from "../interfaces/IOracleConsumer.sol";

/// @title Oracle that buys its answers: one call asks, and the hub calls back with what independent workers agreed on.
/// @notice An example to copy. It is its own requester: it pays from its own stake, which anybody fills with
/// `hub.depositFor(amount, oracle)`. Only the owner asks, so only the owner spends. What an answer is worth follows from
/// terms that never change: which app computes it, how sure the result must be, and whose workers are believed.
contract ComputeOracle is IOracleConsumer {
    /// @dev Where a question stands. Only ASKED ones may change.
    enum Status {
        UNKNOWN,
        ASKED,
        ANSWERED,
        UNREADABLE,
        REFUNDED
    }

    /// @dev One question. time is Unix seconds: when its answer came, or when it was given up.
    struct Answer {
        Status status;
        uint64 time;
        int256 value;
    }

    /// @notice Where deals are made, and the only account that may bring results.
    IexecInterfaceToken public immutable hub;
    /// @notice Who asks, and gets unspent stake back.
    address public immutable owner;
    /// @notice The app whose results count. Anybody may buy tasks of other apps with this contract as their callback.
    address public immutable app;
    /// @notice The workerpool that is believed, or an ERC-734 group of them. A pool chooses who votes: any trust is
    /// worth nothing with a pool that is not believed.
    address public immutable workerpool;
    /// @notice A result is wrong with probability 1 / trust at most, as far as the pool's workers are independent.
    uint256 public immutable trust;
    /// @notice Most that one answer may cost, nRLC.
    uint256 public immutable maxPrice;

    /// @notice Questions and their answers, by task.
    mapping(bytes32 taskid => Answer) public answers;
    uint256 private asked;

    /// @notice A question was asked and paid for: the only task of a deal. params are what the app gets.
    event Asked(bytes32 indexed taskid, bytes32 indexed dealid, string params);
    /// @notice The workers' answer arrived.
    event Answered(bytes32 indexed taskid, int256 value);
    /// @notice The workers agreed on something that is no number.
    event Unreadable(bytes32 indexed taskid, bytes result);
    /// @notice No answer came in time; the price is back in the stake.
    event Refunded(bytes32 indexed taskid);

    /// @notice Only the owner or the hub may do this.
    error NotAllowed(address caller);
    /// @notice The terms name no app, no workerpool or no trust: anybody could answer.
    error NoTerms();
    /// @notice The offers cost more than one answer may, both in nRLC.
    error TooDear(uint256 price, uint256 maxPrice);
    /// @notice This contract did not ask for the task, or knows its end already.
    error NotPending(bytes32 taskid);
    /// @notice The task goes on; ask again after its deadline, 10 reference times of its category after the deal.
    error NotOver(bytes32 taskid);

    constructor(IexecInterfaceToken hub_, address app_, address workerpool_, uint256 trust_, uint256 maxPrice_) {
        if (app_ == address(0) || workerpool_ == address(0) || trust_ == 0) revert NoTerms();
        (hub, owner, app, workerpool, trust, maxPrice) = (hub_, msg.sender, app_, workerpool_, trust_, maxPrice_);
    }

    /// @notice Buys the answer to one question with open offers of the app and the pool, as the market lists them.
    /// @param params what the app gets: its command line, or the JSON that names input files as well
    /// @return taskid under which the answer will be found
    function ask(AppOrder calldata appOrder, WorkerpoolOrder calldata workerpoolOrder, string calldata params)
        external
        returns (bytes32 taskid)
    {
        if (msg.sender != owner) revert NotAllowed(msg.sender);
        uint256 price = appOrder.appprice + workerpoolOrder.workerpoolprice;
        if (price > maxPrice) revert TooDear(price, maxPrice);
        RequestOrder memory request;
        (request.app, request.appmaxprice) = (app, appOrder.appprice);
        (request.workerpool, request.workerpoolmaxprice) = (workerpool, workerpoolOrder.workerpoolprice);
        (request.requester, request.beneficiary, request.callback) = (address(this), address(this), address(this));
        (request.category, request.trust, request.volume) = (workerpoolOrder.category, trust, 1);
        (request.params, request.salt) = (params, bytes32(++asked)); // a salt twice would be the same, used up order
        // Signed by calling, not by ERC-1271: the hub takes our word for this one order, and we sign nothing else ever.
        hub.manageRequestOrder(RequestOrderOperation(request, OrderOperation.SIGN, ""));
        DatasetOrder memory none;
        bytes32 dealid = hub.matchOrders(appOrder, none, workerpoolOrder, request);
        taskid = keccak256(abi.encodePacked(dealid, uint256(0)));
        // Written after the calls, for only they tell the id; the hub is trusted, and it calls nobody who could write.
        answers[taskid].status = Status.ASKED;
        emit Asked(taskid, dealid, params);
    }

    /// @inheritdoc IOracleConsumer
    function receiveResult(bytes32 taskid, bytes calldata result) external override {
        if (msg.sender != address(hub)) revert NotAllowed(msg.sender);
        _requirePending(taskid);
        _take(taskid, result);
    }

    /// @notice Brings a question to its end when no callback did: takes the result that lies on the hub, or notes that
    /// the task was claimed. Anybody may call it, as anybody may call `hub.claim` after the deadline.
    function collect(bytes32 taskid) external {
        _requirePending(taskid);
        Task memory task = hub.viewTask(taskid);
        if (task.status == TaskStatus.COMPLETED) return _take(taskid, task.resultsCallback);
        if (task.status != TaskStatus.FAILED) revert NotOver(taskid);
        (answers[taskid].status, answers[taskid].time) = (Status.REFUNDED, uint64(block.timestamp));
        emit Refunded(taskid);
    }

    /// @notice Pays unspent stake out to the owner, nRLC. What is locked in running tasks stays.
    function withdraw(uint256 amount) external {
        if (msg.sender != owner) revert NotAllowed(msg.sender);
        hub.withdrawTo(amount, owner);
    }

    function _requirePending(bytes32 taskid) private view {
        if (answers[taskid].status != Status.ASKED) revert NotPending(taskid);
    }

    /// @dev Never reverts: a result of another shape ends its question, instead of leaving it open for ever.
    function _take(bytes32 taskid, bytes memory result) private {
        if (result.length == 32) {
            int256 value = abi.decode(result, (int256));
            answers[taskid] = Answer(Status.ANSWERED, uint64(block.timestamp), value);
            emit Answered(taskid, value);
        } else {
            (answers[taskid].status, answers[taskid].time) = (Status.UNREADABLE, uint64(block.timestamp));
            emit Unreadable(taskid, result);
        }
    }
}
