//! Tree over the results of consecutive tasks: root, proofs. Pure; the twin of `contracts/src/hub/RangeTree.sol`.
//!
//! Leaf `n` belongs to task `first + n`. Leaves are filled up with zero words to the next power of two, and a proof walks
//! by position, not by sorted pairs: each position has one leaf, so no task can have two results under one root.

use alloy_primitives::{B256, keccak256};

use crate::ResultHash;

/// Most tasks in one range of a light deal. Source: hub `settleLight`.
pub const MAX_LIGHT_RANGE: usize = 65_536;

/// Why there is no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tree takes 1 to {MAX_LIGHT_RANGE} results, these are {count}: split the range")]
pub struct BadCount {
    /// Results given.
    pub count: usize,
}

/// All nodes that are not padding; who settles a range keeps it to prove results later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeTree {
    /// Leaves first, the root alone last.
    levels: Vec<Vec<B256>>,
}

impl RangeTree {
    /// The tree over the results of consecutive tasks, in order.
    ///
    /// # Errors
    /// [`BadCount`] for none, or more than one range may have.
    pub fn build(results: &[ResultHash]) -> Result<Self, BadCount> {
        let count = results.len();
        if count == 0 || count > MAX_LIGHT_RANGE {
            return Err(BadCount { count });
        }
        let mut levels = vec![results.iter().map(|result| leaf(*result)).collect::<Vec<_>>()];
        let mut padding = B256::ZERO;
        for level in 0..depth(count) {
            let above = levels[level].chunks(2).map(|pair| node(pair[0], *pair.get(1).unwrap_or(&padding))).collect();
            levels.push(above);
            padding = node(padding, padding);
        }
        Ok(Self { levels })
    }

    /// What is committed to.
    #[must_use]
    pub fn root(&self) -> B256 {
        self.levels[self.levels.len() - 1][0]
    }

    /// Siblings of the leaf at `position`, from the leaf up; `None` beyond the last leaf.
    #[must_use]
    pub fn proof(&self, position: usize) -> Option<Vec<B256>> {
        self.levels[0].get(position)?;
        let mut padding = B256::ZERO;
        let below = &self.levels[..self.levels.len() - 1];
        let siblings = below.iter().enumerate().map(|(level, nodes)| {
            let sibling = *nodes.get((position >> level) ^ 1).unwrap_or(&padding);
            padding = node(padding, padding);
            sibling
        });
        Some(siblings.collect())
    }
}

/// Whether `result` stands at `position` of the tree of `count` results with this root.
#[must_use]
pub fn proves(root: B256, count: usize, position: usize, result: ResultHash, siblings: &[B256]) -> bool {
    position < count && siblings.len() == depth(count) && root_over(leaf(result), position, siblings) == root
}

/// The root over a leaf and its siblings. Says nothing by itself: use [`proves`].
#[must_use]
pub fn root_over(leaf: B256, position: usize, siblings: &[B256]) -> B256 {
    siblings.iter().enumerate().fold(leaf, |below, (level, sibling)| {
        if (position >> level) & 1 == 0 { node(below, *sibling) } else { node(*sibling, below) }
    })
}

/// Siblings in each proof of a tree of `count` results, at least 1.
#[must_use]
pub fn depth(count: usize) -> usize {
    count.next_power_of_two().trailing_zeros() as usize
}

/// Leaf of one result; the prefix keeps leaves and nodes apart.
#[must_use]
pub fn leaf(result: ResultHash) -> B256 {
    keccak256([&[0x00], result.0.as_slice()].concat())
}

fn node(left: B256, right: B256) -> B256 {
    keccak256([&[0x01], left.as_slice(), right.as_slice()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(count: usize) -> Vec<ResultHash> {
        (0..count).map(|n| ResultHash(keccak256(n.to_be_bytes()))).collect()
    }

    #[test]
    fn every_result_is_proved_at_its_own_position_only() {
        for count in [1, 2, 3, 4, 5, 7, 8, 9, 33] {
            let results = results(count);
            let tree = RangeTree::build(&results).unwrap();
            for (position, result) in results.iter().enumerate() {
                let siblings = tree.proof(position).unwrap();
                for elsewhere in 0..count + 3 {
                    let proved = proves(tree.root(), count, elsewhere, *result, &siblings);
                    assert_eq!(proved, elsewhere == position, "{position} of {count} at {elsewhere}");
                }
            }
            assert_eq!(tree.proof(count), None);
        }
    }

    #[test]
    fn a_result_that_stands_twice_is_proved_at_each_place_by_another_proof() {
        let same = vec![results(1)[0]; 4];
        let tree = RangeTree::build(&same).unwrap();
        let proof = tree.proof(3).unwrap();
        assert!(proves(tree.root(), 4, 3, same[3], &proof));
        assert!(!proves(tree.root(), 4, 3, results(2)[1], &proof));
    }

    #[test]
    fn no_node_passes_for_a_result() {
        let results = results(4);
        let tree = RangeTree::build(&results).unwrap();
        let inner = ResultHash(node(leaf(results[0]), leaf(results[1])));
        let short = [node(leaf(results[2]), leaf(results[3]))];
        assert!(!proves(tree.root(), 4, 0, inner, &short));
        assert!(!proves(tree.root(), 2, 0, inner, &short));
        assert_eq!(root_over(inner.0, 0, &short), tree.root());
    }

    #[test]
    fn proofs_of_another_length_and_padding_are_refused() {
        let results = results(3);
        let tree = RangeTree::build(&results).unwrap();
        let proof = tree.proof(2).unwrap();
        assert_eq!(proof[0], B256::ZERO);
        assert!(!proves(tree.root(), 3, 2, results[2], &proof[..1]));
        assert!(!proves(tree.root(), 3, 2, results[2], &[proof.as_slice(), &[B256::ZERO]].concat()));
        assert!(!proves(tree.root(), 3, 3, ResultHash(B256::ZERO), &[leaf(results[2]), proof[1]]));
    }

    #[test]
    fn a_tree_has_a_result_and_not_too_many() {
        assert_eq!(RangeTree::build(&[]), Err(BadCount { count: 0 }));
        let many = vec![ResultHash::default(); MAX_LIGHT_RANGE + 1];
        assert_eq!(RangeTree::build(&many), Err(BadCount { count: 65_537 }));
        let tree = RangeTree::build(&many[1..]).unwrap();
        assert_eq!(tree.proof(0).map(|proof| proof.len()), Some(16));
    }
}
