//! Between the words of `protocol` and those of the ABI.

use alloy::primitives::{Address, Log};
use alloy::sol_types::SolEventInterface as _;
use protocol::hub::{Event, VoteRefusal};
use protocol::order::{self, Kind, Quadruple, Signed};
use protocol::{Amount, DealId, OrderHash, ResultDigest, ResultHash, Tag, TaskId};

use crate::abi::Bags::BagsEvents as M;
use crate::abi::Boost::BoostEvents as B;
use crate::abi::Hub::HubEvents as E;
use crate::abi::Light::LightEvents as L;
use crate::abi::{AppOrder, DatasetOrder, RequestOrder, WorkerpoolOrder};

/// An app order as the hub takes it.
#[must_use]
pub fn app(signed: &Signed<order::AppOrder>) -> AppOrder {
    let order::AppOrder { app, appprice, volume, tag, datasetrestrict, workerpoolrestrict, requesterrestrict, salt } =
        signed.order.clone();
    AppOrder {
        app,
        appprice: appprice.to_nrlc(),
        volume,
        tag: tag.0,
        datasetrestrict,
        workerpoolrestrict,
        requesterrestrict,
        salt,
        sign: signed.sign.clone(),
    }
}

/// A dataset order as the hub takes it.
#[must_use]
pub fn dataset(signed: &Signed<order::DatasetOrder>) -> DatasetOrder {
    let order = signed.order.clone();
    DatasetOrder {
        dataset: order.dataset,
        datasetprice: order.datasetprice.to_nrlc(),
        volume: order.volume,
        tag: order.tag.0,
        apprestrict: order.apprestrict,
        workerpoolrestrict: order.workerpoolrestrict,
        requesterrestrict: order.requesterrestrict,
        salt: order.salt,
        sign: signed.sign.clone(),
    }
}

/// A pool order as the hub takes it.
#[must_use]
pub fn pool(signed: &Signed<order::WorkerpoolOrder>) -> WorkerpoolOrder {
    let order = signed.order.clone();
    WorkerpoolOrder {
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
        sign: signed.sign.clone(),
    }
}

/// A request order as the hub takes it.
#[must_use]
pub fn request(signed: &Signed<order::RequestOrder>) -> RequestOrder {
    let order = signed.order.clone();
    RequestOrder {
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
        params: order.params,
        salt: order.salt,
        sign: signed.sign.clone(),
    }
}

/// The four orders of a match.
#[must_use]
pub fn quadruple(orders: &Quadruple) -> (AppOrder, DatasetOrder, WorkerpoolOrder, RequestOrder) {
    (app(&orders.app), dataset(&orders.dataset), pool(&orders.workerpool), request(&orders.request))
}

/// What `hub` said, in order, in the twin's words; other contracts' logs are left out.
///
/// # Panics
/// When the hub says something that the specification does not list.
#[must_use]
pub fn events(hub: Address, logs: &[Log]) -> Vec<Event> {
    let own = logs.iter().filter(|log| log.address == hub);
    own.map(|log| event(log).unwrap_or_else(|| panic!("unknown event {log:?}"))).collect()
}

/// One log in the twin's words; `None` when the specification lists no such event.
#[must_use]
pub fn event(log: &Log) -> Option<Event> {
    let nrlc = Amount::from_nrlc;
    let signed = |kind, order| Event::Signed { kind, order: OrderHash(order) };
    let closed = |kind, order| Event::Closed { kind, order: OrderHash(order) };
    let Ok(said) = E::decode_log(log) else {
        let boost = B::decode_log(log).ok().map(|said| boost_event(said.data));
        let bags = || M::decode_log(log).ok().map(|said| bags_event(said.data));
        let light = || L::decode_log(log).ok().map(|said| light_event(said.data));
        return boost.or_else(bags).or_else(light);
    };
    Some(match said.data {
        E::Transfer(e) => Event::Transfer { from: e.from, to: e.to, value: nrlc(e.value) },
        E::Lock(e) => Event::Lock { owner: e.owner, amount: nrlc(e.amount) },
        E::Unlock(e) => Event::Unlock { owner: e.owner, amount: nrlc(e.amount) },
        E::Reward(e) => Event::Reward { owner: e.owner, amount: nrlc(e.amount), task: TaskId(e.r#ref) },
        E::Seize(e) => Event::Seize { owner: e.owner, amount: nrlc(e.amount), task: TaskId(e.r#ref) },
        E::SignedAppOrder(e) => signed(Kind::App, e.appHash),
        E::SignedDatasetOrder(e) => signed(Kind::Dataset, e.datasetHash),
        E::SignedWorkerpoolOrder(e) => signed(Kind::Workerpool, e.workerpoolHash),
        E::SignedRequestOrder(e) => signed(Kind::Request, e.requestHash),
        E::ClosedAppOrder(e) => closed(Kind::App, e.appHash),
        E::ClosedDatasetOrder(e) => closed(Kind::Dataset, e.datasetHash),
        E::ClosedWorkerpoolOrder(e) => closed(Kind::Workerpool, e.workerpoolHash),
        E::ClosedRequestOrder(e) => closed(Kind::Request, e.requestHash),
        E::SchedulerNotice(e) => Event::SchedulerNotice { workerpool: e.workerpool, deal: DealId(e.dealid) },
        E::OrdersMatched(e) => Event::OrdersMatched {
            deal: DealId(e.dealid),
            app: OrderHash(e.appHash),
            dataset: OrderHash(e.datasetHash),
            workerpool: OrderHash(e.workerpoolHash),
            request: OrderHash(e.requestHash),
            volume: e.volume,
        },
        E::DealSponsored(e) => Event::DealSponsored { deal: DealId(e.dealId), sponsor: e.sponsor },
        E::TaskInitialize(e) => Event::TaskInitialize { task: TaskId(e.taskid), workerpool: e.workerpool },
        E::TaskContribute(e) => {
            Event::TaskContribute { task: TaskId(e.taskid), worker: e.worker, hash: ResultHash(e.hash) }
        }
        E::TaskConsensus(e) => Event::TaskConsensus { task: TaskId(e.taskid), consensus: ResultHash(e.consensus) },
        E::TaskReveal(e) => {
            Event::TaskReveal { task: TaskId(e.taskid), worker: e.worker, digest: ResultDigest(e.digest) }
        }
        E::TaskReopen(e) => Event::TaskReopen { task: TaskId(e.taskid) },
        E::TaskFinalize(e) => Event::TaskFinalize { task: TaskId(e.taskid), results: e.results },
        E::TaskClaimed(e) => Event::TaskClaimed { task: TaskId(e.taskid) },
        E::AccurateContribution(e) => Event::AccurateContribution { worker: e.worker, task: TaskId(e.taskid) },
        E::FaultyContribution(e) => Event::FaultyContribution { worker: e.worker, task: TaskId(e.taskid) },
    })
}

fn boost_event(said: B) -> Event {
    match said {
        B::SchedulerNoticeBoost(e) => Event::SchedulerNoticeBoost {
            workerpool: e.workerpool,
            deal: DealId(e.dealId),
            app: e.app,
            dataset: e.dataset,
            category: e.category,
            tag: Tag(e.tag),
            params: e.params,
            beneficiary: e.beneficiary,
        },
        B::ResultPushedBoost(e) => {
            Event::ResultPushedBoost { deal: DealId(e.dealId), index: e.index, results: e.results }
        }
        B::DealSponsoredBoost(e) => Event::DealSponsoredBoost { deal: DealId(e.dealId), sponsor: e.sponsor },
    }
}

fn bags_event(said: M) -> Event {
    match said {
        M::VoteSkipped(e) => Event::VoteSkipped {
            task: TaskId(e.taskid),
            worker: e.worker,
            reason: VoteRefusal::ALL[usize::from(e.reason)],
        },
        M::TaskFinalizeLate(e) => Event::TaskFinalizeLate {
            task: TaskId(e.taskid),
            finalizer: e.finalizer,
            bounty: Amount::from_nrlc(e.bounty),
        },
        M::ResultsPublished(e) => {
            Event::ResultsPublished { task: TaskId(e.taskid), publisher: e.publisher, results: e.results }
        }
    }
}

fn light_event(said: L) -> Event {
    match said {
        L::LightSettled(e) => Event::LightSettled {
            deal: DealId(e.dealid),
            worker: e.worker,
            first: e.first,
            count: e.count,
            root: e.root,
            results: e.results,
        },
        L::LightClaimed(e) => {
            Event::LightClaimed { deal: DealId(e.dealid), first: e.first, count: e.count, refunded: e.refunded }
        }
        L::LightDelivered(e) => Event::LightDelivered { deal: DealId(e.dealid), index: e.idx, task: TaskId(e.taskid) },
    }
}
