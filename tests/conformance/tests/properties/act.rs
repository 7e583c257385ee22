//! What people may do, and how often.

use crate::dice::Dice;

/// Kinds of acts. What exactly happens follows from the act's own dice and from the state it meets, so an act still means
/// something after others were dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// New orders, matched in one of the possible ways; often their tasks are opened at once.
    Match,
    /// Orders from before, once more.
    Rematch,
    /// Orders are signed or closed on chain, by their owner or by others.
    Manage,
    /// Tasks are opened, one or several.
    Initialize,
    /// One worker votes: honest, lying, copying, or without permission.
    Contribute,
    /// Workers vote until there is a consensus or nobody is left.
    Vote,
    /// One winner reveals.
    Reveal,
    /// All winners reveal, or all but some.
    RevealAll,
    /// The scheduler finalizes, perhaps after waiting for the reveal deadline.
    Finalize,
    /// One worker does a whole task.
    Alone,
    /// The scheduler reopens a task that nobody revealed.
    Reopen,
    /// Somebody claims a task.
    Claim,
    /// Somebody claims many tasks, with doubles and unopened ones among them.
    ClaimSeveral,
    /// Time passes, often to the second around a deadline.
    Wait,
    /// Money comes, goes, and moves.
    Money,
    /// Something that must be refused.
    Forbidden,
    /// One worker opens and does a whole task in one call.
    AloneAtOnce,
    /// One worker settles a range of tasks.
    Range,
    /// Somebody hands in votes of several workers, good and bad ones mixed.
    Relay,
    /// Somebody reveals for all winners.
    RevealFor,
    /// A task is ended by another than its scheduler, or its scheduler being late; or the place of a result is told.
    Late,
    /// A range of a light deal is settled.
    Settle,
    /// What is open of a light deal is claimed.
    ClaimLight,
    /// The result of a light task is proved to the requester's contract.
    Deliver,
    /// Owners change policies, resources, the broker, the callback's gas; a score is imported.
    Rule,
}

/// How often each kind comes, in relation to the others.
const OFTEN: [(What, usize); 25] = [
    (What::Match, 10),
    (What::Rematch, 2),
    (What::Manage, 3),
    (What::Initialize, 4),
    (What::Contribute, 20),
    (What::Vote, 9),
    (What::Reveal, 8),
    (What::RevealAll, 13),
    (What::Finalize, 20),
    (What::Alone, 9),
    (What::Reopen, 4),
    (What::Claim, 2),
    (What::ClaimSeveral, 2),
    (What::Wait, 3),
    (What::Money, 9),
    (What::Forbidden, 9),
    (What::AloneAtOnce, 4),
    (What::Range, 6),
    (What::Relay, 10),
    (What::RevealFor, 7),
    (What::Late, 8),
    (What::Settle, 9),
    (What::ClaimLight, 4),
    (What::Deliver, 6),
    (What::Rule, 3),
];

/// One act with its own luck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Act {
    pub(crate) what: What,
    pub(crate) seed: u64,
}

/// The acts of a seed: between 40 and 150, beginning with a match.
pub(crate) fn sequence(seed: u64) -> Vec<Act> {
    let mut dice = Dice::new(seed ^ 0x5eed_0000_0000_0000);
    let total = OFTEN.iter().map(|(_, often)| often).sum();
    let count = 40 + dice.below(111);
    let mut acts = vec![Act { what: What::Match, seed: dice.roll() }];
    while acts.len() < count {
        let mut point = dice.below(total);
        let found = OFTEN.iter().find(|(_, often)| {
            let hit = point < *often;
            point = point.saturating_sub(*often);
            hit
        });
        acts.push(Act { what: found.expect("the point is below the total").0, seed: dice.roll() });
    }
    acts
}
