//! What many results in one call do to the requester's contract, and that contract to them.

use alloy::primitives::{B256, Bytes, U256, keccak256};
use alloy::sol;
use alloy::sol_types::SolCall as _;
use fairgrid_conformance::abi::Hub;
use fairgrid_conformance::bags::SoloRange;
use fairgrid_conformance::{Actor, Artifact, Reverted, Stage, stub};
use protocol::DealId;

use crate::bags::{CALLBACK, balances, check_conserved, forwarding, views};

sol! {
    interface Consumer {
        function receiveResult(bytes32 id, bytes result) external;
        function gstore(bytes32 id) external view returns (uint256);
    }
}

const ALLOWANCE: u64 = 200_000;

fn dealt(stage: &mut Stage, volume: u64, callback: alloy::primitives::Address, salt: u8) -> DealId {
    let mut terms = stage.terms(1, volume);
    (terms.request.callback, terms.request.salt) = (callback, B256::repeat_byte(salt));
    stage.deal(terms)
}

fn range(stage: &Stage, deal: DealId, first: u64, count: u64) -> SoloRange {
    let mut range = SoloRange::new(stage, deal, first, count);
    for (entry, n) in range.entries.iter_mut().zip(0_u8..) {
        entry.resultsCallback = vec![n; 33].into();
        entry.resultDigest = keccak256(&entry.resultsCallback);
    }
    range
}

#[test]
fn callbacks_come_last_in_the_order_of_the_tasks() {
    let mut stage = Stage::new();
    stage.market.evm.place(CALLBACK, stub::recording());
    let deal = dealt(&mut stage, 3, CALLBACK, 0);
    let range = range(&stage, deal, 0, 3);
    let logs = range.send(&mut stage).unwrap().logs;
    let (said, called) = logs.split_at(logs.len() - 3);
    assert!(said.iter().all(|log| log.address == stage.market.hub));
    for ((log, task), entry) in called.iter().zip(range.tasks()).zip(&range.entries) {
        let call = Consumer::receiveResultCall { id: task.0, result: entry.resultsCallback.clone() };
        assert_eq!((log.address, log.data.data.as_ref()), (CALLBACK, call.abi_encode().as_ref()));
        assert_eq!(stage.market.view(&Hub::resultForCall { id: task.0 }).unwrap(), entry.resultsCallback);
    }
}

#[test]
fn a_range_does_not_mind_what_callbacks_do() {
    for code in [Bytes::new(), stub::refusing(), stub::silent(), stub::wasteful()] {
        let mut stage = Stage::new();
        stage.market.evm.place(CALLBACK, code);
        let deal = dealt(&mut stage, 3, CALLBACK, 0);
        let range = range(&stage, deal, 0, 3);
        range.send(&mut stage).unwrap();
        assert!(views(&mut stage, &range.tasks(), &[]).iter().all(|view| view.0.status == 3));
        check_conserved(&mut stage);
    }
}

/// The callback is a permitted worker itself, and settles a range when it is called: also one that is free, whose callbacks
/// would need their whole allowance out of the first one's.
#[test]
fn bg2_callbacks_that_settle_ranges_gain_nothing() {
    for (first, count) in [(0, 1), (1, 1), (0, 3), (2, 2)] {
        let mut stage = Stage::new();
        let deal = dealt(&mut stage, 4, CALLBACK, 0);
        let again = SoloRange { worker: CALLBACK, ..range(&stage, deal, first, count) };
        let data = again.call(&stage.market.domain()).abi_encode();
        stage.market.evm.place(CALLBACK, forwarding(stage.market.hub, &data));
        stage.market.call(stage.market.owner, &Hub::setCallbackGasCall { gas: U256::from(1_000_000) }).unwrap();
        let before = stage.market.account(CALLBACK).0;
        range(&stage, deal, 0, 2).send(&mut stage).unwrap();
        let tasks = range(&stage, deal, 0, 4).tasks();
        let statuses: Vec<_> = views(&mut stage, &tasks, &[]).iter().map(|view| view.0.status).collect();
        assert_eq!(statuses, [3, 3, 0, 0], "from {first}, {count} tasks");
        assert_eq!(stage.market.account(CALLBACK).0, before);
        let all = balances(&mut stage);
        let free: U256 = all.iter().map(|(free, _)| free.to_nrlc()).sum();
        assert_eq!(
            free,
            stage.market.view(&Hub::totalSupplyCall {}).unwrap(),
            "money is where it was, or with its owner"
        );
    }
}

fn with_gas(stage: &Stage, range: &SoloRange, gas: u64) -> Result<Stage, Reverted> {
    let mut stage = stage.clone();
    let (hub, call) = (stage.market.hub, range.call(&stage.market.domain()));
    stage.market.evm.call_with_gas(range.worker, hub, &call, gas).map(|_| stage)
}

#[test]
fn every_callback_of_a_range_has_its_gas_or_nothing_is_settled() {
    for (name, keeps) in [("TestClient", true), ("GasWasterClient", false)] {
        let mut stage = Stage::new();
        let client = stage.market.evm.deploy(Actor::number(5).address(), &Artifact::named(name), &[]);
        let deal = dealt(&mut stage, 3, client, 0);
        let range = range(&stage, deal, 0, 3);
        let (mut fails, mut works) = (100_000, 3_000_000);
        while works - fails > 1 {
            let middle = (fails + works) / 2;
            if with_gas(&stage, &range, middle).is_ok() { works = middle } else { fails = middle }
        }
        assert_eq!(with_gas(&stage, &range, works - 1).unwrap_err(), Reverted::Panic(1), "{name}");
        let mut least = with_gas(&stage, &range, works).unwrap();
        // What a callee gives back was not needed: so the last may get a little less, but none runs out of gas.
        for task in range.tasks().into_iter().filter(|_| keeps) {
            let given = least.market.evm.view(client, &Consumer::gstoreCall { id: task.0 }).unwrap();
            assert!(given > U256::ZERO && given < U256::from(ALLOWANCE), "{given}");
        }
    }
}
