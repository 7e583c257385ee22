//! What can be proved of a settled range, and what cannot.

use alloy::primitives::{Address, B256, U256};
use fairgrid_conformance::abi::{Light, LightProof};
use fairgrid_conformance::{Actor, Stage};
use protocol::DealId;
use protocol::ResultHash;
use protocol::range_tree::RangeTree;

use crate::light::{Settle, deal_in, dealt, digest, light, proves, result, tree};

fn proved(stage: &mut Stage, deal: DealId, index: u64, proof: &LightProof) -> bool {
    proves(stage, deal, U256::from(index), digest(index), proof)
}

fn settled(volume: u64, first: u64, count: u64) -> (Stage, Settle) {
    let (mut stage, deal) = dealt(volume);
    let settle = Settle::new(&stage, deal, first, count);
    settle.send(&mut stage).unwrap();
    (stage, settle)
}

fn kept(stage: &mut Stage, deal: DealId, first: u64) -> B256 {
    stage.market.view(&Light::viewLightRangeCall { dealid: deal.0, first: U256::from(first) }).unwrap()
}

#[test]
fn light_results_are_proved_at_their_own_index_only() {
    for count in [1, 2, 3, 4, 5, 8, 9, 33] {
        let (mut stage, settle) = settled(50, 7, count);
        for index in 7..7 + count {
            let proof = settle.proof(index);
            for claimed in (0..7 + count + 3).map(U256::from) {
                let proved = proves(&mut stage, settle.deal, claimed, digest(index), &proof);
                assert_eq!(proved, claimed == U256::from(index), "{index} of {count} as {claimed}");
            }
            assert!(!proves(&mut stage, settle.deal, U256::from(index), digest(index + 1), &proof));
        }
    }
}

#[test]
fn light_results_at_the_ends_of_the_largest_range_are_proved() {
    let (mut stage, settle) = settled(65_540, 2, 65_536);
    let tree = tree(settle.deal, 2, 65_536);
    for index in [2, 65_537, 33_000] {
        let siblings = tree.proof(index - 2).unwrap();
        assert_eq!(siblings.len(), 16);
        let proof = LightProof { first: U256::from(2), count: U256::from(65_536), worker: settle.worker, siblings };
        assert!(proved(&mut stage, settle.deal, u64::try_from(index).unwrap(), &proof), "{index}");
    }
}

#[test]
fn light_proofs_hold_for_one_range_worker_and_depth_only() {
    let (mut stage, settle) = settled(50, 10, 6);
    let sound = settle.proof(12);
    assert!(proved(&mut stage, settle.deal, 12, &sound));
    let siblings = |change: fn(&mut Vec<B256>)| {
        let mut siblings = sound.siblings.clone();
        change(&mut siblings);
        LightProof { siblings, ..sound.clone() }
    };
    let wrong = [
        siblings(|all| all.truncate(2)),
        siblings(|all| all.rotate_left(1)),
        siblings(|all| all.push(B256::ZERO)),
        siblings(|all| all.swap(0, 1)),
        siblings(Vec::clear),
        LightProof { worker: Actor::number(11).address(), ..sound.clone() },
        LightProof { worker: Address::ZERO, ..sound.clone() },
        LightProof { first: U256::from(11), ..sound.clone() },
        LightProof { first: U256::from(9), ..sound.clone() },
        // The same depth, and others.
        LightProof { count: U256::from(5), ..sound.clone() },
        LightProof { count: U256::from(8), ..sound.clone() },
        LightProof { count: U256::from(4), ..sound.clone() },
        LightProof { count: U256::from(9), ..sound.clone() },
        LightProof { count: U256::ZERO, ..sound.clone() },
        LightProof { count: U256::MAX, ..sound.clone() },
    ];
    for proof in wrong {
        assert!(!proved(&mut stage, settle.deal, 12, &proof), "{proof:?}");
    }
}

#[test]
fn light_proofs_that_are_none_never_revert() {
    let (mut stage, settle) = settled(5, 0, 5);
    let numbers = [U256::ZERO, U256::from(1), U256::from(65_536), U256::MAX - U256::from(1), U256::MAX];
    for first in numbers {
        for count in numbers {
            for index in numbers {
                for length in [0, 1, 16, 255, 256, 300] {
                    let siblings = vec![B256::ZERO; length];
                    let proof = LightProof { first, count, worker: settle.worker, siblings };
                    for deal in [settle.deal, DealId::default()] {
                        assert!(!proves(&mut stage, deal, index, B256::ZERO, &proof));
                    }
                }
            }
        }
    }
}

#[test]
fn light_proofs_of_other_deals_and_ranges_do_not_fit() {
    let (mut stage, settle) = settled(50, 0, 4);
    let next = Settle::new(&stage, settle.deal, 4, 4);
    next.send(&mut stage).unwrap();
    let mut terms = light(stage.terms(1, 50));
    terms.request.salt = B256::repeat_byte(1);
    let other = stage.deal(terms);
    Settle::new(&stage, other, 0, 4).send(&mut stage).unwrap();
    let terms = stage.terms(1, 50);
    let classic = stage.deal(terms);
    assert!(proved(&mut stage, settle.deal, 1, &settle.proof(1)));
    assert!(proved(&mut stage, settle.deal, 5, &next.proof(5)));
    assert!(!proved(&mut stage, settle.deal, 1, &next.proof(5)));
    assert!(!proved(&mut stage, settle.deal, 5, &settle.proof(1)));
    for deal in [other, classic, DealId::default()] {
        assert!(!proved(&mut stage, deal, 1, &settle.proof(1)), "{deal:?}");
    }
    let open = LightProof { first: U256::from(8), ..settle.proof(1) };
    assert!(!proved(&mut stage, settle.deal, 9, &open));
}

/// A range whose worker chose the root itself.
fn with_root(stage: &mut Stage, deal: DealId, first: u64, count: u64, root: B256) -> Settle {
    let settle = Settle { root, ..Settle::unproved(stage, deal, first, count) };
    settle.send(stage).unwrap();
    settle
}

fn proof(settle: &Settle, siblings: Vec<B256>) -> LightProof {
    let (first, count) = (U256::from(settle.first), U256::from(settle.count));
    LightProof { first, count, worker: settle.worker, siblings }
}

#[test]
fn light_workers_cannot_hide_a_result_behind_the_end_of_the_range() {
    let (mut stage, deal) = dealt(10);
    // Four real results under a range of three: the fourth stands where padding should.
    let honest = tree(deal, 0, 4);
    let settle = with_root(&mut stage, deal, 0, 3, honest.root());
    assert!(proved(&mut stage, deal, 2, &proof(&settle, honest.proof(2).unwrap())));
    assert!(!proved(&mut stage, deal, 3, &proof(&settle, honest.proof(3).unwrap())));
}

#[test]
fn light_workers_cannot_hide_two_results_for_one_task() {
    let (mut stage, deal) = dealt(10);
    // Task 0 with another digest stands at the position of task 1.
    let second = ResultHash::derive(protocol::TaskId::derive(deal, U256::ZERO), protocol::ResultDigest(digest(77)));
    let tree = RangeTree::build(&[result(deal, 0), second]).unwrap();
    let settle = with_root(&mut stage, deal, 0, 2, tree.root());
    assert!(proved(&mut stage, deal, 0, &proof(&settle, tree.proof(0).unwrap())));
    for (index, position) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let proof = proof(&settle, tree.proof(position).unwrap());
        assert!(!proves(&mut stage, deal, U256::from(index), digest(77), &proof), "{index} at {position}");
    }
}

#[test]
fn light_workers_cannot_hide_a_tree_under_a_leaf() {
    let (mut stage, deal) = dealt(10);
    // The root of a deeper tree, whose results all belong to tasks of the range.
    let deep = tree(deal, 0, 8);
    let settle = with_root(&mut stage, deal, 0, 4, deep.root());
    for index in 0..4 {
        let siblings = deep.proof(usize::try_from(index).unwrap()).unwrap();
        for part in [siblings[..].to_vec(), siblings[1..].to_vec(), siblings[..2].to_vec()] {
            assert!(!proved(&mut stage, deal, index, &proof(&settle, part)), "{index}");
        }
    }
}

#[test]
fn light_nodes_and_padding_are_no_leaves() {
    let (mut stage, deal) = dealt(10);
    let tree = tree(deal, 0, 4);
    let lone = with_root(&mut stage, deal, 0, 1, tree.root());
    assert!(!proved(&mut stage, deal, 0, &proof(&lone, Vec::new())), "the root of many is no leaf");
    let padded = with_root(&mut stage, deal, 1, 3, B256::ZERO);
    for (index, digest) in [(3, B256::ZERO), (4, B256::ZERO), (4, digest(4))] {
        let siblings = vec![B256::ZERO; 2];
        assert!(!proves(&mut stage, deal, U256::from(index), digest, &proof(&padded, siblings)), "{index}");
    }
}

#[test]
fn light_ranges_are_kept_as_they_were_settled_first() {
    let mut stage = Stage::new();
    let deal = deal_in(&mut stage, 10);
    assert_eq!(kept(&mut stage, deal, 0), B256::ZERO);
    let settle = Settle::new(&stage, deal, 0, 4);
    settle.send(&mut stage).unwrap();
    for (first, count) in [(0, 4), (0, 1), (0, 10)] {
        let again = Settle { root: B256::ZERO, ..Settle::unproved(&stage, deal, first, count) };
        assert!(again.send(&mut stage).is_err());
    }
    assert_eq!(kept(&mut stage, deal, 0), settle.range());
    assert_eq!(kept(&mut stage, deal, 1), B256::ZERO, "a range is found by its first task");
    assert_eq!(kept(&mut stage, DealId::default(), 0), B256::ZERO);
}
