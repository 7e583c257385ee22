//! One task opened and completed in one call: the two calls, in every respect.

use alloy::primitives::{B256, U256};
use fairgrid_conformance::abi::Bags;
use fairgrid_conformance::bags::SoloRange;
use fairgrid_conformance::{Actor, Stage, stub};
use protocol::hub::Pledge;
use protocol::{DealId, ResultDigest, ResultHash, ResultSeal, Tag};

use crate::bags::{CALLBACK, CONTRIBUTION, STRANGER, balances, bare, fill_kitty, views};
use crate::bags_range::{by_single_calls, dealt, enclaves_and_callback, for_enclaves, with_callback, with_data};

/// `initializeAndContributeAndFinalize` of a range's first task.
pub(crate) fn opening(range: &SoloRange) -> Bags::initializeAndContributeAndFinalizeCall {
    let (entry, task) = (&range.entries[0], range.tasks()[0]);
    let digest = ResultDigest(entry.resultDigest);
    let both = (ResultHash::derive(task, digest), ResultSeal::derive(range.worker, task, digest));
    let Pledge { enclave, enclave_sign, authorization } = match &range.enclave {
        None => range.authorizer.authorize(range.worker, task),
        Some(enclave) => range.authorizer.authorize_enclave(range.worker, task, enclave, both),
    };
    Bags::initializeAndContributeAndFinalizeCall {
        dealid: range.deal.0,
        idx: U256::from(range.first),
        resultDigest: entry.resultDigest,
        results: entry.results.clone(),
        resultsCallback: entry.resultsCallback.clone(),
        enclaveChallenge: enclave,
        enclaveSign: enclave_sign,
        authorizationSign: authorization,
    }
}

#[test]
fn initialize_and_the_rest_in_one_call_are_the_two_calls() {
    let mut stage = Stage::new();
    fill_kitty(&mut stage);
    stage.market.evm.place(CALLBACK, stub::recording());
    let deal = dealt(&mut stage, 3, enclaves_and_callback);
    let inside = SoloRange { enclave: Some(Actor::number(70)), ..SoloRange::new(&stage, deal, 1, 1) };
    let range = with_data(inside);
    let mut open = stage.clone();
    open.task(deal, 1);
    for stage in [stage, open] {
        let (mut one, mut two) = (stage.clone(), stage);
        let done = one.market.call(range.worker, &opening(&range)).unwrap();
        assert_eq!(done.output.as_ref(), range.tasks()[0].0.as_slice());
        assert_eq!(done.logs, by_single_calls(&mut two, &range));
        assert_eq!(balances(&mut one), balances(&mut two));
        assert_eq!(views(&mut one, &range.tasks(), &[range.worker]), views(&mut two, &range.tasks(), &[range.worker]));
        bare(one.market.call(range.worker, &opening(&range)));
    }
}

#[test]
fn initialize_and_the_rest_in_one_call_refuses_without_data() {
    let mut stage = Stage::new();
    let light = dealt(&mut stage, 1, |t| {
        let tag = Tag(B256::from(U256::from(0x10000)));
        (t.workerpool.tag, t.request.tag) = (tag, tag);
    });
    let trusting = dealt(&mut stage, 1, |t| (t.workerpool.trust, t.request.trust) = (U256::from(2), U256::from(2)));
    let enclaves = dealt(&mut stage, 1, for_enclaves);
    let calling = dealt(&mut stage, 1, with_callback);
    for deal in [light, trusting, enclaves, calling, DealId(B256::repeat_byte(1))] {
        let range = SoloRange::new(&stage, deal, 0, 1);
        bare(stage.market.call(range.worker, &opening(&range)));
    }
    let deal = dealt(&mut stage, 1, |t| t.request.salt = B256::repeat_byte(8));
    let range = SoloRange::new(&stage, deal, 0, 1);
    bare(stage.market.call(STRANGER, &opening(&range)));
    bare(stage.market.call(range.worker, &opening(&SoloRange { first: 1, ..range.clone() })));
    let wrong = SoloRange { enclave: Some(Actor::number(70)), ..range.clone() };
    let wrong = Bags::initializeAndContributeAndFinalizeCall {
        enclaveSign: Actor::number(71).sign_message(B256::ZERO),
        ..opening(&wrong)
    };
    bare(stage.market.call(range.worker, &wrong));
    let start = stage.market.evm.now;
    stage.market.evm.now = start + CONTRIBUTION;
    bare(stage.market.call(range.worker, &opening(&range)));
    stage.market.evm.now = start + CONTRIBUTION - 1;
    stage.market.call(range.worker, &opening(&range)).unwrap();
}
