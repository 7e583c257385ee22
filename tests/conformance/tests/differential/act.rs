//! What people may do, and how often.

use proptest::prelude::*;

use crate::bags_act::{BagAct, alone, bag_act, light, votes};

/// One thing that somebody does. Numbers pick from what there is, modulo its count.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Deposit {
        who: u8,
        nrlc: u64,
    },
    Withdraw {
        who: u8,
        nrlc: u64,
    },
    Match {
        trust: u8,
        volume: u8,
        price: u32,
        dataset: bool,
        sponsored: bool,
        callback: bool,
        spoil: u8,
    },
    Rematch {
        pick: u8,
    },
    Close {
        pick: u8,
        kind: u8,
    },
    Initialize {
        pick: u8,
        index: u8,
    },
    Contribute {
        pick: u8,
        worker: u8,
        result: u8,
        flaw: u8,
    },
    Reveal {
        pick: u8,
        worker: u8,
        result: u8,
    },
    RevealAll {
        pick: u8,
    },
    Reopen {
        pick: u8,
        stranger: bool,
    },
    Finalize {
        pick: u8,
        stranger: bool,
        data: u8,
    },
    Alone {
        pick: u8,
        worker: u8,
        result: u8,
        flaw: u8,
    },
    Claim {
        pick: u8,
    },
    /// All six workers vote, the first `liars` of them for another result.
    Vote {
        pick: u8,
        liars: u8,
    },
    /// Time runs to one of the task's deadlines, or a second before or after it.
    Approach {
        pick: u8,
        deadline: u8,
        seconds: u8,
    },
    Pass {
        seconds: u16,
    },
    /// Of the calls for many tasks.
    Bag(BagAct),
}

pub(crate) fn act() -> impl Strategy<Value = Act> {
    let pick = any::<u8>();
    prop_oneof![
        1 => (any::<u8>(), 0_u64..1 << 42).prop_map(|(who, nrlc)| Act::Deposit { who, nrlc }),
        1 => (any::<u8>(), 0_u64..1 << 42).prop_map(|(who, nrlc)| Act::Withdraw { who, nrlc }),
        5 => (prop::sample::select(vec![0_u8, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8]), 1_u8..4, any::<u32>(), any::<bool>(), any::<bool>(), any::<bool>(), 0_u8..90).prop_map(
            |(trust, volume, price, dataset, sponsored, callback, spoil)| Act::Match {
                trust, volume, price, dataset, sponsored, callback, spoil
            }
        ),
        1 => pick.prop_map(|pick| Act::Rematch { pick }),
        1 => (any::<u8>(), 0_u8..5).prop_map(|(pick, kind)| Act::Close { pick, kind }),
        1 => (any::<u8>(), 0_u8..5).prop_map(|(pick, index)| Act::Initialize { pick, index }),
        10 => (any::<u8>(), 0_u8..6, 0_u8..8, 0_u8..24)
            .prop_map(|(pick, worker, result, flaw)| Act::Contribute { pick, worker, result, flaw }),
        4 => (any::<u8>(), 0_u8..6, 0_u8..8).prop_map(|(pick, worker, result)| Act::Reveal { pick, worker, result }),
        6 => pick.prop_map(|pick| Act::RevealAll { pick }),
        3 => (any::<u8>(), prop::bool::weighted(0.2)).prop_map(|(pick, stranger)| Act::Reopen { pick, stranger }),
        7 => (any::<u8>(), prop::bool::weighted(0.1), 0_u8..12)
            .prop_map(|(pick, stranger, data)| Act::Finalize { pick, stranger, data }),
        1 => (any::<u8>(), 0_u8..6, 0_u8..8, 0_u8..24)
            .prop_map(|(pick, worker, result, flaw)| Act::Alone { pick, worker, result, flaw }),
        3 => pick.prop_map(|pick| Act::Claim { pick }),
        5 => (any::<u8>(), 0_u8..4).prop_map(|(pick, liars)| Act::Vote { pick, liars }),
        2 => (any::<u8>(), prop::sample::select(vec![0_u8, 0, 0, 1, 2, 2]), 0_u8..3)
            .prop_map(|(pick, deadline, seconds)| Act::Approach { pick, deadline, seconds }),
        1 => (0_u16..400).prop_map(|seconds| Act::Pass { seconds }),
        16 => bag_act().prop_map(Act::Bag),
    ]
}

/// Deals of one kind that can be worked on, and mostly calls for many of their tasks.
pub(crate) fn scene() -> impl Strategy<Value = Vec<Act>> {
    let votes = set(&[(2, 90), (3, 90), (3, 20)], votes().boxed());
    let alone = set(&[(1, 90), (1, 20)], alone().boxed());
    // The first two are refused: the trust is too high, and the requester does not ask for it.
    let light = set(&[(2, 30), (1, 43), (1, 30), (1, 40)], light().boxed());
    prop_oneof![votes, alone, light]
}

/// A match of each trust and kind, then acts.
fn set(deals: &'static [(u8, u8)], bags: BoxedStrategy<BagAct>) -> impl Strategy<Value = Vec<Act>> {
    let terms = (2_u8..5, any::<u32>(), any::<bool>(), any::<bool>(), 0..deals.len());
    let acts = prop::collection::vec(prop_oneof![1 => act(), 14 => bags.prop_map(Act::Bag)], 8..16);
    (terms, acts).prop_map(move |((volume, price, dataset, callback, last), acts)| {
        let matched = |(trust, spoil): &(u8, u8)| Act::Match {
            trust: *trust,
            volume,
            price: price >> 4,
            dataset,
            sponsored: false,
            callback,
            spoil: *spoil,
        };
        // The last one is what most acts are for.
        let others = deals.iter().chain([&deals[last]]).map(matched);
        others.chain(acts).collect()
    })
}
