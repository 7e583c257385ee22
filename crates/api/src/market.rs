//! Market: the order book. (Filled by its own room.)
