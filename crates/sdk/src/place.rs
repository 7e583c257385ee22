//! Placing an order: sign the request, publish it, match it with offers until its tasks are all in deals.

use chain::{Event, Receipt, calls};
use protocol::order::{RequestOrder, Signed};
use protocol::{Amount, DealId, OrderHash, U256};

use crate::quote::Quote;
use crate::session::Login;
use crate::{Account, Error};

/// A deal that a request became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The deal.
    pub deal: DealId,
    /// Its tasks.
    pub tasks: U256,
    /// The match transaction.
    pub receipt: Receipt,
}

/// All deals of one request.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// The signed request.
    pub request: Signed<RequestOrder>,
    /// Its hash.
    pub order: OrderHash,
    /// Its deals, oldest first.
    pub deals: Vec<Placed>,
    /// Tasks that no offer took.
    pub unmatched: U256,
}

/// Signs, publishes and matches what `quote` says.
///
/// # Errors
/// [`Error::Funds`] before anything is signed when the deposit does not cover the ceiling; [`Error::Refused`] when
/// the hub would refuse; [`Error::Chain`].
pub async fn place(account: &Account, quote: &Quote) -> Result<Purchase, Error> {
    let session = account.session();
    check_funds(account, quote.ceiling).await?;
    let refusals = quote.refusals(session, account.address()).await?;
    if !refusals.is_empty() {
        return Err(Error::Refused(refusals));
    }
    let domain = &session.chain.info().domain;
    let request = account.wallet().sign_order(quote.request.clone(), domain);
    let order = request.hash(domain);
    session.market.publish(&request, &Login(account.wallet())).await?;
    let mut purchase = Purchase { request, order, deals: Vec::new(), unmatched: quote.request.volume };
    for pool in &quote.pools {
        if purchase.unmatched.is_zero() || pool.order.workerpoolprice > quote.request.workerpoolmaxprice {
            break;
        }
        let orders = quote.orders(pool, purchase.request.clone());
        let call = calls::match_orders(session.chain.info().hub, &orders);
        let pool_hash = pool.hash(domain);
        let receipt = match account.outbox().submit(format!("match:{order}:{pool_hash}"), call).await {
            Ok(receipt) => receipt,
            // Somebody else used this offer up in between: the next one may do.
            Err(chain::Error::Refused { .. }) if !purchase.deals.is_empty() => continue,
            Err(error) => return Err(error.into()),
        };
        let (deal, tasks) = matched(&receipt).ok_or_else(|| {
            Error::Network(format!("transaction {} matched no orders: is this the right hub?", receipt.transaction))
        })?;
        purchase.unmatched = purchase.unmatched.saturating_sub(tasks);
        purchase.deals.push(Placed { deal, tasks, receipt });
    }
    Ok(purchase)
}

fn matched(receipt: &Receipt) -> Option<(DealId, U256)> {
    receipt.events.iter().find_map(|event| match event.event {
        Event::OrdersMatched { deal, volume, .. } => Some((deal, volume)),
        _ => None,
    })
}

async fn check_funds(account: &Account, needed: Amount) -> Result<(), Error> {
    let chain = &account.session().chain;
    let who = account.address();
    let (held, wallet) = tokio::try_join!(chain.account(who), chain.rlc_balance(who))?;
    if held.stake >= needed {
        return Ok(());
    }
    let hint = if wallet.is_zero() {
        "; the wallet holds no RLC to deposit: send it some first".to_owned()
    } else {
        format!("; the wallet holds {wallet}")
    };
    Err(Error::Funds {
        account: who,
        held: held.stake,
        needed,
        missing: needed.shortfall_of(held.stake),
        option: String::new(),
        hint,
    })
}
