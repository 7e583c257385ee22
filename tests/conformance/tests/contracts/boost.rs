//! The boost module's interface, and what all of its tests share.

use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolCall as _;
use fairgrid_conformance::abi::{Boost, DealBoost, Hub};
use fairgrid_conformance::{Actor, Artifact, Done, Market, Reverted, Stage, Terms, quadruple};
use protocol::hash::authorization;
use protocol::hub::Event;
use protocol::order::Quadruple;
use protocol::settlement::KITTY;
use protocol::{Amount, DealId, ResultDigest, ResultSeal, TaskId};

pub(crate) const STRANGER: Address = Address::repeat_byte(0x99);
/// The prices of a stage's terms.
pub(crate) const APP: Amount = rlc_hundredths(10);
pub(crate) const DATASET: Amount = rlc_hundredths(1);
pub(crate) const POOL: Amount = rlc_hundredths(100);
/// What the scheduler locks per task, and what the worker gets.
pub(crate) const STAKE: Amount = rlc_hundredths(30);
pub(crate) const REWARD: Amount = rlc_hundredths(99);

const fn rlc_hundredths(count: u64) -> Amount {
    Amount::from_nrlc(U256::from_limbs([count * 10_000_000, 0, 0, 0]))
}

/// Both sides of a lock, of an unlock, of a reward.
pub(crate) fn lock(stage: &Stage, owner: Address, amount: Amount) -> [Event; 2] {
    let value = amount;
    [Event::Transfer { from: owner, to: stage.market.hub, value }, Event::Lock { owner, amount }]
}

pub(crate) fn unlock(stage: &Stage, owner: Address, amount: Amount) -> [Event; 2] {
    let value = amount;
    [Event::Transfer { from: stage.market.hub, to: owner, value }, Event::Unlock { owner, amount }]
}

pub(crate) fn reward(stage: &Stage, owner: Address, amount: Amount, task: TaskId) -> [Event; 2] {
    let value = amount;
    [Event::Transfer { from: stage.market.hub, to: owner, value }, Event::Reward { owner, amount, task }]
}

pub(crate) fn says<T>(result: Result<T, Reverted>, words: &str) {
    assert_eq!(result.err(), Some(Reverted::text(words)));
}

/// Matches orders, sent by a stranger.
pub(crate) fn boost(stage: &mut Stage, orders: &Quadruple) -> Result<Done, Reverted> {
    let (app, dataset, pool, request) = quadruple(orders);
    let call = Boost::matchOrdersBoostCall {
        appOrder: app,
        datasetOrder: dataset,
        workerpoolOrder: pool,
        requestOrder: request,
    };
    stage.market.call(STRANGER, &call)
}

/// Matches orders at the caller's expense.
pub(crate) fn sponsor(stage: &mut Stage, caller: Address, orders: &Quadruple) -> Result<Done, Reverted> {
    let (app, dataset, pool, request) = quadruple(orders);
    let call = Boost::sponsorMatchOrdersBoostCall {
        appOrder: app,
        datasetOrder: dataset,
        workerpoolOrder: pool,
        requestOrder: request,
    };
    stage.market.call(caller, &call)
}

pub(crate) fn id(done: &Done) -> DealId {
    DealId(done.output[..32].try_into().unwrap())
}

/// Signs and matches terms.
pub(crate) fn dealt(stage: &mut Stage, terms: Terms) -> DealId {
    let orders = stage.sign(terms);
    id(&boost(stage, &orders).unwrap())
}

pub(crate) fn view(stage: &mut Stage, deal: DealId) -> DealBoost {
    stage.market.view(&Boost::viewDealBoostCall { id: deal.0 }).unwrap()
}

pub(crate) fn claim(stage: &mut Stage, deal: DealId, index: u64) -> Result<Done, Reverted> {
    stage.market.call(STRANGER, &Boost::claimBoostCall { dealId: deal.0, index: U256::from(index) })
}

/// Status of a task as the hub shows it.
pub(crate) fn status(stage: &mut Stage, task: TaskId) -> u8 {
    stage.view_task(task).status
}

/// A result on its way.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    pub(crate) worker: Address,
    pub(crate) deal: DealId,
    pub(crate) index: u64,
    pub(crate) results: Bytes,
    pub(crate) callback: Bytes,
    pub(crate) authorization: Bytes,
    pub(crate) enclave: Address,
    pub(crate) enclave_sign: Bytes,
}

impl Push {
    /// Worker 10 with the pool's permission.
    pub(crate) fn new(stage: &Stage, deal: DealId, index: u64) -> Self {
        let worker = Actor::number(10).address();
        let task = TaskId::derive(deal, U256::from(index));
        Self {
            worker,
            deal,
            index,
            results: Bytes::from_static(b"results"),
            callback: Bytes::new(),
            authorization: stage.scheduler.authorize(worker, task).authorization,
            enclave: Address::ZERO,
            enclave_sign: Bytes::new(),
        }
    }

    pub(crate) fn task(&self) -> TaskId {
        TaskId::derive(self.deal, U256::from(self.index))
    }

    /// The same from inside an enclave, which signs for `digest`.
    pub(crate) fn inside(mut self, enclave: &Actor, authorizer: &Actor, digest: ResultDigest) -> Self {
        let task = self.task();
        self.enclave = enclave.address();
        self.authorization = authorizer.sign_message(authorization(self.worker, task, self.enclave));
        self.enclave_sign = enclave.sign_message(ResultSeal::derive(self.worker, task, digest).0);
        self
    }

    pub(crate) fn call(&self) -> Boost::pushResultBoostCall {
        Boost::pushResultBoostCall {
            dealId: self.deal.0,
            index: U256::from(self.index),
            results: self.results.clone(),
            resultsCallback: self.callback.clone(),
            authorizationSign: self.authorization.clone(),
            enclaveChallenge: self.enclave,
            enclaveSign: self.enclave_sign.clone(),
        }
    }

    pub(crate) fn send(&self, stage: &mut Stage) -> Result<Done, Reverted> {
        stage.market.call(self.worker, &self.call())
    }
}

/// No money came or went, and what the hub holds is what it owes.
pub(crate) fn check_conserved(stage: &mut Stage) {
    let mut accounts = stage.accounts();
    accounts.extend([KITTY, STRANGER]);
    let (mut free, mut locked) = (U256::ZERO, U256::ZERO);
    for account in accounts {
        let (stake, frozen) = stage.market.account(account);
        free += stake.to_nrlc();
        locked += frozen.to_nrlc();
    }
    let held = stage.market.account(stage.market.hub).0.to_nrlc();
    assert_eq!(held, locked, "the hub holds exactly what is locked");
    assert_eq!(free + held, stage.market.view(&Hub::totalSupplyCall {}).unwrap());
}

#[test]
fn boost_has_the_selectors_topics_and_names_of_the_tables() {
    let functions = [
        ("0xaf24ba0b", "claimBoost", "dealId index", "nonpayable"),
        ("0x8a8b3607", "matchOrdersBoost", "appOrder datasetOrder workerpoolOrder requestOrder", "nonpayable"),
        (
            "0x9bced28b",
            "pushResultBoost",
            "dealId index results resultsCallback authorizationSign enclaveChallenge enclaveSign",
            "nonpayable",
        ),
        ("0xc1f9a20e", "sponsorMatchOrdersBoost", "appOrder datasetOrder workerpoolOrder requestOrder", "nonpayable"),
        ("0x63fbac17", "viewDealBoost", "id", "view"),
    ];
    let aggregate = Artifact::named("IexecInterfaceToken");
    let facets = ["IexecPocoBoostFacet", "IexecPocoBoostAccessorsFacet"].map(Artifact::named);
    assert_eq!(facets.each_ref().map(|facet| facet.selectors().len()), [4, 1]);
    for (selector, name, inputs, mutability) in functions {
        let facet = &facets[usize::from(mutability == "view")];
        for artifact in [&aggregate, facet] {
            let function = artifact.abi.function(name).and_then(|all| all.first()).unwrap();
            assert_eq!(function.selector().to_string(), selector, "{name}");
            assert_eq!(serde_json::to_value(function.state_mutability).unwrap(), mutability, "{name}");
            let names: Vec<_> = function.inputs.iter().map(|input| input.name.as_str()).collect();
            assert_eq!(names.join(" "), inputs, "{name}");
        }
    }
    for (topic, name, inputs) in [
        (
            "0x90edec6d368fb8a52f3cba8ef8adbc79511b2b7a6d1df663e38ae6f4775c11a6",
            "SchedulerNoticeBoost",
            "+workerpool dealId app dataset category tag params beneficiary",
        ),
        (
            "0xfbd7641f7e58d072f2d358846c1b7880d83d9293a71a4b04880b8eaf7e54306f",
            "ResultPushedBoost",
            "dealId index results",
        ),
        ("0x30d8c59de5f54b676eb3410d971831f2cd83fcf445559b287cecadb1900fc454", "DealSponsoredBoost", "dealId sponsor"),
    ] {
        let event = aggregate.abi.event(name).and_then(|all| all.first()).unwrap();
        assert_eq!(event.selector().to_string(), topic, "{name}");
        let names = event.inputs.iter().map(|input| format!("{}{}", if input.indexed { "+" } else { "" }, input.name));
        assert_eq!(names.collect::<Vec<_>>().join(" "), inputs, "{name}");
    }
}

#[test]
fn boost_deals_are_shown_with_the_fields_of_the_tables() {
    let aggregate = Artifact::named("IexecInterfaceToken");
    let view = &aggregate.abi.function("viewDealBoost").unwrap()[0].outputs[0];
    let fields: Vec<_> = view.components.iter().map(|field| format!("{} {}", field.ty, field.name)).collect();
    let expected = "address appOwner, uint96 appPrice, address datasetOwner, uint96 datasetPrice, \
                    address workerpoolOwner, uint96 workerpoolPrice, address requester, uint96 workerReward, \
                    address callback, uint40 deadline, uint16 botFirst, uint16 botSize, bytes3 shortTag, \
                    address sponsor";
    assert_eq!(fields.join(", "), expected);
}

#[test]
fn boost_errors_stand_once_in_the_interface() {
    for name in ["IexecInterfaceToken", "IexecPocoBoostFacet"] {
        let artifact = Artifact::named(name);
        let errors = artifact.abi.errors().filter(|error| error.name == "SafeCastOverflowedUintDowncast");
        assert_eq!(
            errors.map(|error| error.signature()).collect::<Vec<_>>(),
            ["SafeCastOverflowedUintDowncast(uint8,uint256)"]
        );
    }
}

#[test]
fn boost_is_small_and_can_be_left_out() {
    let mut market = Market::deployed();
    let call = Boost::viewDealBoostCall { id: Default::default() };
    says(market.evm.send(STRANGER, market.hub, call.abi_encode().into()), "fallback-disabled");
    market.add_boost();
    assert_eq!(market.view(&call).unwrap(), DealBoost::default());
    for name in ["IexecPocoBoostFacet", "IexecPocoBoostAccessorsFacet"] {
        let code = Artifact::named(name).deployed;
        assert!(!code.is_empty() && code.len() < 24_576, "{name} has {} bytes", code.len());
    }
}
