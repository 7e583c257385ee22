//! The table of what is measured. A row is one entry; its function lies in the file of its group.

use super::{Scene, bags, deals, ends, escrow, light, resources, votes, whole};
use crate::Artifact;

/// What an operation should cost, in gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The deployed protocol's contracts. What only we have is compared with the calls that it replaces.
    pub reference: u64,
    /// What was set for ours; `None` where only the comparison is of interest.
    pub bounds: Option<Bounds>,
}

/// How much an operation may cost, in gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// What we promise.
    pub most: u64,
    /// What we want.
    pub goal: u64,
}

impl Target {
    const fn gas(reference: u64, most: u64, goal: u64) -> Self {
        Self { reference, bounds: Some(Bounds { most, goal }) }
    }

    /// Bounds as percent of the reference, rounded down.
    const fn percent(reference: u64, most: u64, goal: u64) -> Self {
        Self::gas(reference, reference * most / 100, reference * goal / 100)
    }

    /// Nothing was promised. The reference is that of [`Scene`], measured with the artifacts that PoCo 6.1.0 published.
    const fn open(reference: u64) -> Self {
        Self { reference, bounds: None }
    }

    /// Whether the promise is kept; `true` where there is none.
    #[must_use]
    pub fn is_met_by(self, gas: u64) -> bool {
        self.bounds.is_none_or(|bounds| gas <= bounds.most)
    }
}

/// One measured operation.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What is measured; the key in `contracts/gas.json`.
    pub name: &'static str,
    /// What it should cost.
    pub target: Target,
    /// Brings a fresh scene to the call, and returns what the call cost.
    measure: fn(Scene) -> u64,
}

impl Row {
    const fn new(name: &'static str, target: Target, measure: fn(Scene) -> u64) -> Self {
        Self { name, target, measure }
    }

    /// Gas of the operation.
    #[must_use]
    pub fn gas(&self) -> u64 {
        (self.measure)(Scene::new())
    }
}

/// Every row, in the order of a task's life.
pub const ROWS: &[Row] = &[
    Row::new("matchOrders, 1 task", Target::gas(713_000, 356_000, 300_000), |scene| deals::matched(scene, 1)),
    Row::new("matchOrders, 1000 tasks", Target::gas(713_000, 356_000, 300_000), |scene| deals::matched(scene, 1_000)),
    Row::new("matchOrders, dataset", Target::gas(833_671, 416_000, 350_000), deals::matched_with_dataset),
    Row::new("matchOrders, TEE tag", Target::open(733_667), deals::matched_for_enclaves),
    Row::new("initialize", Target::gas(228_925, 100_000, 80_000), deals::initialized),
    Row::new("initializeArray, per task", Target::gas(168_000, 70_000, 55_000), deals::initialized_one_more),
    Row::new("initializeArray, average of 10", Target::open(176_523), |scene| deals::initialized_on_average(scene, 10)),
    Row::new("initializeArray, average of 100", Target::open(169_315), |scene| {
        deals::initialized_on_average(scene, 100)
    }),
    Row::new("contribute, first", Target::percent(317_760, 60, 50), |scene| votes::contributed(scene, 1)),
    Row::new("contribute, later", Target::percent(283_550, 60, 50), |scene| votes::contributed(scene, 2)),
    Row::new("contribute, reaching consensus", Target::percent(379_336, 60, 50), |scene| votes::contributed(scene, 3)),
    Row::new("reveal, first", Target::percent(93_455, 75, 60), |scene| votes::revealed(scene, 1)),
    Row::new("reveal, next", Target::percent(56_455, 75, 60), |scene| votes::revealed(scene, 2)),
    Row::new("reopen, 3 workers", Target::open(87_701), |scene| votes::reopened(scene, 3)),
    Row::new("reopen, 5 workers", Target::open(109_959), |scene| votes::reopened(scene, 5)),
    Row::new("finalize, 3 workers", Target::percent(403_684, 60, 50), |scene| ends::finalized(scene, 3)),
    Row::new("finalize, 5 workers", Target::open(458_029), |scene| ends::finalized(scene, 5)),
    Row::new("finalize, 3 workers, callback", Target::open(436_051), |scene| ends::finalized_with_callback(scene, 3)),
    Row::new("finalize, 5 workers, callback", Target::open(507_484), |scene| ends::finalized_with_callback(scene, 5)),
    Row::new("finalize, 3 workers, money in the kitty", Target::open(394_546), ends::finalized_with_kitty),
    Row::new("contributeAndFinalize, standard", Target::percent(523_200, 45, 38), ends::completed_alone),
    Row::new("contributeAndFinalize, enclave", Target::percent(554_379, 45, 38), ends::completed_in_enclave),
    Row::new("claim", Target::percent(154_432, 75, 60), |mut scene| ends::claimed(&mut scene, 0)),
    Row::new("claim, 3 contributors", Target::open(199_108), |mut scene| ends::claimed(&mut scene, 3)),
    Row::new("claim, 5 contributors", Target::open(229_508), |mut scene| ends::claimed(&mut scene, 5)),
    Row::new("claimArray, per task", Target::percent(36_000, 75, 60), |scene| ends::claimed_one_more(scene, 0)),
    Row::new("claimArray, per task of 3 contributors", Target::open(65_561), |scene| ends::claimed_one_more(scene, 3)),
    Row::new("claimArray, per task of 5 contributors", Target::open(85_401), |scene| ends::claimed_one_more(scene, 5)),
    Row::new("initializeAndClaimArray, per task", Target::open(194_694), ends::opened_and_claimed_one_more),
    Row::new("createApp", Target::percent(654_000, 60, 50), resources::app),
    Row::new("createDataset", Target::percent(582_000, 60, 50), resources::dataset),
    Row::new("createWorkerpool", Target::percent(577_000, 60, 50), resources::workerpool),
    Row::new("deposit", Target::open(57_903), escrow::deposited),
    Row::new("deposit, by the token's approveAndCall", Target::open(67_510), escrow::deposited_in_one_call),
    Row::new("withdraw", Target::open(57_273), escrow::withdrawn),
    Row::new("whole task, one enclave worker", Target::percent(1_520_000, 50, 40), whole::by_an_enclave),
    Row::new("whole task, 3 replicating workers", Target::percent(2_530_000, 55, 45), whole::by_three_workers),
    Row::new("initializeAndContributeAndFinalize", Target::open(228_925 + 523_200), bags::opened_and_completed),
    Row::new("revealFor, 3 workers", Target::open(93_455 + 2 * 56_455), bags::revealed_for),
    Row::new("finalizeLate, 3 workers", Target::open(403_684), bags::finalized_late),
    // What follows is a bag of 100 tasks, every transaction after the match, divided by 100. First by the classic calls.
    Row::new("bag of 100, one enclave worker, per task", Target::open(722_000), whole::bag_of_an_enclave),
    Row::new("bag of 100, 3 workers, per task", Target::open(1_800_000), whole::bag_of_three_workers),
    Row::new(
        "contributeAndFinalizeRange of 100, per task",
        Target::gas(722_000, 90_000, 73_000),
        bags::range_by_one_worker,
    ),
    Row::new(
        "contributeAndFinalizeRange of 100, enclave, per task",
        Target::gas(722_000, 90_000, 73_000),
        bags::range_in_enclave,
    ),
    Row::new(
        "bag of 100, 3 relayed workers, per task",
        Target::gas(1_800_000, 700_000, 500_000),
        bags::bag_of_relayed_workers,
    ),
    // Light deals; the reference is the calls that they replace, a task.
    Row::new("settleLight, range of 100, per task", Target::gas(722_000, 3_000, 1_500), |scene| {
        light::settled(scene, 100)
    }),
    Row::new("settleLight, range of 10000, per task", Target::gas(722_000, 3_000, 100), |scene| {
        light::settled(scene, 10_000)
    }),
    Row::new("claimLight, range of 100, per task", Target::gas(194_694, 3_000, 1_500), |scene| {
        light::claimed(scene, 100)
    }),
    Row::new("claimLight, range of 10000, per task", Target::gas(194_694, 3_000, 200), |scene| {
        light::claimed(scene, 10_000)
    }),
    Row::new("deliverLight, 16 siblings", Target::gas(523_200, 100_000, 75_000), light::delivered),
];

/// Bytes of the hub and of all its facets, by name.
#[must_use]
pub fn sizes() -> Vec<(String, usize)> {
    let facets = Scene::new().stage.market.facets;
    let names = std::iter::once("Diamond").chain(facets.into_iter().map(|(name, _)| name));
    names.map(|name| (name.to_owned(), Artifact::named(name).deployed.len())).collect()
}
