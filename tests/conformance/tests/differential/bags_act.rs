//! What people may do for many tasks at once. Flaws beyond the listed ones are none.

use proptest::prelude::*;

/// One call for many tasks. Numbers pick from what there is, modulo its count.
#[derive(Clone, Debug)]
pub(crate) enum BagAct {
    /// `initializeAndContributeAndFinalize`.
    Open { pick: u8, index: u8, worker: u8, result: u8, flaw: u8 },
    /// `contributeFor`; a bit for each of six workers.
    Relay { pick: u8, workers: u8, liars: u8, flaw: u8, pool: bool },
    /// `revealFor`, of one task or three.
    Reveal { pick: u8, result: u8, flaw: u8 },
    /// `finalizeLate`, `late` seconds around the moment when `period` begins; 3 ends it. `bring`: after votes and reveals.
    Late { pick: u8, who: u8, period: u8, late: u8, results: bool, data: u8, bring: bool },
    /// `contributeAndFinalizeRange`.
    Settle { pick: u8, first: u8, count: u8, worker: u8, flaw: u8 },
    /// `settleLight`.
    SettleLight { pick: u8, first: u8, count: u8, worker: u8, flaw: u8 },
    /// `claimLight`.
    ClaimLight { pick: u8, first: u8, count: u8, flaw: u8 },
    /// `proveLight` and `deliverLight`.
    Deliver { pick: u8, offset: u8, flaw: u8 },
    /// `publishResults`.
    Publish { pick: u8, who: u8, long: bool },
}

pub(crate) fn bag_act() -> impl Strategy<Value = BagAct> {
    prop_oneof![votes(), alone(), light()]
}

/// Of tasks that several workers vote on.
pub(crate) fn votes() -> impl Strategy<Value = BagAct> {
    let (pick, who) = (any::<u8>(), 0_u8..10);
    let late = (pick, who.clone(), 0_u8..5, 0_u8..3, any::<bool>(), 0_u8..7, any::<bool>());
    prop_oneof![
        5 => (pick, 1_u8..64, 0_u8..4, 0_u8..24, any::<bool>())
            .prop_map(|(pick, workers, liars, flaw, pool)| BagAct::Relay { pick, workers, liars, flaw, pool }),
        2 => (pick, prop::sample::select(vec![0_u8, 0, 0, 6, 7]), 0_u8..16)
            .prop_map(|(pick, result, flaw)| BagAct::Reveal { pick, result, flaw }),
        4 => late.prop_map(|(pick, who, period, late, results, data, bring)| {
            BagAct::Late { pick, who, period, late, results, data, bring }
        }),
        2 => (pick, who, prop::bool::weighted(0.4)).prop_map(|(pick, who, long)| BagAct::Publish { pick, who, long }),
    ]
}

/// Of tasks that one worker settles alone.
pub(crate) fn alone() -> impl Strategy<Value = BagAct> {
    let (pick, result) = (any::<u8>(), prop::sample::select(vec![0_u8, 0, 6]));
    prop_oneof![
        1 => (pick, first(), 0_u8..6, result, 0_u8..16)
            .prop_map(|(pick, index, worker, result, flaw)| BagAct::Open { pick, index, worker, result, flaw }),
        2 => (pick, first(), 1_u8..4, 0_u8..6, 0_u8..20)
            .prop_map(|(pick, first, count, worker, flaw)| BagAct::Settle { pick, first, count, worker, flaw }),
    ]
}

/// Of light deals.
pub(crate) fn light() -> impl Strategy<Value = BagAct> {
    let pick = any::<u8>();
    prop_oneof![
        4 => (pick, first(), 1_u8..4, 0_u8..6, 0_u8..20)
            .prop_map(|(pick, first, count, worker, flaw)| BagAct::SettleLight { pick, first, count, worker, flaw }),
        2 => (pick, first(), 1_u8..4, prop::sample::select(vec![5_u8, 6, 7, 20, 30, 31, 32, 33, 34, 35]))
            .prop_map(|(pick, first, count, flaw)| BagAct::ClaimLight { pick, first, count, flaw }),
        4 => (pick, 0_u8..4, 0_u8..16).prop_map(|(pick, offset, flaw)| BagAct::Deliver { pick, offset, flaw }),
    ]
}

fn first() -> impl Strategy<Value = u8> {
    prop::sample::select(vec![0_u8, 0, 0, 1, 1, 2, 3, 4])
}
