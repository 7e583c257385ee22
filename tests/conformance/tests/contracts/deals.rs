//! What a match records and locks, which clause speaks first, and when a dataset fits a deal. Source:
//! `poco-contracts.md` 10.8, 11.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::sol_types::{SolEvent as _, SolValue as _};
use fairgrid_conformance::abi::{self, Hub, Resources};
use fairgrid_conformance::{Actor, Done, Reverted, Stage, Terms, quadruple, stub};
use protocol::order::{DatasetOrder, Quadruple};
use protocol::{Amount, DealId, Tag, TaskId};

const STRANGER: Address = Address::repeat_byte(0x99);

fn says<T>(result: Result<T, Reverted>, words: &str) {
    assert_eq!(result.err(), Some(Reverted::text(words)));
}

fn refuses<T>(result: Result<T, Reverted>, number: &str) {
    assert_eq!(result.err(), Some(Reverted::Text(format!("iExecV5-matchOrders-0x{number}"))));
}

fn view(stage: &mut Stage, deal: DealId) -> abi::Deal {
    stage.market.view(&Hub::viewDealCall { id: deal.0 }).unwrap()
}

fn sponsor(stage: &mut Stage, sponsor: Address, orders: &Quadruple) -> Result<Done, Reverted> {
    let (app, dataset, workerpool, request) = quadruple(orders);
    stage.market.call(sponsor, &Hub::sponsorMatchOrdersCall { app, dataset, workerpool, request })
}

#[test]
fn the_first_broken_clause_of_the_table_is_the_one_that_speaks() {
    type Mend = fn(&mut Terms, &Terms);
    type Resign = fn(&mut Quadruple, &Quadruple);
    let clauses: [(&str, Mend); 20] = [
        ("00", |t, _| t.workerpool.category = U256::from(7)),
        ("01", |t, _| (t.request.category, t.workerpool.category) = (U256::ZERO, U256::ZERO)),
        ("02", |t, g| t.request.trust = g.request.trust),
        ("03", |t, g| t.request.appmaxprice = g.request.appmaxprice),
        ("04", |t, g| t.request.datasetmaxprice = g.request.datasetmaxprice),
        ("05", |t, g| t.request.workerpoolmaxprice = g.request.workerpoolmaxprice),
        ("06", |t, _| t.workerpool.tag = Tag::from_low(1)),
        ("07", |t, _| t.app.tag = Tag::from_low(1)),
        ("10", |t, g| t.request.app = g.request.app),
        ("11", |t, g| t.request.dataset = g.request.dataset),
        ("12", |t, _| t.request.workerpool = Address::ZERO),
        ("13", |t, _| t.app.datasetrestrict = Address::ZERO),
        ("14", |t, _| t.app.workerpoolrestrict = Address::ZERO),
        ("15", |t, _| t.app.requesterrestrict = Address::ZERO),
        ("16", |t, _| t.dataset.apprestrict = Address::ZERO),
        ("17", |t, _| t.dataset.workerpoolrestrict = Address::ZERO),
        ("18", |t, _| t.dataset.requesterrestrict = Address::ZERO),
        ("19", |t, _| t.workerpool.apprestrict = Address::ZERO),
        ("1a", |t, _| t.workerpool.datasetrestrict = Address::ZERO),
        ("1b", |t, _| t.workerpool.requesterrestrict = Address::ZERO),
    ];
    let mut stage = Stage::new();
    let good = stage.terms_with_dataset(1, 1);
    let mut terms = all_wrong(&good);
    for (number, mend) in clauses {
        let orders = forge(&stage, &terms);
        refuses(stage.match_orders(&orders), number);
        mend(&mut terms, &good);
    }
    let mut orders = forge(&stage, &terms);
    let honest = stage.sign(terms);
    let mends: [(&str, Resign); 4] = [
        ("21", |o, h| o.app.sign = h.app.sign.clone()),
        ("31", |o, h| o.dataset.sign = h.dataset.sign.clone()),
        ("41", |o, h| o.workerpool.sign = h.workerpool.sign.clone()),
        ("50", |o, h| o.request.sign = h.request.sign.clone()),
    ];
    for (number, mend) in mends {
        refuses(stage.match_orders(&orders), number);
        mend(&mut orders, &honest);
    }
    refuses(stage.match_orders(&orders), "60");
}

/// Breaks every clause of the table at once, the volume too.
fn all_wrong(good: &Terms) -> Terms {
    let mut terms = good.clone();
    (terms.request.category, terms.request.trust, terms.request.volume) = (U256::from(7), U256::MAX, U256::ZERO);
    (terms.request.appmaxprice, terms.request.datasetmaxprice) = (Amount::ZERO, Amount::ZERO);
    (terms.request.workerpoolmaxprice, terms.request.tag) = (Amount::ZERO, Tag::from_low(1));
    (terms.request.app, terms.request.dataset, terms.request.workerpool) = (STRANGER, STRANGER, STRANGER);
    (terms.app.datasetrestrict, terms.app.workerpoolrestrict, terms.app.requesterrestrict) =
        (STRANGER, STRANGER, STRANGER);
    (terms.dataset.apprestrict, terms.dataset.workerpoolrestrict) = (STRANGER, STRANGER);
    (terms.dataset.requesterrestrict, terms.workerpool.apprestrict) = (STRANGER, STRANGER);
    (terms.workerpool.datasetrestrict, terms.workerpool.requesterrestrict) = (STRANGER, STRANGER);
    terms
}

/// Signed by somebody who owns nothing.
fn forge(stage: &Stage, terms: &Terms) -> Quadruple {
    let foreign = Actor::number(50).sign_digest(B256::ZERO);
    let mut orders = stage.sign(terms.clone());
    (orders.app.sign, orders.dataset.sign) = (foreign.clone(), foreign.clone());
    (orders.workerpool.sign, orders.request.sign) = (foreign.clone(), foreign);
    orders
}

#[test]
fn without_a_dataset_its_unsigned_order_is_still_read_but_neither_signed_nor_paid() {
    type Spoil = fn(&mut Terms);
    let read: [(&str, Spoil); 7] = [
        ("04", |t| t.dataset.datasetprice = Amount::nrlc(1)),
        ("06", |t| t.dataset.tag = Tag::from_low(0x100)),
        ("13", |t| t.app.datasetrestrict = STRANGER),
        ("16", |t| t.dataset.apprestrict = STRANGER),
        ("17", |t| t.dataset.workerpoolrestrict = STRANGER),
        ("18", |t| t.dataset.requesterrestrict = STRANGER),
        ("1a", |t| t.workerpool.datasetrestrict = STRANGER),
    ];
    for (number, spoil) in read {
        let mut stage = Stage::new();
        let mut terms = stage.terms(1, 1);
        spoil(&mut terms);
        let orders = stage.sign(terms);
        refuses(stage.match_orders(&orders), number);
    }
    let mut stage = Stage::new();
    let mut terms = stage.terms(1, 1);
    (terms.dataset.datasetprice, terms.request.datasetmaxprice) = (Amount::rlc(5), Amount::rlc(5));
    (terms.dataset.tag, terms.workerpool.tag) = (Tag::from_low(0x100), Tag::from_low(0x100));
    let deal = stage.deal(terms);
    let seen = view(&mut stage, deal);
    assert_eq!(seen.dataset, abi::Resource::default());
    assert_eq!(seen.tag, Tag::from_low(0x100).0, "the tag is recorded all the same");
    assert_eq!(stage.market.account(stage.requester.address()).1, Amount::nrlc(1_100_000_000));
}

#[test]
fn a_deal_records_what_was_agreed() {
    let mut stage = Stage::new();
    let (callback, beneficiary) = (Address::repeat_byte(0xca), Address::repeat_byte(0xbe));
    let mut terms = stage.terms_with_dataset(3, 2);
    (terms.request.callback, terms.request.beneficiary) = (callback, beneficiary);
    terms.request.params = "x".repeat(100);
    (terms.request.category, terms.workerpool.category) = (U256::from(2), U256::from(2));
    terms.workerpool.trust = U256::from(9);
    let deal = stage.deal(terms.clone());
    let party = |pointer, owner: &Actor, price: Amount| abi::Resource {
        pointer,
        owner: owner.address(),
        price: price.to_nrlc(),
    };
    let expected = abi::Deal {
        app: party(stage.app, &stage.app_owner, terms.app.appprice),
        dataset: party(stage.dataset, &stage.dataset_owner, terms.dataset.datasetprice),
        workerpool: party(stage.pool, &stage.scheduler, terms.workerpool.workerpoolprice),
        trust: U256::from(3),
        category: U256::from(2),
        tag: B256::ZERO,
        requester: stage.requester.address(),
        beneficiary,
        callback,
        params: terms.request.params,
        startTime: U256::from(stage.market.evm.now),
        botFirst: U256::ZERO,
        botSize: U256::from(2),
        workerStake: U256::from(300_000_000),
        schedulerRewardRatio: U256::from(1),
        sponsor: stage.requester.address(),
    };
    assert_eq!(view(&mut stage, deal), expected);
    assert_eq!(view(&mut stage, DealId(B256::repeat_byte(1))), abi::Deal::default());
}

#[test]
fn a_trust_of_zero_is_recorded_as_one() {
    let mut stage = Stage::new();
    let mut terms = stage.terms(1, 1);
    (terms.request.trust, terms.workerpool.trust) = (U256::ZERO, U256::ZERO);
    let deal = stage.deal(terms);
    assert_eq!(view(&mut stage, deal).trust, U256::from(1));
}

#[test]
fn stakes_are_rounded_down_per_task() {
    let mut stage = Stage::new();
    let policy = Resources::changePolicyCall { stake: U256::from(35), reward: U256::from(7) };
    stage.market.evm.call(stage.scheduler.address(), stage.pool, &policy).unwrap();
    let mut terms = stage.terms(1, 3);
    terms.workerpool.workerpoolprice = Amount::nrlc(33);
    let deal = stage.deal(terms);
    let seen = view(&mut stage, deal);
    assert_eq!((seen.workerStake, seen.schedulerRewardRatio), (U256::from(11), U256::from(7)), "35 % of 33");
    assert_eq!(stage.market.account(stage.scheduler.address()).1, Amount::nrlc(27), "3 times 30 % of 33");
}

#[test]
fn a_request_matched_in_parts_counts_its_tasks_on() {
    let mut stage = Stage::new();
    let mut terms = stage.terms(1, 5);
    terms.workerpool.volume = U256::from(2);
    let orders = stage.sign(terms.clone());
    let first = stage.match_orders(&orders).unwrap();
    terms.workerpool.salt = B256::repeat_byte(1);
    let rest = stage.sign(terms);
    let second = stage.match_orders(&rest).unwrap();
    let hash = orders.request.hash(&stage.market.domain()).0;
    for (done, consumed, size) in [(first, 0, 2), (second, 2, 2)] {
        let id = keccak256((hash, U256::from(consumed)).abi_encode_packed());
        assert_eq!(done.output.as_ref(), id.as_slice());
        let said = Hub::OrdersMatched::decode_log(done.logs.last().unwrap()).unwrap();
        assert_eq!((said.dealid, said.requestHash, said.datasetHash), (id, hash, B256::ZERO));
        assert_eq!(said.volume, U256::from(size));
        let seen = view(&mut stage, DealId(id));
        assert_eq!((seen.botFirst, seen.botSize), (U256::from(consumed), U256::from(size)));
        for (index, fits) in [(consumed, true), (consumed + size, false)] {
            let call = Hub::initializeCall { dealid: id, idx: U256::from(index) };
            let opened = stage.clone().market.call(STRANGER, &call);
            let task = TaskId::derive(DealId(id), U256::from(index));
            assert_eq!(opened.map(|done| done.output).ok(), fits.then(|| Bytes::from(task.0.0)));
        }
    }
    assert_eq!(stage.market.view(&Hub::viewConsumedCall { id: hash }).unwrap(), U256::from(4));
}

#[test]
fn a_sponsor_pays_is_named_last_and_is_refunded() {
    let mut stage = Stage::new();
    let (rich, requester) = (Actor::number(12).address(), stage.requester.address());
    let orders = stage.sign(stage.terms_with_dataset(1, 2));
    says(sponsor(&mut stage, STRANGER, &orders), "IexecEscrow: Transfer amount exceeds balance");
    let done = sponsor(&mut stage, rich, &orders).unwrap();
    let said = Hub::DealSponsored::decode_log(done.logs.last().unwrap()).unwrap();
    let deal = DealId(said.dealId);
    assert_eq!((said.sponsor, done.output.as_ref()), (rich, deal.0.as_slice()));
    let seen = view(&mut stage, deal);
    assert_eq!((seen.requester, seen.sponsor), (requester, rich));
    assert_eq!(stage.market.account(rich), (Amount::nrlc(997_780_000_000), Amount::nrlc(2_220_000_000)));
    assert_eq!(stage.market.account(requester), (Amount::rlc(1_000), Amount::ZERO));
    let task = stage.task(deal, 0);
    stage.market.evm.now += 3_000;
    stage.market.call(STRANGER, &Hub::claimCall { taskid: task.0 }).unwrap();
    assert_eq!(stage.market.account(rich), (Amount::nrlc(998_890_000_000), Amount::nrlc(1_110_000_000)));
}

#[test]
fn a_requester_who_sponsors_itself_is_its_deals_sponsor() {
    let mut stage = Stage::new();
    let requester = stage.requester.address();
    let orders = stage.sign(stage.terms(1, 1));
    let done = sponsor(&mut stage, requester, &orders).unwrap();
    let deal = DealId(B256::from_slice(&done.output));
    assert_eq!(view(&mut stage, deal).sponsor, requester);
    assert_eq!(done.logs.last().unwrap().topics()[0], Hub::DealSponsored::SIGNATURE_HASH);
}

#[test]
fn registries_can_be_changed_and_resources_of_the_old_ones_are_foreign_then() {
    for (number, changed) in [("20", 0), ("30", 1), ("40", 2)] {
        let mut stage = Stage::new();
        let empty = Address::repeat_byte(0x62);
        stage.market.evm.place(empty, stub::answering(B256::ZERO));
        let mut registries = stage.market.registries;
        registries[changed] = empty;
        let [app, dataset, workerpool] = registries;
        let change = Hub::changeRegistriesCall { app, dataset, workerpool };
        stage.market.call(stage.market.owner, &change).unwrap();
        let orders = stage.sign(stage.terms_with_dataset(1, 1));
        refuses(stage.match_orders(&orders), number);
    }
}

#[test]
fn the_first_reason_why_a_dataset_does_not_fit_is_the_one_that_is_told() {
    type Mend = fn(&mut DatasetOrder);
    let mut stage = Stage::new();
    let deal = stage.deal(stage.terms(1, 1)).0;
    let taken = stage.deal(stage.terms_with_dataset(1, 1)).0;
    let mut order = stage.terms_with_dataset(1, 1).dataset;
    (order.volume, order.tag) = (U256::ZERO, Tag::from_low(0x100));
    (order.apprestrict, order.workerpoolrestrict, order.requesterrestrict) = (STRANGER, STRANGER, STRANGER);
    let steps: [(&str, bool, B256, Mend); 8] = [
        ("Dataset order is revoked or fully consumed", false, B256::ZERO, |o| o.volume = U256::from(1)),
        ("Invalid dataset order signature", false, B256::ZERO, |_| ()),
        ("Deal not found", true, B256::ZERO, |_| ()),
        ("Deal already has a dataset", true, taken, |_| ()),
        ("App restriction not satisfied", true, deal, |o| o.apprestrict = Address::ZERO),
        ("Workerpool restriction not satisfied", true, deal, |o| o.workerpoolrestrict = Address::ZERO),
        ("Requester restriction not satisfied", true, deal, |o| o.requesterrestrict = Address::ZERO),
        ("Tag compatibility not satisfied", true, deal, |o| o.tag = Tag::from_low(0x0e)),
    ];
    for (reason, honest, dealid, mend) in steps {
        let refused = compatible(&mut stage, &order, honest, dealid).unwrap_err();
        assert_eq!(refused, Reverted::custom(&Hub::IncompatibleDatasetOrder { reason: reason.to_owned() }));
        mend(&mut order);
    }
    compatible(&mut stage, &order, true, deal).unwrap();
}

fn compatible(stage: &mut Stage, order: &DatasetOrder, honest: bool, dealid: B256) -> Result<(), Reverted> {
    let signer = if honest { stage.dataset_owner.clone() } else { Actor::number(50) };
    let order = fairgrid_conformance::dataset(&signer.sign(order.clone(), &stage.market.domain()));
    stage.market.view(&Hub::assertDatasetDealCompatibilityCall { order, dealid }).map(|_| ())
}

#[test]
fn a_dataset_order_signed_on_chain_fits_and_one_for_no_dataset_is_bare() {
    let mut stage = Stage::new();
    let dealid = stage.deal(stage.terms(1, 1)).0;
    let signed = stage.sign(stage.terms_with_dataset(1, 1)).dataset;
    let mut order = fairgrid_conformance::dataset(&signed);
    order.sign = Bytes::new();
    let check = Hub::assertDatasetDealCompatibilityCall { order: order.clone(), dealid };
    says(stage.market.view(&check), "invalid-signature-format");
    let operation = abi::DatasetOrderOperation { order: order.clone(), operation: 0, sign: Bytes::new() };
    stage.market.call(stage.dataset_owner.address(), &Hub::manageDatasetOrderCall { operation }).unwrap();
    stage.market.view(&check).unwrap();
    order.dataset = STRANGER;
    let check = Hub::assertDatasetDealCompatibilityCall { order, dealid };
    assert_eq!(stage.market.view(&check).err(), Some(Reverted::Bare));
}

/// What every task of so many deals costs when it is opened and claimed in one call, the deals' params so long.
fn claim_of_many(deals: u64, params: usize) -> u64 {
    let mut stage = Stage::new();
    let mut ids = Vec::new();
    for salt in 0..deals {
        let mut terms = stage.terms(1, 1);
        terms.request.params = "p".repeat(params);
        terms.request.salt = B256::from(U256::from(salt + 1));
        ids.push(stage.deal(terms).0);
    }
    stage.market.evm.now += 1_000_000;
    let call = Hub::initializeAndClaimArrayCall { dealids: ids.clone(), idx: vec![U256::ZERO; ids.len()] };
    stage.market.call(Actor::number(99).address(), &call).unwrap().gas / deals
}

/// Who acts on tasks of many deals in one call must not pay for what requesters wrote: memory costs the square of its size.
#[test]
fn long_params_of_others_do_not_make_a_call_dear() {
    let (short, long) = (claim_of_many(60, 20), claim_of_many(60, 23_000));
    assert!(long < short + 1_000, "{short} gas a task with short params, {long} with long ones");
}
