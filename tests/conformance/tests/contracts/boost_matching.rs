//! Which orders become a boost deal, and what the hub answers to the others.

use alloy::primitives::{Address, B256, Bytes, U256};
use fairgrid_conformance::abi::Boost::SafeCastOverflowedUintDowncast;
use fairgrid_conformance::abi::{Hub, Registry};
use fairgrid_conformance::{Actor, Artifact, Reverted, Stage, Terms, stub};
use protocol::order::Quadruple;
use protocol::{Amount, Tag};

use crate::boost::{STRANGER, boost, check_conserved, dealt, id, says, view};

/// Neither the stage's resources nor the unregistered one.
const NOBODY: Address = Address::repeat_byte(0x77);

/// Terms, and which of the four signatures will be somebody else's.
struct Case {
    terms: Terms,
    forged: [bool; 4],
}

impl Case {
    fn orders(&self, stage: &Stage) -> Quadruple {
        let foreign = Actor::number(50).sign_digest(B256::ZERO);
        let mut orders = stage.sign(self.terms.clone());
        let signs =
            [&mut orders.app.sign, &mut orders.dataset.sign, &mut orders.workerpool.sign, &mut orders.request.sign];
        for (sign, forged) in signs.into_iter().zip(self.forged) {
            if forged {
                *sign = foreign.clone();
            }
        }
        orders
    }
}

type Spoil = fn(&mut Case);

/// Every clause in the order of the specification, with something that breaks it.
const CLAUSES: [(&str, Spoil); 28] = [
    ("Bad trust level", |c| c.terms.request.trust = U256::from(2)),
    ("Category mismatch", |c| c.terms.request.category = U256::from(1)),
    ("Unknown category", |c| {
        (c.terms.request.category, c.terms.workerpool.category) = (U256::from(5), U256::from(5));
    }),
    ("Overpriced app", |c| c.terms.request.appmaxprice = Amount::ZERO),
    ("Overpriced dataset", |c| c.terms.request.datasetmaxprice = Amount::ZERO),
    ("Overpriced workerpool", |c| c.terms.request.workerpoolmaxprice = Amount::ZERO),
    ("Workerpool tag does not match demand", |c| c.terms.request.tag = Tag::from_low(0x101)),
    ("App tag does not match demand", |c| {
        (c.terms.request.tag, c.terms.workerpool.tag) = (Tag::from_low(1), Tag::from_low(1));
    }),
    ("App mismatch", |c| c.terms.request.app = NOBODY),
    ("Dataset mismatch", |c| c.terms.request.dataset = NOBODY),
    ("Workerpool restricted by request order", |c| c.terms.request.workerpool = NOBODY),
    ("Dataset restricted by app order", |c| c.terms.app.datasetrestrict = NOBODY),
    ("Workerpool restricted by app order", |c| c.terms.app.workerpoolrestrict = NOBODY),
    ("Requester restricted by app order", |c| c.terms.app.requesterrestrict = NOBODY),
    ("App restricted by dataset order", |c| c.terms.dataset.apprestrict = NOBODY),
    ("Workerpool restricted by dataset order", |c| c.terms.dataset.workerpoolrestrict = NOBODY),
    ("Requester restricted by dataset order", |c| c.terms.dataset.requesterrestrict = NOBODY),
    ("App restricted by workerpool order", |c| c.terms.workerpool.apprestrict = NOBODY),
    ("Dataset restricted by workerpool order", |c| c.terms.workerpool.datasetrestrict = NOBODY),
    ("Requester restricted by workerpool order", |c| c.terms.workerpool.requesterrestrict = NOBODY),
    ("App not registered", |c| (c.terms.app.app, c.terms.request.app) = (STRANGER, STRANGER)),
    ("Invalid app order signature", |c| c.forged[0] = true),
    ("Dataset not registered", |c| (c.terms.dataset.dataset, c.terms.request.dataset) = (STRANGER, STRANGER)),
    ("Invalid dataset order signature", |c| c.forged[1] = true),
    ("Workerpool not registered", |c| c.terms.workerpool.workerpool = STRANGER),
    ("Invalid workerpool order signature", |c| c.forged[2] = true),
    ("Invalid request order signature", |c| c.forged[3] = true),
    ("One or more orders consumed", |c| c.terms.request.volume = U256::ZERO),
];

fn refused(stage: &Stage, case: &Case, words: &str) {
    says(boost(&mut stage.clone(), &case.orders(stage)), &format!("PocoBoost: {words}"));
}

#[test]
fn boost_refuses_with_the_words_of_each_clause() {
    let stage = Stage::boosted();
    for (words, spoil) in CLAUSES {
        let mut case = Case { terms: stage.terms_with_dataset(1, 1), forged: [false; 4] };
        spoil(&mut case);
        refused(&stage, &case, words);
    }
}

#[test]
fn boost_names_the_first_clause_when_that_and_all_later_ones_are_broken() {
    let stage = Stage::boosted();
    let mut case = Case { terms: stage.terms_with_dataset(1, 1), forged: [false; 4] };
    for (words, spoil) in CLAUSES.iter().rev() {
        spoil(&mut case);
        refused(&stage, &case, words);
    }
}

#[test]
fn boost_counts_the_dataset_tag_whole() {
    let mut stage = Stage::boosted();
    let mut terms = stage.terms_with_dataset(1, 1);
    terms.dataset.tag = Tag::from_low(0x2);
    let orders = stage.sign(terms.clone());
    says(boost(&mut stage, &orders), "PocoBoost: Workerpool tag does not match demand");
    terms.workerpool.tag = Tag::from_low(0x2);
    let deal = dealt(&mut stage, terms);
    assert_eq!(view(&mut stage, deal).shortTag.0, [0, 0, 2]);
}

#[test]
fn boost_keeps_the_last_three_bytes_of_the_tag() {
    let mut stage = Stage::boosted();
    let mut terms = stage.terms(1, 1);
    let tag = Tag(B256::from(U256::from(0xaa_bb_cc_00_u64)));
    (terms.workerpool.tag, terms.request.tag) = (tag, tag);
    let deal = dealt(&mut stage, terms);
    assert_eq!(view(&mut stage, deal).shortTag.0, [0xbb, 0xcc, 0]);
}

#[test]
fn boost_does_not_ask_for_the_trust_of_the_pool() {
    let mut stage = Stage::boosted();
    let mut terms = stage.terms(1, 1);
    terms.workerpool.trust = U256::ZERO;
    dealt(&mut stage, terms.clone());
    terms.request.trust = U256::ZERO;
    dealt(&mut stage, terms);
}

#[test]
fn boost_takes_signatures_on_chain_and_refuses_odd_ones() {
    let mut stage = Stage::boosted();
    let mut orders = stage.sign(stage.terms_with_dataset(1, 1));
    for which in 0..4 {
        let mut odd = orders.clone();
        let sign = [&mut odd.app.sign, &mut odd.dataset.sign, &mut odd.workerpool.sign, &mut odd.request.sign];
        *sign.into_iter().nth(which).unwrap() = Bytes::from_static(&[1]);
        says(boost(&mut stage, &odd), "invalid-signature-format");
    }
    orders.request.sign = Bytes::new();
    let (_, _, _, order) = fairgrid_conformance::quadruple(&orders);
    let operation = fairgrid_conformance::abi::RequestOrderOperation { order, operation: 0, sign: Bytes::new() };
    stage.market.call(stage.requester.address(), &Hub::manageRequestOrderCall { operation }).unwrap();
    boost(&mut stage, &orders).unwrap();
}

#[test]
fn boost_asks_the_resource_itself_when_only_a_previous_registry_knows_it() {
    let mut stage = Stage::boosted();
    let owner = stage.market.owner;
    let renewed = ["AppRegistry", "DatasetRegistry", "WorkerpoolRegistry"].map(Artifact::named);
    let previous = stage.market.registries;
    let [app, dataset, workerpool] = [0, 1, 2].map(|which| {
        let registry = stage.market.evm.deploy(owner, &renewed[which], &[]);
        let start = Registry::initializeCall { previous: previous[which] };
        stage.market.evm.call(owner, registry, &start).unwrap();
        registry
    });
    stage.market.call(owner, &Hub::changeRegistriesCall { app, dataset, workerpool }).unwrap();
    let terms = stage.terms_with_dataset(1, 1);
    let deal = dealt(&mut stage, terms);
    let shown = view(&mut stage, deal);
    assert_eq!(shown.appOwner, stage.app_owner.address());
    assert_eq!(shown.datasetOwner, stage.dataset_owner.address());
    assert_eq!(shown.workerpoolOwner, stage.scheduler.address());
}

#[test]
fn boost_knows_the_new_owner_of_a_sold_resource() {
    let mut stage = Stage::boosted();
    let (seller, buyer) = (stage.app_owner.clone(), Actor::number(20));
    let orders = stage.sign(stage.terms(1, 1));
    let id = U256::from_be_bytes(stage.app.into_word().0);
    let sale = Registry::transferFromCall { from: seller.address(), to: buyer.address(), id };
    let registry = stage.market.registries[0];
    stage.market.evm.call(seller.address(), registry, &sale).unwrap();
    says(boost(&mut stage, &orders), "PocoBoost: Invalid app order signature");
    stage.app_owner = buyer.clone();
    let terms = stage.terms(1, 1);
    let deal = dealt(&mut stage, terms);
    assert_eq!(view(&mut stage, deal).appOwner, buyer.address());
}

#[test]
fn boost_does_not_believe_a_contract_that_says_it_has_an_owner() {
    let mut stage = Stage::boosted();
    stage.market.evm.place(NOBODY, stub::answering(stage.app_owner.address().into_word()));
    let mut terms = stage.terms(1, 1);
    (terms.app.app, terms.request.app) = (NOBODY, NOBODY);
    let orders = stage.sign(terms);
    says(boost(&mut stage, &orders), "PocoBoost: App not registered");
}

#[test]
fn boost_refuses_prices_of_more_than_96_bits_before_it_looks_for_the_money() {
    let stage = Stage::boosted();
    let (most, value) = (Amount::from_nrlc((U256::from(1) << 96) - U256::from(1)), U256::from(1) << 96);
    let refused = Reverted::custom(&SafeCastOverflowedUintDowncast { bits: 96, value });
    let prices: [fn(&mut Terms, Amount); 3] = [
        |t, price| (t.app.appprice, t.request.appmaxprice) = (price, price),
        |t, price| (t.dataset.datasetprice, t.request.datasetmaxprice) = (price, price),
        |t, price| (t.workerpool.workerpoolprice, t.request.workerpoolmaxprice) = (price, price),
    ];
    for set in prices {
        let mut terms = stage.terms_with_dataset(1, 1);
        set(&mut terms, Amount::from_nrlc(value));
        let orders = stage.sign(terms.clone());
        assert_eq!(boost(&mut stage.clone(), &orders).unwrap_err(), refused);
        set(&mut terms, most);
        let orders = stage.sign(terms);
        says(boost(&mut stage.clone(), &orders), "IexecEscrow: Transfer amount exceeds balance");
    }
}

fn free(stage: &Stage, volume: u64) -> Terms {
    let mut terms = stage.terms(1, volume);
    (terms.app.appprice, terms.workerpool.workerpoolprice) = (Amount::ZERO, Amount::ZERO);
    terms
}

#[test]
fn boost_refuses_deals_and_requests_of_more_than_16_bits_of_tasks() {
    let mut stage = Stage::boosted();
    let value = U256::from(65_536);
    let refused = Reverted::custom(&SafeCastOverflowedUintDowncast { bits: 16, value });
    let orders = stage.sign(free(&stage, 65_536));
    assert_eq!(boost(&mut stage, &orders).unwrap_err(), refused);
    let mut terms = free(&stage, 65_537);
    terms.workerpool.volume = U256::from(65_535);
    let orders = stage.sign(terms.clone());
    let deal = id(&boost(&mut stage, &orders).unwrap());
    assert_eq!(view(&mut stage, deal).botSize, 65_535);
    for (salt, first) in [(1, 65_535_u64), (2, 65_536)] {
        (terms.workerpool.volume, terms.workerpool.salt) = (U256::from(1), B256::repeat_byte(salt));
        let orders = stage.sign(terms.clone());
        let matched = boost(&mut stage, &orders);
        if first == 65_535 {
            let deal = id(&matched.unwrap());
            assert_eq!(view(&mut stage, deal).botFirst, 65_535);
        } else {
            assert_eq!(matched.unwrap_err(), refused);
        }
    }
    check_conserved(&mut stage);
}

#[test]
fn boost_refuses_deadlines_of_more_than_40_bits() {
    let mut stage = Stage::boosted();
    let (name, description) = (String::new(), String::new());
    let category = Hub::createCategoryCall { name, description, timeRef: U256::from(1_u64 << 40) };
    stage.market.call(stage.market.owner, &category).unwrap();
    let mut terms = stage.terms(1, 1);
    (terms.request.category, terms.workerpool.category) = (U256::from(5), U256::from(5));
    let orders = stage.sign(terms);
    let value = U256::from(stage.market.evm.now) + U256::from(7_u64 << 40);
    let refused = Reverted::custom(&SafeCastOverflowedUintDowncast { bits: 40, value });
    assert_eq!(boost(&mut stage, &orders).unwrap_err(), refused);
}
