//! One action carried out: transactions as values with the keys that make them happen once, and orders to workers.

use std::collections::BTreeMap;

use alloy_primitives::keccak256;
use chain::{Call, Wallet, calls};
use protocol::hash::authorization;
use protocol::{Address, Bytes, ChainTime, DealId, TaskId, U256};

use crate::plan::Delivery;

/// Tasks in one call. Initializing costs about 150 000 gas each, claiming with its refunds less than 200 000: a batch
/// stays below 8 million, a quarter of a small block.
const BATCH: usize = 40;

/// A transaction, and the tasks that it moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Intent {
    /// Names the intent: the outbox sends each key once.
    pub(crate) key: String,
    pub(crate) call: Call,
    pub(crate) tasks: Vec<TaskId>,
}

/// Which call a batch is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Initialize,
    Claim,
    InitializeAndClaim,
}

/// One task for a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) task: TaskId,
    pub(crate) deal: DealId,
    pub(crate) index: U256,
    /// A batch with this task was refused: whatever is wrong with it must not hold others up.
    pub(crate) alone: bool,
}

/// Tasks that wait for the same call.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    waiting: BTreeMap<Kind, Vec<Item>>,
}

impl Batches {
    pub(crate) fn add(&mut self, kind: Kind, item: Item) {
        self.waiting.entry(kind).or_default().push(item);
    }

    /// As few transactions as the limits allow.
    pub(crate) fn into_intents(self, hub: Address) -> Vec<Intent> {
        let mut intents = Vec::new();
        for (kind, items) in self.waiting {
            let (alone, together): (Vec<Item>, Vec<Item>) = items.into_iter().partition(|item| item.alone);
            intents.extend(alone.chunks(1).chain(together.chunks(BATCH)).map(|items| batch(hub, kind, items)));
        }
        intents
    }
}

fn batch(hub: Address, kind: Kind, items: &[Item]) -> Intent {
    let tasks: Vec<TaskId> = items.iter().map(|item| item.task).collect();
    let pairs: Vec<(DealId, U256)> = items.iter().map(|item| (item.deal, item.index)).collect();
    let (name, call) = match (kind, items) {
        (Kind::Initialize, [one]) => ("initialize", calls::initialize(hub, one.deal, one.index)),
        (Kind::Initialize, _) => ("initialize", calls::initialize_array(hub, &pairs)),
        (Kind::Claim, [one]) => ("claim", calls::claim(hub, one.task)),
        (Kind::Claim, _) => ("claim", calls::claim_array(hub, &tasks)),
        (Kind::InitializeAndClaim, _) => ("initialize_and_claim", calls::initialize_and_claim_array(hub, &pairs)),
    };
    let key = match tasks.as_slice() {
        [one] => format!("{name}:{one}"),
        many => format!("{name}:{}", keccak256(many.iter().flat_map(|task| task.0.0).collect::<Vec<u8>>())),
    };
    Intent { key, call, tasks }
}

pub(crate) fn finalize(hub: Address, task: TaskId, delivery: &Delivery) -> Intent {
    let results = Bytes::copy_from_slice(delivery.link.as_bytes());
    let call = calls::finalize(hub, task, results, delivery.callback.clone());
    Intent { key: format!("finalize:{task}"), call, tasks: vec![task] }
}

/// A task may be reopened once a round: the deadline that passed names the round.
pub(crate) fn reopen(hub: Address, task: TaskId, reveal_before: ChainTime) -> Intent {
    Intent { key: format!("reopen:{task}:{reveal_before}"), call: calls::reopen(hub, task), tasks: vec![task] }
}

/// What lets `worker` contribute to a standard task.
pub(crate) fn authorize(wallet: &Wallet, worker: Address, task: TaskId) -> Bytes {
    wallet.sign_personal(authorization(worker, task, Address::ZERO))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;

    use super::*;

    fn item(byte: u8, alone: bool) -> Item {
        let task = TaskId(B256::repeat_byte(byte));
        Item { task, deal: DealId::default(), index: U256::from(byte), alone }
    }

    #[test]
    fn tasks_share_transactions_except_those_that_were_refused() {
        let mut batches = Batches::default();
        for byte in 1..=100 {
            batches.add(Kind::Initialize, item(byte, byte == 7));
        }
        batches.add(Kind::Claim, item(200, false));
        let intents = batches.into_intents(Address::repeat_byte(9));
        let sizes: Vec<_> = intents.iter().map(|intent| (intent.call.name, intent.tasks.len())).collect();
        assert_eq!(
            sizes,
            [
                ("initialize", 1),
                ("initializeArray", 40),
                ("initializeArray", 40),
                ("initializeArray", 19),
                ("claim", 1)
            ]
        );
        let mut keys: Vec<_> = intents.iter().map(|intent| &intent.key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), intents.len(), "one key, one intent");
    }

    #[test]
    fn every_round_is_reopened_by_its_own_transaction() {
        let task = TaskId::default();
        let (first, second) = (reopen(Address::ZERO, task, ChainTime(1)), reopen(Address::ZERO, task, ChainTime(2)));
        assert_ne!(first.key, second.key);
        assert_eq!(first.call, second.call);
    }
}
