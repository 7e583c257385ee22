//! Categories: read from the hub when first asked for, then kept, because a category never changes.

use std::sync::{Mutex, PoisonError};

use chain::Category;
use protocol::U256;

/// More than any hub has; a hub with more shows these.
const MAX_CATEGORIES: usize = 10_000;

/// What was read until now, in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Categories(Mutex<Vec<Category>>);

impl Categories {
    /// All categories of the hub.
    ///
    /// # Errors
    /// When the node does not answer.
    pub(crate) async fn all(&self, client: &chain::Client) -> Result<Vec<Category>, chain::Error> {
        let count = usize::try_from(client.categories().await?).unwrap_or(MAX_CATEGORIES).min(MAX_CATEGORIES);
        let mut known = self.known();
        while known.len() < count {
            let Some(category) = client.category(U256::from(known.len())).await? else { break };
            known.push(category);
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < known.len() {
            kept.clone_from(&known);
        }
        Ok(known)
    }

    fn known(&self) -> Vec<Category> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
