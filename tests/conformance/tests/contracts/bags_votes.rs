//! Votes that somebody else submits: counted as by the workers themselves, and never spoiled by one another.

use alloy::primitives::{Address, B256, Bytes, U256};
use fairgrid_conformance::abi::Bags::{self, BagsEvents};
use fairgrid_conformance::abi::{Ballot, Hub, Vote};
use fairgrid_conformance::bags::{ballot, ballot_digest, result, vote, vote_inside};
use fairgrid_conformance::{Actor, Done, Reverted, Stage, stub};
use protocol::hub::Pledge;
use protocol::order::Domain;
use protocol::{Amount, ResultDigest, ResultHash, ResultSeal, Tag, TaskId};

use crate::bags::{
    CONTRIBUTION, REVEAL, STRANGER, balances, check_conserved, digest, number, opened, refused, said, views, worker,
};

/// ABI order of the reasons.
const SIGNATURE: u8 = 0;
const CLOSED: u8 = 1;
const FULL: u8 = 2;
const VOTED: u8 = 3;
const ENCLAVE: u8 = 4;
const AUTHORIZATION: u8 = 5;
const STAKE: u8 = 6;

fn relay(stage: &mut Stage, ballots: Vec<Ballot>) -> Result<Done, Reverted> {
    stage.market.call(STRANGER, &Bags::contributeForCall { ballots })
}

/// A worker's ballot of one vote for the result, with the pool's permission.
fn single(stage: &Stage, who: u64, task: TaskId) -> Ballot {
    let who = worker(who);
    let vote = vote(&stage.scheduler, who.address(), task, digest().0);
    ballot(&who, &stage.market.domain(), vec![vote])
}

fn signed(stage: &Stage, who: u64, vote: Vote) -> Ballot {
    ballot(&worker(who), &stage.market.domain(), vec![vote])
}

fn skipped(task: TaskId, worker: Address, reason: u8) -> BagsEvents {
    BagsEvents::VoteSkipped(Bags::VoteSkipped { taskid: task.0, worker, reason })
}

/// BG5: the ballot is passed over for this reason, and the good vote beside it counts, whichever comes first.
fn check_skipped(what: &str, stage: &Stage, bad: &Ballot, reason: u8, good: &Ballot) {
    for ballots in [vec![bad.clone(), good.clone()], vec![good.clone(), bad.clone()]] {
        let mut stage = stage.clone();
        let before = stage.market.account(bad.worker);
        let done = relay(&mut stage, ballots).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        assert_eq!(number(&done), U256::from(1), "{what}");
        assert_eq!(said(&done.logs), [skipped(TaskId(bad.votes[0].taskid), bad.worker, reason)], "{what}");
        assert_eq!(stage.market.account(bad.worker), before, "{what}: nothing is locked");
        let call = Hub::viewContributionCall { taskid: good.votes[0].taskid, worker: good.worker };
        assert_eq!(stage.market.view(&call).unwrap().status, 1, "{what}");
        check_conserved(&mut stage);
    }
}

#[test]
fn bg3_relayed_votes_do_what_contributions_do() {
    let mut stage = Stage::new();
    let mut terms = stage.terms(3, 3);
    let tag = Tag::from_low(0x3);
    (terms.app.tag, terms.workerpool.tag, terms.request.tag) = (tag, tag, tag);
    let deal = stage.deal(terms);
    let tasks = [0, 1, 2].map(|index| stage.task(deal, index));
    stage.market.set_score(worker(12).address(), U256::from(30));
    let (enclave, scheduler) = (Actor::number(70), stage.scheduler.clone());
    let mut single = stage.clone();
    let mut logs = Vec::new();
    let mut ballots = Vec::new();
    for (who, digests) in [(10, [0, 1, 2]), (11, [1, 1, 5]), (12, [0, 4, 5]), (13, [1, 4, 5])] {
        let who = worker(who);
        let mut votes = Vec::new();
        for (task, number) in tasks.iter().zip(digests) {
            let digest = result(number).resultDigest;
            let vote = vote_inside(&enclave, &scheduler, who.address(), *task, digest);
            let pledge = Pledge {
                enclave: enclave.address(),
                enclave_sign: vote.enclaveSign.clone(),
                authorization: vote.authorizationSign.clone(),
            };
            let both = (ResultHash(vote.resultHash), ResultSeal(vote.resultSeal));
            if let Ok(done) = single.contribute(who.address(), *task, both, &pledge) {
                logs.extend(done.logs);
            }
            votes.push(vote);
        }
        ballots.push(ballot(&who, &stage.market.domain(), votes));
    }
    let done = relay(&mut stage, ballots).unwrap();
    let closed = said(&done.logs).len();
    let own: Vec<_> = done.logs.iter().filter(|log| said(std::slice::from_ref(log)).is_empty()).cloned().collect();
    assert_eq!(own, logs);
    assert_eq!(number(&done), U256::from(12 - closed));
    assert!(closed > 0, "a consensus by an earlier vote of the same call closes");
    let workers = [10, 11, 12, 13].map(|number| worker(number).address());
    assert_eq!(views(&mut stage, &tasks, &workers), views(&mut single, &tasks, &workers));
    assert_eq!(balances(&mut stage), balances(&mut single));
    check_conserved(&mut stage);
}

#[test]
fn bg5_every_refusal_has_its_reason_and_spoils_nothing() {
    let (mut stage, deal, task) = opened(50, 4);
    let [other, third] = [1, 2].map(|index| stage.task(deal, index));
    let good = single(&stage, 11, other);
    let bad = single(&stage, 10, task);
    let check = |what, stage: &Stage, bad: &Ballot, reason| check_skipped(what, stage, bad, reason, &good);
    for (what, sign) in [
        ("somebody else signed", Actor::number(12).sign_digest(B256::ZERO)),
        ("no signature", Bytes::new()),
        ("too short a signature", Bytes::from_static(&[1; 64])),
        ("a signature of another length", Bytes::from_static(&[1; 66])),
    ] {
        check(what, &stage, &Ballot { workerSign: sign, ..bad.clone() }, SIGNATURE);
    }
    let nobody = Ballot { worker: Address::ZERO, ..bad.clone() };
    check("the zero address", &stage, &nobody, SIGNATURE);
    check("an unknown task", &stage, &single(&stage, 10, TaskId(B256::ZERO)), CLOSED);
    check("an unset task", &stage, &single(&stage, 10, TaskId::derive(deal, U256::from(3))), CLOSED);
    let voted = {
        let mut stage = stage.clone();
        stage.vote(10, task, ResultDigest(B256::ZERO)).unwrap();
        stage
    };
    check("a vote before", &voted, &bad, VOTED);
    let plain = bad.votes[0].clone();
    for (what, sign) in [("a stranger's permission", worker(12).sign_digest(B256::ZERO)), ("none", Bytes::new())] {
        let vote = Vote { authorizationSign: sign, ..plain.clone() };
        check(what, &stage, &signed(&stage, 10, vote), AUTHORIZATION);
    }
    let inside = vote_inside(&Actor::number(70), &stage.scheduler, bad.worker, task, digest().0);
    for (what, sign) in [("a stranger's voucher", worker(12).sign_digest(B256::ZERO)), ("no voucher", Bytes::new())] {
        let vote = Vote { enclaveSign: sign, ..inside.clone() };
        check(what, &stage, &signed(&stage, 10, vote.clone()), ENCLAVE);
        let vote = Vote { authorizationSign: Bytes::from_static(&[1; 3]), ..vote };
        check("permission comes first", &stage, &signed(&stage, 10, vote), AUTHORIZATION);
    }
    check("no stake", &stage, &single(&stage, 50, third), STAKE);
    let poor = Vote { authorizationSign: Bytes::new(), ..single(&stage, 50, third).votes[0].clone() };
    check("permission comes before stake", &stage, &signed(&stage, 50, poor), AUTHORIZATION);
    let call = Hub::withdrawCall { amount: Amount::rlc(1_000).to_nrlc() };
    let mut poor = stage.clone();
    poor.market.call(bad.worker, &call).unwrap();
    check("a stake that was moved away", &poor, &bad, STAKE);
}

#[test]
fn bg5_tasks_that_take_no_votes_are_closed() {
    let (mut stage, deal, task) = opened(1, 3);
    let other = stage.task(deal, 1);
    let good = single(&stage, 11, other);
    let bad = single(&stage, 10, task);
    let mut revealing = stage.clone();
    revealing.vote(12, task, digest()).unwrap();
    check_skipped("a consensus", &revealing, &bad, CLOSED, &good);
    let mut done = revealing.clone();
    done.reveal(12, task, digest()).unwrap();
    done.finalize(task, &Default::default()).unwrap();
    check_skipped("a completed task", &done, &bad, CLOSED, &good);
    // An older deal's task is late while this one's is not.
    stage.market.evm.now += CONTRIBUTION;
    let mut terms = stage.terms(1, 1);
    terms.request.salt = B256::repeat_byte(3);
    let young = stage.deal(terms);
    let young = stage.task(young, 0);
    check_skipped("the deadline's own second", &stage, &bad, CLOSED, &single(&stage, 11, young));
    refused(relay(&mut stage, vec![bad.clone()]), &Bags::NothingCounted {});
    stage.market.evm.now -= 1;
    relay(&mut stage, vec![bad]).unwrap();
}

#[test]
fn bg5_deals_for_enclaves_take_no_votes_from_outside() {
    let mut stage = Stage::new();
    let mut terms = stage.terms(50, 2);
    let tag = Tag::from_low(0x3);
    (terms.app.tag, terms.workerpool.tag, terms.request.tag) = (tag, tag, tag);
    let deal = stage.deal(terms);
    let [task, other] = [0, 1].map(|index| stage.task(deal, index));
    let (enclave, broker) = (Actor::number(70), Actor::number(80));
    stage.market.call(stage.market.owner, &Hub::setTeeBrokerCall { broker: broker.address() }).unwrap();
    let inside = |authorizer: &Actor, who, task| {
        signed(&stage, who, vote_inside(&enclave, authorizer, worker(who).address(), task, digest().0))
    };
    let good = inside(&broker, 11, other);
    check_skipped("no enclave", &stage, &single(&stage, 10, task), ENCLAVE, &good);
    check_skipped("the scheduler's word", &stage, &inside(&stage.scheduler, 10, task), AUTHORIZATION, &good);
}

#[test]
fn bg3_rejected_and_second_votes_are_not_counted_again() {
    let (mut stage, deal, task) = opened(3, 2);
    let other = stage.task(deal, 1);
    let ballots = [10, 11].map(|who| single(&stage, who, task));
    let twice = {
        let vote = ballots[0].votes[0].clone();
        ballot(&worker(10), &stage.market.domain(), vec![vote.clone(), vote])
    };
    let done = relay(&mut stage.clone(), vec![twice]).unwrap();
    assert_eq!(said(&done.logs), [skipped(task, ballots[0].worker, VOTED)]);
    relay(&mut stage, ballots.to_vec()).unwrap();
    stage.market.evm.now += REVEAL;
    stage.market.call(stage.scheduler.address(), &Hub::reopenCall { taskid: task.0 }).unwrap();
    check_skipped("a replay after reopen", &stage, &ballots[0], VOTED, &single(&stage, 12, other));
    let fresh = single(&stage, 12, task);
    relay(&mut stage, vec![fresh]).unwrap();
    check_conserved(&mut stage);
}

#[test]
fn bg5_full_tasks_and_tallies_that_would_overflow_are_passed_over() {
    let mut stage = Stage::new();
    // Trust beyond every weight here, and little enough to be multiplied with it.
    let mut terms = stage.terms(1, 2);
    (terms.workerpool.trust, terms.request.trust) = (U256::from(1) << 120, U256::from(1) << 120);
    let deal = stage.deal(terms);
    let [task, other] = [0, 1].map(|index| stage.task(deal, index));
    let good = single(&stage, 11, other);
    let mut proud = stage.clone();
    proud.market.set_score(worker(10).address(), U256::MAX);
    proud.vote(10, task, digest()).unwrap_err();
    check_skipped("a weight beyond its word", &proud, &single(&stage, 10, task), FULL, &good);
    let absurd = {
        let mut terms = stage.terms(1, 1);
        (terms.workerpool.trust, terms.request.trust) = (U256::MAX, U256::MAX);
        terms.request.salt = B256::repeat_byte(4);
        let deal = stage.deal(terms);
        stage.task(deal, 0)
    };
    stage.vote(10, absurd, digest()).unwrap_err();
    check_skipped("an absurd trust", &stage, &single(&stage, 10, absurd), FULL, &good);
    for who in 100..164 {
        stage.market.fund(worker(who).address(), Amount::rlc(1));
        stage.vote(who, task, ResultDigest(B256::from(U256::from(who)))).unwrap();
    }
    let last = single(&stage, 10, task);
    let done = relay(&mut stage, vec![last, good]).unwrap();
    assert_eq!(said(&done.logs), [skipped(task, worker(10).address(), FULL)]);
}

/// The product of two weights leaves its word of 224 bits, though it could still be compared under the trust.
#[test]
fn bg5_products_of_weights_count_as_long_as_they_have_room() {
    let mut stage = Stage::new();
    let mut terms = stage.terms(1, 2);
    (terms.workerpool.trust, terms.request.trust) = (U256::from(1) << 31, U256::from(1) << 31);
    let deal = stage.deal(terms);
    let [task, other] = [0, 1].map(|index| stage.task(deal, index));
    // A third of the score, less one, is the weight.
    let score = |weight: U256| (weight + U256::from(1)) * U256::from(3);
    stage.market.set_score(worker(20).address(), score(U256::from(1) << 30));
    stage.vote(20, task, digest()).unwrap();
    stage.market.set_score(worker(10).address(), score(U256::from(3) << 193));
    stage.vote(10, task, digest()).unwrap_err();
    let vote = single(&stage, 10, task);
    check_skipped("a product beyond its word", &stage, &vote, FULL, &single(&stage, 11, other));
    stage.market.set_score(worker(10).address(), score(U256::from(1) << 193));
    relay(&mut stage, vec![vote]).unwrap();
    assert_eq!(stage.view_task(task).status, 2);
}

/// Code at a worker's address, and what its vote comes to.
#[test]
fn bg5_wallets_cannot_spoil_the_votes_of_others() {
    let (mut stage, deal, task) = opened(50, 2);
    let other = stage.task(deal, 1);
    let wallet = Address::repeat_byte(0x1a);
    stage.market.fund(wallet, Amount::rlc(10));
    let vote = vote(&stage.scheduler, wallet, task, digest().0);
    let hash = ballot_digest(wallet, &stage.market.domain(), std::slice::from_ref(&vote));
    let bad = Ballot { worker: wallet, votes: vec![vote], workerSign: Bytes::from_static(b"any length") };
    let mut magic = B256::ZERO;
    magic[..4].copy_from_slice(&[0x16, 0x26, 0xba, 0x7e]);
    let mut dirty = magic;
    dirty[31] = 1;
    // PUSH2 size; PUSH1 0; RETURN or REVERT
    let lengthy = |end: u8| Bytes::from(vec![0x61, 0x60, 0x00, 0x60, 0, end]);
    // The magic word, cut off after four bytes: PUSH4 magic; PUSH1 224; SHL; PUSH1 0; MSTORE; PUSH1 4; PUSH1 0; RETURN
    let short = vec![0x63, 0x16, 0x26, 0xba, 0x7e, 0x60, 224, 0x1b, 0x60, 0, 0x52, 0x60, 4, 0x60, 0, 0xf3];
    for (what, code) in [
        ("burns gas", stub::wasteful()),
        ("reverts", stub::refusing()),
        ("is silent", stub::silent()),
        ("answers at length", lengthy(0xf3)),
        ("reverts at length", lengthy(0xfd)),
        ("answers another word", stub::answering(dirty)),
        ("answers too short", short.into()),
        ("signed something else", stub::signer_of(B256::ZERO)),
    ] {
        stage.market.evm.place(wallet, code);
        stage.market.evm.poke(wallet, B256::ZERO, B256::ZERO);
        let good = single(&stage, 11, other);
        let mut fresh = stage.clone();
        let done = relay(&mut fresh, vec![bad.clone(), good]).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        assert_eq!(said(&done.logs), [skipped(task, wallet, SIGNATURE)], "{what}");
    }
    stage.market.evm.place(wallet, stub::signer_of(hash));
    assert_eq!(number(&relay(&mut stage, vec![bad]).unwrap()), U256::from(1));
    check_vote(&mut stage, task, wallet);
}

fn check_vote(stage: &mut Stage, task: TaskId, worker: Address) {
    let call = Hub::viewContributionCall { taskid: task.0, worker };
    assert_eq!(stage.market.view(&call).unwrap().status, 1);
}

/// EIP-7702: an account that lends its code from another costs a second cold account to call.
#[test]
fn bg5_little_gas_never_makes_good_votes_look_bad() {
    for delegates in [false, true] {
        check_little_gas(delegates);
    }
}

fn check_little_gas(delegates: bool) {
    let (mut stage, deal, task) = opened(50, 2);
    let other = stage.task(deal, 1);
    let wallet = Address::repeat_byte(0x1a);
    stage.market.fund(wallet, Amount::rlc(10));
    let vote = vote(&stage.scheduler, wallet, task, digest().0);
    let hash = ballot_digest(wallet, &stage.market.domain(), std::slice::from_ref(&vote));
    // Says that it signed, but nothing when it comes with less than 49 900 gas, as a wallet does that needs as much for its
    // own checks: GAS; PUSH2 49900; GT; PUSH1 behind; JUMPI; the signer; JUMPDEST; STOP.
    let signer = stub::signer_of(hash);
    let behind = u8::try_from(8 + signer.len()).unwrap();
    let busy = [&[0x5a, 0x61, 0xc2, 0xec, 0x11, 0x60, behind, 0x57], signer.as_ref(), &[0x5b, 0]].concat();
    if delegates {
        let lender = Address::repeat_byte(0x1b);
        stage.market.evm.place(lender, busy.into());
        stage.market.evm.place(wallet, [&[0xef, 0x01, 0x00], lender.as_slice()].concat().into());
    } else {
        stage.market.evm.place(wallet, busy.into());
    }
    let needy = Ballot { worker: wallet, votes: vec![vote], workerSign: Bytes::new() };
    let ballots = vec![single(&stage, 11, other), needy];
    let call = Bags::contributeForCall { ballots };
    let (mut fair, mut unjust) = (0, 0);
    for gas in (60_000..700_000).step_by(500) {
        let mut stage = stage.clone();
        let hub = stage.market.hub;
        match stage.market.evm.call_with_gas(STRANGER, hub, &call, gas) {
            Ok(done) => {
                assert_eq!(number(&done), U256::from(2), "{gas} gas, {delegates}");
                fair += 1;
            }
            Err(Reverted::Custom(data)) => {
                assert_eq!(
                    data[..4],
                    <Bags::VoteGas as alloy::sol_types::SolError>::SELECTOR,
                    "{gas} gas, {delegates}"
                );
                unjust += 1;
            }
            Err(_) => {}
        }
    }
    assert!(fair > 0 && unjust > 0, "{fair} and {unjust}");
}

#[test]
fn a_call_takes_one_to_256_votes_and_counts_at_least_one() {
    let (mut stage, _, task) = opened(50, 1);
    let none = ballot(&worker(10), &stage.market.domain(), vec![]);
    let count = |count: u64| Bags::BadCount { count: U256::from(count), most: U256::from(256) };
    for ballots in [vec![], vec![none.clone(), none.clone()]] {
        refused(relay(&mut stage, ballots), &count(0));
    }
    let one = vote(&stage.scheduler, worker(10).address(), task, digest().0);
    let many = |number: usize| ballot(&worker(10), &stage.market.domain(), vec![one.clone(); number]);
    let (half, more) = (many(128), many(129));
    refused(relay(&mut stage, vec![half.clone(), more]), &count(257));
    let done = relay(&mut stage, vec![none, half.clone(), half]).unwrap();
    assert_eq!((number(&done), said(&done.logs).len()), (U256::from(1), 255));
    let again = single(&stage, 10, task);
    refused(relay(&mut stage, vec![again]), &Bags::NothingCounted {});
}

#[test]
fn authorizers_that_call_need_no_authorization() {
    let (mut stage, _, task) = opened(50, 1);
    let bare = Vote { authorizationSign: Bytes::new(), ..single(&stage, 10, task).votes[0].clone() };
    let ballots = vec![signed(&stage, 10, bare)];
    refused(relay(&mut stage, ballots.clone()), &Bags::NothingCounted {});
    stage.market.call(stage.scheduler.address(), &Bags::contributeForCall { ballots }).unwrap();
    check_vote(&mut stage, task, worker(10).address());
}

#[test]
fn bg10_no_ballot_works_for_another_vote_worker_hub_or_chain() {
    let (mut stage, deal, task) = opened(50, 2);
    let other = stage.task(deal, 1);
    let good = single(&stage, 10, task);
    let plain = good.votes[0].clone();
    let foreign = |domain: &Domain| ballot(&worker(10), domain, vec![plain.clone()]);
    let changed = |vote: Vote| Ballot { votes: vec![vote], ..good.clone() };
    let theirs = single(&stage, 12, task);
    let strange = [
        foreign(&Domain::of_hub(1, stage.market.hub)),
        foreign(&Domain::of_hub(stage.market.evm.chain_id(), STRANGER)),
        changed(Vote { resultHash: B256::ZERO, ..plain.clone() }),
        changed(Vote { resultSeal: B256::ZERO, ..plain.clone() }),
        changed(Vote { taskid: other.0, ..plain.clone() }),
        changed(Vote { enclaveChallenge: STRANGER, ..plain.clone() }),
        Ballot { votes: vec![plain.clone(), plain.clone()], ..good.clone() },
        Ballot { worker: theirs.worker, votes: theirs.votes, ..good.clone() },
    ];
    for (n, ballot) in strange.into_iter().enumerate() {
        let answer = relay(&mut stage, vec![ballot]);
        assert_eq!(answer.err(), Some(Reverted::custom(&Bags::NothingCounted {})), "ballot {n}");
    }
    for authorization in [
        stage.scheduler.authorize(worker(10).address(), other).authorization,
        stage.scheduler.authorize(worker(11).address(), task).authorization,
        Bytes::from(good.workerSign.to_vec()),
    ] {
        let vote = Vote { authorizationSign: authorization, ..plain.clone() };
        let ballot = signed(&stage, 10, vote);
        let answer = relay(&mut stage, vec![ballot]);
        assert_eq!(answer.err(), Some(Reverted::custom(&Bags::NothingCounted {})));
    }
    relay(&mut stage, vec![good]).unwrap();
}
