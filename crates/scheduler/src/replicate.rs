//! One worker's copy of a task, a state machine: reports are hints, the chain decides what counts.

use std::fmt;
use std::str::FromStr;

use api::pool::ReplicateStatus;
use protocol::task::ContributionStatus;
use protocol::{Address, ChainTime};

/// Cause of a copy that the pool itself gave up because the vote was decided without it. Source: `offchain.md` 3.15.
pub const DECIDED_WITHOUT: &str = "CONSENSUS_REACHED";

/// Where a copy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// The command waits for the worker, or is on its way.
    Assigned,
    /// The worker has begun.
    Started,
    /// The result is on the worker's disk.
    Computed,
    /// On chain.
    Contributed,
    /// On chain.
    Revealed,
    /// In the pool's store.
    Uploaded,
    /// Will not contribute, or lost its contribution in a consensus that nobody revealed.
    Failed,
    /// The worker went away before it contributed.
    Lost,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Assigned,
        Self::Started,
        Self::Computed,
        Self::Contributed,
        Self::Revealed,
        Self::Uploaded,
        Self::Failed,
        Self::Lost,
    ];

    /// The word for it, on the wire and in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Started => "started",
            Self::Computed => "computed",
            Self::Contributed => "contributed",
            Self::Revealed => "revealed",
            Self::Uploaded => "uploaded",
            Self::Failed => "failed",
            Self::Lost => "lost",
        }
    }

    /// Whether a contribution may still come, and has not yet.
    #[must_use]
    pub fn is_pending(self) -> bool {
        match self {
            Self::Assigned | Self::Started | Self::Computed => true,
            Self::Contributed | Self::Revealed | Self::Uploaded | Self::Failed | Self::Lost => false,
        }
    }

    /// Whether it takes one of the worker's slots.
    #[must_use]
    pub fn is_computing(self) -> bool {
        match self {
            Self::Assigned | Self::Started => true,
            Self::Computed | Self::Contributed | Self::Revealed | Self::Uploaded | Self::Failed | Self::Lost => false,
        }
    }

    /// Whether the worker has the task on its hands.
    #[must_use]
    pub fn is_held(self) -> bool {
        match self {
            Self::Assigned | Self::Started | Self::Computed | Self::Contributed | Self::Revealed | Self::Uploaded => {
                true
            }
            Self::Failed | Self::Lost => false,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for State {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|state| state.name() == text);
        found.ok_or_else(|| crate::Error::corrupt(format_args!("the replicate state '{text}'")))
    }
}

/// One worker's copy of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replicate {
    /// Who.
    pub worker: Address,
    /// Where it stands.
    pub state: State,
    /// Block time at which it was handed out.
    pub assigned: ChainTime,
    /// Cause code of a failure; empty without one.
    pub cause: String,
    /// What the worker said about it.
    pub message: String,
    /// Whether it was told of the consensus of the present round.
    pub told: bool,
    /// Wall-clock second at which it was last asked to upload.
    pub asked: Option<u64>,
    /// Whether that upload failed, by the worker's own word.
    pub upload_failed: bool,
}

impl Replicate {
    /// A copy that is being handed out.
    #[must_use]
    pub fn assigned(worker: Address, now: ChainTime) -> Self {
        Self {
            worker,
            state: State::Assigned,
            assigned: now,
            cause: String::new(),
            message: String::new(),
            told: false,
            asked: None,
            upload_failed: false,
        }
    }

    /// Takes a worker's word, as far as it can be taken: what is claimed about the chain changes nothing here.
    pub fn hear(&mut self, status: &ReplicateStatus) {
        match status {
            ReplicateStatus::Started => self.advance(State::Started),
            ReplicateStatus::Computed { .. } => self.advance(State::Computed),
            // Read from the chain, and asked of the result service: see `observe` and `look`.
            ReplicateStatus::Contributed | ReplicateStatus::Revealed | ReplicateStatus::Uploaded { .. } => {}
            ReplicateStatus::Failed { cause, message } => self.fail(cause, message),
        }
    }

    /// The worker went away, or forgot the task. Changes nothing once it has contributed.
    pub fn lose(&mut self) {
        if self.state.is_pending() {
            self.state = State::Lost;
        }
    }

    /// The pool gives it up: the vote was decided without it.
    pub fn drop_undecided(&mut self) {
        if self.state.is_pending() {
            self.state = State::Failed;
            DECIDED_WITHOUT.clone_into(&mut self.cause);
        }
    }

    /// Takes what the chain says, which always wins.
    pub fn observe(&mut self, contribution: ContributionStatus) {
        let state = match (contribution, self.state) {
            (ContributionStatus::Contributed, _) => State::Contributed,
            (ContributionStatus::Proved, State::Uploaded) => State::Uploaded,
            (ContributionStatus::Proved, _) => State::Revealed,
            (ContributionStatus::Rejected, _) => State::Failed,
        };
        if contribution == ContributionStatus::Rejected && self.cause.is_empty() {
            "REVEAL_TIMEOUT".clone_into(&mut self.cause);
        }
        self.state = state;
    }

    fn advance(&mut self, to: State) {
        // A lost worker that comes back goes on with the same copy.
        if self.state == State::Lost || (self.state.is_pending() && self.state < to) {
            self.state = to;
        }
    }

    fn fail(&mut self, cause: &str, message: &str) {
        match self.state {
            State::Assigned | State::Started | State::Computed | State::Lost => {
                self.state = State::Failed;
                cause.clone_into(&mut self.cause);
                message.clone_into(&mut self.message);
            }
            State::Revealed if self.asked.is_some() => {
                self.upload_failed = true;
                message.clone_into(&mut self.message);
            }
            // Its stake is at risk whatever it says: only the chain can end these.
            State::Contributed | State::Revealed | State::Uploaded | State::Failed => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_state(state: State) -> Replicate {
        Replicate { state, ..Replicate::assigned(Address::repeat_byte(1), ChainTime(5)) }
    }

    /// Tells whether the report changed anything.
    fn hears(copy: &mut Replicate, status: &ReplicateStatus) -> bool {
        let before = copy.clone();
        copy.hear(status);
        *copy != before
    }

    fn failed() -> ReplicateStatus {
        ReplicateStatus::Failed { cause: "APP_COMPUTE_FAILED".to_owned(), message: "exit 1".to_owned() }
    }

    #[test]
    fn every_state_reads_back_from_its_name() {
        for state in State::ALL {
            assert_eq!(state.name().parse::<State>().unwrap(), state);
        }
        assert!("dancing".parse::<State>().is_err());
    }

    #[test]
    fn a_workers_word_never_moves_a_copy_on_chain() {
        let computed = ReplicateStatus::Computed { exit_code: 0, wall_ms: 1, fuel: None };
        for status in
            [ReplicateStatus::Contributed, ReplicateStatus::Revealed, ReplicateStatus::Uploaded { link: String::new() }]
        {
            assert!(!hears(&mut in_state(State::Started), &status), "{status:?}");
        }
        for state in [State::Contributed, State::Revealed, State::Uploaded] {
            for status in [&ReplicateStatus::Started, &computed, &failed()] {
                assert!(!hears(&mut in_state(state), status), "{state} {status:?}");
            }
        }
    }

    #[test]
    fn reports_move_a_pending_copy_forward_only() {
        let mut copy = in_state(State::Assigned);
        let computed = ReplicateStatus::Computed { exit_code: 0, wall_ms: 1, fuel: None };
        assert!(hears(&mut copy, &computed));
        assert!(!hears(&mut copy, &ReplicateStatus::Started), "a late report does not turn time back");
        assert!(hears(&mut copy, &failed()));
        assert_eq!((copy.state, copy.cause.as_str()), (State::Failed, "APP_COMPUTE_FAILED"));
        assert!(!hears(&mut copy, &computed), "a failure is the worker's last word");
    }

    #[test]
    fn a_lost_worker_that_comes_back_goes_on_with_its_copy() {
        let mut copy = in_state(State::Started);
        copy.lose();
        assert_eq!(copy.state, State::Lost);
        assert!(hears(&mut copy, &ReplicateStatus::Started));
        assert_eq!(copy.state, State::Started);
        let mut safe = in_state(State::Contributed);
        safe.lose();
        assert_eq!(safe.state, State::Contributed);
    }

    #[test]
    fn the_chain_wins_over_everything() {
        for state in State::ALL {
            let mut copy = in_state(state);
            copy.observe(ContributionStatus::Contributed);
            assert_eq!(copy.state, State::Contributed);
            copy.observe(ContributionStatus::Proved);
            assert_eq!(copy.state, State::Revealed);
            copy.observe(ContributionStatus::Rejected);
            assert_eq!((copy.state, copy.cause.as_str()), (State::Failed, "REVEAL_TIMEOUT"));
        }
    }

    #[test]
    fn a_failed_upload_is_remembered_without_losing_the_reveal() {
        let mut copy = Replicate { asked: Some(7), ..in_state(State::Revealed) };
        assert!(hears(&mut copy, &failed()));
        assert!(copy.upload_failed && copy.state == State::Revealed);
    }
}
