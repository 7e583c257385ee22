//! What may not cost more gas: calls whose limits existing clients have built in (printed with `--nocapture`), what was accepted
//! in `contracts/gas.json`, and promises that are kept. `cargo xtask bench gas` prints the table, and `--accept` writes the file.
//!
//! Safe to touch: [`OPEN`], to take off what was won.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use alloy::primitives::{B256, Bytes, U256};
use fairgrid_conformance::abi::Hub;
use fairgrid_conformance::gas::{MAX_CODE_BYTES, NOISE, ROWS, sizes};
use fairgrid_conformance::{Actor, Stage, room};
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

/// Promises that are not kept yet. All others are, and stay kept.
const OPEN: &[&str] = &[];

/// Every row of the table, measured once.
fn measured() -> &'static BTreeMap<&'static str, u64> {
    static MEASURED: OnceLock<BTreeMap<&str, u64>> = OnceLock::new();
    MEASURED.get_or_init(|| ROWS.iter().map(|row| (row.name, row.gas())).collect())
}

/// On a hub that nobody has used: every slot is filled for the first time, which is the most that a call can cost.
fn open(stage: &mut Stage, trust: u64) -> TaskId {
    let terms = terms(stage, trust, 1);
    let deal = stage.deal(terms);
    stage.task(deal, 0)
}

fn check(what: &str, gas: u64, limit: u64) {
    let line = format!("{what:<42} {gas:>8} of {limit:>8}\n");
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes()).unwrap();
    assert!(gas < limit, "{what}: {gas} gas, clients send at most {limit}");
}

#[test]
fn initialize_stays_below_what_clients_send() {
    let mut stage = Stage::new();
    let terms = terms(&stage, 1, 1);
    let deal = stage.deal(terms);
    let call = Hub::initializeCall { dealid: deal.0, idx: U256::ZERO };
    check("initialize", stage.market.call(Actor::number(99).address(), &call).unwrap().gas, 300_000);
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
}

/// A fall passes: what was accepted still bounds it, and two people who saved gas at the same time need not meet in one file.
/// The benchmark's verb reminds of it. A row without a figure, or a figure without a row, would guard nothing.
#[test]
fn no_operation_costs_more_than_was_accepted() {
    let path = room().join("../../contracts/gas.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("contracts/gas.json: {error}"));
    let accepted: BTreeMap<String, u64> = serde_json::from_str(&text).expect("contracts/gas.json has a number a row");
    let mut faults: Vec<String> = Vec::new();
    for (name, gas) in measured() {
        match accepted.get(*name) {
            Some(most) if *gas > most + NOISE => faults.push(format!("{name}: {gas} gas, accepted are {most}")),
            Some(_) => {}
            None => faults.push(format!("{name}: {gas} gas, nothing is accepted")),
        }
    }
    let lost = accepted.keys().filter(|name| !measured().contains_key(name.as_str()));
    faults.extend(lost.map(|name| format!("{name} is accepted, but not measured any more")));
    assert!(faults.is_empty(), "if it must be: cargo xtask bench gas --accept\n{}", faults.join("\n"));
}

#[test]
fn promises_that_are_kept_stay_kept() {
    let mut faults: Vec<String> = Vec::new();
    for row in ROWS {
        let (gas, promise) = (measured()[row.name], row.target.bounds);
        match (row.target.is_met_by(gas), OPEN.contains(&row.name)) {
            (true, false) | (false, true) => {}
            (false, false) => faults.push(format!("{}: {gas} gas, promised are {promise:?}", row.name)),
            (true, true) => faults.push(format!("{}: {gas} gas keep the promise: take it off OPEN", row.name)),
        }
    }
    let unknown = OPEN.iter().filter(|name| !measured().contains_key(**name));
    faults.extend(unknown.map(|name| format!("{name} is on OPEN, but not measured")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn rows_have_their_own_names() {
    assert_eq!(measured().len(), ROWS.len());
}

#[test]
fn the_hub_and_its_facets_can_be_deployed() {
    for (name, bytes) in sizes() {
        assert!(bytes < MAX_CODE_BYTES, "{name}: {bytes} bytes, chains accept less than {MAX_CODE_BYTES}");
    }
}
