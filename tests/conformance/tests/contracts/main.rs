//! The contracts against the specification where the twin cannot speak: bytes of failures, other people's contracts,
//! ABI, registries, gas.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod abi;
mod bags;
mod bags_callback;
mod bags_late;
mod bags_mixed;
mod bags_opening;
mod bags_range;
mod bags_reveals;
mod bags_votes;
mod boost;
mod boost_callback;
mod boost_deals;
mod boost_gas;
mod boost_matching;
mod boost_tasks;
mod boost_twin;
mod callbacks;
mod calls;
mod coverage;
mod crowd;
mod deals;
mod diamond;
mod escrow;
mod examples;
mod failures;
mod gas;
mod light;
mod light_claim;
mod light_deliver;
mod light_matching;
mod light_money;
mod light_proofs;
mod light_random;
mod light_settle;
mod native;
mod orders;
mod registries;
mod sizes;
mod token;
mod tokens;
mod views;
mod worst;
