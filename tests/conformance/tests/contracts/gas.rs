//! Gas of the calls whose limits existing clients have built in. The measured table is printed: `--nocapture`.

use alloy::primitives::{B256, Bytes, U256};
use fairgrid_conformance::abi::Hub;
use fairgrid_conformance::{Actor, Stage};
use protocol::hub::Outcome;
use protocol::{ResultDigest, TaskId};

const DIGEST: ResultDigest = ResultDigest(B256::repeat_byte(7));

/// 85 bytes of result, as clients write it; the request's params have 70.
fn outcome() -> Outcome {
    let results = br#"{"storage":"ipfs","location":"/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG00"}"#;
    Outcome { results: Bytes::from_static(&results[..85]), callback: Bytes::new() }
}

fn terms(stage: &Stage, trust: u64, volume: u64) -> fairgrid_conformance::Terms {
    let mut terms = stage.terms(trust, volume);
    terms.request.params = format!("{:<70}", r#"{"iexec_args":"hello"}"#);
    terms
}

/// A stage on which everybody has locked money before, as on a hub in use.
fn busy() -> Stage {
    let mut stage = Stage::new();
    let deal = stage.deal(stage.terms_with_dataset(1_000, 1));
    let task = stage.task(deal, 0);
    for n in 10..15 {
        stage.vote(n, task, DIGEST).unwrap();
    }
    stage
}

fn open(stage: &mut Stage, trust: u64) -> TaskId {
    let terms = terms(stage, trust, 1);
    let deal = stage.deal(terms);
    stage.task(deal, 0)
}

/// A wish, printed and not asserted: the project's benchmark decides about it.
fn report(what: &str, gas: u64, wish: u64) {
    let line = format!("{what:<42} {gas:>8}, wished {wish:>8}\n");
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes()).unwrap();
}

fn check(what: &str, gas: u64, limit: u64) {
    let line = format!("{what:<42} {gas:>8} of {limit:>8}\n");
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes()).unwrap();
    assert!(gas < limit, "{what}: {gas} gas, clients send at most {limit}");
}

#[test]
fn initialize_stays_below_what_clients_send() {
    let mut stage = Stage::new();
    let terms = terms(&stage, 1, 40);
    let deal = stage.deal(terms);
    let call = Hub::initializeCall { dealid: deal.0, idx: U256::ZERO };
    check("initialize", stage.market.call(Actor::number(99).address(), &call).unwrap().gas, 300_000);
    let array = |from: u64, to: u64| Hub::initializeArrayCall {
        dealids: vec![deal.0; (to - from) as usize],
        idx: (from..to).map(U256::from).collect(),
    };
    let caller = Actor::number(99).address();
    let ten = stage.clone().market.call(caller, &array(1, 11)).unwrap().gas;
    let twenty = stage.clone().market.call(caller, &array(1, 21)).unwrap().gas;
    check("initializeArray, per task", (twenty - ten) / 10, 168_000);
}

#[test]
fn a_replicated_task_of_five_stays_below_what_clients_send() {
    let mut stage = Stage::new();
    let task = open(&mut stage, 17);
    for (n, what) in (10..).zip(["contribute, first", "second", "third", "fourth", "contribute, fifth with consensus"])
    {
        check(what, stage.vote(n, task, DIGEST).unwrap().gas, 500_000);
    }
    for n in 10..15 {
        let what = if n == 10 { "reveal, first" } else { "reveal, next" };
        check(what, stage.reveal(n, task, DIGEST).unwrap().gas, 100_000);
    }
    check("finalize, 5 workers", stage.finalize(task, &outcome()).unwrap().gas, 500_000);
}

#[test]
fn a_replicated_task_of_three_stays_below_the_reference() {
    let mut stage = busy();
    let task = open(&mut stage, 5);
    for (n, reference) in (10..).zip([317_760, 283_550, 379_336]) {
        let gas = stage.vote(n, task, DIGEST).unwrap().gas;
        report(&format!("contribute {} of 3 (60 %)", n - 9), gas, reference * 6 / 10);
        check(&format!("contribute {} of 3", n - 9), gas, reference);
    }
    for (n, reference) in (10..).zip([93_455, 56_455, 56_455]) {
        let gas = stage.reveal(n, task, DIGEST).unwrap().gas;
        report(&format!("reveal {} of 3 (75 %)", n - 9), gas, reference * 3 / 4);
        check(&format!("reveal {} of 3", n - 9), gas, reference);
    }
    let gas = stage.finalize(task, &outcome()).unwrap().gas;
    report("finalize, 3 workers (60 %)", gas, 403_684 * 6 / 10);
    check("finalize, 3 workers", gas, 403_684);
}

#[test]
fn a_reopen_stays_below_what_clients_send() {
    let mut stage = Stage::new();
    let task = open(&mut stage, 17);
    for n in 10..15 {
        stage.vote(n, task, DIGEST).unwrap();
    }
    stage.market.evm.now += 600;
    let call = Hub::reopenCall { taskid: task.0 };
    check("reopen, 5 workers", stage.market.call(stage.scheduler.address(), &call).unwrap().gas, 500_000);
}

#[test]
fn contribute_and_finalize_stays_below_what_clients_send() {
    let mut stage = Stage::new();
    let task = open(&mut stage, 1);
    let worker = Actor::number(10).address();
    let pledge = stage.scheduler.authorize(worker, task);
    let done = stage.contribute_and_finalize(worker, task, DIGEST, &outcome(), &pledge).unwrap();
    check("contributeAndFinalize", done.gas, 700_000);
}

#[test]
fn a_batch_of_claims_stays_below_what_clients_count_on() {
    let mut stage = Stage::new();
    let terms = terms(&stage, 1, 60);
    let deal = stage.deal(terms);
    let caller = Actor::number(99).address();
    let tasks: Vec<_> = (0..40).map(|index| stage.task(deal, index).0).collect();
    stage.market.evm.now += 3_000;
    let claim = |count: usize| Hub::claimArrayCall { taskids: tasks[..count].to_vec() };
    let gas = [20, 40].map(|count| stage.clone().market.call(caller, &claim(count)).unwrap().gas);
    check("claimArray, per task", (gas[1] - gas[0]) / 20, 55_000);
    let both = |count: u64| Hub::initializeAndClaimArrayCall {
        dealids: vec![deal.0; count as usize],
        idx: (40..40 + count).map(U256::from).collect(),
    };
    let gas = [10, 20].map(|count| stage.clone().market.call(caller, &both(count)).unwrap().gas);
    check("initializeAndClaimArray, per task", (gas[1] - gas[0]) / 10, 250_000);
    let one = stage.market.call(caller, &Hub::claimCall { taskid: tasks[0] }).unwrap().gas;
    check("claim", one, 154_432);
}

#[test]
fn matching_stays_below_the_reference() {
    let mut stage = busy();
    let mut fresh = terms(&stage, 1, 1);
    fresh.request.salt = B256::repeat_byte(2);
    let orders = stage.sign(fresh);
    let gas = stage.match_orders(&orders).unwrap().gas;
    report("matchOrders (50 %)", gas, 356_000);
    check("matchOrders", gas, 713_000);
    let mut with_dataset = stage.terms_with_dataset(1, 1);
    with_dataset.request.params = orders.request.order.params.clone();
    with_dataset.request.salt = B256::repeat_byte(1);
    let orders = stage.sign(with_dataset);
    let gas = stage.match_orders(&orders).unwrap().gas;
    report("matchOrders with dataset (50 %)", gas, 416_000);
    check("matchOrders with dataset", gas, 833_671);
}
