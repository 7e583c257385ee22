//! Events of the hub and its registries, and how logs are read. A new event: add it to the enum, the kinds, `decode`.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::rpc::types::Log;
use alloy::sol_types::SolEvent;
use protocol::order::Kind;
use protocol::{Amount, DealId, OrderHash, ResultDigest, ResultHash, TaskId};

use crate::HubInfo;
use crate::bindings::{Hub, Registry};

/// One event and where it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubEvent {
    /// Block number.
    pub block: u64,
    /// Block hash: tells a reorganisation apart.
    pub block_hash: B256,
    /// Position in the block.
    pub index: u64,
    /// The transaction that caused it.
    pub transaction: B256,
    /// What happened.
    pub event: Event,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? }),* $(,)?) => {
        /// What happened. Source: `poco-contracts.md` 15.1.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Event { $($(#[$doc])* $name { $($(#[$field_doc])* $field: $type),* }),* }

        /// Which [`Event`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventKind { $($(#[$doc])* $name),* }

        impl Event {
            /// Which.
            #[must_use]
            pub fn kind(&self) -> EventKind {
                match self { $(Self::$name { .. } => EventKind::$name),* }
            }
        }

        impl EventKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

events! {
    /// A pool has a new deal.
    SchedulerNotice {
        /// The pool.
        workerpool: Address,
        /// The deal.
        deal: DealId,
    },
    /// Four orders became a deal.
    OrdersMatched {
        /// The deal.
        deal: DealId,
        /// App order.
        app: OrderHash,
        /// Dataset order; zero without one.
        dataset: OrderHash,
        /// Workerpool order.
        workerpool: OrderHash,
        /// Request order.
        request: OrderHash,
        /// Number of tasks.
        volume: U256,
    },
    /// A task is open for contributions.
    TaskInitialize {
        /// The task.
        task: TaskId,
        /// Its pool.
        workerpool: Address,
    },
    /// A worker committed to a result.
    TaskContribute {
        /// The task.
        task: TaskId,
        /// Who.
        worker: Address,
        /// To what.
        hash: ResultHash,
    },
    /// A result won.
    TaskConsensus {
        /// The task.
        task: TaskId,
        /// What won.
        consensus: ResultHash,
    },
    /// A winner revealed.
    TaskReveal {
        /// The task.
        task: TaskId,
        /// Who.
        worker: Address,
        /// The digest.
        digest: ResultDigest,
    },
    /// Nobody revealed in time: the vote is open again.
    TaskReopen {
        /// The task.
        task: TaskId,
    },
    /// Paid.
    TaskFinalize {
        /// The task.
        task: TaskId,
        /// Where the result is, by convention as JSON.
        results: Bytes,
    },
    /// Refunded.
    TaskClaimed {
        /// The task.
        task: TaskId,
    },
    /// A worker's record grew.
    AccurateContribution {
        /// Who.
        worker: Address,
        /// The task.
        task: TaskId,
    },
    /// A worker's record shrank.
    FaultyContribution {
        /// Who.
        worker: Address,
        /// The task.
        task: TaskId,
    },
    /// Money on the hub moved; from zero is a deposit, to zero a withdrawal.
    Transfer {
        /// From whom.
        from: Address,
        /// To whom.
        to: Address,
        /// How much.
        amount: Amount,
    },
    /// Money was locked.
    Lock {
        /// Whose.
        owner: Address,
        /// How much.
        amount: Amount,
    },
    /// Money was unlocked.
    Unlock {
        /// Whose.
        owner: Address,
        /// How much.
        amount: Amount,
    },
    /// Money was earned.
    Reward {
        /// By whom.
        owner: Address,
        /// How much.
        amount: Amount,
        /// For which task.
        reference: B256,
    },
    /// Locked money was taken.
    Seize {
        /// From whom.
        owner: Address,
        /// How much.
        amount: Amount,
        /// For which task.
        reference: B256,
    },
    /// An order counts as used up.
    OrderClosed {
        /// Which of the four.
        kind: Kind,
        /// Which order.
        order: OrderHash,
    },
    /// An order needs no signature any more.
    OrderSigned {
        /// Which of the four.
        kind: Kind,
        /// Which order.
        order: OrderHash,
    },
    /// A category was created.
    CreateCategory {
        /// Number.
        id: U256,
        /// Name.
        name: String,
        /// Free text.
        description: String,
        /// Reference time in seconds.
        unit: u64,
    },
    /// An app, dataset or workerpool was created (from zero) or has a new owner.
    ResourceTransfer {
        /// Which registry.
        kind: Kind,
        /// Old owner; zero at creation.
        from: Address,
        /// New owner.
        to: Address,
        /// The contract.
        resource: Address,
    },
}

impl Event {
    /// The task it is about; `None` for events about money, deals, orders, contracts.
    #[must_use]
    pub fn task(&self) -> Option<TaskId> {
        match self {
            Self::TaskInitialize { task, .. }
            | Self::TaskContribute { task, .. }
            | Self::TaskConsensus { task, .. }
            | Self::TaskReveal { task, .. }
            | Self::TaskReopen { task }
            | Self::TaskFinalize { task, .. }
            | Self::TaskClaimed { task }
            | Self::AccurateContribution { task, .. }
            | Self::FaultyContribution { task, .. } => Some(*task),
            Self::Reward { reference, .. } | Self::Seize { reference, .. } => Some(TaskId(*reference)),
            Self::SchedulerNotice { .. }
            | Self::OrdersMatched { .. }
            | Self::Transfer { .. }
            | Self::Lock { .. }
            | Self::Unlock { .. }
            | Self::OrderClosed { .. }
            | Self::OrderSigned { .. }
            | Self::CreateCategory { .. }
            | Self::ResourceTransfer { .. } => None,
        }
    }

    /// The pool it names; `None` when it names none.
    #[must_use]
    pub fn workerpool(&self) -> Option<Address> {
        match self {
            Self::SchedulerNotice { workerpool, .. } | Self::TaskInitialize { workerpool, .. } => Some(*workerpool),
            _ => None,
        }
    }
}

impl EventKind {
    /// Topic 0 of its logs; orders have one for each of the four.
    pub(crate) fn topics(self) -> Vec<B256> {
        match self {
            Self::SchedulerNotice => vec![Hub::SchedulerNotice::SIGNATURE_HASH],
            Self::OrdersMatched => vec![Hub::OrdersMatched::SIGNATURE_HASH],
            Self::TaskInitialize => vec![Hub::TaskInitialize::SIGNATURE_HASH],
            Self::TaskContribute => vec![Hub::TaskContribute::SIGNATURE_HASH],
            Self::TaskConsensus => vec![Hub::TaskConsensus::SIGNATURE_HASH],
            Self::TaskReveal => vec![Hub::TaskReveal::SIGNATURE_HASH],
            Self::TaskReopen => vec![Hub::TaskReopen::SIGNATURE_HASH],
            Self::TaskFinalize => vec![Hub::TaskFinalize::SIGNATURE_HASH],
            Self::TaskClaimed => vec![Hub::TaskClaimed::SIGNATURE_HASH],
            Self::AccurateContribution => vec![Hub::AccurateContribution::SIGNATURE_HASH],
            Self::FaultyContribution => vec![Hub::FaultyContribution::SIGNATURE_HASH],
            Self::Transfer => vec![Hub::Transfer::SIGNATURE_HASH],
            Self::Lock => vec![Hub::Lock::SIGNATURE_HASH],
            Self::Unlock => vec![Hub::Unlock::SIGNATURE_HASH],
            Self::Reward => vec![Hub::Reward::SIGNATURE_HASH],
            Self::Seize => vec![Hub::Seize::SIGNATURE_HASH],
            Self::OrderClosed => CLOSED.iter().map(|(topic, _)| *topic).collect(),
            Self::OrderSigned => SIGNED.iter().map(|(topic, _)| *topic).collect(),
            Self::CreateCategory => vec![Hub::CreateCategory::SIGNATURE_HASH],
            Self::ResourceTransfer => vec![Registry::Transfer::SIGNATURE_HASH],
        }
    }
}

const CLOSED: [(B256, Kind); 4] = [
    (Hub::ClosedAppOrder::SIGNATURE_HASH, Kind::App),
    (Hub::ClosedDatasetOrder::SIGNATURE_HASH, Kind::Dataset),
    (Hub::ClosedWorkerpoolOrder::SIGNATURE_HASH, Kind::Workerpool),
    (Hub::ClosedRequestOrder::SIGNATURE_HASH, Kind::Request),
];
const SIGNED: [(B256, Kind); 4] = [
    (Hub::SignedAppOrder::SIGNATURE_HASH, Kind::App),
    (Hub::SignedDatasetOrder::SIGNATURE_HASH, Kind::Dataset),
    (Hub::SignedWorkerpoolOrder::SIGNATURE_HASH, Kind::Workerpool),
    (Hub::SignedRequestOrder::SIGNATURE_HASH, Kind::Request),
];

/// Reads one log; `None` when it is none of ours: another contract's, another event's, removed, or pending.
pub(crate) fn decode(log: &Log, info: &HubInfo) -> Option<HubEvent> {
    if log.removed {
        return None;
    }
    let event = if log.address() == info.hub { hub_event(log)? } else { registry_event(log, info)? };
    Some(HubEvent {
        block: log.block_number?,
        block_hash: log.block_hash?,
        index: log.log_index?,
        transaction: log.transaction_hash?,
        event,
    })
}

fn registry_event(log: &Log, info: &HubInfo) -> Option<Event> {
    let registries = [
        (info.app_registry, Kind::App),
        (info.dataset_registry, Kind::Dataset),
        (info.workerpool_registry, Kind::Workerpool),
    ];
    let (_, kind) = registries.into_iter().find(|(registry, _)| *registry == log.address())?;
    let moved = read::<Registry::Transfer>(log)?;
    let resource = Address::from_word(B256::from(moved.tokenId));
    Some(Event::ResourceTransfer { kind, from: moved.from, to: moved.to, resource })
}

fn hub_event(log: &Log) -> Option<Event> {
    let topic = *log.topic0()?;
    task_event(log, topic).or_else(|| money_event(log, topic)).or_else(|| order_event(log, topic))
}

fn task_event(log: &Log, topic: B256) -> Option<Event> {
    Some(match topic {
        Hub::SchedulerNotice::SIGNATURE_HASH => {
            let e = read::<Hub::SchedulerNotice>(log)?;
            Event::SchedulerNotice { workerpool: e.workerpool, deal: DealId(e.dealid) }
        }
        Hub::TaskInitialize::SIGNATURE_HASH => {
            let e = read::<Hub::TaskInitialize>(log)?;
            Event::TaskInitialize { task: TaskId(e.taskid), workerpool: e.workerpool }
        }
        Hub::TaskContribute::SIGNATURE_HASH => {
            let e = read::<Hub::TaskContribute>(log)?;
            Event::TaskContribute { task: TaskId(e.taskid), worker: e.worker, hash: ResultHash(e.hash) }
        }
        Hub::TaskConsensus::SIGNATURE_HASH => {
            let e = read::<Hub::TaskConsensus>(log)?;
            Event::TaskConsensus { task: TaskId(e.taskid), consensus: ResultHash(e.consensus) }
        }
        Hub::TaskReveal::SIGNATURE_HASH => {
            let e = read::<Hub::TaskReveal>(log)?;
            Event::TaskReveal { task: TaskId(e.taskid), worker: e.worker, digest: ResultDigest(e.digest) }
        }
        Hub::TaskReopen::SIGNATURE_HASH => Event::TaskReopen { task: TaskId(read::<Hub::TaskReopen>(log)?.taskid) },
        Hub::TaskFinalize::SIGNATURE_HASH => {
            let e = read::<Hub::TaskFinalize>(log)?;
            Event::TaskFinalize { task: TaskId(e.taskid), results: e.results }
        }
        Hub::TaskClaimed::SIGNATURE_HASH => Event::TaskClaimed { task: TaskId(read::<Hub::TaskClaimed>(log)?.taskid) },
        Hub::AccurateContribution::SIGNATURE_HASH => {
            let e = read::<Hub::AccurateContribution>(log)?;
            Event::AccurateContribution { worker: e.worker, task: TaskId(e.taskid) }
        }
        Hub::FaultyContribution::SIGNATURE_HASH => {
            let e = read::<Hub::FaultyContribution>(log)?;
            Event::FaultyContribution { worker: e.worker, task: TaskId(e.taskid) }
        }
        _ => return None,
    })
}

fn money_event(log: &Log, topic: B256) -> Option<Event> {
    Some(match topic {
        Hub::Transfer::SIGNATURE_HASH => {
            let e = read::<Hub::Transfer>(log)?;
            Event::Transfer { from: e.from, to: e.to, amount: Amount::from_nrlc(e.value) }
        }
        Hub::Lock::SIGNATURE_HASH => {
            let e = read::<Hub::Lock>(log)?;
            Event::Lock { owner: e.owner, amount: Amount::from_nrlc(e.amount) }
        }
        Hub::Unlock::SIGNATURE_HASH => {
            let e = read::<Hub::Unlock>(log)?;
            Event::Unlock { owner: e.owner, amount: Amount::from_nrlc(e.amount) }
        }
        Hub::Reward::SIGNATURE_HASH => {
            let e = read::<Hub::Reward>(log)?;
            Event::Reward { owner: e.owner, amount: Amount::from_nrlc(e.amount), reference: e.r#ref }
        }
        Hub::Seize::SIGNATURE_HASH => {
            let e = read::<Hub::Seize>(log)?;
            Event::Seize { owner: e.owner, amount: Amount::from_nrlc(e.amount), reference: e.r#ref }
        }
        _ => return None,
    })
}

fn order_event(log: &Log, topic: B256) -> Option<Event> {
    if let Some((_, kind)) = CLOSED.into_iter().find(|(closed, _)| *closed == topic) {
        return Some(Event::OrderClosed { kind, order: OrderHash(first_word(log)?) });
    }
    if let Some((_, kind)) = SIGNED.into_iter().find(|(signed, _)| *signed == topic) {
        return Some(Event::OrderSigned { kind, order: OrderHash(first_word(log)?) });
    }
    Some(match topic {
        Hub::OrdersMatched::SIGNATURE_HASH => {
            let e = read::<Hub::OrdersMatched>(log)?;
            Event::OrdersMatched {
                deal: DealId(e.dealid),
                app: OrderHash(e.appHash),
                dataset: OrderHash(e.datasetHash),
                workerpool: OrderHash(e.workerpoolHash),
                request: OrderHash(e.requestHash),
                volume: e.volume,
            }
        }
        Hub::CreateCategory::SIGNATURE_HASH => {
            let e = read::<Hub::CreateCategory>(log)?;
            let unit = u64::try_from(e.workClockTimeRef).unwrap_or(u64::MAX);
            Event::CreateCategory { id: e.catid, name: e.name, description: e.description, unit }
        }
        _ => return None,
    })
}

/// The eight order events have one argument, not indexed.
fn first_word(log: &Log) -> Option<B256> {
    log.data().data.get(..32).map(B256::from_slice)
}

fn read<E: SolEvent>(log: &Log) -> Option<E> {
    E::decode_log_data(log.data()).ok()
}
