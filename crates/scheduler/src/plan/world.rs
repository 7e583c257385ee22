//! A simulated world for the planner.
