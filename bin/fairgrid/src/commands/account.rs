//! `fairgrid account`: money, shown and moved.

use alloy_primitives::Address;
use protocol::Amount;
use sdk::account::balances;
use sdk::{Account, Error, Outcome};
use serde_json::json;

use super::Context;
use crate::cli::{AccountVerb, Move};

/// Runs the command.
pub(crate) async fn run(context: &Context<'_>, verb: &AccountVerb) -> anyhow::Result<Outcome> {
    match verb {
        AccountVerb::Show { account, place } => {
            let who = address_of(context, account)?;
            show(context, &context.session(place).await?, who).await
        }
        AccountVerb::Deposit { owner, amount } => {
            let owner = *owner;
            act(context, amount, "deposited", async move |account, amount| match owner {
                Some(owner) => account.deposit_for(amount, owner).await,
                None => account.deposit(amount).await,
            })
            .await
        }
        AccountVerb::Withdraw(options) => {
            act(context, options, "withdrawn", async |account, amount| account.withdraw(amount).await).await
        }
        AccountVerb::Send { to, amount } => {
            let to = *to;
            act(context, amount, "sent", async move |account, amount| send(account, to, amount).await).await
        }
    }
}

async fn send(account: &Account, to: Address, amount: Amount) -> Result<chain::Receipt, Error> {
    if to.is_zero() {
        return Err(Error::Usage("RLC sent to the zero address is lost: name another one".to_owned()));
    }
    let session = account.session();
    let held = session.chain.rlc_balance(account.address()).await?;
    if held < amount {
        return Err(Error::Short(format!("the wallet holds {held}; withdraw from the hub, or send less")));
    }
    account.send(chain::calls::transfer_rlc(session.chain.info().token, to, amount)).await
}

async fn act<F>(context: &Context<'_>, options: &Move, done: &str, action: F) -> anyhow::Result<Outcome>
where
    F: AsyncFnOnce(&Account, Amount) -> Result<chain::Receipt, Error>,
{
    if options.amount.is_zero() {
        return Err(Error::Usage("nothing to move: give an amount above zero".to_owned()).into());
    }
    let session = context.session(&options.place).await?;
    let account = context.account(&session, &options.who).await?;
    let receipt = action(&account, options.amount).await;
    let who = account.address();
    account.close().await;
    let receipt = receipt?;
    let fields = json!({
        "amount": options.amount,
        "account": who,
        "transaction": receipt.transaction,
        "gas": receipt.gas_used,
    });
    let text = format!("{} {done}, transaction {}", options.amount, receipt.transaction);
    context.printer.note(done, fields, text);
    show(context, &session, who).await
}

fn address_of(context: &Context<'_>, account: &str) -> anyhow::Result<Address> {
    if let Ok(address) = account.parse() {
        return Ok(address);
    }
    let entries = context.wallets().list()?;
    let found = entries.into_iter().find(|entry| entry.name == account);
    match found {
        Some(entry) => entry.address.ok_or_else(|| {
            Error::Wallet(format!("the file of wallet '{account}' does not say its address: give the address")).into()
        }),
        None => Err(Error::Wallet(format!(
            "'{account}' is neither an address nor a wallet: 'fairgrid wallet list' shows the wallets"
        ))
        .into()),
    }
}

async fn show(context: &Context<'_>, session: &sdk::Session, who: Address) -> anyhow::Result<Outcome> {
    let owned = balances(session, who).await?;
    let score = session.chain.score(who).await.map_err(Error::from)?;
    let fields = json!({
        "account": who,
        "free": owned.stake,
        "locked": owned.locked,
        "wallet": owned.wallet,
        "coin_wei": owned.coin.to_string(),
        "score": score.to_string(),
    });
    let text = format!(
        "account {who}\n  on the hub, free    {}\n  on the hub, locked  {}\n  in the wallet       {}\n  score               {score}",
        owned.stake, owned.locked, owned.wallet
    );
    context.printer.result("account", fields, text);
    Ok(Outcome::Success)
}
