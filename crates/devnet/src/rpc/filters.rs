//! Poll filters: what is new since a client asked last. Forgotten filters go away by themselves.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alloy::primitives::{B256, hex};
use alloy::rpc::types::Filter;
use runtime::random;
use serde_json::Value;

use super::error::RpcError;
use super::logs;
use super::methods::to_json;
use crate::chain::Chain;
use crate::config::Limits;

/// What a filter watches.
#[derive(Clone, Debug)]
pub(crate) enum Watch {
    Blocks,
    Logs(Box<Filter>),
    Pending,
}

#[derive(Debug)]
struct Installed {
    watch: Watch,
    /// First block, or last submission, that was not reported yet.
    next: u64,
    /// Monotonic time of the last poll.
    polled: Duration,
}

/// All installed filters.
#[derive(Debug, Default)]
pub(crate) struct Filters(Mutex<HashMap<String, Installed>>);

impl Filters {
    fn installed(&self) -> MutexGuard<'_, HashMap<String, Installed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Installs a filter that reports what happens from now on; returns its id.
    ///
    /// # Errors
    /// Too many filters.
    pub(crate) fn install(
        &self,
        chain: &Chain,
        watch: Watch,
        limits: &Limits,
        now: Duration,
    ) -> Result<String, RpcError> {
        let next = match &watch {
            Watch::Blocks | Watch::Logs(_) => chain.head().number() + 1,
            Watch::Pending => chain.submitted_since(u64::MAX).1,
        };
        let mut installed = self.installed();
        installed.retain(|_, filter| now.saturating_sub(filter.polled) < limits.filter_idle);
        if installed.len() >= limits.filters {
            let most = limits.filters;
            return Err(RpcError::limit(format!(
                "{most} filters are installed, no more are allowed: remove one first"
            )));
        }
        let id = new_id();
        installed.insert(id.clone(), Installed { watch, next, polled: now });
        Ok(id)
    }

    /// Removes a filter; false when there is none.
    pub(crate) fn remove(&self, id: &str) -> bool {
        self.installed().remove(id).is_some()
    }

    /// What is new for filter `id` since the last poll.
    ///
    /// # Errors
    /// `filter not found`, or more logs than the limits allow.
    pub(crate) fn changes(&self, chain: &Chain, id: &str, limits: &Limits, now: Duration) -> Result<Value, RpcError> {
        let head = chain.head().number();
        let (watch, next) = self.poll(id, limits, now)?;
        let (found, next) = match &watch {
            Watch::Blocks => {
                let newest = head.min(next.saturating_add(limits.log_blocks));
                let hashes: Vec<B256> = (next..=newest).filter_map(|number| Some(chain.block(number)?.hash)).collect();
                (to_json(&hashes)?, next.max(newest + 1))
            }
            Watch::Logs(filter) => (to_json(&logs::range(chain, filter, limits, next, head)?)?, next.max(head + 1)),
            Watch::Pending => {
                let (hashes, newest) = chain.submitted_since(next);
                (to_json(&hashes)?, newest)
            }
        };
        if let Some(filter) = self.installed().get_mut(id) {
            filter.next = next.max(filter.next);
        }
        Ok(found)
    }

    /// The log filter `id`.
    ///
    /// # Errors
    /// `filter not found`, also for filters of another kind.
    pub(crate) fn log_filter(&self, id: &str, limits: &Limits, now: Duration) -> Result<Filter, RpcError> {
        match self.poll(id, limits, now)?.0 {
            Watch::Logs(filter) => Ok(*filter),
            Watch::Blocks | Watch::Pending => Err(not_found()),
        }
    }

    fn poll(&self, id: &str, limits: &Limits, now: Duration) -> Result<(Watch, u64), RpcError> {
        let mut installed = self.installed();
        let filter = installed.get_mut(id).ok_or_else(not_found)?;
        if now.saturating_sub(filter.polled) >= limits.filter_idle {
            installed.remove(id);
            return Err(not_found());
        }
        filter.polled = now;
        Ok((filter.watch.clone(), filter.next))
    }
}

fn not_found() -> RpcError {
    RpcError::refused("filter not found")
}

/// An id that nobody can guess, so that no client disturbs another by accident.
pub(crate) fn new_id() -> String {
    format!("0x{}", hex::encode(random::bytes::<16>()))
}
