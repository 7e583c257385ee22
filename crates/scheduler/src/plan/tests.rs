//! Planner tables: one test per phase and refusal.
