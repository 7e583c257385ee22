//! The limits of a market. Every entrance has one; the defaults suit one small machine.

use std::time::Duration;

use api::market::MAX_OPEN_ORDERS;

/// What a market may use, and where its history begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// First block whose events belong to this hub: the block of its deployment. Default 0.
    pub first_block: u64,
    /// Largest request body in bytes. Default 64 KiB.
    pub body: usize,
    /// Requests that are worked on at the same time; more are told to come back. Default 256.
    pub in_flight: usize,
    /// How long one request may take. Default 20 s.
    pub answer_within: Duration,
    /// Open orders of one kind that one wallet may have. Default 50.
    pub open_orders: usize,
    /// Orders of all kinds and wallets that the book holds, open or dead. Default 40 000.
    pub orders: usize,
    /// Challenges that one wallet may have pending; one more drops the oldest. Default 64.
    pub challenges_per_wallet: usize,
    /// Challenges pending in all. Default 65 536.
    pub challenges: usize,
    /// How long a challenge can be used. Default 5 min.
    pub challenge_lives: Duration,
    /// Requests a minute from one address outside this machine. Default 100; 0 is no limit.
    pub requests_per_minute: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            first_block: 0,
            body: 64 * 1024,
            in_flight: 256,
            answer_within: Duration::from_secs(20),
            open_orders: MAX_OPEN_ORDERS,
            orders: 40_000,
            challenges_per_wallet: 64,
            challenges: 65_536,
            challenge_lives: Duration::from_secs(300),
            requests_per_minute: 100,
        }
    }
}
