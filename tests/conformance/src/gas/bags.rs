//! Rows of many steps in one call.

use alloy::primitives::U256;
use protocol::TaskId;

use super::Scene;
use super::deals::array;
use super::scene::{cost, digest, outcome};
use crate::Actor;
use crate::abi::Bags;
use crate::bags::{SoloRange, ballot, vote};

/// Tasks of a bag.
const BAG: u64 = 100;
/// Tasks of a bag that are relayed in one call: with three votes each they stay below what one call takes.
const RELAYED: usize = 50;

/// A range of tasks that nobody opened before, from the second on: the first would hide what an index costs.
pub(super) fn range_by_one_worker(mut scene: Scene) -> u64 {
    let terms = scene.terms(1, BAG + 1);
    let (deal, _) = scene.matched(terms);
    let range = SoloRange::new(&scene.stage, deal, 1, BAG);
    cost(range.send(&mut scene.stage)).div_ceil(BAG)
}

pub(super) fn range_in_enclave(mut scene: Scene) -> u64 {
    let terms = scene.terms_for_enclaves(BAG + 1);
    let (deal, _) = scene.matched(terms);
    let enclave = Some(Actor::number(70));
    let range = SoloRange { enclave, ..SoloRange::new(&scene.stage, deal, 1, BAG) };
    cost(range.send(&mut scene.stage)).div_ceil(BAG)
}

/// Opening, three relayed votes, their reveal, and the scheduler's `finalize`.
pub(super) fn bag_of_relayed_workers(mut scene: Scene) -> u64 {
    let terms = scene.terms_for(3, BAG + 1);
    let (deal, _) = scene.matched(terms);
    let mut gas = scene.call(Scene::stranger(), &array(deal, BAG));
    let tasks: Vec<_> = (1..=BAG).map(|index| TaskId::derive(deal, U256::from(index))).collect();
    for some in tasks.chunks(RELAYED) {
        gas += relay(&mut scene, some);
    }
    for some in tasks.chunks(RELAYED) {
        gas += reveal(&mut scene, some);
    }
    gas += tasks.iter().map(|task| scene.finalize(*task)).sum::<u64>();
    gas.div_ceil(BAG)
}

/// Three workers' votes for tasks in one call, sent by the scheduler's relay, which is not the scheduler.
fn relay(scene: &mut Scene, tasks: &[TaskId]) -> u64 {
    let domain = scene.stage.market.domain();
    let ballots = (10..13).map(|worker| {
        let worker = Actor::number(worker);
        let votes = tasks.iter().map(|task| vote(&scene.stage.scheduler, worker.address(), *task, digest().0));
        ballot(&worker, &domain, votes.collect())
    });
    let ballots = ballots.collect();
    scene.call(Scene::stranger(), &Bags::contributeForCall { ballots })
}

fn reveal(scene: &mut Scene, tasks: &[TaskId]) -> u64 {
    let call = Bags::revealForCall {
        taskids: tasks.iter().map(|task| task.0).collect(),
        resultDigests: vec![digest().0; tasks.len()],
    };
    scene.call(Scene::stranger(), &call)
}

/// One call instead of three reveals.
pub(super) fn revealed_for(mut scene: Scene) -> u64 {
    let task = scene.agreed(3);
    reveal(&mut scene, &[task])
}

/// By a worker who says where the result is, before there is a bounty.
pub(super) fn finalized_late(mut scene: Scene) -> u64 {
    let task = scene.agreed(3);
    scene.reveal_all(task, 3);
    scene.wait(600 + 150);
    let call =
        Bags::finalizeLateCall { taskid: task.0, results: outcome().results, resultsCallback: outcome().callback };
    scene.call(Scene::worker(1), &call)
}

pub(super) fn opened_and_completed(mut scene: Scene) -> u64 {
    let terms = scene.terms(1, 1);
    let (deal, _) = scene.matched(terms);
    let worker = Scene::worker(1);
    let pledge = scene.stage.scheduler.authorize(worker, TaskId::derive(deal, U256::ZERO));
    let call = Bags::initializeAndContributeAndFinalizeCall {
        dealid: deal.0,
        idx: U256::ZERO,
        resultDigest: digest().0,
        results: outcome().results,
        resultsCallback: outcome().callback,
        enclaveChallenge: pledge.enclave,
        enclaveSign: pledge.enclave_sign,
        authorizationSign: pledge.authorization,
    };
    scene.call(worker, &call)
}
