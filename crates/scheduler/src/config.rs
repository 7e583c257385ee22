//! The scheduler's configuration: every field with unit, default, effect. Read by `bin/` only.

use std::time::Duration;

use protocol::{Address, U256};
use url::Url;

use crate::Error;

/// How one pool is run.
#[derive(Clone, Debug)]
pub struct Config {
    /// The workerpool contract whose deals are served.
    pub workerpool: Address,
    /// The pool's result service: told to workers, and asked whether a result is stored.
    pub results: Url,
    /// Where workers fetch content-addressed files, in order of preference. Default: none.
    pub gateways: Vec<Url>,
    /// How often to look even when nothing seems to happen. Default 1 s.
    pub sweep_every: Duration,
    /// How often every open task is read again from the chain. Default 60 s.
    pub full_sweep_every: Duration,
    /// First block whose deals matter. Default `None`: the beginning of a young chain, else the last million blocks.
    pub start_block: Option<u64>,
    /// Deals with a higher trust get no workers and are refunded at their end. Default 1 000 000.
    pub max_trust: U256,
    /// A worker without a stream for longer than this is lost: what it has not contributed goes to others. Default 60 s.
    pub lost_after: Duration,
    /// How long one worker may take to upload before another is asked. Default 120 s.
    pub upload_timeout: Duration,
    /// So many workers with the same failure, and no contribution: the task is the cause, no further worker is tried.
    /// Default 3.
    pub same_failures: usize,
    /// Bounds of everything that others can make grow.
    pub limits: Limits,
}

/// Bounds of everything that others can make grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most workers connected at the same time. Default 1 000.
    pub workers: usize,
    /// Most unacknowledged commands of one worker; beyond it gets no new work. Default 1 000.
    pub commands: u32,
    /// Largest request body, in bytes. Default 10 MiB: a full set of the longest reports.
    pub body_bytes: usize,
    /// Longest time for a request body to arrive. Default 30 s.
    pub body_time: Duration,
    /// Tasks of one deal that are open at the same time; the next ones follow as these end. Default 500.
    pub open_tasks: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: 1_000,
            commands: 1_000,
            body_bytes: 10 * 1024 * 1024,
            body_time: Duration::from_secs(30),
            open_tasks: 500,
        }
    }
}

impl Config {
    /// The defaults for one pool.
    #[must_use]
    pub fn new(workerpool: Address, results: Url) -> Self {
        Self {
            workerpool,
            results,
            gateways: Vec::new(),
            sweep_every: Duration::from_secs(1),
            full_sweep_every: Duration::from_secs(60),
            start_block: None,
            max_trust: U256::from(1_000_000),
            lost_after: Duration::from_secs(60),
            upload_timeout: Duration::from_secs(120),
            same_failures: 3,
            limits: Limits::default(),
        }
    }

    /// Checks the whole at start.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |what: &str| Err(Error::Config { what: what.to_owned() });
        if self.workerpool.is_zero() {
            return refuse("the workerpool is the zero address; give the address of a workerpool contract");
        }
        if self.sweep_every.is_zero() || self.full_sweep_every < self.sweep_every {
            return refuse("sweep_every must be above zero and full_sweep_every not below it");
        }
        if self.max_trust.is_zero() || self.same_failures == 0 {
            return refuse("max_trust and same_failures must be at least 1");
        }
        let limits = &self.limits;
        if limits.workers == 0 || limits.commands == 0 || limits.body_bytes == 0 || limits.open_tasks == 0 {
            return refuse("every limit must be at least 1");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_pass_and_zeros_are_refused_by_name() {
        let good = Config::new(Address::repeat_byte(1), "http://127.0.0.1:1/".parse().unwrap());
        assert!(good.check().is_ok());
        let no_pool = Config { workerpool: Address::ZERO, ..good.clone() };
        assert!(no_pool.check().unwrap_err().to_string().contains("zero address"));
        let no_sweep = Config { sweep_every: Duration::ZERO, ..good.clone() };
        assert!(no_sweep.check().is_err());
        let no_workers = Config { limits: Limits { workers: 0, ..Limits::default() }, ..good };
        assert!(no_workers.check().is_err());
    }
}
