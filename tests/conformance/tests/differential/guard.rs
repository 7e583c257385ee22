//! How often each call was accepted, and refused for each reason: random calls that never get anywhere prove nothing.

use std::collections::BTreeMap;

use protocol::hub::{Event, Refused};
use protocol::task::{ContributionStatus, Phase};

use crate::act::Act;
use crate::pair::Pair;

/// First word of what `Debug` says: the name of a variant.
fn name(said: &str) -> String {
    said.chars().take_while(|letter| letter.is_alphanumeric()).collect()
}

fn reason(refused: &Refused) -> String {
    match refused {
        Refused::Bags(refused) => name(&format!("{refused:?}")),
        other => name(&format!("{other:?}")),
    }
}

impl Pair {
    /// Counts how a call of an act ended.
    pub(crate) fn note(&mut self, act: &Act, twin: &Result<Vec<Event>, Refused>) {
        let call = match act {
            Act::Bag(bag) => format!("Bag{}", name(&format!("{bag:?}"))),
            other => name(&format!("{other:?}")),
        };
        let mut count = |end: String| *self.ends.entry((call.clone(), end)).or_default() += 1;
        match twin {
            Ok(said) => {
                count("accepted".to_owned());
                for event in said {
                    match event {
                        Event::VoteSkipped { reason, .. } => count(format!("{reason:?}")),
                        Event::TaskFinalizeLate { bounty, .. } if !bounty.is_zero() => count("bounty".to_owned()),
                        _ => {}
                    }
                }
            }
            Err(refused) => count(reason(refused)),
        }
    }
}

/// How each call must have ended, a few times each.
const EXPECTED: &[(&str, &str)] = &[
    ("BagOpen", "accepted NoSuchTask AlreadyInitialized NotAuthorized CallbackData"),
    ("BagRelay", "accepted BadCount NothingCounted"),
    ("BagRelay", "Signature Closed Full Voted Enclave Authorization Stake"),
    ("BagReveal", "accepted LengthMismatch BadCount NothingProved"),
    ("BagLate", "accepted bounty TaskNotRevealed TooLate TooEarly ResultsNotYours CallbackMismatch"),
    ("BagPublish", "accepted TaskNotCompleted NotAuthorized ResultsTooLong"),
    ("BagSettle", "accepted UnknownDeal BadCount OutsideDeal TooLate EnclaveRequired"),
    ("BagSettle", "OutsidePermit NotAuthorized BadEnclaveSignature TaskNotOpen CallbackMismatch ResultsTooLong"),
    ("BagSettleLight", "accepted NotLight BadCount OutsideDeal TooLate ResultsTooLong EnclaveRequired"),
    ("BagSettleLight", "OutsidePermit NotAuthorized BadEnclaveSignature LightNotOpen"),
    ("BagClaimLight", "accepted NotLight BadCount OutsideDeal NotExpired NothingToClaim"),
    ("BagDeliver", "accepted NotLight NoCallback NotProved AlreadyDelivered"),
    ("Match", "LightNotRequested LightTrust LightTask"),
];

/// What many sequences came to.
#[derive(Default)]
pub(crate) struct Reached {
    completed: usize,
    failed: usize,
    slashed: usize,
    rejected: usize,
    ends: BTreeMap<(String, String), u32>,
}

impl Reached {
    pub(crate) fn add(&mut self, pair: &Pair) {
        self.completed += pair.finals.iter().filter(|(_, phase)| matches!(phase, Phase::Completed { .. })).count();
        self.failed += pair.finals.iter().filter(|(_, phase)| *phase == Phase::Failed).count();
        for task in &pair.tasks {
            let votes = &pair.twin.task(*task).unwrap().contributions;
            self.rejected += votes.iter().filter(|vote| vote.status == ContributionStatus::Rejected).count();
            let done = pair.finals.iter().any(|(id, phase)| id == task && matches!(phase, Phase::Completed { .. }));
            self.slashed += usize::from(done) * votes.iter().filter(|v| v.status != ContributionStatus::Proved).count();
        }
        for (end, count) in &pair.ends {
            *self.ends.entry(end.clone()).or_default() += count;
        }
    }

    /// Every phase.
    pub(crate) fn check_phases(&self) {
        let Self { completed, failed, slashed, rejected, .. } = self;
        let all = *completed > 20 && *failed > 5 && *slashed > 5 && *rejected > 2;
        assert!(all, "completed {completed}, failed {failed}, slashed {slashed}, rejected {rejected}");
    }

    /// Every end of a call for many tasks.
    pub(crate) fn check_ends(&self) {
        let count = |call: &str, end: &str| self.ends.get(&(call.to_owned(), end.to_owned())).copied().unwrap_or(0);
        let all = EXPECTED.iter().flat_map(|(call, reasons)| reasons.split(' ').map(move |reason| (*call, reason)));
        let seldom: Vec<_> = all.map(|(call, end)| (call, end, count(call, end))).filter(|end| end.2 < 2).collect();
        let bags: Vec<_> = self.ends.iter().filter(|((call, _), _)| call.starts_with("Bag")).collect();
        assert!(seldom.is_empty(), "too seldom: {seldom:?} of {bags:?}");
    }
}
