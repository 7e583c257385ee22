//! An account that acts: a wallet, its transactions, its money.

use std::path::Path;

use chain::{Call, Outbox, Receipt, Wallet, calls};
use protocol::{Address, Amount, Bytes};
use runtime::{Stop, Stopper};

use crate::{Error, Session};

/// A wallet with its durable outbox. One process at a time may hold one wallet's outbox.
pub struct Account {
    session: Session,
    wallet: Wallet,
    outbox: Outbox,
    running: chain::Running,
    stopper: Stopper,
}

/// Money of an account, wherever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balances {
    /// Free on the hub: pays for deals, backs stakes.
    pub stake: Amount,
    /// Locked on the hub in deals and contributions.
    pub locked: Amount,
    /// In the wallet, as the RLC token.
    pub wallet: Amount,
    /// The chain's own coin in wei, which pays gas.
    pub coin: protocol::U256,
}

/// What an account owns, without unlocking anything.
///
/// # Errors
/// [`Error::Chain`].
pub async fn balances(session: &Session, who: Address) -> Result<Balances, Error> {
    let (account, wallet, coin) =
        tokio::try_join!(session.chain.account(who), session.chain.rlc_balance(who), session.chain.gas_balance(who),)?;
    Ok(Balances { stake: account.stake, locked: account.locked, wallet, coin })
}

impl Account {
    /// Opens the account of `wallet` with its database in `folder`; pending transactions go on by themselves.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Chain`].
    pub async fn open(session: &Session, wallet: Wallet, folder: &Path, stop: &Stop) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(Error::file("make the folder", folder))?;
        let chain_id = session.chain.info().chain_id;
        let file = folder.join(format!("account-{chain_id}-{}.sqlite", wallet.address()));
        let database = runtime::sqlite::open(&file).await?;
        let stopper = stop.child();
        let (outbox, running) = Outbox::open(
            session.chain.clone(),
            wallet.clone(),
            database,
            std::sync::Arc::clone(&session.clock),
            stopper.stop(),
        )
        .await?;
        Ok(Self { session: session.clone(), wallet, outbox, running, stopper })
    }

    /// Whose.
    #[must_use]
    pub fn address(&self) -> Address {
        self.wallet.address()
    }

    /// The key.
    #[must_use]
    pub fn wallet(&self) -> &Wallet {
        &self.wallet
    }

    /// Its transactions.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Where it is connected.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Sends a call that has no natural name: every submission is a transaction of its own.
    ///
    /// # Errors
    /// [`Error::Chain`].
    pub async fn send(&self, call: Call) -> Result<Receipt, Error> {
        let unique = protocol::B256::from(runtime::random::bytes::<32>());
        Ok(self.outbox.submit(format!("{}:{unique}", call.name), call).await?)
    }

    /// Moves RLC from the wallet onto the hub.
    ///
    /// # Errors
    /// [`Error::Short`] when the wallet holds less; [`Error::Chain`].
    pub async fn deposit(&self, amount: Amount) -> Result<Receipt, Error> {
        let held = self.session.chain.rlc_balance(self.address()).await?;
        if held < amount {
            let missing = amount.shortfall_of(held);
            let who = self.address();
            return Err(Error::Short(format!(
                "wallet {who} holds {held}, {missing} less than {amount}: send it RLC first, or deposit less"
            )));
        }
        let info = self.session.chain.info();
        self.send(calls::deposit_by_approve_and_call(info.token, info.hub, amount, Bytes::new())).await
    }

    /// Moves RLC from the wallet onto the hub, where it belongs to `who`: a contract that pays for its own deals, say.
    ///
    /// Two transactions. When only the first one succeeds, the money lies free in this account.
    ///
    /// # Errors
    /// [`Error::Usage`] for the zero address; those of [`Account::deposit`].
    pub async fn deposit_for(&self, amount: Amount, who: Address) -> Result<Receipt, Error> {
        if who.is_zero() {
            return Err(Error::Usage("what the zero address owns is lost: name another one".to_owned()));
        }
        self.deposit(amount).await?;
        self.send(calls::transfer_stake(self.session.chain.info().hub, who, amount)).await
    }

    /// Moves free money from the hub back into the wallet.
    ///
    /// # Errors
    /// [`Error::Short`] when less is free; [`Error::Chain`].
    pub async fn withdraw(&self, amount: Amount) -> Result<Receipt, Error> {
        let account = self.session.chain.account(self.address()).await?;
        if account.stake < amount {
            return Err(Error::Short(format!(
                "{} is free on the hub ({} is locked in running deals): withdraw at most that",
                account.stake, account.locked
            )));
        }
        self.send(calls::withdraw(self.session.chain.info().hub, amount)).await
    }

    /// Deposits what is missing to have `wanted` free on the hub.
    ///
    /// # Errors
    /// Those of [`Account::deposit`].
    pub async fn ensure_stake(&self, wanted: Amount) -> Result<(), Error> {
        let account = self.session.chain.account(self.address()).await?;
        let missing = wanted.shortfall_of(account.stake);
        if !missing.is_zero() {
            self.deposit(missing).await?;
        }
        Ok(())
    }

    /// Ends the account's background work; what is pending goes on at the next open.
    pub async fn close(self) {
        self.stopper.request();
        self.running.join().await;
    }
}
