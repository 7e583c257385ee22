//! A hub in use, and the steps that bring a task to the call which is measured. The scenario is described in `gas.rs`.

use std::sync::OnceLock;

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::sol_types::SolCall;
use protocol::hub::Outcome;
use protocol::{Amount, DealId, ResultDigest, ResultHash, ResultSeal, Tag, TaskId};

use crate::abi::Hub;
use crate::{Actor, Done, Reverted, Stage, Terms, stub};

/// What clients write as result: 85 bytes.
pub(super) const RESULTS: &[u8; 85] =
    br#"{"storage":"ipfs","location":"/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG/"}"#;
/// What a callback gets: one word.
pub(super) const CALLBACK_DATA: [u8; 32] = [7; 32];
/// Trust that no five workers reach together.
const OUT_OF_REACH: u64 = 1_000;
/// The first worker on the stage.
const FIRST_WORKER: u64 = 10;
/// Workers that have worked before.
const WORKERS: u64 = 5;

/// A stage on which everybody has worked and paid before. Cloning it is a snapshot.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    /// The market and its people.
    pub(super) stage: Stage,
    /// How many deals there were: makes the next orders differ from all before.
    deals: u64,
}

impl Scene {
    /// The scene of every row; made once, then cloned.
    pub(super) fn new() -> Self {
        static READY: OnceLock<Scene> = OnceLock::new();
        READY.get_or_init(Self::build).clone()
    }

    fn build() -> Self {
        let mut scene = Self { stage: Stage::new(), deals: 0 };
        // A bag of 1000 tasks has to be paid in advance, and its scheduler's stake locked.
        for rich in [scene.stage.requester.clone(), scene.stage.scheduler.clone()] {
            scene.stage.market.fund(rich.address(), Amount::rlc(100_000));
        }
        // With a score of 1, and a weight that is still the least.
        let done = scene.agreed(WORKERS);
        scene.reveal_all(done, WORKERS);
        scene.finalize(done);
        // This one stays open: the payer's and the scheduler's money in it stays locked. No worker has taken it.
        let waiting = scene.terms_with_dataset(1, 1);
        scene.opened(waiting);
        scene
    }

    /// The `number`th worker, from 1.
    pub(super) fn worker(number: u64) -> Address {
        Actor::number(Self::nth(number)).address()
    }

    fn nth(number: u64) -> u64 {
        FIRST_WORKER + number - 1
    }

    /// Somebody who has no part in anything.
    pub(super) fn stranger() -> Address {
        Actor::number(99).address()
    }

    /// Sends a call to the hub.
    pub(super) fn call<C: SolCall>(&mut self, from: Address, call: &C) -> u64 {
        cost(self.stage.market.call(from, call))
    }

    /// Lets time pass.
    pub(super) fn wait(&mut self, seconds: u64) {
        self.stage.market.evm.now += seconds;
    }

    /// Fresh terms without a dataset.
    pub(super) fn terms(&mut self, trust: u64, volume: u64) -> Terms {
        let terms = self.stage.terms(trust, volume);
        self.fresh(terms)
    }

    /// Fresh terms with a dataset.
    pub(super) fn terms_with_dataset(&mut self, trust: u64, volume: u64) -> Terms {
        let terms = self.stage.terms_with_dataset(trust, volume);
        self.fresh(terms)
    }

    /// Fresh terms of one worker in an enclave.
    pub(super) fn terms_for_enclaves(&mut self, volume: u64) -> Terms {
        let mut terms = self.terms(1, volume);
        let tag = Tag::from_low(0x3);
        (terms.app.tag, terms.workerpool.tag, terms.request.tag) = (tag, tag, tag);
        terms
    }

    fn fresh(&mut self, mut terms: Terms) -> Terms {
        self.deals += 1;
        let salt = keccak256(U256::from(self.deals).to_be_bytes::<32>());
        (terms.app.salt, terms.workerpool.salt, terms.request.salt) = (salt, salt, salt);
        if terms.dataset.dataset != Address::ZERO {
            terms.dataset.salt = salt;
        }
        terms.request.params = format!("{:<70}", r#"{"iexec_args":"hello"}"#);
        terms
    }

    /// Signs and matches, and says what the match cost.
    pub(super) fn matched(&mut self, terms: Terms) -> (DealId, u64) {
        let orders = self.stage.sign(terms);
        let done = self.stage.match_orders(&orders).unwrap_or_else(|error| panic!("a refused match: {error:?}"));
        (DealId(B256::from_slice(&done.output[..32])), done.gas)
    }

    /// Opens a task, and says what that cost.
    pub(super) fn open(&mut self, deal: DealId, index: u64) -> (TaskId, u64) {
        let gas = self.call(Self::stranger(), &Hub::initializeCall { dealid: deal.0, idx: U256::from(index) });
        (TaskId::derive(deal, U256::from(index)), gas)
    }

    /// A new deal's only task, open.
    pub(super) fn opened(&mut self, terms: Terms) -> TaskId {
        let (deal, _) = self.matched(terms);
        self.open(deal, 0).0
    }

    /// A worker votes for the one result; says what it cost.
    pub(super) fn vote(&mut self, number: u64, task: TaskId) -> u64 {
        cost(self.stage.vote(Self::nth(number), task, digest()))
    }

    /// The first workers vote; says what all of them paid.
    pub(super) fn vote_all(&mut self, task: TaskId, workers: u64) -> u64 {
        (1..=workers).map(|number| self.vote(number, task)).sum()
    }

    /// Fresh terms that so many workers, and no fewer, fulfil together.
    pub(super) fn terms_for(&mut self, workers: u64, volume: u64) -> Terms {
        // Votes of weight 2 multiply: n of them outweigh any trust up to 2^n.
        let trust = 2_u64.pow(u32::try_from(workers).expect("a handful of workers") - 1) + 1;
        self.terms(trust, volume)
    }

    /// A task that takes so many workers, and has some of their votes.
    pub(super) fn voted(&mut self, workers: u64, votes: u64) -> TaskId {
        let terms = self.terms_for(workers, 1);
        self.voted_on(terms, votes)
    }

    /// A task with votes of all the workers that it takes.
    pub(super) fn agreed(&mut self, workers: u64) -> TaskId {
        self.voted(workers, workers)
    }

    /// The same for a request whose callback accepts everything.
    pub(super) fn agreed_for_callback(&mut self, workers: u64) -> TaskId {
        let mut terms = self.terms_for(workers, 1);
        terms.request.callback = Actor::number(98).address();
        self.stage.market.evm.place(terms.request.callback, stub::silent());
        self.voted_on(terms, workers)
    }

    /// A task with the votes of so many workers and no consensus.
    pub(super) fn disputed(&mut self, workers: u64) -> TaskId {
        let terms = self.terms(OUT_OF_REACH, 1);
        self.voted_on(terms, workers)
    }

    fn voted_on(&mut self, terms: Terms, votes: u64) -> TaskId {
        let task = self.opened(terms);
        self.vote_all(task, votes);
        task
    }

    /// A bag of which every task has the votes of so many workers and no consensus.
    pub(super) fn disputed_bag(&mut self, tasks: u64, workers: u64) -> Vec<TaskId> {
        let terms = self.terms(OUT_OF_REACH, tasks);
        let (deal, _) = self.matched(terms);
        let tasks: Vec<_> = (0..tasks).map(|index| self.open(deal, index).0).collect();
        for task in &tasks {
            self.vote_all(*task, workers);
        }
        tasks
    }

    /// A worker reveals; says what it cost.
    pub(super) fn reveal(&mut self, number: u64, task: TaskId) -> u64 {
        cost(self.stage.reveal(Self::nth(number), task, digest()))
    }

    /// The workers reveal; says what all of them paid.
    pub(super) fn reveal_all(&mut self, task: TaskId, workers: u64) -> u64 {
        (1..=workers).map(|number| self.reveal(number, task)).sum()
    }

    /// The scheduler finalizes; says what it cost.
    pub(super) fn finalize(&mut self, task: TaskId) -> u64 {
        cost(self.stage.finalize(task, &outcome()))
    }

    /// The scheduler finalizes with data for the callback; says what it cost.
    pub(super) fn finalize_for_callback(&mut self, task: TaskId) -> u64 {
        let callback = Bytes::from_static(&CALLBACK_DATA);
        cost(self.stage.finalize(task, &Outcome { callback, ..outcome() }))
    }

    /// The first worker contributes and finalizes, without an enclave; says what it cost.
    pub(super) fn complete(&mut self, task: TaskId) -> u64 {
        let worker = Self::worker(1);
        let pledge = self.stage.scheduler.authorize(worker, task);
        cost(self.stage.contribute_and_finalize(worker, task, digest(), &outcome(), &pledge))
    }

    /// The same from inside an enclave.
    pub(super) fn complete_in_enclave(&mut self, task: TaskId) -> u64 {
        let (worker, enclave) = (Self::worker(1), Actor::number(70));
        let commitment = (ResultHash::derive(task, digest()), ResultSeal::derive(worker, task, digest()));
        let pledge = self.stage.scheduler.authorize_enclave(worker, task, &enclave, commitment);
        cost(self.stage.contribute_and_finalize(worker, task, digest(), &outcome(), &pledge))
    }
}

/// What a call cost that must not fail.
pub(super) fn cost(done: Result<Done, Reverted>) -> u64 {
    done.unwrap_or_else(|error| panic!("a call of the scenario was refused: {error:?}")).gas
}

/// What one more task costs in an array: `array(n)` is the cost with n tasks.
pub(super) fn one_more(array: impl Fn(u64) -> u64) -> u64 {
    (array(20) - array(10)).div_ceil(10)
}

/// The one result. With a callback the hub demands that it is the hash of the callback's data.
pub(super) fn digest() -> ResultDigest {
    ResultDigest(keccak256(CALLBACK_DATA))
}

pub(super) fn outcome() -> Outcome {
    Outcome { results: Bytes::from_static(RESULTS), callback: Bytes::new() }
}
