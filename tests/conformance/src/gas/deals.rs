//! Rows of matching and opening.

use alloy::primitives::U256;
use protocol::DealId;

use super::Scene;
use super::scene::one_more;
use crate::abi::Hub;

pub(super) fn matched(mut scene: Scene, tasks: u64) -> u64 {
    let terms = scene.terms(1, tasks);
    scene.matched(terms).1
}

pub(super) fn matched_with_dataset(mut scene: Scene) -> u64 {
    let terms = scene.terms_with_dataset(1, 1);
    scene.matched(terms).1
}

pub(super) fn matched_for_enclaves(mut scene: Scene) -> u64 {
    let terms = scene.terms_for_enclaves(1);
    scene.matched(terms).1
}

pub(super) fn initialized(mut scene: Scene) -> u64 {
    let terms = scene.terms(1, 1);
    let (deal, _) = scene.matched(terms);
    scene.open(deal, 0).1
}

pub(super) fn initialized_one_more(mut scene: Scene) -> u64 {
    let terms = scene.terms(1, 100);
    let (deal, _) = scene.matched(terms);
    one_more(|tasks| scene.clone().call(Scene::stranger(), &array(deal, tasks)))
}

pub(super) fn initialized_on_average(mut scene: Scene, tasks: u64) -> u64 {
    let terms = scene.terms(1, tasks + 1);
    let (deal, _) = scene.matched(terms);
    scene.call(Scene::stranger(), &array(deal, tasks)).div_ceil(tasks)
}

/// Opens tasks from index 1 on, so that every index has the same number of zero bytes.
pub(super) fn array(deal: DealId, tasks: u64) -> Hub::initializeArrayCall {
    let idx: Vec<_> = (1..=tasks).map(U256::from).collect();
    Hub::initializeArrayCall { dealids: vec![deal.0; idx.len()], idx }
}
