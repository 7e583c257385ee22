//! Reads of the hub, the registries and the token, at the newest block. Every one is a question without side effects.

use protocol::deal::{Deal, Resource as Sold};
use protocol::order::Kind;
use protocol::task::{ContributionStatus, Phase};
use protocol::{
    Address, Amount, Bytes, ChainTime, DealId, OrderHash, ResultDigest, ResultHash, ResultSeal, Tag, TaskId, U256,
};

use crate::bindings::{Hub, Registry, Resource, Rlc, SolDeal, SolResource, SolTask};
use crate::{Account, AppInfo, Category, Client, ContributionView, DatasetInfo, Error, TaskView, WorkerpoolInfo};

impl Client {
    /// A deal; `None` when the hub knows none of this id.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn deal(&self, id: DealId) -> Result<Option<Deal>, Error> {
        let deal = self.ask("read a deal", &Hub::viewDealCall { id: id.0 }).await?;
        Ok((!deal.requester.is_zero()).then(|| read_deal(deal)))
    }

    /// A task; `None` when it is not initialized.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn task(&self, id: TaskId) -> Result<Option<TaskView>, Error> {
        let task = self.ask("read a task", &Hub::viewTaskCall { id: id.0 }).await?;
        read_task(id, task)
    }

    /// A worker's contribution to a task; `None` when there is none.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn contribution(&self, task: TaskId, worker: Address) -> Result<Option<ContributionView>, Error> {
        let call = "read a contribution";
        let found = self.ask(call, &Hub::viewContributionCall { taskid: task.0, worker }).await?;
        let status = match found.status {
            0 => return Ok(None),
            1 => ContributionStatus::Contributed,
            2 => ContributionStatus::Proved,
            3 => ContributionStatus::Rejected,
            other => return Err(Error::BadAnswer { call, what: format!("{other} is no contribution status") }),
        };
        Ok(Some(ContributionView {
            status,
            hash: ResultHash(found.resultHash),
            seal: ResultSeal(found.resultSeal),
            enclave: found.enclaveChallenge,
            share: found.weight,
        }))
    }

    /// A category; `None` when there are fewer.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn category(&self, id: U256) -> Result<Option<Category>, Error> {
        let found = self.ask("read a category", &Hub::viewCategoryCall { catid: id }).await;
        let found = if_known(found)?;
        Ok(found.map(|category| Category {
            id,
            name: category.name,
            description: category.description,
            unit: seconds(category.workClockTimeRef),
        }))
    }

    /// How many categories there are.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn categories(&self) -> Result<U256, Error> {
        self.ask("count the categories", &Hub::countCategoryCall {}).await
    }

    /// Somebody's money on the hub.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn account(&self, who: Address) -> Result<Account, Error> {
        let account = self.ask("read an account", &Hub::viewAccountCall { account: who }).await?;
        Ok(Account { stake: Amount::from_nrlc(account.stake), locked: Amount::from_nrlc(account.locked) })
    }

    /// A worker's record: right results minus a third at each wrong one.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn score(&self, worker: Address) -> Result<U256, Error> {
        self.ask("read a worker's score", &Hub::viewScoreCall { worker }).await
    }

    /// How much of an order's volume is used.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn consumed(&self, order: OrderHash) -> Result<U256, Error> {
        self.ask("read an order's use", &Hub::viewConsumedCall { id: order.0 }).await
    }

    /// Whether the hub takes `sign`, or a presignature, as `owner`'s consent to an order. A wrong length is a no.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn accepts_signature(&self, owner: Address, order: OrderHash, sign: &Bytes) -> Result<bool, Error> {
        if owner.is_zero() {
            return Ok(false);
        }
        let call = Hub::verifyPresignatureOrSignatureCall { identity: owner, hash: order.0, signature: sign.clone() };
        Ok(if_known(self.ask("check a signature", &call).await)?.unwrap_or(false))
    }

    /// The owner of an app, dataset or workerpool; `None` when it is no such contract.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn owner_of(&self, contract: Address) -> Result<Option<Address>, Error> {
        if_contract(self.node().call("read an owner", contract, &Resource::ownerCall {}).await)
    }

    /// Whether the registry of that kind knows the contract; requests have no registry.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn registered(&self, kind: Kind, contract: Address) -> Result<bool, Error> {
        let Some(registry) = self.registry(kind) else { return Ok(false) };
        self.node().call("ask a registry", registry, &Registry::isRegisteredCall { entry: contract }).await
    }

    /// An app; `None` when the contract is none.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn app(&self, app: Address) -> Result<Option<AppInfo>, Error> {
        let found = if_contract(self.ask("read an app", &Hub::viewAppCall { app }).await)?;
        Ok(found.map(|app| AppInfo {
            owner: app.owner,
            name: app.m_appName,
            kind: app.m_appType,
            multiaddr: app.m_appMultiaddr,
            checksum: app.m_appChecksum,
            mrenclave: app.m_appMREnclave,
        }))
    }

    /// A dataset; `None` when the contract is none.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn dataset(&self, dataset: Address) -> Result<Option<DatasetInfo>, Error> {
        let found = if_contract(self.ask("read a dataset", &Hub::viewDatasetCall { dataset }).await)?;
        Ok(found.map(|dataset| DatasetInfo {
            owner: dataset.owner,
            name: dataset.m_datasetName,
            multiaddr: dataset.m_datasetMultiaddr,
            checksum: dataset.m_datasetChecksum,
        }))
    }

    /// A workerpool; `None` when the contract is none.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn workerpool(&self, workerpool: Address) -> Result<Option<WorkerpoolInfo>, Error> {
        let found = if_contract(self.ask("read a workerpool", &Hub::viewWorkerpoolCall { workerpool }).await)?;
        Ok(found.map(|pool| WorkerpoolInfo {
            owner: pool.owner,
            description: pool.m_workerpoolDescription,
            worker_stake_ratio: pool.m_workerStakeRatioPolicy,
            scheduler_reward_ratio: pool.m_schedulerRewardRatioPolicy,
        }))
    }

    /// RLC in somebody's own hands, outside the hub.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn rlc_balance(&self, who: Address) -> Result<Amount, Error> {
        let call = Rlc::balanceOfCall { account: who };
        Ok(Amount::from_nrlc(self.node().call("read an RLC balance", self.info().token, &call).await?))
    }

    /// The chain's own coin, in wei, that pays for gas.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn gas_balance(&self, who: Address) -> Result<U256, Error> {
        self.node().balance(who).await
    }

    /// Whether code lies at an address, so that a call to it can do anything.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn is_contract(&self, at: Address) -> Result<bool, Error> {
        Ok(!self.node().code(at).await?.is_empty())
    }

    /// What a mined transaction cost and did; `None` while it is not mined.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn receipt(&self, transaction: protocol::B256) -> Result<Option<crate::Receipt>, Error> {
        let raw = self.node().receipt(transaction).await?;
        Ok(raw.map(|raw| crate::Receipt::read(&raw, self.info())))
    }

    /// Gas that the hub gives to a callback contract.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn callback_gas(&self) -> Result<u64, Error> {
        Ok(seconds(self.ask("read the callback gas", &Hub::callbackgasCall {}).await?))
    }

    /// Where [`crate::calls::create_app`] will put this app.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn predict_app(&self, app: &AppInfo) -> Result<Address, Error> {
        let call = Registry::predictAppCall {
            owner: app.owner,
            name: app.name.clone(),
            kind: app.kind.clone(),
            multiaddr: app.multiaddr.clone(),
            checksum: app.checksum,
            mrenclave: app.mrenclave.clone(),
        };
        self.node().call("predict an app's address", self.info().app_registry, &call).await
    }

    /// Where [`crate::calls::create_dataset`] will put this dataset.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn predict_dataset(&self, dataset: &DatasetInfo) -> Result<Address, Error> {
        let call = Registry::predictDatasetCall {
            owner: dataset.owner,
            name: dataset.name.clone(),
            multiaddr: dataset.multiaddr.clone(),
            checksum: dataset.checksum,
        };
        self.node().call("predict a dataset's address", self.info().dataset_registry, &call).await
    }

    /// Where [`crate::calls::create_workerpool`] will put this workerpool.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn predict_workerpool(&self, owner: Address, description: &str) -> Result<Address, Error> {
        let call = Registry::predictWorkerpoolCall { owner, description: description.to_owned() };
        self.node().call("predict a workerpool's address", self.info().workerpool_registry, &call).await
    }

    async fn ask<C: alloy::sol_types::SolCall>(&self, name: &'static str, call: &C) -> Result<C::Return, Error> {
        self.node().call(name, self.info().hub, call).await
    }
}

/// A refusal of a view means that the thing asked for does not exist.
fn if_known<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Err(Error::Refused { .. }) => Ok(None),
        other => other.map(Some),
    }
}

/// An account without code answers nothing, another contract anything: neither is the contract asked for.
fn if_contract<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Err(Error::Refused { .. } | Error::BadAnswer { .. }) => Ok(None),
        other => other.map(Some),
    }
}

/// Saturating: a deadline past the end of time never comes.
fn seconds(value: U256) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

fn count(value: U256) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn read_sold(sold: &SolResource) -> Sold {
    Sold { pointer: sold.pointer, owner: sold.owner, price: Amount::from_nrlc(sold.price) }
}

fn read_deal(deal: SolDeal) -> Deal {
    Deal {
        app: read_sold(&deal.app),
        dataset: read_sold(&deal.dataset),
        workerpool: read_sold(&deal.workerpool),
        trust: deal.trust,
        category: deal.category,
        tag: Tag(deal.tag),
        requester: deal.requester,
        beneficiary: deal.beneficiary,
        callback: deal.callback,
        params: deal.params,
        start: ChainTime(seconds(deal.startTime)),
        bot_first: deal.botFirst,
        bot_size: deal.botSize,
        worker_stake: Amount::from_nrlc(deal.workerStake),
        scheduler_reward_ratio: deal.schedulerRewardRatio,
        sponsor: deal.sponsor,
    }
}

fn read_task(id: TaskId, task: SolTask) -> Result<Option<TaskView>, Error> {
    let consensus = ResultHash(task.consensusValue);
    let phase = match task.status {
        0 => return Ok(None),
        1 => Phase::Active,
        2 => Phase::Revealing {
            consensus,
            reveal_before: ChainTime(seconds(task.revealDeadline)),
            winners: count(task.winnerCounter),
            revealed: count(task.revealCounter),
        },
        3 => Phase::Completed { consensus },
        4 => Phase::Failed,
        other => return Err(Error::BadAnswer { call: "read a task", what: format!("{other} is no task status") }),
    };
    Ok(Some(TaskView {
        id,
        deal: DealId(task.dealid),
        index: task.idx,
        phase,
        unit: seconds(task.timeref),
        contribute_before: ChainTime(seconds(task.contributionDeadline)),
        final_before: ChainTime(seconds(task.finalDeadline)),
        contributors: task.contributors,
        digest: (!task.resultDigest.is_zero()).then_some(ResultDigest(task.resultDigest)),
        results: task.results,
        callback_results: task.resultsCallback,
    }))
}
