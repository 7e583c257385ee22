//! Rows of light deals: divided by the tasks of the range, but for deliveries.

use alloy::primitives::{Address, B256, Bytes, U256};
use protocol::bags::RangeAuthorization;
use protocol::range_tree::RangeTree;
use protocol::{DealId, ResultHash, Tag, TaskId};

use super::Scene;
use super::ends::FINAL_DEADLINE;
use super::scene::{CALLBACK_DATA, RESULTS, digest};
use crate::abi::{Light, LightProof, RangePermit};
use crate::{Actor, stub};

/// Leaves of the tree from which is delivered: proofs have 16 siblings.
const LARGEST: u64 = 65_536;

pub(super) fn settled(mut scene: Scene, tasks: u64) -> u64 {
    let deal = deal(&mut scene, tasks, Address::ZERO);
    settle(&mut scene, deal, tasks, B256::repeat_byte(0x5a)).div_ceil(tasks)
}

pub(super) fn claimed(mut scene: Scene, tasks: u64) -> u64 {
    let deal = deal(&mut scene, tasks, Address::ZERO);
    scene.wait(FINAL_DEADLINE);
    let (first, count) = (U256::ZERO, U256::from(tasks));
    scene.call(Scene::stranger(), &Light::claimLightCall { dealid: deal.0, first, count }).div_ceil(tasks)
}

/// The callback answers at once, and another task of the same 256 was not delivered before.
pub(super) fn delivered(mut scene: Scene) -> u64 {
    let callback = Actor::number(98).address();
    scene.stage.market.evm.place(callback, stub::silent());
    let deal = deal(&mut scene, LARGEST, callback);
    let (tree, index) = (tree(deal), 40_000);
    settle(&mut scene, deal, LARGEST, tree.root());
    let proof = LightProof {
        first: U256::ZERO,
        count: U256::from(LARGEST),
        worker: Scene::worker(1),
        siblings: tree.proof(index).expect("the index is in the tree"),
    };
    let data = Bytes::from_static(&CALLBACK_DATA);
    scene.call(Scene::stranger(), &Light::deliverLightCall { dealid: deal.0, idx: U256::from(index), data, proof })
}

fn deal(scene: &mut Scene, tasks: u64, callback: Address) -> DealId {
    let mut terms = scene.terms(1, tasks);
    let tag = Tag(B256::from(U256::from(1 << 16)));
    (terms.request.tag, terms.workerpool.tag) = (tag, tag);
    terms.request.callback = callback;
    scene.matched(terms).0
}

fn tree(deal: DealId) -> RangeTree {
    let result = |index| ResultHash::derive(TaskId::derive(deal, U256::from(index)), digest());
    RangeTree::build(&(0..LARGEST).map(result).collect::<Vec<_>>()).expect("the largest range has a tree")
}

fn settle(scene: &mut Scene, deal: DealId, tasks: u64, root: B256) -> u64 {
    let (worker, first, count) = (Scene::worker(1), U256::ZERO, U256::from(tasks));
    let permit = RangeAuthorization { worker, deal, first, count, enclave: Address::ZERO };
    let signed = scene.stage.market.domain().digest(permit.struct_hash());
    let call = Light::settleLightCall {
        dealid: deal.0,
        first,
        count,
        root,
        results: Bytes::from_static(RESULTS),
        enclaveChallenge: Address::ZERO,
        enclaveSign: Bytes::new(),
        permit: RangePermit { first, count, sign: scene.stage.scheduler.sign_digest(signed) },
    };
    scene.call(worker, &call)
}
