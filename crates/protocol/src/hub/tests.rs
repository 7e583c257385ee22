//! A task's life on the twin alone; `tests/conformance` runs the same calls on the contracts.

use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;

use super::*;
use crate::hash::authorization;
use crate::order::{AppOrder, Domain, Operation, Order as _, Quadruple, RequestOrder, Signed, WorkerpoolOrder};
use crate::settlement::KITTY;
use crate::task::Phase;
use crate::{Address, Amount, B256, Bytes, ChainTime, ResultDigest, ResultHash, ResultSeal, TaskId, U256};

const NOW: ChainTime = ChainTime(1_000_000);
const UNIT: u64 = 300;

struct Market {
    hub: Hub,
    pool: PrivateKeySigner,
    orders: Quadruple,
}

fn key(byte: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).unwrap()
}

fn sign<O: crate::order::Order>(order: O, domain: &Domain, key: &PrivateKeySigner) -> Signed<O> {
    let digest = order.hash(domain).0;
    Signed { order, sign: Bytes::from(key.sign_hash_sync(&digest).unwrap().as_bytes().to_vec()) }
}

fn market(trust: u64) -> Market {
    let domain = Domain::of_hub(65_535, Address::repeat_byte(0xaa));
    let (owner, pool, requester) = (key(1), key(2), key(3));
    let (app, workerpool) = (Address::repeat_byte(0x11), Address::repeat_byte(0x44));
    let mut hub = Hub::new(domain.clone(), vec![UNIT]);
    hub.register(app, Entry { owner: owner.address(), policy: Policy::default() });
    hub.register(workerpool, Entry { owner: pool.address(), policy: Policy::default() });
    hub.deposit(pool.address(), Amount::rlc(10)).unwrap();
    hub.deposit(requester.address(), Amount::rlc(10)).unwrap();
    for worker in 10..16 {
        hub.deposit(key(worker).address(), Amount::rlc(10)).unwrap();
    }
    let (volume, trust) = (U256::from(2), U256::from(trust));
    let app_order = AppOrder { app, appprice: Amount::nrlc(5), volume, ..Default::default() };
    let pool_order =
        WorkerpoolOrder { workerpool, workerpoolprice: Amount::rlc(1), volume, trust, ..Default::default() };
    let request = RequestOrder {
        app,
        appmaxprice: Amount::nrlc(5),
        workerpoolmaxprice: Amount::rlc(1),
        requester: requester.address(),
        volume,
        trust,
        ..Default::default()
    };
    let orders = Quadruple {
        app: sign(app_order, &domain, &owner),
        dataset: Signed::none(),
        workerpool: sign(pool_order, &domain, &pool),
        request: sign(request, &domain, &requester),
    };
    Market { hub, pool, orders }
}

impl Market {
    fn open(&mut self) -> TaskId {
        let (deal, _) = self.hub.match_orders(&self.orders, NOW).unwrap();
        self.hub.initialize(deal, U256::ZERO).unwrap().0
    }

    fn pledge(&self, worker: Address, task: TaskId) -> Pledge {
        let permission = authorization(worker, task, Address::ZERO);
        let signature = self.pool.sign_message_sync(permission.as_slice()).unwrap();
        Pledge { authorization: Bytes::from(signature.as_bytes().to_vec()), ..Pledge::default() }
    }

    fn vote(&mut self, who: u8, task: TaskId, digest: ResultDigest) -> Result<Vec<Event>, Refused> {
        let worker = key(who).address();
        let (hash, seal) = (ResultHash::derive(task, digest), ResultSeal::derive(worker, task, digest));
        let pledge = self.pledge(worker, task);
        self.hub.contribute(worker, task, hash, seal, &pledge, NOW)
    }
}

fn digest(byte: u8) -> ResultDigest {
    ResultDigest(B256::repeat_byte(byte))
}

#[test]
fn a_replicated_task_pays_the_right_and_slashes_the_wrong() {
    let mut market = market(3);
    let supply = market.hub.ledger().supply();
    let task = market.open();
    for (who, result) in [(10, 1), (11, 2), (12, 1)] {
        assert_eq!(market.vote(who, task, digest(result)).unwrap().len(), 3);
    }
    assert!(matches!(market.vote(13, task, digest(1)).unwrap()[3], Event::TaskConsensus { .. }));
    for who in [10, 12, 13] {
        market.hub.reveal(key(who).address(), task, digest(1), NOW).unwrap();
    }
    let pool = market.pool.address();
    let said = market.hub.finalize(pool, task, &Outcome::default(), NOW).unwrap();
    assert!(matches!(said.last(), Some(Event::TaskFinalize { .. })));
    let right = key(10).address();
    assert_eq!(market.hub.ledger().balance(right), Amount::nrlc(10_429_000_000));
    assert_eq!((market.hub.score(right), market.hub.score(key(11).address())), (U256::from(1), U256::ZERO));
    assert_eq!(market.hub.ledger().balance(key(11).address()), Amount::nrlc(9_700_000_000));
    assert_eq!(market.hub.ledger().supply(), supply);
}

#[test]
fn a_claimed_task_feeds_the_kitty_and_the_next_one_drinks_from_it() {
    let mut market = market(1);
    let task = market.open();
    let late = ChainTime(NOW.0 + 10 * UNIT);
    assert_eq!(market.hub.claim(task, ChainTime(late.0 - 1)).unwrap_err().revert(), Revert::Bare);
    market.hub.claim(task, late).unwrap();
    assert_eq!(market.hub.ledger().frozen(KITTY), Amount::nrlc(300_000_000));
    let deal = *market.hub.deals.keys().next().unwrap();
    let (next, _) = market.hub.initialize(deal, U256::from(1)).unwrap();
    let worker = key(10).address();
    let pledge = market.pledge(worker, next);
    let done = market.hub.contribute_and_finalize(worker, next, digest(1), &Outcome::default(), &pledge, NOW).unwrap();
    assert_eq!(done.len(), 16);
    assert!(market.hub.ledger().frozen(KITTY).is_zero());
    assert_eq!(market.hub.ledger().balance(worker), Amount::nrlc(10_990_000_000));
}

#[test]
fn a_refused_call_changes_nothing_and_answers_as_the_contracts() {
    let mut market = market(3);
    let task = market.open();
    market.vote(10, task, digest(1)).unwrap();
    let before = market.hub.clone();
    let (worker, stranger) = (key(11).address(), Address::repeat_byte(9));
    let hash = ResultHash::derive(task, digest(1));
    let mut odd = market.pledge(worker, task);
    odd.authorization = Bytes::from_static(&[1, 2]);
    let format = market.hub.contribute(worker, task, hash, ResultSeal::default(), &odd, NOW).unwrap_err();
    assert_eq!(format.revert(), Revert::Text("invalid-signature-format".to_owned()));
    let foreign = market.pledge(stranger, task);
    let unauthorized = market.hub.contribute(worker, task, hash, ResultSeal::default(), &foreign, NOW).unwrap_err();
    assert!(matches!(unauthorized, Refused::NotAuthorized { .. }));
    let poor = market.pledge(stranger, task);
    let broke = market.hub.contribute(stranger, task, hash, ResultSeal::default(), &poor, NOW).unwrap_err();
    assert_eq!(broke.revert(), Revert::Text("IexecEscrow: Transfer amount exceeds balance".to_owned()));
    assert!(matches!(
        market.hub.finalize(stranger, task, &Outcome::default(), NOW),
        Err(Refused::NotTheScheduler { .. })
    ));
    assert!(matches!(market.hub.withdraw(stranger, Amount::nrlc(1)), Err(Refused::Overdrawn { .. })));
    assert_eq!(market.hub, before);
}

#[test]
fn a_closed_order_matches_no_more_and_a_presigned_one_needs_no_signature() {
    let mut market = market(1);
    let requester = market.orders.request.order.requester;
    market.orders.request.sign = Bytes::new();
    let unsigned = market.hub.match_orders(&market.orders, NOW).unwrap_err();
    assert!(matches!(unsigned, Refused::SignatureFormat { length: 0 }));
    let order = market.orders.request.order.clone();
    assert!(market.hub.manage(key(9).address(), &order, Operation::Sign, &Bytes::new()).is_err());
    market.hub.manage(requester, &order, Operation::Sign, &Bytes::new()).unwrap();
    market.hub.clone().match_orders(&market.orders, NOW).unwrap();
    let by_signature = key(3).sign_hash_sync(&order.operation_digest(market.hub.domain(), Operation::Close)).unwrap();
    let sign = Bytes::from(by_signature.as_bytes().to_vec());
    market.hub.manage(key(9).address(), &order, Operation::Close, &sign).unwrap();
    let closed = market.hub.match_orders(&market.orders, NOW).unwrap_err();
    assert_eq!(closed.revert(), Revert::Text("iExecV5-matchOrders-0x60".to_owned()));
}

#[test]
fn nothing_happens_to_a_task_that_is_final() {
    let mut market = market(1);
    let task = market.open();
    let worker = key(10).address();
    let pledge = market.pledge(worker, task);
    market.hub.contribute_and_finalize(worker, task, digest(1), &Outcome::default(), &pledge, NOW).unwrap();
    assert!(matches!(market.hub.task(task).unwrap().phase, Phase::Completed { .. }));
    assert!(market.hub.claim(task, ChainTime(u64::MAX)).is_err());
    assert!(market.vote(11, task, digest(1)).is_err());
    assert!(market.hub.initialize(*market.hub.deals.keys().next().unwrap(), U256::ZERO).is_err());
}
