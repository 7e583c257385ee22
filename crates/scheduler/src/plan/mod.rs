//! All decisions of the scheduler, pure: same view, same time, same answer. `terms` is what a deal asks, `choose` who
//! gets a copy, `next` what a task is owed. No I/O, no clock, no log here.

mod choose;
mod next;
mod terms;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;

pub use choose::{NoWorker, Unsuitable, WorkerView, choose};
pub use next::{Action, Delivery, Now, OnChain, Rules, TaskView, Vote, Why, next_action};
pub use terms::{Needs, Refusal, Terms};
