// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ballot, Vote, VoteRefusal} from "../interfaces/IexecBagTypes.sol";
import {IexecBags} from "../interfaces/IexecBags.sol";
import {IexecRangeErrors} from "../interfaces/IexecRangeErrors.sol";
import {TaskStatus} from "../interfaces/IexecTypes.sol";
import {hashBallot} from "./BagHashes.sol";
import {Terms, termsOf} from "./DealRecord.sol";
import {typedHash} from "./Orders.sol";
import {poco} from "./PocoStorage.sol";
import {authorizationMessage, authorizerOf, enclaveMessage} from "./Results.sol";
import {isSurelySignedBy} from "./SureSignatures.sol";
import {grow, votingWeight} from "./Tally.sol";
import {Group, MOST_CONTRIBUTORS, TaskHead, TaskRecord} from "./TaskRecord.sol";
import {Tasks} from "./Tasks.sol";

/// @dev Most votes of one call.
uint256 constant MOST_VOTES = 256;

/// @dev Votes mostly come together by deal: its terms are read once for all that follow each other.
struct Relay {
    Terms terms;
    uint256 deal; // number of the blob of `terms`; zero: none
    uint256 counted;
}

/// @title Votes that somebody else submits. Whatever is wrong with one vote passes it over: nobody can spoil the others'.
library RelayedVotes {
    /// @dev Refuses none and too many votes.
    function admit(Ballot[] calldata ballots) internal pure {
        uint256 votes = 0;
        for (uint256 i = 0; i < ballots.length; ++i) {
            votes += ballots[i].votes.length;
        }
        if (votes == 0 || votes > MOST_VOTES) revert IexecRangeErrors.BadCount(votes, MOST_VOTES);
    }

    /// @dev Counts the votes of one worker.
    function cast(Relay memory relay, Ballot calldata ballot) internal {
        address worker = ballot.worker;
        Vote[] calldata votes = ballot.votes;
        // A ballot without votes asks nobody for a signature.
        bool signed = votes.length > 0
            && isSurelySignedBy(typedHash(hashBallot(worker, votes)), worker, ballot.workerSign);
        for (uint256 i = 0; i < votes.length; ++i) {
            Vote calldata vote = votes[i];
            if (!signed) {
                emit IexecBags.VoteSkipped(vote.taskid, worker, VoteRefusal.SIGNATURE);
                continue;
            }
            (bool good, VoteRefusal reason) = _judge(relay, worker, vote);
            if (!good) {
                emit IexecBags.VoteSkipped(vote.taskid, worker, reason);
                continue;
            }
            ++relay.counted;
            Tasks.contribute(
                relay.terms, vote.taskid, worker, vote.resultHash, vote.resultSeal, vote.enclaveChallenge
            );
        }
    }

    /// @return good whether the vote counts
    /// @return reason why not, else meaningless
    function _judge(Relay memory relay, address worker, Vote calldata vote)
        private
        view
        returns (bool good, VoteRefusal reason)
    {
        TaskRecord storage task = poco().tasks[vote.taskid];
        TaskHead head = task.head;
        if (head.status() != TaskStatus.ACTIVE) return (false, VoteRefusal.CLOSED);
        if (head.deal() != relay.deal) (relay.terms, relay.deal) = (termsOf(head.deal()), head.deal());
        Terms memory terms = relay.terms;
        if (block.timestamp >= terms.contributionDeadline()) return (false, VoteRefusal.CLOSED);
        if (head.contributors() >= MOST_CONTRIBUTORS) return (false, VoteRefusal.FULL);
        uint256 weight = votingWeight(poco().scores[worker]);
        if (!_canCount(task, head, vote.resultHash, weight, terms.deal.trust)) return (false, VoteRefusal.FULL);
        if (task.ballots[worker] != 0) return (false, VoteRefusal.VOTED);
        if (vote.enclaveChallenge == address(0) && terms.needsEnclave()) return (false, VoteRefusal.ENCLAVE);
        if (!_isAuthorized(worker, vote, terms.deal.workerpool.owner)) return (false, VoteRefusal.AUTHORIZATION);
        if (!_isVouchedFor(vote)) return (false, VoteRefusal.ENCLAVE);
        if (poco().accounts[worker].stake < terms.deal.workerStake) return (false, VoteRefusal.STAKE);
        return (true, reason);
    }

    function _isAuthorized(address worker, Vote calldata vote, address scheduler) private view returns (bool) {
        address enclave = vote.enclaveChallenge;
        address authorizer = authorizerOf(enclave, scheduler);
        if (msg.sender == authorizer) return true;
        return isSurelySignedBy(
            authorizationMessage(worker, vote.taskid, enclave), authorizer, vote.authorizationSign
        );
    }

    function _isVouchedFor(Vote calldata vote) private view returns (bool) {
        address enclave = vote.enclaveChallenge;
        if (enclave == address(0)) return true;
        return isSurelySignedBy(enclaveMessage(vote.resultHash, vote.resultSeal), enclave, vote.enclaveSign);
    }

    /// @dev Whether the tally can hold the vote: `contribute` fails where a product of weights, or its comparison under an
    /// absurd trust, leaves its word. Mirrors `cast`.
    function _canCount(TaskRecord storage task, TaskHead head, bytes32 resultHash, uint256 weight, uint256 trust)
        private
        view
        returns (bool)
    {
        uint256 groups = head.group();
        uint256 held = 0;
        uint256 others = 1;
        for (uint256 i = 0; i < groups; ++i) {
            Group storage other = task.groups[i];
            if (other.rejected) continue;
            uint256 otherWeight = other.weight;
            if (held == 0 && other.result == resultHash) held = otherWeight;
            else others += otherWeight;
        }
        if (weight > type(uint224).max / (held == 0 ? 1 : held)) return false;
        held = grow(held, weight);
        return held <= type(uint256).max / trust && (trust == 1 || others + held <= type(uint256).max / (trust - 1));
    }
}
