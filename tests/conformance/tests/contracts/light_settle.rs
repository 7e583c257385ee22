//! Ranges settled: who may, when, and which tasks.

use alloy::primitives::{Address, B256, Bytes, U256};
use fairgrid_conformance::abi::{Hub, Light, RangePermit};
use fairgrid_conformance::{Actor, Reverted, Stage, Terms, stub};
use protocol::bags::RangeAuthorization;
use protocol::order::Domain;
use protocol::{Amount, DealId, Tag};

use crate::light::{
    CONTRIBUTION_DEADLINE, FINAL_DEADLINE, OPEN, POOL, SETTLED, Settle, check_conserved, claim, deal_in, dealt, fails,
    light, light_tag, said, statuses, times,
};

fn for_enclaves(stage: &Stage, volume: u64) -> Terms {
    let mut terms = light(stage.terms(1, volume));
    (terms.request.tag, terms.workerpool.tag, terms.app.tag) = (light_tag(3), light_tag(3), Tag::from_low(3));
    terms
}

type Break = fn(&mut Stage, &mut Settle);
type Expected = fn(&Stage, &Settle) -> Reverted;

/// Every way to be refused, in the order of the checks. Each leaves the others possible.
const REFUSALS: [(Break, Expected); 10] = [
    (
        |stage, settle| {
            let terms = stage.terms(1, 10);
            settle.deal = stage.deal(terms);
        },
        |_, settle| Reverted::custom(&Light::NotLight { dealid: settle.deal.0 }),
    ),
    (
        |_, settle| settle.count = 65_537,
        |_, _| Reverted::custom(&Light::BadCount { count: U256::from(65_537), most: U256::from(65_536) }),
    ),
    (
        |_, settle| settle.first = 8,
        |_, settle| {
            let [first, count, size] = [settle.first, settle.count, 10].map(U256::from);
            Reverted::custom(&Light::OutsideDeal { first, count, botFirst: U256::ZERO, botSize: size })
        },
    ),
    (
        |stage, _| stage.market.evm.now += CONTRIBUTION_DEADLINE,
        |stage, _| Reverted::custom(&Light::TooLate { deadline: U256::from(stage.market.evm.now) }),
    ),
    (
        |_, settle| settle.results = vec![1; 4_097].into(),
        |_, _| Reverted::custom(&Light::ResultsTooLong { size: U256::from(4_097), most: U256::from(4_096) }),
    ),
    (
        |_, settle| settle.enclave = Address::ZERO,
        |_, settle| Reverted::custom(&Light::EnclaveRequired { dealid: settle.deal.0 }),
    ),
    (
        |_, settle| settle.permit.count = U256::from(2),
        |_, settle| {
            let [first, count] = [settle.first, settle.count].map(U256::from);
            let permit = &settle.permit;
            let error = Light::OutsidePermit { first, count, permitFirst: permit.first, permitCount: permit.count };
            Reverted::custom(&error)
        },
    ),
    (
        |_, settle| settle.permit.sign = Actor::number(99).sign_digest(B256::ZERO),
        |stage, settle| {
            let authorizer = stage.scheduler.address();
            Reverted::custom(&Light::NotAuthorized { worker: settle.worker, authorizer })
        },
    ),
    (
        |_, settle| settle.enclave_sign = Actor::number(99).sign_digest(B256::ZERO),
        |_, settle| Reverted::custom(&Light::BadEnclaveSignature { enclave: settle.enclave }),
    ),
    (
        |stage, settle| {
            let first = Settle::new(stage, settle.deal, 4, 1);
            first.inside(stage, &Actor::number(70), &stage.scheduler).send(stage).unwrap();
        },
        |_, settle| Reverted::custom(&Light::LightNotOpen { dealid: settle.deal.0, idx: U256::from(4) }),
    ),
];

fn sound() -> (Stage, Settle) {
    let mut stage = Stage::new();
    let terms = for_enclaves(&stage, 10);
    let deal = stage.deal(terms);
    let settle = Settle::new(&stage, deal, 2, 3).inside(&stage, &Actor::number(70), &stage.scheduler);
    (stage, settle)
}

#[test]
fn light_ranges_are_refused_for_each_reason_and_the_first_one_counts() {
    let (ready, sound) = sound();
    sound.send(&mut ready.clone()).unwrap();
    for (number, (_, expected)) in REFUSALS.iter().enumerate() {
        for last in [number + 1, REFUSALS.len()] {
            let (mut stage, mut settle) = (ready.clone(), sound.clone());
            // The last first: what makes the deal unusable comes after what uses it.
            for (break_it, _) in REFUSALS[number..last].iter().rev() {
                break_it(&mut stage, &mut settle);
            }
            assert_eq!(settle.send(&mut stage).err(), Some(expected(&stage, &settle)), "refusal {number} of {last}");
        }
    }
}

#[test]
fn light_ranges_are_counted_without_overflow() {
    let (mut stage, deal) = dealt(10);
    let settle = Settle::new(&stage, deal, 0, 1);
    let mut send = |first: U256, count: U256| {
        let call = Light::settleLightCall { first, count, ..settle.call() };
        stage.market.call(settle.worker, &call).err().unwrap()
    };
    let most = U256::from(65_536);
    for count in [U256::ZERO, U256::from(65_537), U256::MAX] {
        assert_eq!(send(U256::ZERO, count), Reverted::custom(&Light::BadCount { count, most }));
    }
    let (one, ten) = (U256::from(1), U256::from(10));
    for (first, count) in [(U256::MAX, one), (U256::MAX, most), (ten, one), (one, ten), (U256::ZERO, most)] {
        let error = Light::OutsideDeal { first, count, botFirst: U256::ZERO, botSize: ten };
        assert_eq!(send(first, count), Reverted::custom(&error));
    }
}

#[test]
fn light_deals_that_do_not_exist_are_not_light() {
    let mut stage = Stage::new();
    let settle = Settle::new(&stage, DealId(B256::repeat_byte(1)), 0, 1);
    fails(settle.send(&mut stage), &Light::NotLight { dealid: settle.deal.0 });
}

#[test]
fn light_ranges_may_be_settled_up_to_the_last_second() {
    let (mut stage, deal) = dealt(2);
    let deadline = stage.market.evm.now + CONTRIBUTION_DEADLINE;
    stage.market.evm.now = deadline - 1;
    Settle::new(&stage, deal, 0, 1).send(&mut stage).unwrap();
    for late in [0, 1, FINAL_DEADLINE] {
        stage.market.evm.now = deadline + late;
        let settle = Settle::new(&stage, deal, 1, 1);
        fails(settle.send(&mut stage), &Light::TooLate { deadline: U256::from(deadline) });
    }
}

#[test]
fn light_ranges_overlap_in_nothing() {
    let (ready, deal) = dealt(700);
    for (first, count, taken) in [
        (250, 10, 255),
        (255, 1, 255),
        (0, 256, 255),
        (256, 1, 256),
        (512, 1, 512),
        (512, 188, 512),
        (0, 700, 255),
        (300, 300, 300),
    ] {
        let mut stage = ready.clone();
        Settle::new(&stage, deal, 255, 258).send(&mut stage).unwrap();
        let settle = Settle::unproved(&stage, deal, first, count).by(&stage, Actor::number(11).address());
        fails(settle.send(&mut stage), &Light::LightNotOpen { dealid: deal.0, idx: U256::from(taken) });
        check_conserved(&mut stage);
        for (first, count) in [(0, 255), (513, 187)] {
            Settle::unproved(&stage, deal, first, count).send(&mut stage).unwrap();
        }
        assert_eq!(stage.market.account(stage.requester.address()).1, Amount::ZERO);
    }
}

#[test]
fn light_ranges_end_exactly_where_they_end() {
    for (first, count) in [(0, 255), (0, 256), (0, 257), (255, 1), (255, 2), (256, 1), (1, 255), (1, 512), (300, 212)] {
        let (mut stage, deal) = dealt(600);
        Settle::unproved(&stage, deal, first, count).send(&mut stage).unwrap();
        let states = statuses(&mut stage, deal, 0..600);
        let inside = |index| (first..first + count).contains(&index);
        let expected: Vec<_> = (0..600).map(|index| if inside(index) { SETTLED } else { OPEN }).collect();
        assert_eq!(states, expected, "{first} {count}");
    }
}

#[test]
fn light_ranges_take_up_to_65_536_tasks() {
    let (mut stage, deal) = dealt(65_537);
    let settle = Settle::unproved(&stage, deal, 1, 65_536);
    let done = settle.send(&mut stage).unwrap();
    assert!(done.gas < 8_000_000, "{} gas", done.gas);
    assert_eq!(statuses(&mut stage, deal, 65_535..65_537), [SETTLED, SETTLED]);
    assert_eq!(statuses(&mut stage, deal, 0..2), [OPEN, SETTLED]);
    assert_eq!(
        stage.market.account(settle.worker).0,
        times(POOL * 99 / 100, 65_536).checked_add(Amount::rlc(1_000)).unwrap()
    );
    check_conserved(&mut stage);
}

#[test]
fn light_tasks_are_counted_over_the_whole_request() {
    let mut stage = Stage::new();
    let mut orders = light(stage.terms(1, 500));
    (orders.workerpool.volume, orders.workerpool.salt) = (U256::from(300), B256::repeat_byte(1));
    stage.deal(orders.clone());
    orders.workerpool.salt = B256::repeat_byte(2);
    let deal = stage.deal(orders);
    let below = Settle::unproved(&stage, deal, 299, 2);
    let [first, count, from, size] = [299, 2, 300, 200].map(U256::from);
    fails(below.send(&mut stage), &Light::OutsideDeal { first, count, botFirst: from, botSize: size });
    let settle = Settle::new(&stage, deal, 300, 2);
    settle.send(&mut stage).unwrap();
    assert_eq!(statuses(&mut stage, deal, 298..303), [OPEN, OPEN, SETTLED, SETTLED, OPEN]);
    let again = Settle::unproved(&stage, deal, 301, 199);
    fails(again.send(&mut stage), &Light::LightNotOpen { dealid: deal.0, idx: U256::from(301) });
    let range = Light::viewLightRangeCall { dealid: deal.0, first: U256::from(300) };
    assert_eq!(stage.market.view(&range).unwrap(), settle.range());
    stage.market.evm.now += FINAL_DEADLINE;
    claim(&mut stage, deal, 300, 200).unwrap();
    check_conserved(&mut stage);
}

#[test]
fn light_results_are_free_up_to_4096_bytes() {
    for size in [0, 4_096] {
        let (mut stage, deal) = dealt(1);
        let settle = Settle { results: vec![9; size].into(), ..Settle::new(&stage, deal, 0, 1) };
        let done = settle.send(&mut stage).unwrap();
        assert_eq!(said(&stage, &done.logs).last(), Some(&settle.said()));
    }
}

#[test]
fn light_permits_serve_any_part_of_their_range_and_nothing_else() {
    let (mut stage, deal) = dealt(50);
    let wide = Settle::new(&stage, deal, 10, 30).permit;
    for (first, count) in [(10, 1), (39, 1), (11, 28)] {
        let part = Settle { permit: wide.clone(), ..Settle::new(&stage, deal, first, count) };
        part.send(&mut stage).unwrap();
    }
    for (first, count) in [(9, 1), (9, 3), (40, 1), (39, 2), (0, 50)] {
        let outside = Settle { permit: wide.clone(), ..Settle::unproved(&stage, deal, first, count) };
        let [first, count, from, size] = [first, count, 10, 30].map(U256::from);
        let error = Light::OutsidePermit { first, count, permitFirst: from, permitCount: size };
        fails(outside.send(&mut stage), &error);
    }
    let endless = RangePermit { first: U256::from(1), count: U256::MAX, sign: wide.sign };
    let settle = Settle { permit: endless, ..Settle::new(&stage, deal, 1, 1) };
    let authorizer = stage.scheduler.address();
    fails(settle.send(&mut stage), &Light::NotAuthorized { worker: settle.worker, authorizer });
}

#[test]
fn light_permits_fit_no_other_worker_deal_enclave_or_hub() {
    let (mut stage, deal) = dealt(5);
    let mut terms = light(stage.terms(1, 5));
    terms.request.salt = B256::repeat_byte(1);
    let other = stage.deal(terms);
    let sound = Settle::new(&stage, deal, 0, 5);
    let enclave = Actor::number(70);
    let mut elsewhere = stage.clone();
    elsewhere.market.hub = Address::repeat_byte(3);
    let [first, count] = [0, 5].map(U256::from);
    let permit = RangeAuthorization { worker: sound.worker, deal, first, count, enclave: Address::ZERO };
    let chain = Domain::of_hub(1, stage.market.hub);
    let on_another_chain = stage.scheduler.sign_digest(chain.digest(permit.struct_hash()));
    let misused = [
        Settle { worker: Actor::number(11).address(), ..sound.clone() },
        Settle { deal: other, ..sound.clone() },
        Settle { permit: sound.permit.clone(), ..sound.clone().inside(&stage, &enclave, &stage.scheduler) },
        sound.clone().permitted(&elsewhere, &stage.scheduler, 0, 5),
        Settle { permit: RangePermit { sign: on_another_chain, ..sound.permit.clone() }, ..sound.clone() },
        sound.clone().permitted(&stage, &Actor::number(99), 0, 5),
    ];
    let authorizer = stage.scheduler.address();
    for settle in misused {
        fails(settle.send(&mut stage), &Light::NotAuthorized { worker: settle.worker, authorizer });
    }
    let short = RangePermit { sign: Bytes::from_static(&[1; 64 - 1]), ..sound.permit.clone() };
    let refused = Settle { permit: short, ..sound.clone() }.send(&mut stage);
    assert_eq!(refused.err(), Some(Reverted::text("invalid-signature-format")));
    sound.send(&mut stage).unwrap();
}

#[test]
fn light_authorizers_need_no_permit() {
    let (mut stage, deal) = dealt(3);
    let scheduler = stage.scheduler.address();
    let own = Settle { worker: scheduler, permit: RangePermit::default(), ..Settle::new(&stage, deal, 0, 1) };
    own.send(&mut stage).unwrap();
    let (broker, enclave) = (Actor::number(20), Actor::number(70));
    let owner = stage.market.owner;
    stage.market.call(owner, &Hub::setTeeBrokerCall { broker: broker.address() }).unwrap();
    let pledged = |stage: &Stage, worker| {
        let settle = Settle { worker, ..Settle::new(stage, deal, 1, 1) }.inside(stage, &enclave, &broker);
        Settle { permit: RangePermit::default(), ..settle }
    };
    // With an enclave the broker authorizes, and the scheduler is a worker like others.
    let [first, count, zero] = [1, 1, 0].map(U256::from);
    let outside = Light::OutsidePermit { first, count, permitFirst: zero, permitCount: zero };
    fails(pledged(&stage, scheduler).send(&mut stage), &outside);
    pledged(&stage, broker.address()).send(&mut stage).unwrap();
    let by_broker = Settle::new(&stage, deal, 2, 1).inside(&stage, &enclave, &broker);
    let by_scheduler = by_broker.clone().permitted(&stage, &stage.scheduler, 2, 1);
    let refused = Light::NotAuthorized { worker: by_scheduler.worker, authorizer: broker.address() };
    fails(by_scheduler.send(&mut stage), &refused);
    by_broker.send(&mut stage).unwrap();
    check_conserved(&mut stage);
}

#[test]
fn light_enclaves_vouch_for_the_worker_the_range_and_the_root() {
    let mut stage = Stage::new();
    let terms = for_enclaves(&stage, 10);
    let deal = stage.deal(terms);
    let enclave = Actor::number(70);
    let sound = Settle::new(&stage, deal, 2, 3).inside(&stage, &enclave, &stage.scheduler);
    let signed = |settle: Settle| settle.inside(&stage, &enclave, &stage.scheduler).enclave_sign;
    let foreign = [
        signed(Settle { worker: Actor::number(11).address(), ..sound.clone() }),
        signed(Settle { deal: DealId(B256::ZERO), ..sound.clone() }),
        signed(Settle { first: 3, ..sound.clone() }),
        signed(Settle { count: 4, ..sound.clone() }),
        signed(Settle { root: B256::ZERO, ..sound.clone() }),
        sound.clone().permitted(&stage, &enclave, 2, 3).permit.sign,
        enclave.sign_message(sound.range()),
    ];
    for enclave_sign in foreign {
        let settle = Settle { enclave_sign, ..sound.clone() };
        fails(settle.send(&mut stage), &Light::BadEnclaveSignature { enclave: enclave.address() });
    }
    sound.send(&mut stage).unwrap();
}

#[test]
fn light_enclaves_may_be_contracts() {
    let (mut stage, deal) = dealt(2);
    let settle = Settle { enclave: Address::repeat_byte(0x1e), ..Settle::new(&stage, deal, 0, 2) };
    let settle = settle.permitted(&stage, &stage.scheduler, 0, 2);
    let digest = stage.market.domain().digest(settle.range());
    stage.market.evm.place(settle.enclave, stub::signer_of(B256::ZERO));
    fails(settle.send(&mut stage), &Light::BadEnclaveSignature { enclave: settle.enclave });
    stage.market.evm.place(settle.enclave, stub::signer_of(digest));
    settle.send(&mut stage).unwrap();
}

#[test]
fn light_deals_do_not_know_each_others_tasks() {
    let mut stage = Stage::new();
    let one = deal_in(&mut stage, 5);
    let mut terms = light(stage.terms(1, 5));
    terms.request.salt = B256::repeat_byte(1);
    let two = stage.deal(terms);
    Settle::new(&stage, one, 0, 5).send(&mut stage).unwrap();
    assert_eq!(statuses(&mut stage, two, 0..5), [OPEN; 5]);
    Settle::new(&stage, two, 0, 5).send(&mut stage).unwrap();
    check_conserved(&mut stage);
}
