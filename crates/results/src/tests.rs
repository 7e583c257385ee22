//! The invariants, over real TCP.
