//! A market with one app, one dataset, one pool, a requester and workers, all funded; and the twin in the same state.

use std::sync::OnceLock;

use alloy::primitives::{Address, Bytes, U256};
use protocol::hub::{self, Entry, Hub as Twin, Outcome, Pledge};
use protocol::order::{AppOrder, DatasetOrder, Quadruple, RequestOrder, Signed, WorkerpoolOrder};
use protocol::{Amount, DealId, ResultDigest, ResultHash, ResultSeal, TaskId};

use crate::abi::{Hub, Registry};
use crate::{Actor, Done, Market, Reverted, UNITS, convert};

/// Four orders before anybody signed.
#[derive(Clone, Debug)]
pub struct Terms {
    /// What the app's owner offers.
    pub app: AppOrder,
    /// What the dataset's owner offers; all zero without a dataset.
    pub dataset: DatasetOrder,
    /// What the pool offers.
    pub workerpool: WorkerpoolOrder,
    /// What the requester wants.
    pub request: RequestOrder,
}

/// A deployed, populated market. Cloning it is a snapshot.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The contracts.
    pub market: Market,
    /// Sells the app.
    pub app_owner: Actor,
    /// Sells the dataset.
    pub dataset_owner: Actor,
    /// Runs the pool.
    pub scheduler: Actor,
    /// Buys.
    pub requester: Actor,
    /// The app contract.
    pub app: Address,
    /// The dataset contract.
    pub dataset: Address,
    /// The pool contract.
    pub pool: Address,
}

/// Deposited for everybody on a stage.
const FUNDS: u64 = 1_000;
/// Workers 10 to 39 are funded.
const WORKERS: std::ops::Range<u64> = 10..40;

impl Stage {
    /// The stage of every test; deployed once, then cloned.
    #[must_use]
    pub fn new() -> Self {
        static READY: OnceLock<Stage> = OnceLock::new();
        READY.get_or_init(|| Self::build(Market::deployed())).clone()
    }

    /// The same with the boost module.
    #[must_use]
    pub fn boosted() -> Self {
        static READY: OnceLock<Stage> = OnceLock::new();
        let build = || {
            let mut stage = Self::new();
            stage.market.add_boost();
            stage
        };
        READY.get_or_init(build).clone()
    }

    /// The same on a hub that stakes the chain's coin.
    #[must_use]
    pub fn native() -> Self {
        static READY: OnceLock<Stage> = OnceLock::new();
        READY.get_or_init(|| Self::build(Market::native())).clone()
    }

    fn build(mut market: Market) -> Self {
        let [app_owner, scheduler, requester, dataset_owner] = [1, 2, 3, 4].map(Actor::number);
        for actor in [&app_owner, &scheduler, &requester, &dataset_owner] {
            market.fund(actor.address(), Amount::rlc(FUNDS));
        }
        for worker in WORKERS {
            market.fund(Actor::number(worker).address(), Amount::rlc(FUNDS));
        }
        let [apps, datasets, pools] = market.registries;
        let (name, multiaddr, checksum) = ("a name".to_owned(), Bytes::from_static(b"ipfs"), Default::default());
        let app = Registry::createAppCall {
            owner: app_owner.address(),
            name: name.clone(),
            kind: "DOCKER".to_owned(),
            multiaddr: multiaddr.clone(),
            checksum,
            mrenclave: Bytes::new(),
        };
        let dataset = Registry::createDatasetCall { owner: dataset_owner.address(), name, multiaddr, checksum };
        let description = "a pool".to_owned();
        let pool = Registry::createWorkerpoolCall { owner: scheduler.address(), description };
        let app = created(market.evm.call(market.owner, apps, &app));
        let dataset = created(market.evm.call(market.owner, datasets, &dataset));
        let pool = created(market.evm.call(market.owner, pools, &pool));
        Self { market, app_owner, dataset_owner, scheduler, requester, app, dataset, pool }
    }

    /// The twin in the state of a fresh stage.
    ///
    /// # Panics
    /// Never: small deposits do not overflow.
    #[must_use]
    pub fn twin(&self) -> Twin {
        let mut twin = Twin::new(self.market.domain(), UNITS.to_vec());
        let owners = [(self.app, &self.app_owner), (self.dataset, &self.dataset_owner), (self.pool, &self.scheduler)];
        for (resource, owner) in owners {
            twin.register(resource, Entry { owner: owner.address(), policy: hub::Policy::default() });
        }
        for account in self.accounts() {
            twin.deposit(account, Amount::rlc(FUNDS)).expect("small deposits do not overflow");
        }
        twin
    }

    /// Everybody with a deposit.
    #[must_use]
    pub fn accounts(&self) -> Vec<Address> {
        (1..5).chain(WORKERS).map(|number| Actor::number(number).address()).collect()
    }

    /// Compatible terms without a dataset: one task of category 0, app 0.1 RLC, pool 1 RLC.
    #[must_use]
    pub fn terms(&self, trust: u64, volume: u64) -> Terms {
        let (volume, trust) = (U256::from(volume), U256::from(trust));
        let (appprice, workerpoolprice) = (Amount::nrlc(100_000_000), Amount::rlc(1));
        Terms {
            app: AppOrder { app: self.app, appprice, volume: U256::from(1_000_000), ..Default::default() },
            dataset: DatasetOrder::default(),
            workerpool: WorkerpoolOrder {
                workerpool: self.pool,
                workerpoolprice,
                volume: U256::from(1_000_000),
                trust,
                ..Default::default()
            },
            request: RequestOrder {
                app: self.app,
                appmaxprice: appprice,
                workerpoolmaxprice: workerpoolprice,
                requester: self.requester.address(),
                beneficiary: self.requester.address(),
                volume,
                trust,
                params: r#"{"iexec_args":"hello"}"#.to_owned(),
                ..Default::default()
            },
        }
    }

    /// The same with the stage's dataset at 0.01 RLC.
    #[must_use]
    pub fn terms_with_dataset(&self, trust: u64, volume: u64) -> Terms {
        let mut terms = self.terms(trust, volume);
        let price = Amount::nrlc(10_000_000);
        terms.dataset.dataset = self.dataset;
        terms.dataset.datasetprice = price;
        terms.dataset.volume = U256::from(1_000_000);
        terms.request.dataset = self.dataset;
        terms.request.datasetmaxprice = price;
        terms
    }

    /// Lets everybody sign.
    #[must_use]
    pub fn sign(&self, terms: Terms) -> Quadruple {
        let domain = self.market.domain();
        let with_dataset = terms.dataset.dataset != Address::ZERO;
        Quadruple {
            app: self.app_owner.sign(terms.app, &domain),
            dataset: if with_dataset {
                self.dataset_owner.sign(terms.dataset, &domain)
            } else {
                Signed { order: terms.dataset, sign: Bytes::new() }
            },
            workerpool: self.scheduler.sign(terms.workerpool, &domain),
            request: self.requester.sign(terms.request, &domain),
        }
    }

    /// Matches orders, sent by a stranger.
    ///
    /// # Errors
    /// [`Reverted`] as the hub said it.
    pub fn match_orders(&mut self, orders: &Quadruple) -> Result<Done, Reverted> {
        let (app, dataset, workerpool, request) = convert::quadruple(orders);
        let call = Hub::matchOrdersCall { app, dataset, workerpool, request };
        self.market.call(Actor::number(99).address(), &call)
    }

    /// Signs and matches terms.
    ///
    /// # Panics
    /// When the hub refuses.
    pub fn deal(&mut self, terms: Terms) -> DealId {
        let orders = self.sign(terms);
        let done = self.match_orders(&orders).unwrap_or_else(|error| panic!("the orders do not match: {error:?}"));
        DealId(done.output[..32].try_into().expect("a deal id is a word"))
    }

    /// Opens a task of a deal.
    ///
    /// # Panics
    /// When the hub refuses.
    pub fn task(&mut self, deal: DealId, index: u64) -> TaskId {
        let call = Hub::initializeCall { dealid: deal.0, idx: U256::from(index) };
        let done = self.market.call(Actor::number(99).address(), &call);
        let done = done.unwrap_or_else(|error| panic!("the task does not open: {error:?}"));
        TaskId(done.output[..32].try_into().expect("a task id is a word"))
    }

    /// Lets a worker vote with the pool's permission.
    ///
    /// # Errors
    /// [`Reverted`] as the hub said it.
    pub fn vote(&mut self, worker: u64, task: TaskId, digest: ResultDigest) -> Result<Done, Reverted> {
        let worker = Actor::number(worker).address();
        let (hash, seal) = (ResultHash::derive(task, digest), ResultSeal::derive(worker, task, digest));
        let pledge = self.scheduler.authorize(worker, task);
        self.contribute(worker, task, (hash, seal), &pledge)
    }

    /// Sends a contribution.
    ///
    /// # Errors
    /// [`Reverted`] as the hub said it.
    pub fn contribute(
        &mut self,
        worker: Address,
        task: TaskId,
        (hash, seal): (ResultHash, ResultSeal),
        pledge: &Pledge,
    ) -> Result<Done, Reverted> {
        let call = Hub::contributeCall {
            taskid: task.0,
            resultHash: hash.0,
            resultSeal: seal.0,
            enclaveChallenge: pledge.enclave,
            enclaveSign: pledge.enclave_sign.clone(),
            authorizationSign: pledge.authorization.clone(),
        };
        self.market.call(worker, &call)
    }

    /// Reveals a worker's digest.
    ///
    /// # Errors
    /// [`Reverted`] as the hub said it.
    pub fn reveal(&mut self, worker: u64, task: TaskId, digest: ResultDigest) -> Result<Done, Reverted> {
        let call = Hub::revealCall { taskid: task.0, resultDigest: digest.0 };
        self.market.call(Actor::number(worker).address(), &call)
    }

    /// Finalizes, as the scheduler.
    ///
    /// # Errors
    /// [`Reverted`] as the hub said it.
    pub fn finalize(&mut self, task: TaskId, outcome: &Outcome) -> Result<Done, Reverted> {
        let (results, callback) = (outcome.results.clone(), outcome.callback.clone());
        let call = Hub::finalizeCall { taskid: task.0, results, resultsCallback: callback };
        self.market.call(self.scheduler.address(), &call)
    }

    /// Sends `contributeAndFinalize`.
    ///
    /// # Errors
    /// [`Reverted`] as the hub said it.
    pub fn contribute_and_finalize(
        &mut self,
        worker: Address,
        task: TaskId,
        digest: ResultDigest,
        outcome: &Outcome,
        pledge: &Pledge,
    ) -> Result<Done, Reverted> {
        let call = Hub::contributeAndFinalizeCall {
            taskid: task.0,
            resultDigest: digest.0,
            results: outcome.results.clone(),
            resultsCallback: outcome.callback.clone(),
            enclaveChallenge: pledge.enclave,
            enclaveSign: pledge.enclave_sign.clone(),
            authorizationSign: pledge.authorization.clone(),
        };
        self.market.call(worker, &call)
    }

    /// The task as the hub shows it.
    ///
    /// # Panics
    /// When the hub does not answer.
    pub fn view_task(&mut self, task: TaskId) -> crate::abi::Task {
        self.market.view(&Hub::viewTaskCall { id: task.0 }).expect("tasks are always readable")
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}

fn created(done: Result<Done, Reverted>) -> Address {
    let done = done.unwrap_or_else(|error| panic!("a registry refuses to create: {error:?}"));
    Address::from_word(done.output[..32].try_into().expect("an address is a word"))
}
