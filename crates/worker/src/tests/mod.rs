//! A worker at a pool and on a chain that are played: the whole life of replicates, without a node.

mod lives;
mod plans;
mod runs;
mod stage;
