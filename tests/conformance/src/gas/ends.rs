//! Rows of the ways in which a task ends.

use alloy::primitives::U256;

use super::Scene;
use super::scene::one_more;
use crate::abi::Hub;

/// From here on the tasks of category 0 can be claimed, in seconds after their match: ten times its 300 seconds.
pub(super) const FINAL_DEADLINE: u64 = 3_000;

pub(super) fn finalized(mut scene: Scene, workers: u64) -> u64 {
    let task = scene.agreed(workers);
    scene.reveal_all(task, workers);
    scene.finalize(task)
}

/// The callback answers at once: what it does itself would be no cost of the hub.
pub(super) fn finalized_with_callback(mut scene: Scene, workers: u64) -> u64 {
    let task = scene.agreed_for_callback(workers);
    scene.reveal_all(task, workers);
    scene.finalize_for_callback(task)
}

pub(super) fn finalized_with_kitty(mut scene: Scene) -> u64 {
    claimed(&mut scene, 0);
    finalized(scene, 3)
}

pub(super) fn completed_alone(mut scene: Scene) -> u64 {
    let terms = scene.terms(1, 1);
    let task = scene.opened(terms);
    scene.complete(task)
}

pub(super) fn completed_in_enclave(mut scene: Scene) -> u64 {
    let terms = scene.terms_for_enclaves(1);
    let task = scene.opened(terms);
    scene.complete_in_enclave(task)
}

/// No consensus came together; the workers that voted get their stakes back.
pub(super) fn claimed(scene: &mut Scene, workers: u64) -> u64 {
    let task = scene.disputed(workers);
    scene.wait(FINAL_DEADLINE);
    scene.call(Scene::stranger(), &Hub::claimCall { taskid: task.0 })
}

pub(super) fn claimed_one_more(mut scene: Scene, workers: u64) -> u64 {
    let tasks = scene.disputed_bag(20, workers);
    scene.wait(FINAL_DEADLINE);
    let array = |count: u64| tasks.iter().zip(0..count).map(|(task, _)| task.0).collect();
    one_more(|count| scene.clone().call(Scene::stranger(), &Hub::claimArrayCall { taskids: array(count) }))
}

pub(super) fn opened_and_claimed_one_more(mut scene: Scene) -> u64 {
    let terms = scene.terms(1, 100);
    let (deal, _) = scene.matched(terms);
    scene.wait(FINAL_DEADLINE);
    one_more(|tasks| {
        let idx: Vec<_> = (1..=tasks).map(U256::from).collect();
        let call = Hub::initializeAndClaimArrayCall { dealids: vec![deal.0; idx.len()], idx };
        scene.clone().call(Scene::stranger(), &call)
    })
}
