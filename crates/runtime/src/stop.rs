//! The stop signal: asked once, seen by everybody.

use tokio_util::sync::CancellationToken;

/// What a loop watches: "finish what is begun, begin nothing".
#[derive(Clone, Debug, Default)]
pub struct Stop(CancellationToken);

/// The hand on the switch. Dropping it does not stop anything.
#[derive(Clone, Debug, Default)]
pub struct Stopper(CancellationToken);

impl Stopper {
    /// A switch and, by [`Stopper::stop`], as many signals as there are loops.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The signal this switch throws.
    #[must_use]
    pub fn stop(&self) -> Stop {
        Stop(self.0.clone())
    }

    /// Asks everybody to stop. Idempotent.
    pub fn request(&self) {
        self.0.cancel();
    }
}

impl Stop {
    /// A signal that nobody will ever throw.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// Returns once a stop was requested; at once if it already was.
    pub async fn requested(&self) {
        self.0.cancelled().await;
    }

    /// Whether a stop was requested.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }

    /// A switch for a part of the work: stopped with its parent, or alone.
    #[must_use]
    pub fn child(&self) -> Stopper {
        Stopper(self.0.child_token())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_child_stops_with_its_parent_but_not_the_other_way() {
        let parent = Stopper::new();
        let (first, second) = (parent.stop().child(), parent.stop().child());
        first.request();
        assert!(first.stop().is_requested() && !parent.stop().is_requested());
        parent.request();
        second.stop().requested().await;
    }
}
