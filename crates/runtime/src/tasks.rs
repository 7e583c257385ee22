//! Ownership of background tasks: whoever spawns one awaits it.

use std::future::Future;

use tokio::task::JoinSet;

/// A set of named background tasks with one owner.
///
/// Dropping it aborts what still runs; [`Tasks::join`] waits instead.
#[derive(Debug, Default)]
pub struct Tasks {
    running: JoinSet<&'static str>,
}

impl Tasks {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `future` in the background under `name`.
    pub fn spawn(&mut self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        self.reap();
        self.running.spawn(async move {
            future.await;
            name
        });
    }

    /// How many tasks have not ended.
    #[must_use]
    pub fn len(&self) -> usize {
        self.running.len()
    }

    /// Whether no task is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Forgets tasks that have ended, so that a long-lived set stays small.
    pub fn reap(&mut self) {
        while let Some(ended) = self.running.try_join_next() {
            report(ended);
        }
    }

    /// Waits for the next task to end; `None` when none is left.
    pub async fn next_ended(&mut self) -> Option<&'static str> {
        loop {
            match self.running.join_next().await? {
                Ok(name) => return Some(name),
                failed => report(failed),
            }
        }
    }

    /// Waits until every task has ended.
    pub async fn join(mut self) {
        while let Some(ended) = self.running.join_next().await {
            report(ended);
        }
    }
}

fn report(ended: Result<&'static str, tokio::task::JoinError>) {
    match ended {
        Ok(name) => tracing::debug!(task = name, "background task ended"),
        Err(error) if error.is_cancelled() => {}
        Err(error) => tracing::error!(%error, "background task panicked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn join_waits_for_all_and_survives_a_panic() {
        let mut tasks = Tasks::new();
        let (sent, received) = tokio::sync::oneshot::channel();
        tasks.spawn("panics", async { panic!("on purpose") });
        tasks.spawn("works", async move { sent.send(7).unwrap() });
        tasks.join().await;
        assert_eq!(received.await.unwrap(), 7);
    }
}
