//! Rows of contributing, revealing and reopening.

use super::Scene;
use crate::abi::Hub;

/// The contribution of the `number`th of three workers; the third brings the consensus.
pub(super) fn contributed(mut scene: Scene, number: u64) -> u64 {
    let task = scene.voted(3, number - 1);
    scene.vote(number, task)
}

/// The reveal of the `number`th of three workers.
pub(super) fn revealed(mut scene: Scene, number: u64) -> u64 {
    let task = scene.agreed(3);
    scene.reveal_all(task, number - 1);
    scene.reveal(number, task)
}

/// All workers agreed and none revealed in time.
pub(super) fn reopened(mut scene: Scene, workers: u64) -> u64 {
    let task = scene.agreed(workers);
    scene.wait(600);
    let scheduler = scene.stage.scheduler.address();
    scene.call(scheduler, &Hub::reopenCall { taskid: task.0 })
}
