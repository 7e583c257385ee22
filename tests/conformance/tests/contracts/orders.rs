//! Orders before they are matched: signed and closed on chain, signatures, groups, publication. Source:
//! `poco-contracts.md` 10.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::{SolCall as _, SolEvent};
use fairgrid_conformance::abi::{self, Hub, Notes, Registry};
use fairgrid_conformance::{Actor, Artifact, Reverted, Stage, Terms, quadruple, stub};
use protocol::Tag;
use protocol::order::{Operation, Order, Quadruple, Signed};

const STRANGER: Address = Address::repeat_byte(0x99);
const SIGN: u8 = 0;
const CLOSE: u8 = 1;

fn bare<T>(result: Result<T, Reverted>) {
    assert_eq!(result.err(), Some(Reverted::Bare));
}

fn says<T>(result: Result<T, Reverted>, words: &str) {
    assert_eq!(result.err(), Some(Reverted::text(words)));
}

/// One of the four kinds of order, ready to be managed.
struct Managed {
    owner: Actor,
    hash: B256,
    volume: U256,
    /// What the owner signs to sign, and to close.
    digests: [B256; 2],
    /// What the hub says then.
    topics: [B256; 2],
    call: Box<dyn Fn(u8, Bytes) -> Bytes>,
}

fn managed<O: Order>(
    stage: &Stage,
    owner: &Actor,
    signed: &Signed<O>,
    topics: [B256; 2],
    call: impl Fn(u8, Bytes) -> Vec<u8> + 'static,
) -> Managed {
    let domain = stage.market.domain();
    let digests = [Operation::Sign, Operation::Close].map(|act| signed.order.operation_digest(&domain, act));
    let (hash, volume) = (signed.hash(&domain).0, signed.order.volume());
    Managed { owner: owner.clone(), hash, volume, digests, topics, call: Box::new(move |o, s| call(o, s).into()) }
}

fn topics<S: SolEvent, C: SolEvent>() -> [B256; 2] {
    [S::SIGNATURE_HASH, C::SIGNATURE_HASH]
}

/// The four orders; what is inside them as signature does not matter.
fn kinds(stage: &Stage, orders: &Quadruple) -> [Managed; 4] {
    let (app, dataset, workerpool, request) = quadruple(orders);
    let said = topics::<Hub::SignedAppOrder, Hub::ClosedAppOrder>();
    let app = managed(stage, &stage.app_owner, &orders.app, said, move |operation, sign| {
        let operation = abi::AppOrderOperation { order: app.clone(), operation, sign };
        Hub::manageAppOrderCall { operation }.abi_encode()
    });
    let said = topics::<Hub::SignedDatasetOrder, Hub::ClosedDatasetOrder>();
    let dataset = managed(stage, &stage.dataset_owner, &orders.dataset, said, move |operation, sign| {
        let operation = abi::DatasetOrderOperation { order: dataset.clone(), operation, sign };
        Hub::manageDatasetOrderCall { operation }.abi_encode()
    });
    let said = topics::<Hub::SignedWorkerpoolOrder, Hub::ClosedWorkerpoolOrder>();
    let workerpool = managed(stage, &stage.scheduler, &orders.workerpool, said, move |operation, sign| {
        let operation = abi::WorkerpoolOrderOperation { order: workerpool.clone(), operation, sign };
        Hub::manageWorkerpoolOrderCall { operation }.abi_encode()
    });
    let said = topics::<Hub::SignedRequestOrder, Hub::ClosedRequestOrder>();
    let request = managed(stage, &stage.requester, &orders.request, said, move |operation, sign| {
        let operation = abi::RequestOrderOperation { order: request.clone(), operation, sign };
        Hub::manageRequestOrderCall { operation }.abi_encode()
    });
    [app, dataset, workerpool, request]
}

fn staged() -> (Stage, Quadruple) {
    let stage = Stage::new();
    let orders = stage.sign(stage.terms_with_dataset(1, 1));
    (stage, orders)
}

fn unsigned(orders: &Quadruple, kind: usize) -> Quadruple {
    let mut orders = orders.clone();
    *sign_of(&mut orders, kind) = Bytes::new();
    orders
}

fn sign_of(orders: &mut Quadruple, kind: usize) -> &mut Bytes {
    match kind {
        0 => &mut orders.app.sign,
        1 => &mut orders.dataset.sign,
        2 => &mut orders.workerpool.sign,
        _ => &mut orders.request.sign,
    }
}

#[test]
fn an_owner_signs_each_kind_of_order_on_chain_without_a_signature() {
    for kind in 0..4 {
        let (mut stage, orders) = staged();
        let (hub, orders) = (stage.market.hub, unsigned(&orders, kind));
        says(stage.clone().match_orders(&orders), "invalid-signature-format");
        let order = &kinds(&stage, &orders)[kind];
        let done = stage.market.evm.send(order.owner.address(), hub, (order.call)(SIGN, Bytes::new())).unwrap();
        assert_eq!((done.logs.len(), done.logs[0].topics()), (1, &order.topics[..1]));
        assert_eq!(done.logs[0].data.data.as_ref(), order.hash.as_slice());
        let presigned = Hub::viewPresignedCall { id: order.hash };
        assert_eq!(stage.market.view(&presigned).unwrap(), order.owner.address());
        stage.match_orders(&orders).unwrap();
    }
}

#[test]
fn an_owner_closes_each_kind_of_order_on_chain() {
    for kind in 0..4 {
        let (mut stage, orders) = staged();
        let (hub, order) = (stage.market.hub, &kinds(&stage, &orders)[kind]);
        let done = stage.market.evm.send(order.owner.address(), hub, (order.call)(CLOSE, Bytes::new())).unwrap();
        assert_eq!((done.logs.len(), done.logs[0].topics()), (1, &order.topics[1..]));
        assert_eq!(done.logs[0].data.data.as_ref(), order.hash.as_slice());
        assert_eq!(stage.market.view(&Hub::viewConsumedCall { id: order.hash }).unwrap(), order.volume);
        says(stage.match_orders(&orders), "iExecV5-matchOrders-0x60");
    }
}

#[test]
fn anybody_brings_the_operation_that_the_owner_signed_and_no_other() {
    for kind in 0..4 {
        let (stage, orders) = staged();
        let hub = stage.market.hub;
        let order = &kinds(&stage, &orders)[kind];
        for operation in [SIGN, CLOSE] {
            let sign = order.owner.sign_digest(order.digests[usize::from(operation)]);
            let short = alloy::primitives::Signature::from_raw(&sign).unwrap().as_erc2098().to_vec();
            for sign in [sign.clone(), short.into()] {
                let mut market = stage.market.clone();
                let done = market.evm.send(STRANGER, hub, (order.call)(operation, sign)).unwrap();
                assert_eq!(done.logs[0].topics()[0], order.topics[usize::from(operation)]);
            }
            let mut market = stage.market.clone();
            let other = market.evm.send(STRANGER, hub, (order.call)(1 - operation, sign));
            says(other, "invalid-sender-or-signature");
        }
    }
}

#[test]
fn a_stranger_cannot_manage_any_kind_of_order() {
    let (mut stage, orders) = staged();
    let hub = stage.market.hub;
    for order in kinds(&stage, &orders) {
        let foreign = Actor::number(50).sign_digest(order.digests[0]);
        says(stage.market.evm.send(STRANGER, hub, (order.call)(SIGN, foreign)), "invalid-sender-or-signature");
        for length in [0, 63, 66] {
            let odd = stage.market.evm.send(STRANGER, hub, (order.call)(CLOSE, vec![1; length].into()));
            says(odd, "invalid-signature-format");
        }
        for sender in [STRANGER, order.owner.address()] {
            bare(stage.market.evm.send(sender, hub, (order.call)(2, Bytes::new())));
        }
        assert_eq!(stage.market.view(&Hub::viewConsumedCall { id: order.hash }).unwrap(), U256::ZERO);
        assert_eq!(stage.market.view(&Hub::viewPresignedCall { id: order.hash }).unwrap(), Address::ZERO);
    }
}

#[test]
fn an_order_for_what_is_no_resource_is_bare() {
    let (mut stage, orders) = staged();
    let mut spoiled = orders.clone();
    let nothing = Address::repeat_byte(0x61);
    (spoiled.app.order.app, spoiled.dataset.order.dataset) = (nothing, nothing);
    spoiled.workerpool.order.workerpool = nothing;
    for code in [Bytes::new(), stub::silent(), stub::refusing()] {
        stage.market.evm.place(nothing, code);
        for order in &kinds(&stage, &spoiled)[..3] {
            let sign = order.owner.sign_digest(order.digests[0]);
            bare(stage.market.evm.send(order.owner.address(), stage.market.hub, (order.call)(SIGN, sign)));
        }
    }
}

#[test]
fn a_wallet_contract_signs_operations_by_erc_1271_with_any_length() {
    let (mut stage, orders) = staged();
    let (hub, wallet) = (stage.market.hub, Address::repeat_byte(0x52));
    let order = &kinds(&stage, &orders)[0];
    let id = U256::from_be_bytes(stage.app.into_word().0);
    let give = Registry::transferFromCall { from: stage.app_owner.address(), to: wallet, id };
    stage.market.evm.call(stage.app_owner.address(), stage.market.registries[0], &give).unwrap();
    stage.market.evm.place(wallet, stub::signer_of(order.digests[0]));
    for length in [0, 1, 65, 100] {
        let sign = Bytes::from(vec![1; length]);
        stage.clone().market.evm.send(STRANGER, hub, (order.call)(SIGN, sign.clone())).unwrap();
        says(stage.clone().market.evm.send(STRANGER, hub, (order.call)(CLOSE, sign)), "invalid-sender-or-signature");
    }
    stage.market.evm.place(wallet, stub::silent());
    bare(stage.market.evm.send(STRANGER, hub, (order.call)(SIGN, Bytes::new())));
}

#[test]
fn what_a_former_owner_signed_on_chain_does_not_bind_the_next() {
    let (mut stage, orders) = staged();
    let (hub, next) = (stage.market.hub, Actor::number(51).address());
    let order = &kinds(&stage, &orders)[0];
    stage.market.evm.send(order.owner.address(), hub, (order.call)(SIGN, Bytes::new())).unwrap();
    let id = U256::from_be_bytes(stage.app.into_word().0);
    let give = Registry::transferFromCall { from: order.owner.address(), to: next, id };
    stage.market.evm.call(order.owner.address(), stage.market.registries[0], &give).unwrap();
    says(stage.match_orders(&orders), "iExecV5-matchOrders-0x21");
}

#[test]
fn a_signature_on_chain_is_looked_at_before_the_other() {
    let (mut stage, orders) = staged();
    let (hub, order) = (stage.market.hub, &kinds(&stage, &orders)[3]);
    let (account, digest) = (order.owner.address(), order.hash);
    let either = |sign: &Bytes| Hub::verifyPresignatureOrSignatureCall { account, digest, sign: sign.clone() };
    let (odd, good) = (Bytes::from_static(&[1, 2, 3]), order.owner.sign_digest(digest));
    says(stage.market.view(&either(&odd)), "invalid-signature-format");
    assert!(stage.market.view(&either(&good)).unwrap());
    assert!(!stage.market.view(&either(&Actor::number(50).sign_digest(digest))).unwrap());
    assert!(!stage.market.view(&Hub::verifyPresignatureCall { account, digest }).unwrap());
    let nobody = Hub::verifyPresignatureCall { account: Address::ZERO, digest };
    assert!(!stage.market.view(&nobody).unwrap());
    stage.market.evm.send(account, hub, (order.call)(SIGN, Bytes::new())).unwrap();
    assert!(stage.market.view(&either(&odd)).unwrap());
    assert!(stage.market.view(&Hub::verifyPresignatureCall { account, digest }).unwrap());
    assert!(!stage.market.view(&nobody).unwrap());
}

#[test]
fn each_kind_of_order_may_be_matched_with_a_compact_signature_and_none_with_an_odd_one() {
    for kind in 0..4 {
        let (stage, mut orders) = staged();
        let sign = sign_of(&mut orders, kind);
        let short = alloy::primitives::Signature::from_raw(sign).unwrap().as_erc2098().to_vec();
        *sign = short.into();
        stage.clone().match_orders(&orders).unwrap();
        for length in [1, 63, 66] {
            *sign_of(&mut orders, kind) = vec![1; length].into();
            says(stage.clone().match_orders(&orders), "invalid-signature-format");
        }
    }
}

#[test]
fn a_group_opens_each_restriction_to_its_members_of_purpose_four() {
    type Restrict = fn(&mut Terms, Address);
    type Member = fn(&Stage) -> Address;
    let restrictions: [(&str, Restrict, Member); 10] = [
        ("12", |t, g| t.request.workerpool = g, |s| s.pool),
        ("13", |t, g| t.app.datasetrestrict = g, |s| s.dataset),
        ("14", |t, g| t.app.workerpoolrestrict = g, |s| s.pool),
        ("15", |t, g| t.app.requesterrestrict = g, |s| s.requester.address()),
        ("16", |t, g| t.dataset.apprestrict = g, |s| s.app),
        ("17", |t, g| t.dataset.workerpoolrestrict = g, |s| s.pool),
        ("18", |t, g| t.dataset.requesterrestrict = g, |s| s.requester.address()),
        ("19", |t, g| t.workerpool.apprestrict = g, |s| s.app),
        ("1a", |t, g| t.workerpool.datasetrestrict = g, |s| s.dataset),
        ("1b", |t, g| t.workerpool.requesterrestrict = g, |s| s.requester.address()),
    ];
    for (number, restrict, member) in restrictions {
        let mut stage = Stage::new();
        let group = stage.market.evm.deploy(STRANGER, &Artifact::named("ERC734Mock"), &[]);
        let mut terms = stage.terms_with_dataset(1, 1);
        restrict(&mut terms, group);
        let orders = stage.sign(terms);
        let refusal = Reverted::Text(format!("iExecV5-matchOrders-0x{number}"));
        let key = member(&stage).into_word();
        for (key, purpose, welcome) in [(B256::ZERO, 4, false), (key, 3, false), (key, 4, true)] {
            let selector = &alloy::primitives::keccak256("setKeyHasPurpose(bytes32,uint256)")[..4];
            let enrol = [selector, key.as_slice(), &U256::from(purpose).to_be_bytes::<32>()].concat();
            stage.market.evm.send(STRANGER, group, enrol.into()).unwrap();
            let answer = stage.clone().match_orders(&orders);
            assert_eq!(answer.err(), (!welcome).then(|| refusal.clone()), "{number}, purpose {purpose}");
        }
    }
}

#[test]
fn tags_add_up_without_the_frameworks_that_datasets_name() {
    // App, dataset, request, pool; the clause that refuses, or the tag of the deal.
    let cases: [([u16; 4], Result<u16, &str>); 8] = [
        ([0, 0x0e, 0, 0], Ok(0)),
        ([0, 0x0f, 0, 0], Err("06")),
        ([0, 0x0f, 0, 1], Err("07")),
        ([1, 0x0f, 0, 1], Ok(1)),
        ([0, 0, 9, 9], Err("07")),
        ([9, 9, 9, 9], Ok(9)),
        ([0x100, 0, 0, 0], Err("06")),
        ([0x100, 0x0200, 0x400, 0x700], Ok(0x700)),
    ];
    for ([app, dataset, request, pool], expected) in cases {
        let mut stage = Stage::new();
        let mut terms = stage.terms_with_dataset(1, 1);
        (terms.app.tag, terms.dataset.tag) = (Tag::from_low(app), Tag::from_low(dataset));
        (terms.request.tag, terms.workerpool.tag) = (Tag::from_low(request), Tag::from_low(pool));
        let orders = stage.sign(terms);
        match (stage.match_orders(&orders), expected) {
            (Ok(done), Ok(tag)) => {
                let deal = stage.market.view(&Hub::viewDealCall { id: B256::from_slice(&done.output) }).unwrap();
                assert_eq!(deal.tag, Tag::from_low(tag).0);
            }
            (result, expected) => says(result, &format!("iExecV5-matchOrders-0x{}", expected.unwrap_err())),
        }
    }
}

#[test]
fn anybody_publishes_any_order_and_nothing_is_checked() {
    let (mut stage, mut orders) = staged();
    orders.app.sign = Bytes::from_static(b"no signature");
    let (app, dataset, workerpool, request) = quadruple(&orders);
    let done = stage.market.call(STRANGER, &Hub::broadcastAppOrderCall { order: app.clone() }).unwrap();
    let said = Notes::BroadcastAppOrder::decode_log(&done.logs[0]).unwrap();
    assert_eq!((&said.data.apporder, done.logs[0].topics().len()), (&app, 1));
    let done = stage.market.call(STRANGER, &Hub::broadcastDatasetOrderCall { order: dataset.clone() }).unwrap();
    assert_eq!(Notes::BroadcastDatasetOrder::decode_log(&done.logs[0]).unwrap().data.datasetorder, dataset);
    let done = stage.market.call(STRANGER, &Hub::broadcastWorkerpoolOrderCall { order: workerpool.clone() }).unwrap();
    assert_eq!(Notes::BroadcastWorkerpoolOrder::decode_log(&done.logs[0]).unwrap().data.workerpoolorder, workerpool);
    let done = stage.market.call(STRANGER, &Hub::broadcastRequestOrderCall { order: request.clone() }).unwrap();
    assert_eq!(Notes::BroadcastRequestOrder::decode_log(&done.logs[0]).unwrap().data.requestorder, request);
}

#[test]
fn the_volume_of_a_deal_is_the_least_that_any_order_has_left() {
    let stage = Stage::new();
    let volume = |stage: &mut Stage, terms: &Terms| {
        let (app, dataset, workerpool, request) = quadruple(&stage.sign(terms.clone()));
        stage.market.view(&Hub::computeDealVolumeCall { app, dataset, workerpool, request }).unwrap()
    };
    let least: [fn(&mut Terms); 4] = [
        |t| t.app.volume = U256::from(3),
        |t| t.dataset.volume = U256::from(3),
        |t| t.workerpool.volume = U256::from(3),
        |t| t.request.volume = U256::from(3),
    ];
    for limit in least {
        let mut stage = stage.clone();
        let mut terms = stage.terms_with_dataset(1, 5);
        assert_eq!(volume(&mut stage, &terms), U256::from(5));
        limit(&mut terms);
        assert_eq!(volume(&mut stage, &terms), U256::from(3));
        let deal = stage.deal(terms.clone());
        let seen = stage.market.view(&Hub::viewDealCall { id: deal.0 }).unwrap();
        assert_eq!((seen.botFirst, seen.botSize), (U256::ZERO, U256::from(3)));
        assert_eq!(volume(&mut stage, &terms), U256::ZERO);
    }
    let mut without = stage.terms(1, 5);
    without.dataset.volume = U256::ZERO;
    assert_eq!(volume(&mut stage.clone(), &without), U256::from(5), "no dataset, no limit");
}
