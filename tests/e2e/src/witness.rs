//! The witness: reads the chain beside the program under test, and knows whether the books balance.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chain::{Account, Client, Config, Event, EventFilter, EventKind, TaskView};
use protocol::settlement::KITTY;
use protocol::{Address, Amount, TaskId, U256};
use url::Url;

use crate::eventually;
use crate::rpc::Rpc;

const POLL: Duration = Duration::from_millis(50);

/// An independent reader of the chain.
pub struct Witness {
    /// Typed reads.
    pub chain: Client,
    rpc: Rpc,
}

/// All money on the hub, at one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    /// Every account that ever held money on the hub, the kitty and the hub itself among them.
    pub accounts: BTreeMap<Address, Account>,
    /// What the hub says it owes in all.
    pub supply: U256,
    /// What the hub holds of the token.
    pub held: U256,
}

impl Witness {
    /// Connects to the node at `rpc`.
    ///
    /// # Panics
    /// When it does not answer, or has no `hub`.
    pub async fn connect(rpc: Url, hub: Address) -> Self {
        let raw = Rpc::new(rpc.clone());
        let config = Config { rpc, hub, poll: POLL, confirmations: 0 };
        Self { chain: Client::connect(config).await.expect("the chain answers"), rpc: raw }
    }

    /// Moves the chain's time forward.
    pub async fn advance(&self, seconds: u64) {
        self.rpc.advance(seconds).await;
    }

    /// Number of the newest block.
    ///
    /// # Panics
    /// When the node does not answer.
    pub async fn height(&self) -> u64 {
        self.chain.head().await.expect("the node answers").number
    }

    /// All events of these kinds, from the first block on.
    ///
    /// # Panics
    /// When the node does not answer.
    pub async fn events(&self, kinds: &[EventKind]) -> Vec<Event> {
        let filter = EventFilter::all().kinds(kinds.iter().copied());
        let events = self.chain.events(0, u64::MAX - 1, &filter).await.expect("the node answers");
        events.into_iter().map(|event| event.event).collect()
    }

    /// Events of these kinds that are about `task`.
    ///
    /// # Panics
    /// When the node does not answer.
    pub async fn events_of(&self, task: TaskId, kinds: &[EventKind]) -> Vec<Event> {
        let mut events = self.events(kinds).await;
        events.retain(|event| event.task() == Some(task));
        events
    }

    /// Those who contributed to `task`, once there are `count`.
    ///
    /// # Panics
    /// When there never are.
    pub async fn contributors(&self, task: TaskId, count: usize) -> Vec<Address> {
        eventually(&format!("{count} contributions to task {task}"), async || {
            let view = self.chain.task(task).await.ok().flatten()?;
            (view.contributors.len() >= count).then_some(view.contributors)
        })
        .await
    }

    /// The task as the chain has it.
    ///
    /// # Panics
    /// When it is not initialized.
    pub async fn task(&self, task: TaskId) -> TaskView {
        self.chain.task(task).await.expect("the node answers").expect("the task is initialized")
    }

    /// Free and locked money of an account on the hub.
    ///
    /// # Panics
    /// When the node does not answer.
    pub async fn account(&self, who: Address) -> Account {
        self.chain.account(who).await.expect("the node answers")
    }

    /// Free and locked money together.
    pub async fn owned(&self, who: Address) -> Amount {
        let account = self.account(who).await;
        account.stake.checked_add(account.locked).expect("no account holds more than there is")
    }

    /// All RLC of an account: on the hub, and in its wallet.
    ///
    /// # Panics
    /// When the node does not answer.
    pub async fn fortune(&self, who: Address) -> Amount {
        let wallet = self.chain.rlc_balance(who).await.expect("the node answers");
        self.owned(who).await.checked_add(wallet).expect("no account holds more than there is")
    }

    /// All money on the hub, read between two blocks.
    ///
    /// # Panics
    /// When the chain does not stand still long enough.
    pub async fn books(&self) -> Books {
        eventually("a moment without a new block", async || {
            let before = self.height().await;
            let books = self.read_books().await;
            (self.height().await == before).then_some(books)
        })
        .await
    }

    async fn read_books(&self) -> Books {
        let hub = self.chain.info().hub;
        let mut known = BTreeSet::from([KITTY, hub]);
        for event in self.events(&[EventKind::Transfer, EventKind::Lock, EventKind::Reward]).await {
            match event {
                Event::Transfer { from, to, .. } => known.extend([from, to]),
                Event::Lock { owner, .. } | Event::Reward { owner, .. } => known.extend([owner]),
                _ => {}
            }
        }
        let mut accounts = BTreeMap::new();
        for who in known {
            accounts.insert(who, self.account(who).await);
        }
        let held = self.chain.rlc_balance(hub).await.expect("the node answers").to_nrlc();
        Books { accounts, supply: self.rpc.total_supply(hub).await, held }
    }

    /// Checks that no nRLC was made or lost: what accounts own is what the hub owes is what the hub holds.
    ///
    /// # Panics
    /// When the books do not balance.
    pub async fn assert_money_conserved(&self) -> Books {
        let books = self.books().await;
        let hub = self.chain.info().hub;
        let sum = |pick: fn(&Account) -> Amount| {
            books.accounts.values().fold(U256::ZERO, |sum, account| sum + pick(account).to_nrlc())
        };
        assert_eq!(books.supply, books.held, "what the hub owes and what it holds of the token: {books:?}");
        assert_eq!(sum(|account| account.stake), books.supply, "the sum of all accounts: {books:?}");
        // Locked money is kept in the hub's own account.
        let kept = books.accounts[&hub].stake.to_nrlc();
        assert_eq!(sum(|account| account.locked), kept, "the sum of all locks: {books:?}");
        books
    }
}
