//! Transactions as values: one builder a contract function. Building one does nothing; [`crate::Outbox::submit`] sends.

use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolCall;
use protocol::order::{AppOrder, DatasetOrder, Operation, Quadruple, RequestOrder, Signed, WorkerpoolOrder};
use protocol::{Amount, DealId, ResultDigest, ResultHash, ResultSeal, TaskId};

use crate::bindings::{
    Hub, Registry, Resource, Rlc, SolAppOrder, SolAppOrderOperation, SolDatasetOrder, SolDatasetOrderOperation,
    SolRequestOrder, SolRequestOrderOperation, SolWorkerpoolOrder, SolWorkerpoolOrderOperation,
};
use crate::{AppInfo, DatasetInfo};

/// One transaction that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// For people and errors.
    pub name: &'static str,
    /// The contract.
    pub to: Address,
    /// Function and arguments.
    pub data: Bytes,
    /// Gas limit; `None` estimates and adds head-room.
    pub gas: Option<u64>,
    /// The chain's own coin to send along, in wei.
    pub value: U256,
}

fn call<C: SolCall>(name: &'static str, to: Address, call: &C) -> Call {
    Call { name, to, data: call.abi_encode().into(), gas: None, value: U256::ZERO }
}

/// What a worker hands in with a contribution, beside the result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// The enclave's address; zero for a standard task.
    pub enclave: Address,
    /// The enclave's signature; empty for a standard task.
    pub enclave_sign: Bytes,
    /// The pool owner's signature over [`protocol::hash::authorization`].
    pub authorization: Bytes,
}

/// Opens a task for contributions. Anybody may.
#[must_use]
pub fn initialize(hub: Address, deal: DealId, index: U256) -> Call {
    call("initialize", hub, &Hub::initializeCall { dealid: deal.0, idx: index })
}

/// Opens several tasks; one that cannot be opened refuses all.
#[must_use]
pub fn initialize_array(hub: Address, tasks: &[(DealId, U256)]) -> Call {
    let (dealid, idx) = tasks.iter().map(|(deal, index)| (deal.0, *index)).unzip();
    call("initializeArray", hub, &Hub::initializeArrayCall { dealid, idx })
}

/// Opens and refunds several tasks whose final deadline has passed; one that cannot refuses all.
#[must_use]
pub fn initialize_and_claim_array(hub: Address, tasks: &[(DealId, U256)]) -> Call {
    let (dealid, idx) = tasks.iter().map(|(deal, index)| (deal.0, *index)).unzip();
    call("initializeAndClaimArray", hub, &Hub::initializeAndClaimArrayCall { dealid, idx })
}

/// Commits the sender to a result.
#[must_use]
pub fn contribute(hub: Address, task: TaskId, hash: ResultHash, seal: ResultSeal, proof: &Proof) -> Call {
    let contribute = Hub::contributeCall {
        taskid: task.0,
        resultHash: hash.0,
        resultSeal: seal.0,
        enclaveChallenge: proof.enclave,
        enclaveSign: proof.enclave_sign.clone(),
        authorizationSign: proof.authorization.clone(),
    };
    call("contribute", hub, &contribute)
}

/// Hands in and settles in one: only for deals of trust 1.
#[must_use]
pub fn contribute_and_finalize(
    hub: Address,
    task: TaskId,
    digest: ResultDigest,
    results: Bytes,
    callback: Bytes,
    proof: &Proof,
) -> Call {
    let both = Hub::contributeAndFinalizeCall {
        taskid: task.0,
        resultDigest: digest.0,
        results,
        resultsCallback: callback,
        enclaveChallenge: proof.enclave,
        enclaveSign: proof.enclave_sign.clone(),
        authorizationSign: proof.authorization.clone(),
    };
    call("contributeAndFinalize", hub, &both)
}

/// Proves the sender's contribution.
#[must_use]
pub fn reveal(hub: Address, task: TaskId, digest: ResultDigest) -> Call {
    call("reveal", hub, &Hub::revealCall { taskid: task.0, resultDigest: digest.0 })
}

/// Opens the vote again. Only the pool's owner may.
#[must_use]
pub fn reopen(hub: Address, task: TaskId) -> Call {
    call("reopen", hub, &Hub::reopenCall { taskid: task.0 })
}

/// Settles a revealed task. Only the pool's owner may. `callback` is empty without a callback contract.
#[must_use]
pub fn finalize(hub: Address, task: TaskId, results: Bytes, callback: Bytes) -> Call {
    call("finalize", hub, &Hub::finalizeCall { taskid: task.0, results, resultsCallback: callback })
}

/// Refunds a task past its final deadline. Anybody may.
#[must_use]
pub fn claim(hub: Address, task: TaskId) -> Call {
    call("claim", hub, &Hub::claimCall { taskid: task.0 })
}

/// Refunds several tasks; one that cannot be refunded refuses all.
#[must_use]
pub fn claim_array(hub: Address, tasks: &[TaskId]) -> Call {
    call("claimArray", hub, &Hub::claimArrayCall { taskid: tasks.iter().map(|task| task.0).collect() })
}

/// Makes a deal of four orders; the requester pays. Anybody may.
#[must_use]
pub fn match_orders(hub: Address, orders: &Quadruple) -> Call {
    let (app, dataset, workerpool, request) = sol_orders(orders);
    call("matchOrders", hub, &Hub::matchOrdersCall { app, dataset, workerpool, request })
}

/// Makes a deal of four orders; the sender pays.
#[must_use]
pub fn sponsor_match_orders(hub: Address, orders: &Quadruple) -> Call {
    let (app, dataset, workerpool, request) = sol_orders(orders);
    call("sponsorMatchOrders", hub, &Hub::sponsorMatchOrdersCall { app, dataset, workerpool, request })
}

/// Deposits RLC on the hub in one transaction. `data` is empty, or the data of [`match_orders`] to match at once.
#[must_use]
pub fn deposit_by_approve_and_call(token: Address, hub: Address, amount: Amount, data: Bytes) -> Call {
    let deposit = Rlc::approveAndCallCall { spender: hub, value: amount.to_nrlc(), extraData: data };
    call("approveAndCall", token, &deposit)
}

/// Takes free money from the hub back as RLC.
#[must_use]
pub fn withdraw(hub: Address, amount: Amount) -> Call {
    call("withdraw", hub, &Hub::withdrawCall { amount: amount.to_nrlc() })
}

/// Gives RLC outside the hub to somebody.
#[must_use]
pub fn transfer_rlc(token: Address, to: Address, amount: Amount) -> Call {
    call("transfer", token, &Rlc::transferCall { to, value: amount.to_nrlc() })
}

/// Lets `spender` take RLC.
#[must_use]
pub fn approve_rlc(token: Address, spender: Address, amount: Amount) -> Call {
    call("approve", token, &Rlc::approveCall { spender, value: amount.to_nrlc() })
}

/// Gives free money on the hub to somebody.
#[must_use]
pub fn transfer_stake(hub: Address, to: Address, amount: Amount) -> Call {
    call("transfer", hub, &Hub::transferCall { recipient: to, amount: amount.to_nrlc() })
}

/// Gives the chain's own coin to somebody.
#[must_use]
pub fn transfer_gas(to: Address, wei: U256) -> Call {
    Call { name: "send coin", to, data: Bytes::new(), gas: None, value: wei }
}

/// Creates an app for `app.owner`.
#[must_use]
pub fn create_app(registry: Address, app: &AppInfo) -> Call {
    let create = Registry::createAppCall {
        owner: app.owner,
        name: app.name.clone(),
        kind: app.kind.clone(),
        multiaddr: app.multiaddr.clone(),
        checksum: app.checksum,
        mrenclave: app.mrenclave.clone(),
    };
    call("createApp", registry, &create)
}

/// Creates a dataset for `dataset.owner`.
#[must_use]
pub fn create_dataset(registry: Address, dataset: &DatasetInfo) -> Call {
    let create = Registry::createDatasetCall {
        owner: dataset.owner,
        name: dataset.name.clone(),
        multiaddr: dataset.multiaddr.clone(),
        checksum: dataset.checksum,
    };
    call("createDataset", registry, &create)
}

/// Creates a workerpool for `owner`.
#[must_use]
pub fn create_workerpool(registry: Address, owner: Address, description: &str) -> Call {
    let create = Registry::createWorkerpoolCall { owner, description: description.to_owned() };
    call("createWorkerpool", registry, &create)
}

/// Gives an app, dataset or workerpool to somebody else.
#[must_use]
pub fn transfer_resource(registry: Address, from: Address, to: Address, resource: Address) -> Call {
    let token_id = U256::from_be_bytes(resource.into_word().0);
    call("safeTransferFrom", registry, &Registry::safeTransferFromCall { from, to, tokenId: token_id })
}

/// Sets what a worker locks (percent of the price) and what the pool's owner keeps (percent of the reward, up to 100).
#[must_use]
pub fn change_policy(workerpool: Address, worker_stake_ratio: U256, scheduler_reward_ratio: U256) -> Call {
    let change = Resource::changePolicyCall {
        workerStakeRatio: worker_stake_ratio,
        schedulerRewardRatio: scheduler_reward_ratio,
    };
    call("changePolicy", workerpool, &change)
}

/// Creates a category of `unit` seconds. Only the hub's owner may.
#[must_use]
pub fn create_category(hub: Address, name: &str, description: &str, unit: u64) -> Call {
    let create = Hub::createCategoryCall {
        name: name.to_owned(),
        description: description.to_owned(),
        workClockTimeRef: U256::from(unit),
    };
    call("createCategory", hub, &create)
}

/// Presigns or closes an app order. `sign` is empty when the owner sends it.
#[must_use]
pub fn manage_app_order(hub: Address, order: &AppOrder, operation: Operation, sign: Bytes) -> Call {
    let operation = SolAppOrderOperation { order: sol_app(order, &Bytes::new()), operation: code(operation), sign };
    call("manageAppOrder", hub, &Hub::manageAppOrderCall { operation })
}

/// Presigns or closes a dataset order. `sign` is empty when the owner sends it.
#[must_use]
pub fn manage_dataset_order(hub: Address, order: &DatasetOrder, operation: Operation, sign: Bytes) -> Call {
    let operation =
        SolDatasetOrderOperation { order: sol_dataset(order, &Bytes::new()), operation: code(operation), sign };
    call("manageDatasetOrder", hub, &Hub::manageDatasetOrderCall { operation })
}

/// Presigns or closes a workerpool order. `sign` is empty when the owner sends it.
#[must_use]
pub fn manage_workerpool_order(hub: Address, order: &WorkerpoolOrder, operation: Operation, sign: Bytes) -> Call {
    let operation =
        SolWorkerpoolOrderOperation { order: sol_workerpool(order, &Bytes::new()), operation: code(operation), sign };
    call("manageWorkerpoolOrder", hub, &Hub::manageWorkerpoolOrderCall { operation })
}

/// Presigns or closes a request order. `sign` is empty when the requester sends it.
#[must_use]
pub fn manage_request_order(hub: Address, order: &RequestOrder, operation: Operation, sign: Bytes) -> Call {
    let operation =
        SolRequestOrderOperation { order: sol_request(order, &Bytes::new()), operation: code(operation), sign };
    call("manageRequestOrder", hub, &Hub::manageRequestOrderCall { operation })
}

fn code(operation: Operation) -> u8 {
    match operation {
        Operation::Sign => 0,
        Operation::Close => 1,
    }
}

fn sol_orders(orders: &Quadruple) -> (SolAppOrder, SolDatasetOrder, SolWorkerpoolOrder, SolRequestOrder) {
    fn split<O>(signed: &Signed<O>) -> (&O, &Bytes) {
        (&signed.order, &signed.sign)
    }
    let (app, dataset) = (split(&orders.app), split(&orders.dataset));
    let (pool, request) = (split(&orders.workerpool), split(&orders.request));
    (
        sol_app(app.0, app.1),
        sol_dataset(dataset.0, dataset.1),
        sol_workerpool(pool.0, pool.1),
        sol_request(request.0, request.1),
    )
}

fn sol_app(order: &AppOrder, sign: &Bytes) -> SolAppOrder {
    SolAppOrder {
        app: order.app,
        appprice: order.appprice.to_nrlc(),
        volume: order.volume,
        tag: order.tag.0,
        datasetrestrict: order.datasetrestrict,
        workerpoolrestrict: order.workerpoolrestrict,
        requesterrestrict: order.requesterrestrict,
        salt: order.salt,
        sign: sign.clone(),
    }
}

fn sol_dataset(order: &DatasetOrder, sign: &Bytes) -> SolDatasetOrder {
    SolDatasetOrder {
        dataset: order.dataset,
        datasetprice: order.datasetprice.to_nrlc(),
        volume: order.volume,
        tag: order.tag.0,
        apprestrict: order.apprestrict,
        workerpoolrestrict: order.workerpoolrestrict,
        requesterrestrict: order.requesterrestrict,
        salt: order.salt,
        sign: sign.clone(),
    }
}

fn sol_workerpool(order: &WorkerpoolOrder, sign: &Bytes) -> SolWorkerpoolOrder {
    SolWorkerpoolOrder {
        workerpool: order.workerpool,
        workerpoolprice: order.workerpoolprice.to_nrlc(),
        volume: order.volume,
        tag: order.tag.0,
        category: order.category,
        trust: order.trust,
        apprestrict: order.apprestrict,
        datasetrestrict: order.datasetrestrict,
        requesterrestrict: order.requesterrestrict,
        salt: order.salt,
        sign: sign.clone(),
    }
}

fn sol_request(order: &RequestOrder, sign: &Bytes) -> SolRequestOrder {
    SolRequestOrder {
        app: order.app,
        appmaxprice: order.appmaxprice.to_nrlc(),
        dataset: order.dataset,
        datasetmaxprice: order.datasetmaxprice.to_nrlc(),
        workerpool: order.workerpool,
        workerpoolmaxprice: order.workerpoolmaxprice.to_nrlc(),
        requester: order.requester,
        volume: order.volume,
        tag: order.tag.0,
        category: order.category,
        trust: order.trust,
        beneficiary: order.beneficiary,
        callback: order.callback,
        params: order.params.clone(),
        salt: order.salt,
        sign: sign.clone(),
    }
}
