//! One round: read what may have moved, ask the planner, carry out what it says. Events only chose what to read.

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::B256;
use api::pool::Order;
use api::results::ResultsClient;
use chain::{Batch, Client, Event, Outbox, Receipt, Wallet};
use protocol::{Address, TaskId};
use runtime::{Clock, Stop};

use super::deals::Deals;
use super::watch::Watches;
use crate::act::{self, Batches, Intent, Item, Kind};
use crate::look::Eyes;
use crate::plan::{Action, Now, Rules, TaskView, Why, WorkerView, next_action};
use crate::replicate::{DECIDED_WITHOUT, Replicate};
use crate::roster::Roster;
use crate::store::{Store, TaskRow};
use crate::streams::Streams;
use crate::{Config, Error};

/// Tasks looked at in one round; the others wait for the next, which follows at once.
const LOOKS: usize = 256;
/// Actions for one task in one round: more means that an action does not do what the planner thinks it does.
const STEPS: usize = 64;
/// Transactions on their way at the same time.
const FLIGHTS: usize = 64;
/// The cursor is stored after every event, and else this often.
const CURSOR_EVERY: Duration = Duration::from_secs(30);

/// What the engine works with.
pub(super) struct Parts {
    pub(super) client: Client,
    pub(super) outbox: Outbox,
    pub(super) wallet: Wallet,
    pub(super) store: Store,
    pub(super) streams: Streams,
    pub(super) results: ResultsClient,
}

/// How a transaction ended.
pub(super) struct Outcome {
    pub(super) intent: Intent,
    pub(super) result: Result<Receipt, chain::Error>,
}

/// The loop's state.
pub(super) struct Engine {
    config: Config,
    rules: Rules,
    client: Client,
    outbox: Outbox,
    wallet: Wallet,
    store: Store,
    streams: Streams,
    eyes: Eyes,
    roster: Roster,
    deals: Deals,
    watches: Watches,
    unread: Option<Batch>,
    flights: usize,
    refresh: bool,
    swept: Duration,
    cursor_stored: Duration,
    clock: Arc<dyn Clock>,
    stop: Stop,
}

impl Engine {
    pub(super) async fn open(config: Config, parts: Parts, clock: Arc<dyn Clock>, stop: Stop) -> Result<Self, Error> {
        let Parts { client, outbox, wallet, store, streams, results } = parts;
        let mut watches = Watches::default();
        store.open_tasks().await?.into_iter().for_each(|task| watches.add(task));
        for worker in store.loads().await?.into_keys() {
            streams.expect(worker);
        }
        let rules = Rules {
            same_failures: config.same_failures,
            upload_timeout: config.upload_timeout.as_secs(),
            salt: B256::from(runtime::random::bytes()),
        };
        let owner = wallet.address();
        let limit = config.limits.open_tasks;
        Ok(Self {
            rules,
            eyes: Eyes { client: client.clone(), store: store.clone(), results },
            roster: Roster::new(client.clone(), Arc::clone(&clock)),
            deals: Deals::new(client.clone(), store.clone(), owner, config.max_trust, limit),
            config,
            client,
            outbox,
            wallet,
            store,
            streams,
            watches,
            unread: None,
            flights: 0,
            refresh: true,
            swept: clock.monotonic(),
            cursor_stored: Duration::ZERO,
            clock,
            stop,
        })
    }

    pub(super) fn sweep_every(&self) -> Duration {
        self.config.sweep_every
    }

    pub(super) fn outbox(&self) -> Outbox {
        self.outbox.clone()
    }

    /// Whether a batch waits for the chain to answer.
    pub(super) fn has_unread(&self) -> bool {
        self.unread.is_some()
    }

    pub(super) fn take_batch(&mut self, batch: Batch) {
        self.unread = Some(batch);
    }

    /// Done or refused, the chain is read again; a refusal is usually somebody who was faster.
    pub(super) fn take_outcome(&mut self, outcome: &Outcome) {
        self.flights = self.flights.saturating_sub(1);
        let Outcome { intent, result } = outcome;
        match result {
            Ok(receipt) => {
                tracing::info!(intent = %intent.key, block = receipt.block, gas = receipt.gas_used, "done on chain")
            }
            Err(chain::Error::Refused { reason, .. }) => {
                tracing::info!(intent = %intent.key, %reason, "the hub refused; reading again");
            }
            Err(chain::Error::Stopped { .. }) => {}
            Err(error) => {
                tracing::error!(intent = %intent.key, error = error as &dyn std::error::Error, "a transaction failed");
            }
        }
        let now = self.clock.monotonic();
        for task in &intent.tasks {
            let Some(watch) = self.watches.get_mut(*task) else { continue };
            watch.is_in_flight = false;
            watch.is_dirty = true;
            if result.is_err() {
                watch.alone = true;
                watch.rest(now);
            }
        }
    }

    /// Looks at what may have moved, and acts. Answers the transactions to send.
    pub(super) async fn round(&mut self) -> Vec<Intent> {
        match self.try_round().await {
            Ok(intents) => intents,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a round failed; the next one looks again");
                Vec::new()
            }
        }
    }

    async fn try_round(&mut self) -> Result<Vec<Intent>, Error> {
        self.lose_workers().await?;
        let head = self.client.head().await?;
        let now = Now { chain: head.time, wall: self.clock.unix().as_secs() };
        self.read_batch().await?;
        self.mark_for_sweep();
        if self.refresh {
            self.deals.refresh(&mut self.watches).await?;
            self.refresh = false;
        }
        self.watches.mark(self.streams.take_dirty());
        let mut workers = self.workers().await?;
        let free: u32 = workers.iter().map(|worker| worker.slots.saturating_sub(worker.computing)).sum();
        let mut batches = Batches::default();
        let mut intents = Vec::new();
        for task in self.watches.due(now, self.clock.monotonic(), LOOKS, free as usize) {
            if self.stop.is_requested() {
                break;
            }
            if let Err(error) = self.serve(task, &mut workers, &mut batches, &mut intents, now).await {
                tracing::warn!(%task, error = &error as &dyn std::error::Error, "a task was not served; trying again");
                let clock = self.clock.monotonic();
                if let Some(watch) = self.watches.get_mut(task) {
                    watch.rest(clock);
                }
            }
        }
        intents.extend(batches.into_intents(self.client.info().hub));
        Ok(self.launch(intents))
    }

    /// Marks what is on its way; what is too much waits for a later round.
    fn launch(&mut self, mut intents: Vec<Intent>) -> Vec<Intent> {
        let postponed = intents.split_off(intents.len().min(FLIGHTS.saturating_sub(self.flights)));
        self.watches.mark(postponed.into_iter().flat_map(|intent| intent.tasks));
        self.flights += intents.len();
        for task in intents.iter().flat_map(|intent| &intent.tasks) {
            if let Some(watch) = self.watches.get_mut(*task) {
                watch.is_in_flight = true;
            }
        }
        intents
    }

    async fn lose_workers(&mut self) -> Result<(), Error> {
        for worker in self.streams.lost(self.config.lost_after) {
            let pending = self.store.pending_of(worker).await?;
            tracing::warn!(%worker, tasks = pending.len(), "a worker is lost; its tasks go to others");
            for task in pending {
                self.store.change(task, worker, Replicate::lose).await?;
                self.watches.mark([task]);
            }
        }
        Ok(())
    }

    /// New deals are written down, moved tasks are marked; only then does the cursor move.
    async fn read_batch(&mut self) -> Result<(), Error> {
        let Some(batch) = &self.unread else { return Ok(()) };
        for event in &batch.events {
            match &event.event {
                Event::SchedulerNotice { deal, .. } => {
                    self.deals.announce(*deal).await?;
                    self.refresh = true;
                }
                other => self.watches.mark(other.task()),
            }
        }
        if batch.rolled_back_to.is_some() {
            self.watches.mark_all();
        }
        let now = self.clock.monotonic();
        let is_news = !batch.events.is_empty() || batch.rolled_back_to.is_some();
        if is_news || now.saturating_sub(self.cursor_stored) >= CURSOR_EVERY {
            self.store.set_cursor(&batch.cursor).await?;
            self.cursor_stored = now;
        }
        self.unread = None;
        Ok(())
    }

    fn mark_for_sweep(&mut self) {
        let now = self.clock.monotonic();
        if now.saturating_sub(self.swept) >= self.config.full_sweep_every {
            self.swept = now;
            self.refresh = true;
            self.watches.mark_all();
        }
    }

    async fn workers(&mut self) -> Result<Vec<WorkerView>, Error> {
        if self.watches.is_empty() {
            return Ok(Vec::new());
        }
        let commands = self.config.limits.commands;
        self.roster.views(&self.streams, &self.store, commands, |deal| self.deals.stake(deal)).await
    }

    #[tracing::instrument(name = "scheduler.task", skip_all, fields(%task))]
    async fn serve(
        &mut self,
        task: TaskId,
        workers: &mut [WorkerView],
        batches: &mut Batches,
        intents: &mut Vec<Intent>,
        now: Now,
    ) -> Result<(), Error> {
        let Some(row) = self.store.task(task).await?.filter(|row| !row.closed) else {
            self.watches.remove(task);
            return Ok(());
        };
        let Some(known) = self.deals.read(row.deal).await? else {
            return self.wait(&row, &Why::DealGone, [now.chain.plus(1, 60); 2], now).await;
        };
        let mut view = self.eyes.look(&row, &known.terms, now.chain).await?;
        let hub = self.client.info().hub;
        for _ in 0..STEPS {
            let alone = self.watches.get_mut(task).is_some_and(|watch| watch.alone);
            let item = Item { task, deal: row.deal, index: row.index, alone };
            match next_action(&view, workers, &self.rules, now) {
                Action::Assign(worker) => {
                    self.assign(&row, &mut view, worker, workers, now).await?;
                    continue;
                }
                Action::Look(winners) => {
                    self.tell(&mut view, &winners).await?;
                    continue;
                }
                Action::Drop(losers) => {
                    self.drop_copies(&mut view, &losers).await?;
                    continue;
                }
                Action::Upload(worker) => {
                    self.ask_upload(&mut view, worker, now).await?;
                    continue;
                }
                Action::Wait(why) => {
                    let deadlines = [known.terms.contribute_before, known.terms.final_before];
                    return self.wait(&row, &why, deadlines, now).await;
                }
                Action::Close => return self.close(&view).await,
                Action::Initialize => batches.add(Kind::Initialize, item),
                Action::Claim => batches.add(Kind::Claim, item),
                Action::InitializeAndClaim => batches.add(Kind::InitializeAndClaim, item),
                Action::Finalize(delivery) => intents.push(act::finalize(hub, task, &delivery)),
                Action::Reopen { reveal_before } => intents.push(act::reopen(hub, task, reveal_before)),
            }
            // A transaction is asked for: its outcome brings the task back here.
            return Ok(());
        }
        self.watches.mark([task]);
        Ok(())
    }

    async fn assign(
        &mut self,
        row: &TaskRow,
        view: &mut TaskView,
        worker: Address,
        workers: &mut [WorkerView],
        now: Now,
    ) -> Result<(), Error> {
        let copy = Replicate::assigned(worker, now.chain);
        let authorization = act::authorize(&self.wallet, worker, view.id);
        let order = Order::Work { task: view.id, deal: row.deal, index: row.index, authorization };
        if self.store.assign(view.id, &copy, &order).await? {
            tracing::info!(%worker, "handed out a copy");
            self.streams.wake(worker);
            if let Some(taken) = workers.iter_mut().find(|view| view.address == worker) {
                taken.computing = taken.computing.saturating_add(1);
                taken.free_stake = taken.free_stake.checked_sub(view.terms.worker_stake).unwrap_or_default();
            }
        }
        view.copies.push(copy);
        Ok(())
    }

    async fn tell(&self, view: &mut TaskView, winners: &[Address]) -> Result<(), Error> {
        for worker in winners {
            self.store.push(*worker, view.id, &Order::Look { task: view.id }).await?;
            self.note(view, *worker, |copy| copy.told = true).await?;
        }
        Ok(())
    }

    async fn drop_copies(&self, view: &mut TaskView, losers: &[Address]) -> Result<(), Error> {
        for worker in losers {
            let order = Order::Drop { task: view.id, reason: DECIDED_WITHOUT.to_owned() };
            self.store.push(*worker, view.id, &order).await?;
            self.note(view, *worker, Replicate::drop_undecided).await?;
        }
        Ok(())
    }

    async fn ask_upload(&self, view: &mut TaskView, worker: Address, now: Now) -> Result<(), Error> {
        tracing::info!(%worker, "asking for the result");
        self.store.push(worker, view.id, &Order::Upload { task: view.id }).await?;
        let asked = |copy: &mut Replicate| {
            copy.asked = Some(now.wall);
            copy.upload_failed = false;
        };
        self.note(view, worker, asked).await
    }

    /// Changes a copy in the store and in the view that the planner sees next.
    async fn note(
        &self,
        view: &mut TaskView,
        worker: Address,
        change: impl Fn(&mut Replicate) + Send + Copy,
    ) -> Result<(), Error> {
        self.store.change(view.id, worker, change).await?;
        view.copies.iter_mut().filter(|copy| copy.worker == worker).for_each(change);
        self.streams.wake(worker);
        Ok(())
    }

    async fn wait(
        &mut self,
        row: &TaskRow,
        why: &Why,
        deadlines: [protocol::ChainTime; 2],
        now: Now,
    ) -> Result<(), Error> {
        let text = why.to_string();
        if row.why.as_deref() != Some(text.as_str()) {
            tracing::info!(why = %text, "waiting");
            self.store.set_why(row.task, Some(&text)).await?;
        }
        if let Some(watch) = self.watches.get_mut(row.task) {
            watch.wait(why, deadlines, now);
        }
        Ok(())
    }

    async fn close(&mut self, view: &TaskView) -> Result<(), Error> {
        let phase = view.chain.as_ref().map_or("failed", |chain| chain.phase.name());
        self.store.close_task(view.id, phase).await?;
        view.copies.iter().for_each(|copy| self.streams.wake(copy.worker));
        self.watches.remove(view.id);
        self.refresh = true;
        tracing::info!(phase, "the task has ended");
        Ok(())
    }
}
