//! Publishing and removing orders. Checks in the order of `offchain.md` 11.3; each refusal names its rule.

use std::sync::Arc;
use std::time::Duration;

use api::market::Status;
use protocol::order::{Kind, Signed};
use protocol::{Address, OrderHash};
use serde::Deserialize;
use serde_json::Value;

use crate::entry::{Booked, Entry};
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::truth::judge;

/// Reads the body of a publication; a refusal names the member that is wrong.
pub(crate) fn read_order<O: Booked>(body: &[u8]) -> Result<Signed<O>, Refusal> {
    let body: Value =
        serde_json::from_slice(body).map_err(|error| Refusal::bad(format!("the body is no JSON: {error}")))?;
    let order = body.get("order").filter(|order| order.is_object());
    let order = order.ok_or_else(|| Refusal::bad("order is a required field: {\"order\": {…, \"sign\": \"0x…\"}}"))?;
    let signed: Signed<O> = serde_json::from_value(order.clone()).map_err(|error| wrong_member::<O>(order, &error))?;
    if signed.order.volume().is_zero() {
        return Err(Refusal::bad("order.volume must be at least 1"));
    }
    Ok(signed)
}

/// Finds the member that does not fit, by trying each alone in an order that is right otherwise.
fn wrong_member<O: Booked>(order: &Value, error: &serde_json::Error) -> Refusal {
    let right = serde_json::to_value(Signed { order: O::default(), sign: Default::default() }).unwrap_or_default();
    for name in right.as_object().into_iter().flat_map(|members| members.keys()) {
        let Some(member) = order.get(name) else {
            return Refusal::bad(format!("order.{name} is a required field"));
        };
        let mut tried = right.clone();
        tried[name] = member.clone();
        if let Err(error) = serde_json::from_value::<Signed<O>>(tried) {
            return Refusal::bad(format!("order.{name}: {error}"));
        }
    }
    Refusal::bad(format!("order: {error}"))
}

/// Publishes an order of `caller`.
pub(crate) async fn publish<O: Booked>(shared: &Shared, caller: Address, signed: Signed<O>) -> Result<Entry, Refusal> {
    let hash = signed.hash(&shared.client.info().domain);
    // Whole milliseconds, as the store and the wire keep them.
    let now = Duration::from_millis(u64::try_from(shared.clock.unix().as_millis()).unwrap_or(u64::MAX));
    let entry = Entry::new(hash, &signed, caller, now);
    check_unpublished(shared, &entry).await?;
    check_owner(shared, &entry).await?;
    if !shared.client.accepts_signature(caller, hash, &signed.sign).await? {
        return Err(Refusal::rule(format!("sign is no valid signature of order {hash} by {caller}")));
    }
    check_room(shared, &entry)?;
    let facts = shared.facts(&entry).await?;
    if let Some(reason) = judge(&entry, &facts).refusal(&entry) {
        return Err(Refusal::rule(reason));
    }
    let remaining = entry.offer.volume.saturating_sub(facts.consumed);
    let entry = Entry { remaining, ..entry };
    if !shared.add(entry.clone()).await? {
        check_room(shared, &entry)?;
        return Err(Refusal::busy("the book changed meanwhile: try again"));
    }
    // It is published, whatever the node says now: the follower looks again if this look fails.
    if let Err(error) = shared.settle_new().await {
        tracing::warn!(order = %hash, error = &error as &dyn std::error::Error, "a new order waits for a second look");
    }
    Ok(shared.book().get(hash).map_or(entry, |entry| Entry::clone(&entry)))
}

async fn check_unpublished(shared: &Shared, entry: &Entry) -> Result<(), Refusal> {
    let in_memory = shared.book().get(entry.hash).map(|known| known.status);
    let known = match in_memory {
        Some(status) => Some(status),
        None => shared.store.order(entry.hash).await?.map(|known| known.status),
    };
    match known {
        // Open on disk and absent in memory is a publication that was cut off: it may be finished.
        None | Some(Status::Dead) => Ok(()),
        Some(Status::Open) if in_memory.is_none() => Ok(()),
        Some(Status::Open | Status::Filled | Status::Canceled) => {
            Err(Refusal::rule(format!("{} order {} is already published", entry.kind, entry.hash)))
        }
    }
}

async fn check_owner(shared: &Shared, entry: &Entry) -> Result<(), Refusal> {
    let (kind, subject, caller) = (entry.kind, entry.subject(), entry.signer);
    let owner = match kind {
        Kind::Request => Some(subject),
        Kind::App | Kind::Dataset | Kind::Workerpool => {
            if !shared.client.registered(kind, subject).await? {
                let message = format!("Resource not deployed: the {kind} registry knows no {subject}");
                return Err(Refusal::rule(message));
            }
            shared.client.owner_of(subject).await?
        }
    };
    if owner == Some(caller) {
        return Ok(());
    }
    Err(Refusal::rule(format!("{caller} is not the owner of {kind} order {}: only the owner publishes it", entry.hash)))
}

fn check_room(shared: &Shared, entry: &Entry) -> Result<(), Refusal> {
    if shared.has_room(entry) {
        return Ok(());
    }
    let limit = shared.config.open_orders;
    if shared.book().open_of(entry.signer, entry.kind) < limit {
        return Err(Refusal::busy("the book is full: try again later"));
    }
    Err(Refusal::rule(format!("{} has {limit} open {} orders already: unpublish one", entry.signer, entry.kind)))
}

/// What to remove.
#[derive(Debug, Deserialize)]
struct Removal {
    target: Option<String>,
    #[serde(rename = "orderHash")]
    order_hash: Option<OrderHash>,
    app: Option<Address>,
    dataset: Option<Address>,
    workerpool: Option<Address>,
    requester: Option<Address>,
}

impl Removal {
    fn contract(&self, kind: Kind) -> Result<Address, Refusal> {
        let (name, contract) = match kind {
            Kind::App => ("app", self.app),
            Kind::Dataset => ("dataset", self.dataset),
            Kind::Workerpool => ("workerpool", self.workerpool),
            Kind::Request => ("requester", self.requester),
        };
        contract.ok_or_else(|| Refusal::bad(format!("{name} is a required field")))
    }
}

/// Removes orders of `caller` for good; answers which.
pub(crate) async fn unpublish(
    shared: &Shared,
    kind: Kind,
    caller: Address,
    body: &[u8],
) -> Result<Vec<OrderHash>, Refusal> {
    let removal: Removal = serde_json::from_slice(body).map_err(|error| Refusal::bad(format!("body: {error}")))?;
    let found = match removal.target.as_deref() {
        None | Some("unpublish_orderHash") => {
            let hash = removal.order_hash.ok_or_else(|| Refusal::bad("orderHash is a required field"))?;
            vec![named(shared, kind, caller, hash).await?]
        }
        Some("unpublish_last") => {
            let mut theirs = shared.book().published_by(caller, kind, removal.contract(kind)?);
            theirs.truncate(1);
            theirs
        }
        Some("unpublish_all") => shared.book().published_by(caller, kind, removal.contract(kind)?),
        Some(_) => {
            return Err(Refusal::bad("target must be unpublish_orderHash, unpublish_last or unpublish_all"));
        }
    };
    if found.is_empty() {
        return Err(Refusal::missing(&format!("open {kind}order of {caller}")));
    }
    for entry in &found {
        shared.remove(entry).await?;
    }
    Ok(found.iter().map(|entry| entry.hash).collect())
}

async fn named(shared: &Shared, kind: Kind, caller: Address, hash: OrderHash) -> Result<Arc<Entry>, Refusal> {
    let known = shared.book().get(hash);
    let known = match known {
        Some(known) => Some(known),
        None => shared.store.order(hash).await?.map(Arc::new),
    };
    let entry = known.filter(|entry| entry.kind == kind);
    let entry = entry.ok_or_else(|| Refusal::missing(&format!("{kind}order")))?;
    if entry.signer == caller {
        return Ok(entry);
    }
    Err(Refusal::rule(format!("{caller} did not publish {kind} order {hash}: only its signer removes it")))
}
