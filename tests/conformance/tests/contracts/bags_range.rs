//! One worker settles many tasks in one call: as by single calls, or not at all.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use fairgrid_conformance::abi::{Bags, Hub};
use fairgrid_conformance::bags::{SoloRange, result};
use fairgrid_conformance::{Actor, Reverted, Stage, stub};
use protocol::bags::{LightRange, RangeAuthorization};
use protocol::hub::Outcome;
use protocol::order::Domain;
use protocol::{DealId, ResultDigest, ResultHash, ResultSeal, Tag};

use crate::bags::{CALLBACK, CONTRIBUTION, STRANGER, balances, bare, check_conserved, fill_kitty, refused, views};

/// A deal of trust 1 whose terms were changed before.
pub(crate) fn dealt(stage: &mut Stage, volume: u64, change: impl FnOnce(&mut fairgrid_conformance::Terms)) -> DealId {
    let mut terms = stage.terms_with_dataset(1, volume);
    change(&mut terms);
    stage.deal(terms)
}

pub(crate) fn for_enclaves(terms: &mut fairgrid_conformance::Terms) {
    let tag = Tag::from_low(0x3);
    (terms.app.tag, terms.workerpool.tag, terms.request.tag) = (tag, tag, tag);
}

pub(crate) fn with_callback(terms: &mut fairgrid_conformance::Terms) {
    terms.request.callback = CALLBACK;
}

pub(crate) fn enclaves_and_callback(terms: &mut fairgrid_conformance::Terms) {
    for_enclaves(terms);
    with_callback(terms);
}

/// Callback data for every entry, and the digests of it.
pub(crate) fn with_data(mut range: SoloRange) -> SoloRange {
    for (entry, n) in range.entries.iter_mut().zip(0_u8..) {
        entry.resultsCallback = vec![n; 40].into();
        entry.resultDigest = keccak256(&entry.resultsCallback);
    }
    range
}

/// What the range does, by the classic calls. Tasks that are open already stay so.
pub(crate) fn by_single_calls(stage: &mut Stage, range: &SoloRange) -> Vec<alloy::primitives::Log> {
    let mut logs = Vec::new();
    for ((task, entry), index) in range.tasks().into_iter().zip(&range.entries).zip(range.first..) {
        if stage.view_task(task).status == 0 {
            let call = Hub::initializeCall { dealid: range.deal.0, idx: U256::from(index) };
            logs.extend(stage.market.call(range.worker, &call).unwrap().logs);
        }
        let digest = ResultDigest(entry.resultDigest);
        let pledge = match &range.enclave {
            None => range.authorizer.authorize(range.worker, task),
            Some(enclave) => {
                let both = (ResultHash::derive(task, digest), ResultSeal::derive(range.worker, task, digest));
                range.authorizer.authorize_enclave(range.worker, task, enclave, both)
            }
        };
        let outcome = Outcome { results: entry.results.clone(), callback: entry.resultsCallback.clone() };
        logs.extend(stage.contribute_and_finalize(range.worker, task, digest, &outcome, &pledge).unwrap().logs);
    }
    logs
}

/// BG4 for one range on one stage.
fn check_as_single(what: &str, stage: &Stage, range: &SoloRange) {
    let (mut one, mut many) = (stage.clone(), stage.clone());
    let done = range.send(&mut one).unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let (ours, theirs): (Vec<_>, Vec<_>) = done.logs.into_iter().partition(|log| log.address == stage.market.hub);
    let (single, calls): (Vec<_>, Vec<_>) =
        by_single_calls(&mut many, range).into_iter().partition(|log| log.address == stage.market.hub);
    assert_eq!(ours, single, "{what}: events");
    assert_eq!(theirs, calls, "{what}: callbacks");
    assert_eq!(balances(&mut one), balances(&mut many), "{what}: balances");
    let workers = [range.worker, STRANGER];
    assert_eq!(views(&mut one, &range.tasks(), &workers), views(&mut many, &range.tasks(), &workers), "{what}: views");
    check_conserved(&mut one);
}

#[test]
fn bg4_a_range_leaves_what_single_calls_leave() {
    let mut stage = Stage::new();
    fill_kitty(&mut stage);
    stage.market.evm.place(CALLBACK, stub::recording());
    let plain = dealt(&mut stage, 8, |_| ());
    let range = SoloRange::new(&stage, plain, 2, 5);
    check_as_single("new tasks, dataset, kitty", &stage, &range);
    for (name, party) in [("scheduler", &stage.scheduler), ("app owner", &stage.app_owner), ("payer", &stage.requester)]
    {
        check_as_single(name, &stage, &SoloRange { worker: party.address(), ..range.clone() });
    }
    let mut opened = stage.clone();
    for index in [2, 4] {
        opened.task(plain, index);
    }
    check_as_single("tasks that strangers opened", &opened, &range);
    check_as_single("one task", &stage, &SoloRange::new(&stage, plain, 7, 1));
    let enclaves = dealt(&mut stage, 3, for_enclaves);
    let enclave = Some(Actor::number(70));
    let inside = SoloRange { enclave, ..SoloRange::new(&stage, enclaves, 0, 3) };
    check_as_single("enclave", &stage, &inside);
    let calling = dealt(&mut stage, 4, with_callback);
    check_as_single("callbacks", &stage, &with_data(SoloRange::new(&stage, calling, 0, 4)));
}

#[test]
fn bg4_results_of_any_length_come_back_whole() {
    let mut stage = Stage::new();
    let deal = dealt(&mut stage, 40, |_| ());
    let base = result(0).results.to_vec();
    let long = [base.clone(), vec![7; 400]].concat();
    let lists: [Vec<Vec<u8>>; 6] = [
        vec![base.clone(), base.clone(), base[..31].to_vec(), base[..32].to_vec(), base[..33].to_vec(), vec![]],
        vec![vec![], base.clone(), vec![]],
        vec![long.clone(), long.clone(), long[..254].to_vec(), long[..255].to_vec(), long[..256].to_vec()],
        vec![base[..1].to_vec(), base.clone(), base[..1].to_vec(), base[..2].to_vec(), vec![b'{', 0]],
        vec![vec![0; 64], vec![0; 65], vec![0; 32], vec![0; 31]],
        vec![vec![9; 12_000], vec![8; 12_000]],
    ];
    for (n, list) in lists.into_iter().enumerate() {
        let mut range = SoloRange::new(&stage, deal, 0, list.len() as u64);
        for (entry, results) in range.entries.iter_mut().zip(list) {
            entry.results = results.into();
        }
        check_as_single(&format!("list {n}"), &stage, &range);
        check_as_single(&format!("list {n} with data"), &stage, &with_data(range));
    }
}

#[test]
fn the_refusals_of_a_range_come_in_the_order_of_the_text() {
    let mut stage = Stage::new();
    let start = stage.market.evm.now;
    let light = dealt(&mut stage, 3, |t| {
        let tag = Tag(B256::from(U256::from(0x10000)));
        (t.app.tag, t.workerpool.tag, t.request.tag) = (Tag::default(), tag, tag);
    });
    let trusting = dealt(&mut stage, 3, |t| (t.workerpool.trust, t.request.trust) = (U256::from(2), U256::from(2)));
    let deal = dealt(&mut stage, 4, enclaves_and_callback);
    let enclave = Actor::number(70);
    let inside = SoloRange { enclave: Some(enclave.clone()), ..SoloRange::new(&stage, deal, 1, 1) };
    with_data(inside.clone()).send(&mut stage).unwrap();
    let late = start + CONTRIBUTION;
    stage.market.evm.now = late;

    let mut wrong = SoloRange { deal: DealId(B256::repeat_byte(1)), entries: vec![], ..inside.clone() };
    (wrong.enclave, wrong.authorizer, wrong.permitted) = (None, enclave.clone(), (U256::ZERO, U256::from(1)));
    refused(wrong.send(&mut stage), &Bags::UnknownDeal { dealid: wrong.deal.0 });
    wrong.deal = light;
    refused(wrong.send(&mut stage), &Bags::LightDeal { dealid: light.0 });
    wrong.deal = trusting;
    refused(wrong.send(&mut stage), &Bags::TrustAboveOne { dealid: trusting.0, trust: U256::from(2) });
    wrong.deal = deal;
    let most = U256::from(200);
    refused(wrong.send(&mut stage), &Bags::BadCount { count: U256::ZERO, most });
    wrong.entries = (0..201).map(result).collect();
    refused(wrong.send(&mut stage), &Bags::BadCount { count: U256::from(201), most });
    wrong.entries.truncate(4);
    let outside = |first, count: u64| Bags::OutsideDeal {
        first,
        count: U256::from(count),
        botFirst: U256::ZERO,
        botSize: U256::from(4),
    };
    refused(wrong.send(&mut stage), &outside(U256::from(1), 4));
    let mut call = wrong.call(&stage.market.domain());
    call.first = U256::MAX - U256::from(1);
    refused(stage.market.call(wrong.worker, &call), &outside(call.first, 4));
    wrong.first = 0;
    refused(wrong.send(&mut stage), &Bags::TooLate { deadline: U256::from(late) });
    stage.market.evm.now = late - 1;
    refused(wrong.send(&mut stage), &Bags::EnclaveRequired { dealid: deal.0 });
    wrong.enclave = Some(enclave.clone());
    let outside = |permit: (U256, U256)| Bags::OutsidePermit {
        first: U256::ZERO,
        count: U256::from(4),
        permitFirst: permit.0,
        permitCount: permit.1,
    };
    let four = U256::from(4);
    for permitted in [(U256::ZERO, U256::from(3)), (U256::from(1), U256::MAX), (U256::MAX, four)] {
        wrong.permitted = permitted;
        refused(wrong.send(&mut stage), &outside(permitted));
    }
    wrong.permitted = (U256::ZERO, U256::MAX);
    let authorizer = stage.scheduler.address();
    refused(wrong.send(&mut stage), &Bags::NotAuthorized { worker: wrong.worker, authorizer });
    wrong.authorizer = stage.scheduler.clone();
    let mut call = wrong.call(&stage.market.domain());
    call.enclaveSign = stage.scheduler.sign_digest(B256::ZERO);
    refused(stage.market.call(wrong.worker, &call), &Bags::BadEnclaveSignature { enclave: enclave.address() });
    let mismatch =
        |n: usize| Bags::CallbackMismatch { taskid: wrong.tasks()[n].0, resultDigest: wrong.entries[n].resultDigest };
    refused(wrong.send(&mut stage), &mismatch(0));
    let good = with_data(wrong.clone()).entries;
    wrong.entries[0] = good[0].clone();
    refused(wrong.send(&mut stage), &Bags::TaskNotOpen { dealid: deal.0, idx: U256::from(1) });
    (wrong.first, wrong.entries) = (2, good[2..].to_vec());
    wrong.entries[1].results = vec![1; 24_600].into();
    let size = 40 + 2 * 36 + 2 * 40 + 85 + 24_600;
    refused(wrong.send(&mut stage), &Bags::ResultsTooLong { size: U256::from(size), most: U256::from(24_575) });
    let spare = 24_575 - (40 + 2 * 36 + 2 * 40 + 85);
    wrong.entries[1].results = vec![1; spare + 1].into();
    let error = Bags::ResultsTooLong { size: U256::from(24_576), most: U256::from(24_575) };
    refused(wrong.send(&mut stage), &error);
    wrong.entries[1].results = vec![1; spare].into();
    wrong.send(&mut stage).unwrap();
    check_conserved(&mut stage);
}

#[test]
fn a_range_must_not_begin_before_its_deal() {
    let mut stage = Stage::new();
    let mut terms = stage.terms(1, 6);
    terms.app.volume = U256::from(2);
    let first = stage.sign(terms.clone());
    stage.match_orders(&first).unwrap();
    let mut again = first.clone();
    terms.app.salt = B256::repeat_byte(1);
    terms.app.volume = U256::from(2);
    again.app = stage.sign(terms).app;
    let deal = DealId(B256::from_slice(&stage.match_orders(&again).unwrap().output[..32]));
    let outside = Bags::OutsideDeal {
        first: U256::from(1),
        count: U256::from(2),
        botFirst: U256::from(2),
        botSize: U256::from(2),
    };
    refused(SoloRange::new(&stage, deal, 1, 2).send(&mut stage), &outside);
    check_as_single("a deal that starts at 2", &stage, &SoloRange::new(&stage, deal, 2, 2));
}

#[test]
fn bg2_a_permit_settles_its_range_in_pieces_and_each_task_once() {
    let mut stage = Stage::new();
    let deal = dealt(&mut stage, 6, |_| ());
    let permitted = (U256::from(1), U256::from(4));
    let piece = |stage: &Stage, first, count| SoloRange { permitted, ..SoloRange::new(stage, deal, first, count) };
    piece(&stage, 3, 2).send(&mut stage).unwrap();
    piece(&stage, 1, 2).send(&mut stage).unwrap();
    let before = balances(&mut stage);
    for (first, count, taken) in [(1, 4, 1), (2, 1, 2), (4, 1, 4)] {
        let taken = Bags::TaskNotOpen { dealid: deal.0, idx: U256::from(taken) };
        refused(piece(&stage, first, count).send(&mut stage), &taken);
    }
    let overlapping = SoloRange { permitted: (U256::ZERO, U256::from(6)), ..SoloRange::new(&stage, deal, 0, 2) };
    refused(overlapping.send(&mut stage), &Bags::TaskNotOpen { dealid: deal.0, idx: U256::from(1) });
    stage.market.evm.now += crate::bags::FINAL;
    bare(stage.market.call(STRANGER, &Hub::claimCall { taskid: piece(&stage, 1, 1).tasks()[0].0 }));
    assert_eq!(balances(&mut stage), before);
    check_conserved(&mut stage);
}

#[test]
fn front_running_by_initialize_is_harmless_and_a_vote_is_not() {
    let mut stage = Stage::new();
    let deal = dealt(&mut stage, 2, |_| ());
    let task = stage.task(deal, 0);
    let mut voted = stage.clone();
    let hash = (ResultHash(B256::repeat_byte(1)), ResultSeal(B256::repeat_byte(2)));
    let pledge = voted.scheduler.authorize(Actor::number(11).address(), task);
    voted.contribute(Actor::number(11).address(), task, hash, &pledge).unwrap();
    let range = SoloRange::new(&stage, deal, 0, 2);
    refused(range.send(&mut voted), &Bags::TaskNotOpen { dealid: deal.0, idx: U256::ZERO });
    // Its votes gone, the task is not free: who voted has money in it.
    voted.market.evm.now += crate::bags::REVEAL;
    voted.market.call(voted.scheduler.address(), &Hub::reopenCall { taskid: task.0 }).unwrap();
    refused(range.send(&mut voted), &Bags::TaskNotOpen { dealid: deal.0, idx: U256::ZERO });
    range.send(&mut stage).unwrap();
}

#[test]
fn copied_ranges_are_refused_and_authorizers_need_no_permit() {
    let mut stage = Stage::new();
    let deal = dealt(&mut stage, 4, |_| ());
    let call = SoloRange::new(&stage, deal, 0, 2).call(&stage.market.domain());
    let (copier, authorizer) = (Actor::number(11).address(), stage.scheduler.address());
    refused(stage.market.call(copier, &call), &Bags::NotAuthorized { worker: copier, authorizer });
    let mut call = SoloRange { worker: authorizer, ..SoloRange::new(&stage, deal, 0, 2) }.call(&stage.market.domain());
    call.permit = fairgrid_conformance::abi::RangePermit::default();
    stage.market.call(authorizer, &call).unwrap();
    let mut bad = SoloRange::new(&stage, deal, 2, 2).call(&stage.market.domain());
    bad.permit.sign = Bytes::from_static(b"abc");
    let answer = stage.market.call(Actor::number(10).address(), &bad);
    assert_eq!(answer.unwrap_err(), Reverted::text("invalid-signature-format"));
}

#[test]
fn the_broker_permits_enclaves_and_nothing_else() {
    let mut stage = Stage::new();
    let deal = dealt(&mut stage, 6, |_| ());
    let (broker, enclave) = (Actor::number(80), Some(Actor::number(70)));
    stage.market.call(stage.market.owner, &Hub::setTeeBrokerCall { broker: broker.address() }).unwrap();
    let plain = SoloRange::new(&stage, deal, 0, 1);
    let inside = SoloRange { enclave, ..SoloRange::new(&stage, deal, 1, 1) };
    for (range, right, other) in
        [(&plain, &stage.scheduler.clone(), &broker), (&inside, &broker, &stage.scheduler.clone())]
    {
        let wrong = SoloRange { authorizer: other.clone(), ..range.clone() };
        let refusal = Bags::NotAuthorized { worker: range.worker, authorizer: right.address() };
        refused(wrong.send(&mut stage), &refusal);
        SoloRange { authorizer: right.clone(), ..range.clone() }.send(&mut stage).unwrap();
    }
    let own = SoloRange { worker: broker.address(), authorizer: Actor::number(5), ..inside };
    SoloRange { first: 2, ..own }.send(&mut stage).unwrap();
    check_conserved_but(&mut stage, &[broker.address()]);
}

fn check_conserved_but(stage: &mut Stage, others: &[Address]) {
    let free: U256 = others.iter().map(|other| stage.market.account(*other).0.to_nrlc()).sum();
    assert!(free > U256::ZERO, "the others have earned something");
}

#[test]
fn bg10_no_signature_of_a_range_works_for_anything_else() {
    let mut stage = Stage::new();
    let (deal, other) = (dealt(&mut stage, 4, |_| ()), dealt(&mut stage, 4, |t| t.request.salt = B256::repeat_byte(9)));
    let (enclave, stranger) = (Actor::number(70), Actor::number(71));
    let range = SoloRange { enclave: Some(enclave.clone()), ..SoloRange::new(&stage, deal, 0, 2) };
    let domain = stage.market.domain();
    let good = range.call(&domain);
    let unauthorized = Bags::NotAuthorized { worker: range.worker, authorizer: stage.scheduler.address() };
    let unvouched = Bags::BadEnclaveSignature { enclave: enclave.address() };
    let permit = RangeAuthorization {
        worker: range.worker,
        deal,
        first: U256::ZERO,
        count: U256::from(2),
        enclave: enclave.address(),
    };
    let hub = stage.market.hub;
    let sign =
        |permit: RangeAuthorization, domain: &Domain| stage.scheduler.sign_digest(domain.digest(permit.struct_hash()));
    let strange = [
        sign(RangeAuthorization { worker: STRANGER, ..permit }, &domain),
        sign(RangeAuthorization { deal: other, ..permit }, &domain),
        sign(RangeAuthorization { count: U256::from(3), ..permit }, &domain),
        sign(RangeAuthorization { first: U256::from(1), ..permit }, &domain),
        sign(RangeAuthorization { enclave: stranger.address(), ..permit }, &domain),
        sign(RangeAuthorization { enclave: Address::ZERO, ..permit }, &domain),
        sign(permit, &Domain::of_hub(1, hub)),
        sign(permit, &Domain::of_hub(stage.market.evm.chain_id(), STRANGER)),
        stage.scheduler.sign_message(permit.struct_hash()),
        stage.scheduler.sign_digest(permit.struct_hash()),
        stage.scheduler.authorize(range.worker, range.tasks()[0]).authorization,
    ];
    for (n, sign) in strange.into_iter().enumerate() {
        let mut call = good.clone();
        call.permit.sign = sign;
        let answer = stage.market.call(range.worker, &call);
        assert_eq!(answer.unwrap_err(), Reverted::custom(&unauthorized), "permit {n}");
    }
    let signed = |changed: SoloRange, domain: &Domain| changed.call(domain).enclaveSign;
    let mut digests = range.clone();
    digests.entries.swap(0, 1);
    let light = LightRange { worker: range.worker, deal, first: U256::ZERO, count: U256::from(2), root: B256::ZERO };
    let strange = [
        signed(SoloRange { worker: STRANGER, ..range.clone() }, &domain),
        signed(SoloRange { deal: other, ..range.clone() }, &domain),
        signed(SoloRange { first: 1, ..range.clone() }, &domain),
        signed(digests, &domain),
        signed(range.clone(), &Domain::of_hub(1, hub)),
        signed(SoloRange { enclave: Some(stranger), ..range.clone() }, &domain),
        enclave.sign_digest(domain.digest(light.struct_hash())),
        enclave.sign_digest(domain.digest(permit.struct_hash())),
    ];
    for (n, sign) in strange.into_iter().enumerate() {
        let call = Bags::contributeAndFinalizeRangeCall { enclaveSign: sign, ..good.clone() };
        let answer = stage.market.call(range.worker, &call);
        assert_eq!(answer.unwrap_err(), Reverted::custom(&unvouched), "enclave {n}");
    }
    stage.market.call(range.worker, &good).unwrap();
}

#[test]
fn two_hundred_tasks_fit_one_call() {
    let mut stage = Stage::new();
    let deal = dealt(&mut stage, 200, |_| ());
    let range = SoloRange::new(&stage, deal, 0, 200);
    let done = range.send(&mut stage).unwrap();
    assert!(done.gas < 16_000_000, "{}", done.gas);
    for (task, entry) in views(&mut stage, &range.tasks(), &[]).into_iter().map(|view| view.0).zip(&range.entries) {
        assert_eq!((task.status, task.resultDigest, task.results), (3, entry.resultDigest, entry.results.clone()));
    }
    check_conserved(&mut stage);
}
