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
    /// `publishResults`.
    Publish { pick: u8, who: u8, long: bool },
}

pub(crate) fn bag_act() -> impl Strategy<Value = BagAct> {
    let pick = any::<u8>();
    let who = 0_u8..10;
    prop_oneof![
        5 => (pick, prop::sample::select(vec![0_u8, 0, 1, 1, 2, 3, 4]), 0_u8..6, prop::sample::select(vec![0_u8, 0, 6]), 0_u8..16)
            .prop_map(|(pick, index, worker, result, flaw)| BagAct::Open { pick, index, worker, result, flaw }),
        5 => (pick, 1_u8..64, 0_u8..4, 0_u8..24, any::<bool>())
            .prop_map(|(pick, workers, liars, flaw, pool)| BagAct::Relay { pick, workers, liars, flaw, pool }),
        4 => (pick, prop::sample::select(vec![0_u8, 0, 0, 6, 7]), 0_u8..16)
            .prop_map(|(pick, result, flaw)| BagAct::Reveal { pick, result, flaw }),
        4 => (pick, who.clone(), 0_u8..5, 0_u8..3, any::<bool>(), 0_u8..7, any::<bool>())
            .prop_map(|(pick, who, period, late, results, data, bring)| BagAct::Late { pick, who, period, late, results, data, bring }),
        2 => (pick, who, prop::bool::weighted(0.4)).prop_map(|(pick, who, long)| BagAct::Publish { pick, who, long }),
    ]
}
