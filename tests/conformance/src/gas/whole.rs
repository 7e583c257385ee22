//! Rows of whole tasks: every transaction that somebody has to pay.

use alloy::primitives::U256;
use protocol::TaskId;

use super::Scene;
use super::deals::array;
use crate::Terms;

/// Tasks of a bag.
const BAG: u64 = 100;

pub(super) fn by_an_enclave(mut scene: Scene) -> u64 {
    let terms = scene.terms_for_enclaves(1);
    let (deal, matching) = scene.matched(terms);
    let (task, opening) = scene.open(deal, 0);
    matching + opening + scene.complete_in_enclave(task)
}

pub(super) fn by_three_workers(mut scene: Scene) -> u64 {
    let terms = scene.terms_for(3, 1);
    let (deal, matching) = scene.matched(terms);
    let (task, opening) = scene.open(deal, 0);
    matching + opening + scene.vote_all(task, 3) + scene.reveal_all(task, 3) + scene.finalize(task)
}

pub(super) fn bag_of_an_enclave(mut scene: Scene) -> u64 {
    let terms = scene.terms_for_enclaves(BAG + 1);
    let (tasks, opening) = bag(&mut scene, terms);
    let completing = each(&tasks, |task| scene.complete_in_enclave(task));
    (opening + completing).div_ceil(BAG)
}

/// Step by step over the whole bag: a task finalized between the votes would raise the workers' weights, and then two of
/// them would be enough.
pub(super) fn bag_of_three_workers(mut scene: Scene) -> u64 {
    let terms = scene.terms_for(3, BAG + 1);
    let (tasks, opening) = bag(&mut scene, terms);
    let votes = each(&tasks, |task| scene.vote_all(task, 3));
    let reveals = each(&tasks, |task| scene.reveal_all(task, 3));
    let finals = each(&tasks, |task| scene.finalize(task));
    (opening + votes + reveals + finals).div_ceil(BAG)
}

/// Opens a bag in one transaction, and says what that cost.
fn bag(scene: &mut Scene, terms: Terms) -> (Vec<TaskId>, u64) {
    let (deal, _) = scene.matched(terms);
    let opening = scene.call(Scene::stranger(), &array(deal, BAG));
    ((1..=BAG).map(|index| TaskId::derive(deal, U256::from(index))).collect(), opening)
}

fn each(tasks: &[TaskId], mut carry: impl FnMut(TaskId) -> u64) -> u64 {
    tasks.iter().map(|task| carry(*task)).sum()
}
