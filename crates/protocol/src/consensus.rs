//! Weighted vote on one task's result. Twin of the hub's `Tally`: the same vectors test both.

use alloy_primitives::U256;

use crate::ResultHash;

/// The weight of a worker's vote: `max(score / 3, 3) - 1`, so 2 for a newcomer. Source: hub `contribute`.
#[must_use]
pub fn weight(score: U256) -> U256 {
    (score / U256::from(3)).max(U256::from(3)) - U256::from(1)
}

/// What a vote of `weight` counts when the reward is shared: `floor(log2(weight))`, at least 1.
#[must_use]
pub fn reward_share(weight: U256) -> U256 {
    U256::from(weight.log2())
}

/// The score of a worker after a wrong or unrevealed contribution: a third is lost, rounded down.
#[must_use]
pub fn slashed(score: U256) -> U256 {
    // floor(score * 2 / 3) without overflow: a score never comes near 2^255, but a twin must not panic.
    let (thirds, rest) = score.div_rem(U256::from(3));
    thirds * U256::from(2) + rest * U256::from(2) / U256::from(3)
}

/// The vote on one task: groups of equal result hashes, each with the product of its voters' weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// 1 + every group's weight; the 1 keeps an empty tally from winning.
    total: U256,
    groups: Vec<(ResultHash, U256)>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { total: U256::from(1), groups: Vec::new() }
    }
}

/// A vote that the hub would revert: a product passed 2^256 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the vote's weights pass 2^256 - 1: a trust this high cannot be reached by votes; sign a lower trust")]
pub struct Overflow;

impl Tally {
    /// Adds one vote, and tells whether its result now has the consensus.
    ///
    /// # Errors
    /// [`Overflow`] where the hub's checked arithmetic reverts; the tally is unchanged.
    pub fn vote(&mut self, result: ResultHash, weight: U256, trust: U256) -> Result<bool, Overflow> {
        let held = self.group(result);
        let grown = held.max(U256::from(1)).checked_mul(weight).ok_or(Overflow)?;
        let total = self.total.checked_add(grown - held).ok_or(Overflow)?;
        let won = wins(grown, total, trust).ok_or(Overflow)?;
        self.total = total;
        match self.groups.iter_mut().find(|(hash, _)| *hash == result) {
            Some((_, group)) => *group = grown,
            None => self.groups.push((result, grown)),
        }
        Ok(won)
    }

    /// Takes a group out, as `reopen` does with a consensus that nobody revealed.
    pub fn reject(&mut self, result: ResultHash) {
        self.total -= self.group(result);
        self.groups.retain(|(hash, _)| *hash != result);
    }

    /// The weight of one result; zero when nobody voted for it.
    #[must_use]
    pub fn group(&self, result: ResultHash) -> U256 {
        self.groups.iter().find(|(hash, _)| *hash == result).map_or(U256::ZERO, |(_, weight)| *weight)
    }

    /// 1 + every group's weight.
    #[must_use]
    pub fn total(&self) -> U256 {
        self.total
    }

    /// The result with most weight, and that weight.
    #[must_use]
    pub fn leader(&self) -> Option<(ResultHash, U256)> {
        self.groups.iter().copied().max_by_key(|(_, weight)| *weight)
    }

    /// The weight that the leading (or an empty) group still must pass for `trust`, given today's dissent:
    /// it wins above `(1 + others) * (trust - 1)`. For progress displays.
    #[must_use]
    pub fn threshold(&self, trust: U256) -> U256 {
        let leader = self.leader().map_or(U256::ZERO, |(_, weight)| weight);
        (self.total - leader).saturating_mul(trust.saturating_sub(U256::from(1)))
    }

    /// Whether more votes are needed, supposing that `pending` votes (their weights) will agree with the leader.
    ///
    /// The scheduler's rule: hand out no replicate that cannot be needed. Source: `offchain.md` 7.4.
    #[must_use]
    pub fn needs_more(&self, pending: &[U256], trust: U256) -> bool {
        let best = self.leader().map_or(U256::ZERO, |(_, weight)| weight);
        let others = self.total - U256::from(1) - best;
        let hoped = pending.iter().fold(best, |held, weight| held.max(U256::from(1)).saturating_mul(*weight));
        let all = U256::from(1).saturating_add(hoped).saturating_add(others);
        !wins(hoped, all, trust).unwrap_or(true)
    }
}

/// `group * trust > total * (trust - 1)`; trust 0 counts as 1, as in a recorded deal.
fn wins(group: U256, total: U256, trust: U256) -> Option<bool> {
    let trust = trust.max(U256::from(1));
    Some(group.checked_mul(trust)? > total.checked_mul(trust - U256::from(1))?)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;
    use proptest::prelude::*;

    use super::*;

    fn result(byte: u8) -> ResultHash {
        ResultHash(B256::repeat_byte(byte))
    }

    fn newcomers_needed(score: u64, trust: u64) -> u32 {
        let mut tally = Tally::default();
        for voters in 1..64 {
            if tally.vote(result(1), weight(U256::from(score)), U256::from(trust)).unwrap() {
                return voters;
            }
        }
        panic!("no consensus")
    }

    #[test]
    fn the_worked_example_of_the_specification_holds() {
        let mut tally = Tally::default();
        let trust = U256::from(3);
        let two = U256::from(2);
        assert!(!tally.vote(result(1), two, trust).unwrap());
        assert_eq!((tally.group(result(1)), tally.total()), (two, U256::from(3)));
        assert!(!tally.vote(result(2), two, trust).unwrap());
        assert!(!tally.vote(result(1), two, trust).unwrap());
        assert_eq!(tally.total(), U256::from(7));
        assert!(tally.vote(result(1), two, trust).unwrap());
        assert_eq!((tally.group(result(1)), tally.total()), (U256::from(8), U256::from(11)));
    }

    #[test]
    fn a_unanimous_consensus_takes_as_many_workers_as_the_table_says() {
        // Source: sabotage-tolerance.md 6.5. Columns T = 2, 3, 4, 5, 10, 100, 1 000, 10 000, 1 000 000.
        let trusts = [2, 3, 4, 5, 10, 100, 1_000, 10_000, 1_000_000];
        for (score, needed) in [
            (0, [1, 2, 2, 3, 4, 7, 10, 14, 20]),
            (11, [1, 2, 2, 3, 4, 7, 10, 14, 20]),
            (12, [1, 1, 2, 2, 3, 5, 7, 9, 13]),
            (15, [1, 1, 1, 2, 2, 4, 5, 7, 10]),
            (30, [1, 1, 1, 1, 2, 3, 4, 5, 7]),
            (60, [1, 1, 1, 1, 1, 2, 3, 4, 5]),
            (150, [1, 1, 1, 1, 1, 2, 2, 3, 4]),
            (303, [1, 1, 1, 1, 1, 1, 2, 2, 3]),
            (3_003, [1, 1, 1, 1, 1, 1, 1, 2, 2]),
            (30_003, [1, 1, 1, 1, 1, 1, 1, 1, 2]),
        ] {
            let counted = trusts.map(|trust| newcomers_needed(score, trust));
            assert_eq!(counted, needed, "score {score}");
        }
    }

    #[test]
    fn dissent_costs_as_many_newcomers_as_the_table_says() {
        // Source: sabotage-tolerance.md 6.5, "matching newcomers needed after d newcomers agreed on one wrong value".
        for (trust, needed) in [
            (2_u64, [1_u32, 2, 3, 4, 5]),
            (10, [4, 5, 6, 7, 8]),
            (100, [7, 9, 9, 10, 11]),
            (10_000, [14, 15, 16, 17, 18]),
        ] {
            for (liars, honest) in needed.into_iter().enumerate() {
                let mut tally = Tally::default();
                for _ in 0..liars {
                    let lie_wins = tally.vote(result(9), U256::from(2), U256::from(trust)).unwrap();
                    assert!(!lie_wins || trust == 2 || liars >= 4);
                }
                let mut votes = 1;
                while !tally.vote(result(1), U256::from(2), U256::from(trust)).unwrap() {
                    votes += 1;
                }
                assert_eq!(votes, honest, "trust {trust}, {liars} liars");
            }
        }
    }

    #[test]
    fn a_fresh_worker_weighs_two_and_slashing_takes_a_third() {
        for (score, expected) in [(0, 2), (11, 2), (12, 3), (30, 9), (60, 19)] {
            assert_eq!(weight(U256::from(score)), U256::from(expected));
        }
        for (score, after) in [(0, 0), (1, 0), (2, 1), (3, 2), (100, 66)] {
            assert_eq!(slashed(U256::from(score)), U256::from(after));
        }
        assert_eq!(reward_share(U256::from(2)), U256::from(1));
        assert_eq!(reward_share(U256::from(9)), U256::from(3));
    }

    #[test]
    fn an_overflow_is_refused_and_changes_nothing() {
        let mut tally = Tally::default();
        tally.vote(result(1), U256::MAX >> 1, U256::from(1)).unwrap();
        let before = tally.clone();
        assert_eq!(tally.vote(result(1), U256::from(3), U256::from(1)), Err(Overflow));
        assert_eq!(tally, before);
    }

    #[test]
    fn pending_votes_are_counted_as_agreement_and_only_then() {
        let trust = U256::from(10);
        let two = U256::from(2);
        let mut tally = Tally::default();
        assert!(tally.needs_more(&[two, two, two], trust));
        assert!(!tally.needs_more(&[two, two, two, two], trust));
        tally.vote(result(1), two, trust).unwrap();
        tally.vote(result(2), two, trust).unwrap();
        assert!(tally.needs_more(&[two, two, two], trust));
        assert!(!tally.needs_more(&[two, two, two, two], trust));
    }

    proptest! {
        #[test]
        fn a_winner_always_holds_more_than_its_share(
            votes in prop::collection::vec((0_u8..4, 2_u64..1_000), 1..24),
            trust in 1_u64..1_000_000,
        ) {
            let mut tally = Tally::default();
            for (group, weight) in votes {
                let won = tally.vote(result(group), U256::from(weight), U256::from(trust)).unwrap();
                let sum: U256 = tally.groups.iter().map(|(_, weight)| *weight).sum();
                prop_assert_eq!(sum + U256::from(1), tally.total());
                let others = tally.total() - U256::from(1) - tally.group(result(group));
                let above = tally.group(result(group)) > (U256::from(1) + others) * U256::from(trust - 1);
                prop_assert_eq!(won, above);
            }
        }
    }
}
